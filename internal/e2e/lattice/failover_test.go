//go:build e2e && linux

package lattice_test

import (
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// brief is how long load goes on after a fault of schedulers is over: calls do not go
// by them.
const brief = 3 * time.Second

// TestSchedulers breaks schedulers, one way after the other, under load and while
// commands are given. No request fails and no command, none that was acknowledged is
// lost, and nobody writes who does not lead.
func TestSchedulers(t *testing.T) {
	l := startLattice(t)
	o := observe(t, l)
	load := startLoad(t, l.front.url+"/hello", l.front.url+"/echo")
	// breaks has something happen while commands are given.
	breaks := func(t *testing.T, what string, do func(t *testing.T, c *commander)) {
		t.Helper()
		l.checkLedger(t)
		c := l.giveCommands(t)
		out := load.around(t, what, brief, func(t *testing.T) {
			do(t, c)
			c.end()
		})
		out.noneFailed(t)
		if c.given == 0 || c.failed > 0 {
			t.Errorf("%s: %d of %d commands failed, want none of some", what, c.failed, c.given)
		}
		known := l.checkLedger(t)
		o.check(t)
		measured(t, "%s: %d commands, %d of them failed, the slowest took %v; %d that were ever acknowledged are known", what, c.given, c.failed, c.slowest, known)
	}

	breaks(t, "SIGKILL to the leader", func(t *testing.T, c *commander) {
		leader := l.leader(t)
		c.some(t, 2)
		leader.p.kill(t)
		measured(t, "another scheduler leads %v after SIGKILL", o.elected(t, leader.id(), time.Now()))
		c.some(t, 3)
		leader.start(t)
		measured(t, "the killed one is back with the whole log after %v", l.untilCaughtUp(t, l.schedulers...))
	})

	breaks(t, "SIGKILL to the leader during a deployment", func(t *testing.T, _ *commander) {
		leader := l.leader(t)
		v2 := guestsApp("v2", l.net.answering(t, "hallo"))
		end := l.begin(t, l.deploying(t, v2))
		eventually(t, time.Minute, "the deployment has begun", func() bool { return l.deployed(t, "guests") == "v2" })
		leader.p.kill(t)
		measured(t, "another scheduler leads %v after SIGKILL", o.elected(t, leader.id(), time.Now()))
		end(t)
		l.ledger.acknowledged("guests", "v2")
		leader.start(t)
		l.untilCaughtUp(t, l.schedulers...)
	})
	if a := load.answers(time.Now().Add(-time.Second)); a["hallo"] == 0 || len(a) > 1 {
		t.Errorf("after the deployment the answers are %v, want hallo", a)
	}

	breaks(t, "SIGTERM to all schedulers, one after the other", func(t *testing.T, c *commander) {
		for _, s := range l.schedulers {
			leads := s == l.leader(t)
			began := time.Now()
			s.p.signal(t, syscall.SIGTERM)
			if err := s.p.wait(t, time.Minute); err != nil {
				t.Errorf("the scheduler ends with %v, want no error", err)
			}
			if leads {
				measured(t, "another scheduler leads %v after SIGTERM", o.elected(t, s.id(), began))
			}
			s.start(t)
			l.untilCaughtUp(t, l.schedulers...)
		}
		c.some(t, 1)
	})

	breaks(t, "cut a follower off from the others", func(t *testing.T, c *commander) {
		s := l.follower(t)
		before := l.nodes()[l.leader(t).id()].Log.Term
		cut(t, s, l.others(s), func() {
			c.some(t, 4)
		})
		l.untilCaughtUp(t, l.schedulers...)
		if after := l.nodes()[l.leader(t).id()].Log.Term; after != before {
			t.Errorf("the term is %d, want %d as before: the one that was cut off has others elect again", after, before)
		}
	})

	breaks(t, "cut the leader off from the others, and not from NATS", func(t *testing.T, c *commander) {
		s := l.leader(t)
		cut(t, s, l.others(s), func() {
			began := time.Now()
			measured(t, "another scheduler leads %v after the leader is cut off", o.elected(t, s.id(), began))
			eventually(t, time.Minute, "the one that was cut off has stepped down", func() bool {
				n, ok := l.nodes()[s.id()]
				return ok && !n.Silent && !n.Leads
			})
			measured(t, "all know that the one that was cut off leads no more after %v", time.Since(began))
			c.some(t, 4)
			if behind, last := l.nodes()[s.id()].Log.Applied, l.nodes()[l.leader(t).id()].Log.Applied; behind >= last {
				t.Errorf("the one that was cut off is at %d of the log, the leader at %d", behind, last)
			}
		})
		l.untilCaughtUp(t, l.schedulers...)
	})

	breaks(t, "cut the leader off from everything", func(t *testing.T, c *commander) {
		s := l.leader(t)
		s.m.unplug(t)
		measured(t, "another scheduler leads %v after the leader is cut off from everything", o.elected(t, s.id(), time.Now()))
		c.some(t, 4)
		s.m.plug(t)
		l.untilCaughtUp(t, l.schedulers...)
	})

	breaks(t, "a new scheduler takes the place of the leader during a deployment", func(t *testing.T, _ *commander) {
		added := l.newScheduler(t)
		added.args = append(added.args, "--join-cluster")
		added.start(t)
		v3 := guestsApp("v3", l.net.answering(t, "hullo"))
		end := l.begin(t, l.deploying(t, v3))
		eventually(t, time.Minute, "the new scheduler is added", func() bool { return l.command("scheduler", "add", added.id()).Run() == nil })
		l.untilCaughtUp(t, l.schedulers...)
		leader := l.leader(t)
		began := time.Now()
		l.cli(t, "scheduler", "remove", leader.id())
		measured(t, "another scheduler leads %v after the leader was removed", o.elected(t, leader.id(), began))
		leader.p.signal(t, syscall.SIGTERM)
		_ = leader.p.wait(t, time.Minute)
		l.schedulers = l.others(leader)
		end(t)
		l.ledger.acknowledged("guests", "v3")
		l.untilCaughtUp(t, l.schedulers...)
	})

	// While no scheduler is there no command is carried out, and calls go on.
	l.checkLedger(t)
	load.around(t, "SIGKILL to all schedulers", calm, func(t *testing.T) { l.killSchedulers(t) }).noneFailed(t)
	load.around(t, "start them again", brief, func(t *testing.T) {
		began := time.Now()
		for _, s := range l.schedulers {
			s.start(t)
		}
		measured(t, "one of the schedulers leads %v after all were started again", o.beating(t, began))
		l.untilCaughtUp(t, l.schedulers...)
	}).noneFailed(t)
	l.checkLedger(t)
	o.check(t)

	// The end of all of it: every process of the lattice.
	load.end()
	l.killSchedulers(t)
	for _, d := range l.daemons() {
		d.p.kill(t)
	}
	for _, s := range l.nats {
		s.p.kill(t)
	}
	began := time.Now()
	for _, s := range l.nats {
		s.start(t)
	}
	for _, s := range l.schedulers {
		s.start(t)
	}
	for _, d := range l.daemons() {
		d.start(t)
	}
	l.untilComplete(t, time.Minute, l.hosts...)
	measured(t, "all instances are ready again %v after every process of the lattice was started again", time.Since(began))
	l.untilAnswered(t)
	l.checkLedger(t)
}

// cut has a scheduler and others not reach each other while do runs.
func cut(t *testing.T, one *schedulerNode, others []*schedulerNode, do func()) {
	t.Helper()
	for _, s := range others {
		one.m.part(t, s.m)
	}
	do()
	for _, s := range others {
		one.m.unpart(t, s.m)
	}
}

// killSchedulers ends all schedulers at once.
func (l *testLattice) killSchedulers(t *testing.T) {
	t.Helper()
	for _, s := range l.schedulers {
		s.p.signal(t, syscall.SIGKILL)
	}
	for _, s := range l.schedulers {
		<-s.p.done
	}
}

// begin has a command run; the function that it returns waits for its end, which has
// to be a good one.
func (l *testLattice) begin(t *testing.T, c *exec.Cmd) (end func(t *testing.T)) {
	t.Helper()
	var out lockedBuffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	wait := sync.OnceValue(c.Wait)
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		_ = wait()
	})
	return func(t *testing.T) {
		t.Helper()
		if err := wait(); err != nil {
			t.Errorf("%v: %v\n%s", c.Args[1:], err, out.String())
		}
	}
}
