package invoke_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/wit"
)

// moving is a directory whose hosts change.
type moving struct {
	nobody
	mu      sync.Mutex
	hosts   []lattice.HostID
	changed chan struct{}
}

func (m *moving) Hosts(lattice.ComponentID) []lattice.HostID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hosts
}

func (m *moving) Choose(c lattice.ComponentID, x uint64) directory.Choice {
	return choose(m.Hosts(c), x)
}

func (m *moving) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *moving) set(hosts ...lattice.HostID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts = hosts
	close(m.changed)
	m.changed = make(chan struct{})
}

// TestRouterWaitsForChange has the only host of a component be drained a moment
// before another one is known.
func TestRouterWaitsForChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		d := &moving{hosts: []lattice.HostID{hostID(0)}, changed: make(chan struct{})}
		r := invoke.NewRouter(hs.client, d, nil, "")
		if err := hs.servers[0].Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		time.AfterFunc(100*time.Millisecond, func() { d.set(hostID(0)) }) // a change that is of no use
		time.AfterFunc(300*time.Millisecond, func() { d.set(hostID(0), hostID(1)) })
		if _, err := r.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil || time.Since(start) != 300*time.Millisecond {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		d.set(hostID(0))
		start = time.Now()
		if _, err := r.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); !errors.Is(err, lattice.ErrUnavailable) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		hs.close()
	})
}
