//go:build e2e && linux

package lattice_test

import (
	"syscall"
	"testing"
	"time"
)

// calm is how long load goes on after a fault is over.
const calm = 6 * time.Second

// suspected is the time until a host is called no more that has fallen silent: a
// call of it is probed after half a second, and has a second to answer.
const suspected = 2500 * time.Millisecond

// TestFaults breaks one thing after the other under one load.
func TestFaults(t *testing.T) {
	l := startLattice(t)
	load := startLoad(t, l.front.url+"/hello", l.front.url+"/echo")

	load.around(t, "nothing", calm, func(*testing.T) {}).noneFailed(t)

	a, b, c := l.hosts[0], l.hosts[1], l.hosts[2]
	load.around(t, "drain a host", calm, func(t *testing.T) {
		l.cli(t, "host", "drain", a.id)
		l.untilState(t, a, "drained")
	}).noneFailed(t)
	load.around(t, "put it back", calm, func(t *testing.T) {
		l.cli(t, "host", "uncordon", a.id)
		l.untilServing(t, a)
	}).noneFailed(t)

	for _, way := range []struct {
		name   string
		signal syscall.Signal
	}{{"lame duck mode", syscall.SIGUSR2}, {"SIGTERM", syscall.SIGTERM}, {"SIGKILL", syscall.SIGKILL}} {
		for _, s := range l.nats {
			before := l.decisions(t)
			load.around(t, "restart "+s.m.name+" by "+way.name, calm, func(t *testing.T) { s.restart(t, way.signal) }).noneFailed(t)
			// No host is taken for lost because a server that it was connected to is.
			if after := l.decisions(t); after != before {
				t.Errorf("%d decisions were made during the restart of %s, want none", after-before, s.m.name)
			}
		}
	}

	load.around(t, "SIGTERM to a host", calm, func(t *testing.T) {
		b.p.signal(t, syscall.SIGTERM)
		if err := b.p.wait(t, time.Minute); err != nil {
			t.Errorf("the host ends with %v, want no error", err)
		}
	}).noneFailed(t)
	load.around(t, "start it again", calm, func(t *testing.T) {
		b.start(t)
		l.untilServing(t, b)
	}).noneFailed(t)

	var killed time.Time
	var noticed time.Duration
	o := load.around(t, "SIGKILL to a host", calm, func(t *testing.T) {
		c.p.kill(t)
		killed = time.Now()
		eventually(t, time.Minute, "the lattice knows that the host is gone", func() bool { return l.serving(t, c) == 0 })
		noticed = time.Since(killed)
	})
	t.Logf("the last request that failed began %v after SIGKILL; wattle get components shows that the host is away after %v",
		o.lastFailed().Sub(killed).Round(time.Millisecond), noticed.Round(time.Millisecond))
	o.inTime(t)
	// NATS says at once that nobody listens, or the first probe tells.
	o.onlyUnderWay(t, killed.Add(suspected))
	load.around(t, "start it again", calm, func(t *testing.T) {
		c.start(t)
		l.untilServing(t, c)
	}).noneFailed(t)

	var cut time.Time
	o = load.around(t, "cut a host off for 20 s", calm, func(t *testing.T) {
		a.m.unplug(t)
		cut = time.Now()
		<-time.After(20 * time.Second)
		a.m.plug(t)
		l.untilServing(t, a)
	})
	o.inTime(t)
	o.onlyUnderWay(t, cut.Add(suspected))
}
