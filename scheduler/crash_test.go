package scheduler_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// mortal is a lattice that carries out so many writes and then none any more, as if
// the process had died.
type mortal struct {
	lattice.Lattice
	left  atomic.Int64
	dying bool // the last write is carried out and says that it was not
}

func (m *mortal) Bucket(ctx context.Context, name string) (lattice.Bucket, error) {
	b, err := m.Lattice.Bucket(ctx, name)
	return &mortalBucket{b, m}, err
}

func (m *mortal) CreateBucket(ctx context.Context, c lattice.BucketConfig) (lattice.Bucket, error) {
	b, err := m.Lattice.CreateBucket(ctx, c)
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

// Wherever a service dies while it carries out a command, the command has happened
// wholly or not at all once another one is there, and in between nobody is called
// who was not told.
func TestCrash(t *testing.T) {
	for _, test := range []struct {
		name  string
		cmd   control.Command
		hosts string // of component c, after the command
		made  string // what every host was told of c, after the command
	}{
		{"grow", &control.ScaleComponent{ID: "c", Hosts: 3}, "3", "1"},
		{"shrink", &control.ScaleComponent{ID: "c", Hosts: 1}, "1", "1"},
		{"update", &control.UpdateComponent{ID: "c", Ref: "r2", Digest: digest(2)}, "2", "2"},
		{"stop", &control.StopComponent{ID: "c"}, "0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			happened, not := 0, 0
			for n := int64(0); ; n++ {
				for _, dying := range []bool{false, true} {
					done, died := crash(t, test.cmd, n, dying, test.hosts, test.made)
					if done {
						happened++
					} else {
						not++
					}
					if !died {
						if not == 0 || happened < 3 {
							t.Errorf("it happened %d times and did not %d times: nothing was tried", happened, not)
						}
						return
					}
				}
			}
		})
	}
}

// crash has a service die after n writes for a command, and reports whether the
// command has happened after another one was there, and whether the first one died.
func crash(t *testing.T, cmd control.Command, n int64, dying bool, hosts, made string) (happened, died bool) {
	t.Helper()
	l := newLab(t)
	first := l.schedule()
	all := []*host{l.host(nil), l.host(nil), l.host(nil)}
	l.store(2)
	l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1), Hosts: 2})
	first.stop()

	creds := trusttest.Creds(t, l.keyring, name, trust.RoleScheduler)
	m := &mortal{Lattice: l.join(trust.RoleScheduler, creds), dying: dying}
	m.left.Store(1 << 40)
	s := scheduler.New(m, name, trusttest.Signer(t, creds), l.verifier, &scheduler.Options{Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	m.left.Store(n)
	_ = s.Do(t.Context(), cmd, &control.ComponentResult{})
	died = m.left.Load() < 0 || dying && m.left.Load() == 0
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	told := func(h *host) bool {
		d := l.desired(h)
		return d != nil && slices.ContainsFunc(d.Components, func(c lattice.ComponentSpec) bool { return c.ID == "c" })
	}
	check := func(when string) {
		t.Helper()
		a := l.assignment("c")
		for _, h := range all {
			if a != nil && slices.Contains(a.Hosts(), h.id) && !told(h) && cmd.Name() != "component.stop" && when == "before" {
				t.Errorf("dead after %d writes: callers are sent to host %s, which was not told", n, h.id.Short())
			}
			if when == "after" && told(h) != (a != nil && slices.Contains(a.Hosts(), h.id)) {
				t.Errorf("dead after %d writes, and mended: host %s and callers were told different things", n, h.id.Short())
			}
		}
	}
	check("before")
	l.schedule()
	check("after")
	state := "0"
	ref := ""
	if a := l.assignment("c"); a != nil {
		state, ref = fmt.Sprint(len(a.Hosts())), map[string]string{digest(1): "1", digest(2): "2"}[a.Latest().Digest]
	}
	switch {
	case state == hosts && ref == made:
		return true, died
	case state == "2" && ref == "1":
		if n > 0 {
			t.Errorf("dead after %d writes, and mended: the command is in the log and has not happened", n)
		}
		return false, died
	}
	t.Errorf("dead after %d writes, and mended: %s hosts with binary %q, want %s with %q as the command says, or 2 with \"1\" as before it", n, state, ref, hosts, made)
	return false, died
}
