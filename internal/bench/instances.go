package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
)

// instantiation makes an instance of a component and closes it.
type instantiation struct {
	engine *component.Engine
	linker *component.Linker
	comp   *component.Component
	opts   wasi.Options
}

// newInstantiation loads a component into an engine that keeps as many idle
// instances as idle says.
func (s *session) newInstantiation(ctx context.Context, file string, idle int, preinit bool) (*instantiation, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	e, l, err := newEngine(ctx, s.keep, idle)
	if err != nil {
		return nil, err
	}
	i := &instantiation{engine: e, linker: l}
	if i.comp, err = e.Load(ctx, wasm, l); err == nil && preinit {
		err = i.comp.Preinitialize(ctx, wasi.NewState(i.opts), component.Limits{})
	}
	if err == nil {
		err = i.run(ctx)
	}
	if err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

func (i *instantiation) close() { _ = i.engine.Close(context.Background()) }

func (i *instantiation) run(ctx context.Context) error {
	state := wasi.NewState(i.opts)
	in, err := i.comp.Instantiate(ctx, state, component.Limits{})
	if err == nil {
		in.Close()
	}
	return errors.Join(err, state.Close())
}

// first returns what the first instance of a component costs, the median of n
// components of the same code.
func (i *instantiation) first(ctx context.Context, file string, n int) (float64, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return median(n, func() (time.Duration, error) {
		c, err := i.engine.Load(ctx, wasm, i.linker)
		if err != nil {
			return 0, err
		}
		another := instantiation{comp: c, opts: i.opts}
		begin := processorTime()
		err = another.run(ctx)
		took := processorTime() - begin
		return took, errors.Join(err, c.Close(ctx))
	})
}

// How an instance comes about.
const (
	anew     = "from the beginning"
	snapshot = "from the state after the start"
	again    = "used again"
)

// instances measures the ways in which an instance comes about.
func instances(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for _, c := range []struct {
		name, file string
		targets    map[string]float64 // in milliseconds
	}{
		{"flat", flatFile, nil},
		{"C, wasi:http", cHello, map[string]float64{anew: 0.3, snapshot: 0.3, again: 0.1}},
		{"QuickJS, calc", calcFile, map[string]float64{again: 0.1}},
		{"Go, hello-http", goHello, map[string]float64{again: 0.1}},
		{"StarlingMonkey, mcp-ts", tsServer, map[string]float64{anew: 3, snapshot: 3, again: 1}},
	} {
		for _, how := range []string{anew, snapshot, again} {
			r := row{Name: c.name + ", " + how, Target: c.targets[how] * float64(time.Millisecond)}
			err := s.row(r, func(r *row) error {
				idle := -1
				if how == again {
					idle = 1
				}
				i, err := s.newInstantiation(ctx, c.file, idle, how != anew)
				if _, ok := errors.AsType[*component.SnapshotError](err); ok {
					r.Skipped = err.Error()
					return nil
				}
				if err != nil {
					return err
				}
				defer i.close()
				if how == anew && i.comp.Preinitialized() {
					// It asks the host nothing when it starts.
					r.Note, r.Unit = "the first instance of each load, which leaves the state for the others", nanoseconds
					r.Value, err = i.first(ctx, c.file, pick(s, 3, 15))
				} else {
					err = s.costs(r, 1, func() error { return i.run(ctx) })
				}
				if err != nil {
					return err
				}
				// A peer starts from the beginning each time.
				if how != again {
					r.Peers = []peer{s.tools.peer(ctx, "epoch", c.file, "instantiate", 1)}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// resets measures what it costs to make an instance as it was when it started.
func resets(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, c := range []struct {
		pages  uint32
		target time.Duration
	}{{0, 100 * time.Microsecond}, {64, 0}, {1024, 0}} {
		r := row{Name: fmt.Sprintf("%d pages", c.pages), Target: float64(c.target)}
		err := s.row(r, func(r *row) error {
			i, err := s.newInstantiation(ctx, callsFile, 1, true)
			if err != nil {
				return err
			}
			defer i.close()
			in, err := i.comp.Instantiate(ctx, nil, component.Limits{})
			if err != nil {
				return err
			}
			defer func() { in.Close() }()
			r.Unit = nanoseconds
			r.Value, err = median(pick(s, 20, 500), func() (time.Duration, error) {
				dirty, err := call(ctx, in, "dirty", c.pages, c.pages)
				if err != nil {
					return 0, err
				}
				if err := dirty(); err != nil {
					return 0, err
				}
				begin := processorTime()
				in.Close()
				in, err = i.comp.Instantiate(ctx, nil, component.Limits{})
				return processorTime() - begin, err
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
