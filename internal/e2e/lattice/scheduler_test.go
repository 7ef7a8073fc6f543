//go:build e2e && linux

package lattice_test

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice/trust"
)

// schedulerPort is where schedulers reach each other.
const schedulerPort = "7700"

// schedulerNode is one of the schedulers, on a machine of its own.
type schedulerNode struct {
	m    *machine
	args []string
	p    *process
}

// id is that of the node among the schedulers.
func (s *schedulerNode) id() string { return net.JoinHostPort(s.m.addr, schedulerPort) }

func (s *schedulerNode) start(t *testing.T) {
	t.Helper()
	s.p = s.m.start(t, "wattle", filepath.Join(bin, "wattle"), s.args...)
}

// newScheduler makes a machine for a scheduler, which is not started.
func (l *testLattice) newScheduler(t *testing.T) *schedulerNode {
	t.Helper()
	name := fmt.Sprintf("scheduler%d", len(l.schedulers)+1)
	s := &schedulerNode{m: l.net.machine(t, name)}
	s.args = []string{
		"scheduler", "run", "--join", urls(l.nats), "--creds", l.creds(trust.RoleScheduler, name), "--replicas", "3",
		"--data-dir", "data", "--listen", s.id(),
	}
	l.schedulers = append(l.schedulers, s)
	return s
}

// schedule has three schedulers run.
func (l *testLattice) schedule(t *testing.T) {
	t.Helper()
	var peers []string
	for range 3 {
		peers = append(peers, l.newScheduler(t).id())
	}
	for _, s := range l.schedulers {
		s.args = append(s.args, "--peers", strings.Join(peers, ","))
		s.start(t)
	}
}

// nodeStatus is how a scheduler is, as `wattle scheduler status` has it.
type nodeStatus struct {
	Silent, Leads bool
	Log           struct {
		ID, Role                 string
		Term, Applied, Committed uint64
		Seq                      uint64
	}
}

// decisions returns how many decisions the schedulers have made ever.
func (l *testLattice) decisions(t *testing.T) uint64 {
	t.Helper()
	return l.nodes()[l.leader(t).id()].Log.Seq
}

// nodes returns how the schedulers are, by their IDs.
func (l *testLattice) nodes() map[string]nodeStatus {
	out, _ := l.command("scheduler", "status", "-o", "json").Output() // it is an error if none leads
	var all []nodeStatus
	if json.Unmarshal(out, &all) != nil {
		return nil
	}
	nodes := map[string]nodeStatus{}
	for _, n := range all {
		nodes[n.Log.ID] = n
	}
	return nodes
}

// leader waits until one scheduler leads and no other says that it does.
func (l *testLattice) leader(t *testing.T) *schedulerNode {
	t.Helper()
	var leads *schedulerNode
	eventually(t, time.Minute, "one scheduler leads", func() bool {
		leads = nil
		n := 0
		nodes := l.nodes()
		for _, s := range l.schedulers {
			if nodes[s.id()].Leads {
				leads, n = s, n+1
			}
		}
		return n == 1
	})
	return leads
}

// follower returns a scheduler that does not lead.
func (l *testLattice) follower(t *testing.T) *schedulerNode {
	t.Helper()
	leader := l.leader(t)
	for _, s := range l.schedulers {
		if s != leader {
			return s
		}
	}
	t.Fatal("there is only one scheduler")
	return nil
}

// others returns all schedulers but one.
func (l *testLattice) others(one *schedulerNode) []*schedulerNode {
	var others []*schedulerNode
	for _, s := range l.schedulers {
		if s != one {
			others = append(others, s)
		}
	}
	return others
}

// untilCaughtUp waits until schedulers have the whole log, and returns how long that
// took.
func (l *testLattice) untilCaughtUp(t *testing.T, all ...*schedulerNode) time.Duration {
	t.Helper()
	return eventually(t, time.Minute, "the schedulers have the whole log", func() bool {
		nodes := l.nodes()
		last, leads := uint64(0), 0
		for _, n := range nodes {
			last = max(last, n.Log.Committed)
			if n.Leads {
				leads++
			}
		}
		for _, s := range all {
			if n, ok := nodes[s.id()]; !ok || n.Silent || n.Log.Applied < last || n.Log.Role != "leader" && n.Log.Role != "follower" {
				return false
			}
		}
		return leads == 1
	})
}
