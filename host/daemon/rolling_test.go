package daemon_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// beside returns the world of another host of the same lattice.
func (w *world) beside() *world {
	w.Helper()
	key, err := trust.NewKey()
	if err != nil {
		w.Fatal(err)
	}
	other := &world{
		T: w.T, ring: w.ring, net: w.net, l: w.l, buckets: w.buckets, signer: w.signer, verifier: w.verifier,
		key: key, id: key.HostID(), dir: w.TempDir(), as: w.as,
	}
	other.desired = lattice.Desired{Lattice: lattice.DefaultName, Host: other.id, Stamp: lattice.Stamp{Term: 1}, State: lattice.HostReady}
	other.connect = func() (lattice.Lattice, error) { return w.as(trust.RoleHost, key) }
	return other
}

// TestRolling has a component be updated on two hosts, scaled, and taken off one of
// them, all under calls from a gateway and from both hosts: none is lost.
func TestRolling(t *testing.T) {
	t.Run("memory", func(t *testing.T) { rolling(newWorld(t)) })
	t.Run("NATS", func(t *testing.T) {
		w, _, _ := newNATSWorld(t)
		rolling(w)
	})
}

func rolling(a *world) {
	t := a.T
	b := a.beside()
	hosts := []*world{a, b}
	daemons := []*host{a.start(), b.start()}
	// The two revisions say different things, so that it can be told which one answers.
	first, second := a.upload("doctor", doctorWell), a.upload("doctor", doctorIll)
	first.Revision, second.Revision = 1, 2
	variant := func(spec lattice.ComponentSpec, weight int, on ...*world) lattice.Variant {
		v := lattice.Variant{Ref: spec.Ref, Digest: spec.Digest, Revision: spec.Revision, Weight: weight, Hosts: map[lattice.HostID]int{}}
		for _, w := range on {
			v.Hosts[w.id] = spec.MaxInstances
		}
		return v
	}
	stamp := lattice.Stamp{Term: 1}
	assign := func(variants ...lattice.Variant) {
		t.Helper()
		stamp.Index++
		value, err := wire.EncodeAssignment(&lattice.Assignment{Component: "doctor", Stamp: stamp, Variants: variants})
		if err == nil {
			value, err = a.signer.Sign(a.buckets.Components(), "doctor", value)
		}
		if err == nil {
			_, err = a.bucket(a.buckets.Components()).Put(t.Context(), "doctor", value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	serves := func(w *world, spec lattice.ComponentSpec) {
		t.Helper()
		w.awaitComponent("doctor", "serves", func(c *lattice.ComponentStatus) bool {
			return c.Revision == spec.Revision && c.State == lattice.ComponentRunning && c.MaxInstances == spec.MaxInstances
		})
	}

	// A gateway, which has only its directory.
	l, err := a.as(trust.RoleGateway, newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	d := directory.New(l, lattice.DefaultName, a.verifier, nil)
	client, err := invoke.NewClient(l, lattice.DefaultName, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = d.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		client.Close()
		_ = l.Close()
	})
	until := func(what string, f func(*directory.Snapshot) bool) {
		t.Helper()
		for _, d := range []*directory.Directory{d, daemons[0].Directory(), daemons[1].Directory()} {
			timer := time.NewTimer(patience)
			for {
				changed := d.Changed()
				if f(d.Snapshot()) {
					break
				}
				select {
				case <-changed:
				case <-timer.C:
					t.Fatalf("%s: a directory does not know it", what)
				}
			}
			timer.Stop()
		}
	}
	ready := func(n int) func(*directory.Snapshot) bool {
		return func(s *directory.Snapshot) bool { return len(s.Hosts("doctor")) == n }
	}

	for _, w := range hosts {
		w.want(first)
		serves(w, first)
	}
	assign(variant(first, 0, a, b))
	until("both are ready", ready(2))

	var gateway, answers [2]atomic.Int64 // by revision: from the gateway, and from anywhere
	var lost atomic.Int64
	fn, err := wit.ParseSignature("func() -> bool")
	if err != nil {
		t.Fatal(err)
	}
	call := func(i lattice.Invoker, outside bool) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		got, err := i.Call(ctx, &lattice.Invocation{
			Target: "doctor", Interface: "test:health/doctor@1.0.0", Function: "well", Depth: lattice.DefaultDepth, Callers: []lattice.Caller{"operator/test"},
		}, fn, nil)
		if err != nil {
			if lost.Add(1) <= 5 {
				t.Errorf("a call is lost: %v", err)
			}
			return
		}
		said := 0
		if got[0] != true {
			said = 1
		}
		answers[said].Add(1)
		if outside {
			gateway[said].Add(1)
		}
	}
	var load sync.WaitGroup
	over := make(chan struct{})
	for n, i := range []lattice.Invoker{invoke.NewRouter(client, d, nil, ""), daemons[0].Router(), daemons[1].Router()} {
		for range 2 {
			load.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						call(i, n == 0)
					}
				}
			})
		}
	}
	// more waits until a revision has answered so many calls more.
	more := func(said int, n int64) {
		t.Helper()
		until := time.Now().Add(patience)
		for want := answers[said].Load() + n; answers[said].Load() < want; {
			if time.Now().After(until) {
				t.Fatalf("revision %d is not called", said+1)
			}
			runtime.Gosched()
		}
	}

	// A canary on one host, with a fifth of the calls.
	assign(variant(first, 80, b), variant(second, 20, a))
	a.want(second)
	serves(a, second)
	until("the canary is known", func(s *directory.Snapshot) bool { return s.Weighted("doctor") && len(s.Hosts("doctor")) == 2 })
	before := [2]int64{gateway[0].Load(), gateway[1].Load()}
	more(1, 200)
	more(0, 200)
	old, next := gateway[0].Load()-before[0], gateway[1].Load()-before[1]
	if share := float64(next) / float64(old+next); old+next > 100 && (share < 0.08 || share > 0.35) {
		t.Errorf("the canary has %d calls of %d, want a fifth", next, old+next)
	}
	// The rest of the rollout.
	assign(variant(first, 0, b), variant(second, 0, a))
	more(0, 20)
	b.want(second)
	serves(b, second)
	assign(variant(second, 0, a, b))
	more(1, 200)
	// Fewer instances, and more again.
	for revision, n := range []int{1, 16} {
		second.MaxInstances, second.Revision = n, uint64(3+revision)
		for _, w := range hosts {
			w.want(second)
			serves(w, second)
			more(1, 50)
		}
		assign(variant(second, 0, a, b))
	}
	// One host is not to run it any more: it is told so after the callers.
	assign(variant(second, 0, b))
	a.want()
	a.await("nothing runs", func(r *lattice.HostReport) bool { return len(r.Components) == 0 })
	more(1, 200)
	close(over)
	load.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d calls were lost, of %d", n, n+answers[0].Load()+answers[1].Load())
	}
	t.Logf("%d calls to the first revision, %d to the second", answers[0].Load(), answers[1].Load())
}

func newKey(t *testing.T) *trust.Key {
	t.Helper()
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}
