package scheduler_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// While messages are lost, doubled and late, commands to two schedulers fail or
// succeed; what succeeded is there in the end, and documents agree with each other.
func TestFaults(t *testing.T) {
	k := trusttest.Keyring(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memlattice.New(memlattice.Options{Seed: seed})
				l := labOn(t, k, func(_ trust.Role, c *trust.Creds) lattice.Lattice {
					m, err := n.Join(c.User())
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { m.Close() })
					return m
				})
				l.schedule()
				l.schedule()
				h := l.host(nil)
				l.start(&control.StartComponent{ID: "c", Ref: "r", Digest: l.store(1)})
				n.SetRules(memlattice.Rule{Faults: memlattice.Faults{
					Drop: 0.03, Duplicate: 0.05, Delay: time.Millisecond, Jitter: 20 * time.Millisecond,
				}})
				done, failed := map[string]bool{}, 0
				for i := range 60 {
					key := fmt.Sprintf("k%d", i)
					if _, err := l.do(t.Context(), &control.PutLabel{Host: h.id, Key: key, Value: "v"}); err != nil {
						failed++
						continue
					}
					done[key] = true
				}
				if failed == 0 || len(done) == 0 {
					t.Errorf("%d commands failed and %d did not: nothing was tried", failed, len(done))
				}
				n.SetRules()
				time.Sleep(2 * time.Minute)
				d, a := l.desired(h), l.assignment("c")
				if d == nil || a == nil || !slices.Equal(a.Hosts, []lattice.HostID{h.id}) || len(d.Components) != 1 {
					t.Fatalf("desired %+v, assignment %+v", d, a)
				}
				for key := range done {
					if d.Labels[key] != "v" {
						t.Errorf("label %s was answered for and is not there", key)
					}
				}
			})
		})
	}
}
