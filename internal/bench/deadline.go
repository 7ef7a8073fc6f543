package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// deadlines measures how long after the deadline of its call a guest is stopped
// that would never end.
func deadlines(ctx context.Context, s *session) error {
	const allowed = 10 * time.Millisecond
	for _, c := range []struct {
		name, file, fn string
		arg            uint32
	}{
		{"a loop", kernelsFile, "loop", 0},
		{"a tree of calls", kernelsFile, "tree", 200},
		{"memory.fill of 5 MiB", kernelsFile, "bulk", 0},
		{"calls of the host", hostFile, "forever", 0},
	} {
		err := s.row(row{Name: c.name, Unit: nanoseconds}, func(r *row) error {
			comp, err := s.load(ctx, c.file)
			if err != nil {
				return err
			}
			defer func() { _ = comp.Close(context.Background()) }()
			late := make([]time.Duration, pick(s, 20, 200))
			for i := range late {
				if late[i], err = lateness(ctx, comp, c.fn, c.arg, allowed); err != nil {
					return err
				}
			}
			slices.Sort(late)
			n := len(late)
			r.Value, r.P50, r.P99 = float64(late[n-1]), float64(late[n/2]), float64(late[n*99/100])
			r.Note = fmt.Sprintf("the worst of %d", n)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lateness calls a function that never ends and returns how long after the
// deadline the call did.
func lateness(ctx context.Context, comp *component.Component, name string, arg uint32, allowed time.Duration) (time.Duration, error) {
	in, err := comp.Instantiate(ctx, nil, component.Limits{})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	f, err := in.Func("", name)
	if err != nil {
		return 0, err
	}
	end := time.Now().Add(allowed)
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	_, err = f.Call(ctx, arg)
	late := time.Since(end)
	if _, ok := errors.AsType[*component.Trap](err); !ok {
		return 0, fmt.Errorf("%s ended with %w, want a trap", name, err)
	}
	return late, nil
}
