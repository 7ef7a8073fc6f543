package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/wit"
)

// Targets of calls between hosts.
const (
	targetOverNATS  = 1.3  // of a request and its answer on NATS
	targetInProcess = 1000 // nanoseconds above the call of the component
)

// payload is what functions are called with, and return.
var payload = strings.Repeat("wattle ", 18)

// target is a component that is not there: it returns what it is given, and reads
// bodies. What is measured is the way to it.
type target struct{ fn *wit.Func }

func (t target) Func(*lattice.Invocation) (*wit.Func, error) { return t.fn, nil }

func (t target) Call(_ context.Context, _ *lattice.Invocation, _ *wit.Func, args []wit.Value) ([]wit.Value, error) {
	return args, nil
}

func (t target) HTTP(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sized is a lattice that remembers how long the last message was.
type sized struct {
	lattice.Lattice
	last atomic.Int64
}

func (s *sized) Publish(m *lattice.Message) error {
	s.last.Store(int64(len(m.Data)))
	return s.Lattice.Publish(m)
}

// lattices measures calls between hosts.
func lattices(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	srv, err := s.startNATS(ctx)
	if err != nil {
		return err
	}
	defer srv.stop()
	if err := s.overNATS(ctx, srv.url); err != nil {
		return err
	}
	return s.inProcess(ctx)
}

// overNATS measures a client and a server that are connected by a NATS server,
// against nats.go on the same server.
func (s *session) overNATS(ctx context.Context, url string) error {
	const name, id = "bench", "hello"
	fn, err := wit.ParseSignature("func(text: string) -> string")
	if err != nil {
		return err
	}
	key, err := trust.NewKey()
	if err != nil {
		return err
	}
	connect := func() (*sized, error) {
		l, err := natslattice.Connect(ctx, natslattice.Options{URLs: []string{url}})
		return &sized{Lattice: l}, err
	}
	there, err := connect()
	if err != nil {
		return err
	}
	defer func() { _ = there.Close() }()
	server, err := invoke.NewServer(there, name, key.HostID(), target{fn}, nil)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	here, err := connect()
	if err != nil {
		return err
	}
	defer func() { _ = here.Close() }()
	client, err := invoke.NewClient(here, name, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := errors.Join(there.Flush(ctx), here.Flush(ctx)); err != nil {
		return err
	}
	inv := &lattice.Invocation{Target: id, Interface: "bench:bench/echo@1.0.0", Function: "echo", Callers: []lattice.Caller{"component/caller"}, Depth: lattice.DefaultDepth}
	ask := func() error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		got, err := client.Call(ctx, key.HostID(), inv, fn, []wit.Value{payload})
		if err == nil && (len(got) != 1 || got[0] != wit.Value(payload)) {
			err = fmt.Errorf("echo is %v", got)
		}
		return err
	}
	if err := ask(); err != nil {
		return err
	}
	raw, err := newRaw(url, int(here.last.Load()), int(there.last.Load()))
	if err != nil {
		return err
	}
	defer raw.close()
	if err := s.asRequests(ctx, ask, raw); err != nil {
		return err
	}
	return s.asStream(ctx, func(ctx context.Context, body io.Reader) error {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", body)
		inv := &lattice.Invocation{Target: id, Interface: "wasi:http/incoming-handler@0.2.6", Function: "handle", Depth: 1}
		return client.HTTP(httptest.NewRecorder(), r, key.HostID(), inv)
	}, raw)
}

// asRequests measures calls by so many callers at once. Both ways take turns, and
// the medians of the turns are compared: the machine is not always as fast.
func (s *session) asRequests(ctx context.Context, ask func() error, raw *raw) error {
	turns, most := pick(s, 3, 9), pick(s, 100*time.Millisecond, 700*time.Millisecond)
	for _, callers := range clientCounts {
		var ours, theirs []load
		measure := func() error {
			for range turns {
				a, err := loop(callers, 1<<30, most, ask)
				if err != nil {
					return err
				}
				b, err := loop(callers, 1<<30, most, func() error { return raw.request(ctx) })
				if err != nil {
					return err
				}
				ours, theirs = append(ours, a), append(theirs, b)
			}
			return nil
		}
		for _, q := range []struct {
			name string
			of   func(load) time.Duration
		}{{"p50", func(l load) time.Duration { return l.p50 }}, {"p99", func(l load) time.Duration { return l.p99 }}} {
			name := fmt.Sprintf("call over NATS, %d at once, %s", callers, q.name)
			err := s.row(row{Name: name, Unit: factor, Target: targetOverNATS}, func(r *row) error {
				if ours == nil {
					if err := measure(); err != nil {
						return err
					}
				}
				a, b := middle(ours, q.of), middle(theirs, q.of)
				r.Value = float64(a) / float64(b)
				r.Note = fmt.Sprintf("%s, NATS alone %s with requests of %d and answers of %d bytes", nanoseconds.format(float64(a)), nanoseconds.format(float64(b)), len(raw.ask), len(raw.answer))
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// middle is the median of a figure of loads.
func middle(all []load, of func(load) time.Duration) time.Duration {
	figures := make([]time.Duration, len(all))
	for i, l := range all {
		figures[i] = of(l)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// asStream measures a large body on its way to a host, against as many bytes
// that are published without asking whether anybody keeps up.
func (s *session) asStream(ctx context.Context, send func(context.Context, io.Reader) error, raw *raw) error {
	size := pick(s, 32<<20, 512<<20)
	return s.row(row{Name: "body to another host, time against raw publishes", Unit: factor}, func(r *row) error {
		var ours, theirs []load
		for range pick(s, 2, 5) {
			begin := time.Now()
			if err := send(ctx, io.LimitReader(zeros{}, int64(size))); err != nil {
				return err
			}
			ours = append(ours, load{p50: time.Since(begin)})
			begin = time.Now()
			if err := raw.publish(ctx, size); err != nil {
				return err
			}
			theirs = append(theirs, load{p50: time.Since(begin)})
		}
		took := func(l load) time.Duration { return l.p50 }
		a, b := middle(ours, took), middle(theirs, took)
		r.Value = float64(a) / float64(b)
		rate := func(took time.Duration) float64 { return float64(size>>20) / took.Seconds() }
		r.Note = fmt.Sprintf("%.0f MiB/s, NATS alone %.0f MiB/s in messages of %d KiB", rate(a), rate(b), rawChunk>>10)
		return nil
	})
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// inProcess measures what a router adds to the call of a component on its own
// host. The component is one that costs nothing, so that the rest can be seen.
func (s *session) inProcess(ctx context.Context) error {
	return s.row(row{Name: "call in process, above the component's call", Target: targetInProcess}, func(r *row) error {
		fn, err := wit.ParseSignature("func(a: u32) -> u32")
		if err != nil {
			return err
		}
		to := target{fn}
		inv := &lattice.Invocation{Target: "hello", Interface: "bench:bench/echo@1.0.0", Function: "echo", Depth: lattice.DefaultDepth}
		args := []wit.Value{uint32(1)}
		via := func(i lattice.Invoker) func() error {
			return func() error {
				got, err := i.Call(ctx, inv, fn, args)
				if err == nil && got[0] != args[0] {
					err = fmt.Errorf("echo is %v", got)
				}
				return err
			}
		}
		direct, _, err := s.cost(via(to))
		if err != nil {
			return err
		}
		if err := s.costs(r, 1, via(invoke.NewRouter(nil, nowhere{}, here{to}, ""))); err != nil {
			return err
		}
		r.Value -= direct
		return nil
	})
}

// here is a component that runs on this host.
type here struct{ lattice.Invoker }

func (here) Runs(lattice.ComponentID) bool { return true }

// nowhere is a directory of no other hosts.
type nowhere struct{}

func (nowhere) Hosts(lattice.ComponentID) []lattice.HostID { return nil }
func (nowhere) Choose(lattice.ComponentID, uint64) directory.Choice {
	return directory.Choice{}
}
func (nowhere) Weighted(lattice.ComponentID) bool        { return false }
func (nowhere) Assigned(lattice.ComponentID) (int, bool) { return 0, true }
func (nowhere) Synced() bool                             { return true }
func (nowhere) Said(lattice.HostID) time.Time            { return time.Time{} }
