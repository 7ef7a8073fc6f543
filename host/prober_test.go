package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
)

func TestProbe(t *testing.T) {
	http := host.NewTarget(load(t, faulty), &host.Options{Timeout: time.Minute})
	calls := target(t, host.Options{})
	for _, test := range []struct {
		name   string
		target *host.Target
		probe  lattice.Probe
		says   string // empty if it is good
		late   bool
	}{
		{name: "HTTP", target: http, probe: lattice.Probe{HTTPPath: "/ok"}},
		{name: "HTTP with a query", target: http, probe: lattice.Probe{HTTPPath: "/ok?x=1"}},
		{name: "HTTP, a trap", target: http, probe: lattice.Probe{HTTPPath: "/trap"}, says: "GET /trap: 502 Bad Gateway: the component failed"},
		{name: "HTTP, a trap in the middle", target: http, probe: lattice.Probe{HTTPPath: "/trap-partly"}, says: "the response was cut off"},
		{name: "HTTP, no answer", target: http, probe: lattice.Probe{HTTPPath: "/nothing"}, says: "502"},
		{name: "HTTP, no end", target: http, probe: lattice.Probe{HTTPPath: "/loop", TimeoutMillis: 50}, late: true, says: "/loop"},
		{name: "HTTP, a body without end", target: http, probe: lattice.Probe{HTTPPath: "/endless", TimeoutMillis: 100}, late: true, says: "/endless"},
		{name: "function", target: calls, probe: lattice.Probe{Function: "test:link/faults@1.0.0.count"}},
		{name: "function of another version", target: calls, probe: lattice.Probe{Function: "test:link/faults@1.0.9.count"}},
		{name: "function that traps", target: calls, probe: lattice.Probe{Function: "test:link/faults@1.0.0.trap"}, says: "unreachable"},
		{name: "function without end", target: calls, probe: lattice.Probe{Function: "test:link/faults@1.0.0.spin", TimeoutMillis: 50}, late: true, says: "too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := host.NewProber(test.target, &test.probe)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				err := p.Probe(t.Context())
				switch {
				case (err == nil) != (test.says == ""):
					t.Errorf("error %v, want %q", err, test.says)
				case err != nil && (!strings.Contains(err.Error(), test.says) || errors.Is(err, context.DeadlineExceeded) != test.late):
					t.Errorf("error %v, want %q, late: %v", err, test.says, test.late)
				}
			}
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if err := p.Probe(t.Context()); !errors.Is(err, lattice.ErrUnavailable) {
				t.Errorf("after Close: %v", err)
			}
			m := test.target.Metrics()
			if n := m.Requests.Load() + m.Failed.Load() + m.Traps.Load() + m.Timeouts.Load() + m.Running.Load(); n != 0 {
				t.Errorf("probes were counted as %d calls", n)
			}
		})
	}
}

func TestNoProbe(t *testing.T) {
	for _, probe := range []lattice.Probe{
		{HTTPPath: "/ok"}, // it does not serve HTTP
		{Function: "test:link/faults@2.0.0.count"},
		{Function: "test:link/faults@1.0.0.never"},
		{Function: "count"},
		{Function: "test:link/target@1.3.0.add"}, // it takes arguments
	} {
		if _, err := host.NewProber(target(t, host.Options{}), &probe); !errors.Is(err, host.ErrNoProbe) {
			t.Errorf("%+v: %v, want ErrNoProbe", probe, err)
		}
	}
	if _, err := host.NewProber(host.NewTarget(load(t, faulty), nil), &lattice.Probe{HTTPPath: "/%zz"}); !errors.Is(err, host.ErrNoProbe) {
		t.Errorf("a path that is none: %v, want ErrNoProbe", err)
	}
}

// TestProbeOfBusy has a component be probed while all places are taken, and nobody
// may wait.
func TestProbeOfBusy(t *testing.T) {
	h := target(t, host.Options{MaxConcurrent: 1, MaxQueue: -1})
	p, err := host.NewProber(h, &lattice.Probe{Function: "test:link/faults@1.0.0.count"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error)
	go func() {
		_, err := invoke(ctx, h, "test:link/faults@1.0.0", "spin")
		ended <- err
	}()
	for h.Metrics().Running.Load() == 0 {
		if ctx.Err() != nil {
			t.Fatal("the call does not begin")
		}
	}
	if err := p.Probe(t.Context()); err != nil {
		t.Errorf("a component that is busy: %v", err)
	}
	if _, err := invoke(t.Context(), h, "test:link/faults@1.0.0", "count"); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("another call: %v, want that it is busy", err)
	}
	h.Resize(2, -1)
	if _, err := invoke(t.Context(), h, "test:link/faults@1.0.0", "count"); err != nil {
		t.Errorf("another call after there is a place more: %v", err)
	}
	cancel()
	<-ended
}
