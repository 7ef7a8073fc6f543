package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

// member is a scheduler of a cluster.
type member struct {
	*running
	creds   *trust.Creds
	address string
	dir     string
}

// cluster starts schedulers that keep one log.
func (l *lab) cluster(n int) []*member {
	l.tb.Helper()
	members := make([]*member, n)
	listeners := make([]net.Listener, n)
	peers := make([]string, n)
	for i := range n {
		var err error
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			l.tb.Fatal(err)
		}
		peers[i] = listeners[i].Addr().String()
		members[i] = &member{creds: l.creds(), address: peers[i], dir: l.tb.TempDir()}
	}
	for i, m := range members {
		l.join1(m, listeners[i], peers, l.join(trust.RoleScheduler, m.creds))
	}
	for _, m := range members {
		select {
		case <-m.Ready():
		case <-time.After(patience):
			l.tb.Fatal("a scheduler neither leads nor follows")
		}
	}
	return members
}

// join1 starts one of a cluster.
func (l *lab) join1(m *member, listener net.Listener, peers []string, on lattice.Lattice) {
	l.tb.Helper()
	certificate, err := m.creds.Certificate()
	if err != nil {
		l.tb.Fatal(err)
	}
	verifier, err := trust.NewPeerVerifier(name, m.creds.Account)
	if err != nil {
		l.tb.Fatal(err)
	}
	m.running = l.run(m.creds, on, &raftlog.Options{
		Dir: m.dir, Listener: listener, Certificate: certificate, VerifyPeer: verifier.Verify, Peers: peers, Heartbeat: 200 * time.Millisecond,
	}, nil, false)
}

// leader returns the one that leads, once there is one.
func (l *lab) leader(members []*member) *member {
	l.tb.Helper()
	var found *member
	l.eventually("a leader", func() string {
		for _, m := range members {
			if m.Status().Leads {
				found = m
				return ""
			}
		}
		return "none leads"
	})
	return found
}

func without(members []*member, m *member) []*member {
	return slices.DeleteFunc(slices.Clone(members), func(o *member) bool { return o == m })
}

// While leaders come and go, every command is carried out that is answered for, and
// followers pass on what they are asked in their process.
func TestLeaderChange(t *testing.T) {
	l := newLab(t)
	members := l.cluster(3)
	first := l.leader(members)
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	done := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const n = 60
	half := make(chan struct{})
	for worker := range 3 {
		wg.Go(func() {
			for i := range n / 3 {
				if worker == 0 && i == 5 {
					close(half)
				}
				key := fmt.Sprintf("k%d-%d", worker, i)
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				var r control.Result
				// The first is the one that is stopped.
				err := without(members, first)[worker%2].Do(ctx, &control.PutLabel{Host: h.id, Key: key, Value: "v"}, &r)
				cancel()
				if err != nil {
					t.Logf("label %s: %v", key, err)
					continue
				}
				mu.Lock()
				done[key] = true
				mu.Unlock()
			}
		})
	}
	<-half
	first.stop()
	wg.Wait()
	second := l.leader(without(members, first))
	if len(done) < n/2 {
		t.Errorf("%d of %d commands were answered for", len(done), n)
	}
	l.eventually("labels", func() string {
		d := l.desired(h)
		if d == nil {
			return "nothing is desired"
		}
		for key := range done {
			if d.Labels[key] != "v" {
				return fmt.Sprintf("label %s was answered for and is not there", key)
			}
		}
		return ""
	})
	if a, d := l.assignment("c"), l.desired(h); a == nil || len(a.Hosts()) != 1 || a.Stamp.Compare(d.Stamp) > 0 && len(d.Components) != 1 {
		t.Errorf("assignment %+v, desired %+v", a, d)
	}
	// It comes back as a follower, and has everything.
	listener, err := net.Listen("tcp", first.address)
	if err != nil {
		t.Fatal(err)
	}
	l.join1(first, listener, nil, l.join(trust.RoleScheduler, first.creds))
	l.eventually("the first one's state", func() string {
		if have, want := first.node.State().Seq, second.node.State().Seq; have != want {
			return fmt.Sprintf("%d entries, want %d", have, want)
		}
		return ""
	})
}

// A leader that the others do not hear any more stops to act: what it wrote as the last is
// mended by the next one, and it takes no commands.
func TestDeposed(t *testing.T) {
	l := newLab(t)
	members := l.cluster(3)
	old := l.leader(members)
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	before := l.value(l.buckets.Desired(), string(h.id))
	// Its node of the log is gone, as for the others when they do not reach it.
	old.dies = true
	if err := old.node.Close(); err != nil {
		t.Fatal(err)
	}
	next := l.leader(without(members, old))
	if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	l.privy = next.lattice
	after := l.desired(h)
	if after == nil || after.Labels["k"] != "v" {
		t.Fatalf("desired %+v, want the label", after)
	}
	// Something of the old one arrives late.
	signed, err := old.signer.Sign(l.buckets.Desired(), string(h.id), before)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.bucket(old.lattice, l.buckets.Desired()).Put(t.Context(), string(h.id), signed); err != nil {
		t.Fatal(err)
	}
	l.eventually("desired after a late document", func() string {
		if d := l.desired(h); d == nil || d.Labels["k"] != "v" || d.Stamp.Compare(after.Stamp) < 0 {
			return fmt.Sprintf("desired %+v, want it as the leader has it", d)
		}
		return ""
	})
	if old.Status().Leads {
		t.Error("the old one still leads")
	}
}

// Without a majority no command is taken, and it is said why; with one again they are.
func TestMinority(t *testing.T) {
	l := newLab(t)
	members := l.cluster(3)
	first := l.leader(members)
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	rest := without(members, first)
	rest[0].stop()
	rest[1].stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := l.do(ctx, &control.PutLabel{Host: h.id, Key: "k", Value: "v"}); err == nil {
		t.Error("a minority takes commands")
	}
	listener, err := net.Listen("tcp", rest[0].address)
	if err != nil {
		t.Fatal(err)
	}
	l.join1(rest[0], listener, nil, l.join(trust.RoleScheduler, rest[0].creds))
	l.leader([]*member{first, rest[0]})
	if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k2", Value: "v"}); err != nil {
		t.Error(err)
	}
}

// A scheduler is added to one that was alone, and taken out again.
func TestMembers(t *testing.T) {
	l := newLab(t)
	members := l.cluster(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	added := &member{creds: l.creds(), address: listener.Addr().String(), dir: t.TempDir()}
	certificate, err := added.creds.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := trust.NewPeerVerifier(name, added.creds.Account)
	if err != nil {
		t.Fatal(err)
	}
	added.running = l.run(added.creds, l.join(trust.RoleScheduler, added.creds), &raftlog.Options{
		Dir: added.dir, Listener: listener, Certificate: certificate, VerifyPeer: verifier.Verify, Join: true, Heartbeat: 200 * time.Millisecond,
	}, nil, false)
	for _, test := range []struct {
		cmd     control.Command
		members int
		changed bool
	}{
		{&control.AddScheduler{Address: added.address}, 2, true},
		{&control.AddScheduler{Address: added.address}, 2, false},
		{&control.RemoveScheduler{ID: "absent:1"}, 2, false},
		{&control.TakeSnapshot{}, 2, true},
		{&control.RemoveScheduler{ID: added.address}, 1, true},
	} {
		var r control.ClusterResult
		if err := l.client.Do(t.Context(), test.cmd, &r); err != nil || len(r.Members) != test.members || r.Changed != test.changed {
			t.Fatalf("%s %+v: %+v, %v, want %d members, changed %v", test.cmd.Name(), test.cmd, r, err, test.members, test.changed)
		}
	}
	// What it exports is what another directory is restored from.
	var snapshot []byte
	for q := (&control.ExportState{}); ; {
		var part control.Export
		if err := l.client.Do(t.Context(), q, &part); err != nil {
			t.Fatal(err)
		}
		snapshot = append(snapshot, part.Data...)
		q = &control.ExportState{Snapshot: part.Snapshot, Offset: int64(len(snapshot))}
		if q.Offset >= part.Total {
			break
		}
	}
	restored, err := raftlog.RestoreDir(t.TempDir(), name, "", strings.NewReader(string(snapshot)))
	if err != nil {
		t.Fatal(err)
	}
	if have, want := restored.Seq, members[0].node.State().Seq; have != want {
		t.Errorf("%d entries restored, want %d", have, want)
	}
}

// Who may not manage the lattice does nothing there, and tries again.
func TestNotAllowed(t *testing.T) {
	l := newLab(t)
	creds := l.creds()
	on := l.join(trust.RoleScheduler, creds)
	allowed := make(chan struct{})
	asked := make(chan struct{}, 64)
	s := l.run(creds, on, nil, &scheduler.Options{Allowed: func(context.Context) error {
		asked <- struct{}{}
		select {
		case <-allowed:
			return nil
		default:
			return errors.New("a real wadm answers")
		}
	}}, false)
	<-asked
	l.problem(s, "a real wadm answers")
	if _, err := on.Bucket(t.Context(), l.buckets.Desired()); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("bucket: %v, want that there is none", err)
	}
	close(allowed)
	select {
	case <-s.Ready():
	case <-time.After(patience):
		t.Error("it does not lead when it may")
	}
}

// While messages are lost, doubled and late, commands fail or succeed; what succeeded is
// there in the end, and documents agree with each other.
func TestFaults(t *testing.T) {
	k := trusttest.Keyring(t)
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			n := memlattice.New(memlattice.Options{Seed: seed})
			l := labOn(t, k, func(_ trust.Role, c *trust.Creds) lattice.Lattice {
				m, err := n.Join(c.User())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { m.Close() })
				return m
			})
			members := l.cluster(3)
			h := l.host(nil)
			l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
			n.SetRules(memlattice.Rule{Faults: memlattice.Faults{
				Drop: 0.02, Duplicate: 0.05, Delay: time.Millisecond, Jitter: 5 * time.Millisecond,
			}})
			done := map[string]bool{}
			for i := range 24 {
				key := fmt.Sprintf("k%d", i)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				if _, err := l.do(ctx, &control.PutLabel{Host: h.id, Key: key, Value: "v"}); err == nil {
					done[key] = true
				}
				cancel()
				if i == 12 {
					l.leader(members).node.StepDown(t.Context())
				}
			}
			n.SetRules()
			if len(done) == 0 {
				t.Error("no command was answered for: nothing was tried")
			}
			l.eventually("documents", func() string {
				d, a := l.desired(h), l.assignment("c")
				if d == nil || a == nil || !slices.Equal(a.Hosts(), []lattice.HostID{h.id}) || len(d.Components) != 1 {
					return fmt.Sprintf("desired %+v, assignment %+v", d, a)
				}
				for key := range done {
					if d.Labels[key] != "v" {
						return fmt.Sprintf("label %s was answered for and is not there", key)
					}
				}
				return ""
			})
		})
	}
}

// The beat is signed, and says who leads.
func TestBeat(t *testing.T) {
	l := newLab(t)
	s := l.schedule()
	l.eventually("beat", func() string {
		value := l.value(l.buckets.Scheduler(), wire.SchedulerLeader)
		if !strings.Contains(string(value), `"id":"local"`) {
			return string(value)
		}
		return ""
	})
	if st := s.Status(); st.Log.Role != "leader" {
		t.Errorf("status %+v, want leader", st)
	}
}
