//go:build e2e && linux

package lattice_test

import (
	"syscall"
	"testing"
	"time"
)

// calm is how long load goes on after a fault is over.
const calm = 6 * time.Second

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

	for _, s := range l.nats {
		load.around(t, "restart "+s.m.name+" by lame duck mode", calm, func(t *testing.T) { s.restart(t, true) }).noneFailed(t)
	}
	for _, s := range l.nats {
		o := load.around(t, "restart "+s.m.name+" by SIGKILL", calm, func(t *testing.T) { s.restart(t, false) })
		o.inTime(t)
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
	o := load.around(t, "SIGKILL to a host", calm, func(t *testing.T) {
		c.p.kill(t)
		killed = time.Now()
	})
	o.inTime(t)
	// The NATS server has to see that the connection is gone: what it hands over
	// meanwhile may have been delivered.
	o.onlyUnderWay(t, killed.Add(250*time.Millisecond))
	load.around(t, "start it again", calm, func(t *testing.T) {
		c.start(t)
		l.untilServing(t, c)
	}).noneFailed(t)

	o = load.around(t, "cut a host off for 20 s", calm, func(t *testing.T) {
		a.m.unplug(t)
		<-time.After(20 * time.Second)
		a.m.plug(t)
		l.untilServing(t, a)
	})
	o.inTime(t)
}
