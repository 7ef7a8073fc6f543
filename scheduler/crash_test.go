package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// mortal is a lattice that carries out so many writes of documents and then none any
// more, as if the process had died.
type mortal struct {
	lattice.Lattice
	left  atomic.Int64
	dying bool // the last write is carried out and says that it was not
}

func (m *mortal) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	b, err := m.Lattice.CreateBucket(ctx, c)
	if (c.Name == wire.Buckets{Lattice: name}.Scheduler()) {
		return b, err // beats do not follow from a command
	}
	return &mortalBucket{b, m}, err
}

type mortalBucket struct {
	lattice.Bucket
	m *mortal
}

var errDead = fmt.Errorf("%w: dead", lattice.ErrUnavailable)

func (b *mortalBucket) write(f func() (uint64, error)) (uint64, error) {
	left := b.m.left.Add(-1)
	if left < 0 {
		return 0, errDead
	}
	n, err := f()
	if left == 0 && b.m.dying {
		return 0, errDead
	}
	return n, err
}

func (b *mortalBucket) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	return b.write(func() (uint64, error) { return b.Bucket.Create(ctx, key, value) })
}

func (b *mortalBucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	return b.write(func() (uint64, error) { return b.Bucket.Update(ctx, key, value, revision) })
}

func (b *mortalBucket) Delete(ctx context.Context, key string) error {
	_, err := b.write(func() (uint64, error) { return 0, b.Bucket.Delete(ctx, key) })
	return err
}

// Wherever a service dies while it writes what follows from a command, nobody is called
// in between who was not told, and the next one writes the rest.
func TestCrash(t *testing.T) {
	for name, test := range map[string]crashTest{
		"grow":  {&control.ScaleComponent{ID: "c", Hosts: 3}, 3, 0},
		"scale": {&control.ScaleComponent{ID: "c", MaxInstances: 3}, 2, 3},
		"stop":  {&control.StopComponent{ID: "c"}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for n := int64(0); ; n++ {
				died := false
				for _, dying := range []bool{false, true} {
					died = crash(t, &test, n, dying) || died
				}
				if !died {
					if n < 2 {
						t.Errorf("only %d writes were tried", n)
					}
					return
				}
			}
		})
	}
}

type crashTest struct {
	cmd control.Command
	// hosts run the component when all is written, with so many instances each, or with
	// any number if that is zero.
	hosts, instances int
}

// missing says what is not written yet, or nothing.
func (test *crashTest) missing(l *lab, all []*host) string {
	l.tb.Helper()
	told, callers := 0, 0
	for _, h := range all {
		if c := l.told(h); c != nil && (test.instances == 0 || c.MaxInstances == test.instances) {
			told++
		}
	}
	if a := l.assignment("c"); a != nil {
		callers = len(a.Hosts())
	}
	if told == test.hosts && callers == test.hosts {
		return ""
	}
	return fmt.Sprintf("%d hosts are told, and callers of %d, want %d", told, callers, test.hosts)
}

// told is what a host is told of the component, or nil.
func (l *lab) told(h *host) *lattice.ComponentSpec {
	l.tb.Helper()
	d := l.desired(h)
	if d == nil {
		return nil
	}
	i := slices.IndexFunc(d.Components, func(c lattice.ComponentSpec) bool { return c.ID == "c" })
	if i < 0 {
		return nil
	}
	return &d.Components[i]
}

// crash has a service die after n writes for a command, and reports whether it did.
func crash(t *testing.T, test *crashTest, n int64, dying bool) bool {
	t.Helper()
	l := newLab(t)
	creds := l.creds()
	m := &mortal{Lattice: l.join(trust.RoleScheduler, creds), dying: dying}
	m.left.Store(1 << 40)
	first := l.run(creds, m, nil, nil, true)
	all := []*host{l.host(nil), l.host(nil), l.host(nil)}
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1), Hosts: 2})
	for _, h := range all {
		l.obeys(h)
	}
	l.eventually("reports", func() string {
		if s := first.Status(); s.Heard < len(all) {
			return fmt.Sprintf("%+v", s)
		}
		return ""
	})
	m.left.Store(n)
	if err := first.Do(t.Context(), test.cmd, &control.ComponentResult{}); err != nil {
		t.Fatalf("dead after %d writes: %v, want an answer: it is in the log", n, err)
	}
	// What follows may be decided in steps, of which an answer awaits the first.
	died := false
	l.eventually("the writes of the command, or death", func() string {
		left := m.left.Load()
		if died = left < 0 || dying && left == 0; died {
			return ""
		}
		for _, h := range all {
			l.obeys(h)
		}
		return test.missing(l, all)
	})
	a := l.assignment("c")
	for _, h := range all {
		if test.hosts > 0 && a != nil && slices.Contains(a.Hosts(), h.id) && l.told(h) == nil {
			t.Errorf("dead after %d writes: callers are sent to host %s, which was not told", n, h.id.Short())
		}
	}
	first.stop()
	if wrong := l.unwritten(l.schedule(), all); wrong != "" {
		t.Errorf("dead after %d writes, and mended: %s", n, wrong)
	}
	return died
}

// unwritten says what hosts and callers are told that is not what a scheduler's log says.
func (l *lab) unwritten(r *running, all []*host) string {
	l.tb.Helper()
	state := r.node.State()
	for _, h := range all {
		want := state.Desired(h.id)
		have := l.desired(h)
		if have == nil && len(want.Components) == 0 {
			continue
		}
		if have == nil {
			return fmt.Sprintf("host %s is told nothing", h.id.Short())
		}
		want.Stamp = have.Stamp
		x, errX := wire.EncodeDesired(want)
		y, errY := wire.EncodeDesired(have)
		if errX != nil || errY != nil || string(x) != string(y) {
			return fmt.Sprintf("host %s is told %s, want %s", h.id.Short(), y, x)
		}
	}
	want, have := state.Assignment("c"), l.assignment("c")
	if (want == nil) != (have == nil) || want != nil && !slices.Equal(want.Hosts(), have.Hosts()) {
		return fmt.Sprintf("assignment %+v, want %+v", have, want)
	}
	return ""
}
