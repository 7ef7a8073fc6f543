package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// deadlines measures how long after the deadline of its call a guest is stopped
// that would never end.
func deadlines(ctx context.Context, s *session) error {
	const allowed = 10 * time.Millisecond
	component.SpareProcessor() // as wattle does
	for _, c := range []struct {
		name, file, fn string
		arg            uint32
		beside         int
	}{
		{"a loop", kernelsFile, "loop", 0, 0},
		{"a tree of calls", kernelsFile, "tree", 200, 0},
		{"memory.fill of 5 MiB", kernelsFile, "bulk", 0, 0},
		{"calls of the host", hostFile, "forever", 0, 0},
		{"a loop beside 8 others", kernelsFile, "loop", 0, 8},
		{"a loop beside 64 others", kernelsFile, "loop", 0, 64},
	} {
		err := s.row(row{Name: c.name, Unit: nanoseconds}, func(r *row) error {
			comp, err := s.load(ctx, c.file)
			if err != nil {
				return err
			}
			defer func() { _ = comp.Close(context.Background()) }()
			defer besides(ctx, comp, c.fn, c.arg, c.beside)()
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

// besides has as many guests call a function that never ends, until what it returns is
// called.
func besides(ctx context.Context, comp *component.Component, name string, arg uint32, guests int) (stop func()) {
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	var all sync.WaitGroup
	for range guests {
		all.Go(func() { _, _ = lateness(ctx, comp, name, arg, maxRun) })
	}
	return func() {
		cancel()
		all.Wait()
	}
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
