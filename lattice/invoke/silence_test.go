package invoke_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/wit"
)

// telling is a directory in which hosts say that they are ready.
type telling struct {
	fixed
	said atomic.Pointer[time.Time]
}

func (d *telling) Said(lattice.HostID) time.Time {
	if at := d.said.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// TestRouterWaitsForSilentHost has a host be cut off for longer and longer. Calls
// that begin before it is given up fail, and none after that.
func TestRouterWaitsForSilentHost(t *testing.T) {
	for _, test := range []struct {
		name   string
		cut    time.Duration
		says   bool          // when it is back
		within time.Duration // it is called again
	}{
		{"two seconds more", 8 * time.Second, false, 5 * time.Second},
		{"a minute, answers", time.Minute, false, 31 * time.Second},
		{"a minute, says so", time.Minute, true, 200 * time.Millisecond},
		{"an hour, answers", time.Hour, false, 31 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hs := newHosts(t, 2, nil)
				defer hs.close()
				d := &telling{fixed: hs.ids}
				r := invoke.NewRouter(hs.client, d, nil, "")
				back := make(chan struct{})
				time.AfterFunc(test.cut, func() { close(back) })
				lost := memlattice.Faults{Drop: 1}
				hs.network.SetRules(memlattice.Rule{From: "host0", Faults: lost}, memlattice.Rule{To: "host0", Faults: lost})
				begin := time.Now()
				var last time.Time // when a call began that failed
				for cut := true; cut; {
					start := time.Now()
					if _, err := r.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil {
						last = start
					}
					select {
					case <-back:
						cut = false
					case <-time.After(100 * time.Millisecond):
					}
				}
				if last.IsZero() || last.Sub(begin) > 5*time.Second {
					t.Errorf("the last call that failed began %v after the host was cut off", last.Sub(begin))
				}
				hs.network.SetRules()
				healed := time.Now()
				if test.says {
					d.said.Store(&healed)
				}
				before := hs.handlers[0].calls.Load()
				for hs.handlers[0].calls.Load() == before {
					if _, err := r.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil {
						t.Fatal(err)
					}
					if time.Since(healed) > test.within {
						t.Fatalf("%v later the host is not called", time.Since(healed))
					}
					<-time.After(10 * time.Millisecond)
				}
				t.Logf("called %v after it was back", time.Since(healed))
			})
		})
	}
}

// TestRouterSuspects has a host be cut off under load: it is passed by long before
// the calls under way there are given up.
func TestRouterSuspects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		defer hs.close()
		lost := memlattice.Faults{Drop: 1}
		hs.network.SetRules(memlattice.Rule{From: "host0", Faults: lost}, memlattice.Rule{To: "host0", Faults: lost})
		// The other one is busy, so that the one with fewer calls is the silent one.
		hs.handlers[1].call = func(context.Context, *lattice.Invocation, string) (string, error) {
			<-time.After(time.Second)
			return "", nil
		}
		begin := time.Now()
		var wg sync.WaitGroup
		var last atomic.Int64
		for range 400 {
			start := time.Since(begin)
			wg.Go(func() {
				if _, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil && int64(start) > last.Load() {
					last.Store(int64(start))
				}
			})
			<-time.After(10 * time.Millisecond)
		}
		wg.Wait()
		if at := time.Duration(last.Load()); at == 0 || at > 2*time.Second {
			t.Errorf("the last call that failed began %v after the host was cut off", at)
		}
	})
}

// TestRouterWaitsForAbsentHosts has all hosts lose their connections for a moment,
// as when the NATS server ends to which all of them are connected.
func TestRouterWaitsForAbsentHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		defer hs.close()
		for _, h := range []string{"host0", "host1"} {
			hs.network.Sever(h)
			time.AfterFunc(time.Second, func() { hs.network.Restore(h) })
		}
		start := time.Now()
		if _, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		hs.network.Sever("host0")
		hs.network.Sever("host1")
		// Those that are away for good are waited for once.
		for _, want := range []time.Duration{4 * time.Second, 0} {
			start := time.Now()
			_, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"})
			if !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) || time.Since(start) > want {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		}
	})
}
