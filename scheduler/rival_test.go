package scheduler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

// lone starts a scheduler with a log in a directory of its own, and does not wait for it.
func (l *lab) lone(dir string) *running {
	l.tb.Helper()
	creds := l.creds()
	return l.run(creds, l.join(trust.RoleScheduler, creds), &raftlog.Options{Dir: dir}, nil, false)
}

// problem waits until a scheduler says what hinders it.
func (l *lab) problem(s *running, parts ...string) {
	l.tb.Helper()
	l.eventually("problem", func() string {
		st := s.Status()
		for _, part := range parts {
			if st.Leads || !strings.Contains(st.Problem, part) {
				return fmt.Sprintf("leads %v, problem %q, want %q", st.Leads, st.Problem, part)
			}
		}
		return ""
	})
}

// leads waits until one of several schedulers leads, and returns it and the other.
func (l *lab) leads(a, b *running) (first, second *running) {
	l.tb.Helper()
	l.eventually("one that leads", func() string {
		switch {
		case a.Status().Leads:
			first, second = a, b
		case b.Status().Leads:
			first, second = b, a
		default:
			return "none does"
		}
		return ""
	})
	return first, second
}

// Two schedulers with logs of their own start at the same moment on a lattice where there
// is nothing: one leads, and the other does nothing and says who leads, as long as that
// one does.
func TestTwoLogs(t *testing.T) { overBoth(t, testTwoLogs) }

func testTwoLogs(t *testing.T, l *lab) {
	first, second := l.leads(l.lone(t.TempDir()), l.lone(t.TempDir()))
	l.problem(second, "with another log", `node "local"`, "--join-cluster", "stop one of the two")
	if health := second.Health(); health.OK {
		t.Error("the other one says that it is well")
	}
	select {
	case <-second.Ready():
	case <-time.After(patience):
		t.Error("the other one is not ready to be asked")
	}
	l.privy = first.lattice
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	// What the other one is asked in its own process, the one that leads carries out.
	var r control.Result
	if err := second.Do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"}, &r); err != nil || !r.Changed {
		t.Errorf("label: %+v, %v", r, err)
	}
	if d := l.desired(h); d == nil || d.Labels["k"] != "v" || len(d.Components) != 1 {
		t.Errorf("desired %+v, want the label and the component", d)
	}
	if seq := second.node.State().Seq; seq != 1 {
		t.Errorf("the other one's log has %d entries, want the one that says whose it is", seq)
	}
	before := l.desired(h)
	// Even when the one that led is gone, the other one stops nothing.
	first.stop()
	l.eventually("problem", func() string {
		if st := second.Status(); !strings.Contains(st.Problem, "--begin-anew") {
			return fmt.Sprintf("problem %q", st.Problem)
		}
		return ""
	})
	l.privy = second.lattice
	if d := l.desired(h); d == nil || d.Stamp != before.Stamp {
		t.Errorf("desired %+v, want it as it was", d)
	}
	if _, err := l.do(t.Context(), &control.PutConfig{Config: "c"}); !errors.Is(err, lattice.ErrUnavailable) || !strings.Contains(err.Error(), "--begin-anew") {
		t.Errorf("error %v, want %v with what to do", err, lattice.ErrUnavailable)
	}
	second.stop()
}

// A scheduler that comes later, with a log that has something, does not touch what another
// one does; and when that one comes back after it was away, it leads again.
func TestSecondLog(t *testing.T) {
	l := newLab(t)
	other := newLab(t) // where the second one's log gets something
	other.schedule().stop()
	dir := other.dir
	s := other.schedule()
	if _, err := other.do(t.Context(), &control.PutConfig{Config: "theirs"}); err != nil {
		t.Fatal(err)
	}
	s.stop()

	first := l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	second := l.lone(dir)
	l.problem(second, "with another log")
	first.stop()
	l.eventually("problem", func() string {
		if st := second.Status(); !strings.Contains(st.Problem, "and is gone") {
			return fmt.Sprintf("problem %q", st.Problem)
		}
		return ""
	})
	if l.value(l.buckets.Config(), "theirs") != nil {
		t.Error("the second one wrote a document")
	}
	first = l.schedule()
	l.eventually("the first one", func() string {
		if !first.Status().Leads {
			return fmt.Sprintf("problem %q", first.Status().Problem)
		}
		return ""
	})
	l.problem(second, "with another log")
	if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"}); err != nil {
		t.Error(err)
	}
	if d := l.desired(h); d == nil || d.Labels["k"] != "v" || len(d.Components) != 1 {
		t.Errorf("desired %+v, want the label and the component", d)
	}
}

// Of two schedulers with copies of one log the one that begins last leads, and the other
// one says so.
func TestCopiedLog(t *testing.T) {
	l := newLab(t)
	s := l.schedule()
	h := l.host(nil)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
	if err := s.node.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	var dirs [2]string
	for i := range dirs {
		e, err := s.node.Export()
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, e.Size)
		if _, err := e.ReadAt(text, 0); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		dirs[i] = t.TempDir()
		if _, err := raftlog.RestoreDir(dirs[i], name, "", strings.NewReader(string(text))); err != nil {
			t.Fatal(err)
		}
	}
	s.stop()
	first, second := l.leads(l.lone(dirs[0]), l.lone(dirs[1]))
	l.privy = first.lattice
	l.problem(second, "with a copy of this one's log")
	if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	if have, want := first.node.State().Meta().Cluster, second.node.State().Meta().Cluster; have != want || have == "" {
		t.Errorf("clusters %q and %q, want the same", have, want)
	}
}

// A beat that is not the leader's, or that is gone, is replaced, and the lead goes on.
func TestBeatIsReplaced(t *testing.T) {
	l := newLab(t)
	s := l.schedule()
	bucket := l.bucket(s.lattice, l.buckets.Scheduler())
	_, err := bucket.Put(t.Context(), wire.SchedulerLeader, []byte("{}"))
	for i := 0; ; i++ {
		if err != nil {
			t.Fatal(err)
		}
		l.eventually("beat", func() string {
			var b lead.Beat
			if err := json.Unmarshal(l.value(l.buckets.Scheduler(), wire.SchedulerLeader), &b); err != nil || b.Cluster != s.node.State().Meta().Cluster {
				return fmt.Sprintf("%+v, %v", b, err)
			}
			return ""
		})
		if i == 1 {
			break
		}
		err = bucket.Delete(t.Context(), wire.SchedulerLeader)
	}
	if st := s.Status(); !st.Leads || st.Problem != "" {
		t.Errorf("status %+v, want that it leads", st)
	}
}

// muted is a lattice in which no beat can be written while it is so.
type muted struct {
	lattice.Lattice
	now atomic.Bool
}

func (m *muted) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	b, err := m.Lattice.CreateBucket(ctx, c)
	if (c.Name == wire.Buckets{Lattice: name}.Scheduler()) {
		b = &mutedBucket{b, m}
	}
	return b, err
}

type mutedBucket struct {
	lattice.Bucket
	m *muted
}

func (b *mutedBucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if b.m.now.Load() {
		return 0, errDead
	}
	return b.Bucket.Update(ctx, key, value, revision)
}

// A leader that cannot write its beat may have been replaced: it takes commands, because
// its log does, and tells hosts when it can be sure again.
func TestMutedBeat(t *testing.T) {
	l := newLab(t)
	creds := l.creds()
	m := &muted{Lattice: l.join(trust.RoleScheduler, creds)}
	s := l.run(creds, m, nil, nil, true)
	h := l.start1(t)
	before := l.desired(h)
	m.now.Store(true)
	l.eventually("problem", func() string {
		if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "k", Value: fmt.Sprint(s.node.State().Seq)}); err != nil {
			return err.Error()
		}
		if st := s.Status(); !strings.Contains(st.Problem, "beat was not written") {
			return fmt.Sprintf("problem %q", st.Problem)
		}
		return ""
	})
	silent := l.desired(h)
	seq := s.node.State().Seq
	r, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: "last", Value: "v"})
	if err != nil || !r.Changed || !strings.Contains(strings.Join(r.Notes, " "), "as soon as the lattice allows") {
		t.Errorf("label: %+v, %v, want that it is written down", r, err)
	}
	if d := l.desired(h); d == nil || d.Stamp != silent.Stamp || d.Stamp == before.Stamp {
		t.Errorf("desired %+v, want it as it was, %+v", d, silent.Stamp)
	}
	if now := s.node.State().Seq; now != seq+1 {
		t.Errorf("%d entries, want the one of the command after %d", now, seq)
	}
	m.now.Store(false)
	l.eventually("desired", func() string {
		if d := l.desired(h); d == nil || d.Labels["last"] != "v" {
			return fmt.Sprintf("%+v", d)
		}
		return ""
	})
	l.eventually("all is well", func() string {
		if st := s.Status(); !st.Leads || st.Problem != "" {
			return fmt.Sprintf("%+v", st)
		}
		return ""
	})
}
