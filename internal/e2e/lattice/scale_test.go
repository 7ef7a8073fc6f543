//go:build e2e && linux

package lattice_test

import (
	"syscall"
	"testing"
	"time"
)

// TestScale has a group grow from two hosts to six and shrink again under load: the
// instances go where there are hosts, and no request fails. Then hosts are killed, and
// their work is done elsewhere.
func TestScale(t *testing.T) {
	l := startLatticeOn(t, newNetwork(t), 2)
	load := startLoad(t, l.front.url+"/hello", l.front.url+"/echo")
	stay := l.hosts[:2:2]

	load.around(t, "four hosts join two", brief, func(t *testing.T) {
		for range 4 {
			l.newHost(t).start(t)
		}
		began := time.Now()
		l.untilReady(t, l.hosts...)
		measured(t, "the four hosts are ready after %v", time.Since(began))
		l.untilComplete(t, 2*time.Minute, l.hosts...)
		measured(t, "the instances are on all six hosts evenly after %v", time.Since(began))
	}).noneFailed(t)
	leave := l.hosts[2:]
	load.around(t, "SIGTERM to four hosts of six", brief, func(t *testing.T) {
		began := time.Now()
		for _, d := range leave {
			d.p.signal(t, syscall.SIGTERM)
		}
		for _, d := range leave {
			if err := d.p.wait(t, 2*time.Minute); err != nil {
				t.Errorf("%s ends with %v, want no error", d.m.name, err)
			}
		}
		measured(t, "the four hosts have ended after %v", time.Since(began))
		l.untilComplete(t, time.Minute, stay...)
		measured(t, "the instances are on the other two evenly after %v", time.Since(began))
	}).noneFailed(t)

	// An application that is on one host only, so that nothing of it is elsewhere.
	l.deploy(t, &app{Name: "lone", Version: "v1", Parts: []part{{Name: "lone", Image: helloGuest, Instances: 20, Hosts: 1, Probe: "/"}}})
	at := l.status("lone")["lone"].Hosts[0].Host
	victim, other := stay[0], stay[1]
	if victim.id != at {
		victim, other = other, victim
	}
	var killed time.Time
	o := load.around(t, "SIGKILL to a host of two", calm, func(t *testing.T) {
		victim.p.kill(t)
		killed = time.Now()
		eventually(t, time.Minute, "what was on the host is ready elsewhere", func() bool {
			p := l.status("lone")["lone"]
			return p.complete(other)
		})
		took := time.Since(killed)
		measured(t, "what was on a host alone is ready elsewhere %v after SIGKILL", took)
		if took > replacedWithin {
			t.Errorf("it took %v, want at most %v", took, replacedWithin)
		}
		l.untilComplete(t, time.Minute, other)
		measured(t, "all instances are ready on the other host %v after SIGKILL", time.Since(killed))
	})
	o.inTime(t)
	o.onlyUnderWay(t, killed.Add(suspected))
	l.checkLedger(t)
}

// replacedWithin is how long after its host was killed a component may be ready
// elsewhere, at default settings.
const replacedWithin = 5 * time.Second
