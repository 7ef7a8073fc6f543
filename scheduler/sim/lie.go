package sim

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// lie is how a host lies about itself.
type lie string

const (
	honest lie = ""
	// boast claims everything to run, with any revision.
	boast lie = "all runs"
	// deny claims everything to fail.
	deny lie = "all fails"
	// invent claims to run what nobody asked for.
	invent lie = "runs what nobody asked for"
	// huge has the largest numbers that there are.
	huge lie = "huge numbers"
	// disguise claims other labels and another group with each report.
	disguise lie = "other labels"
	// noise is no report at all.
	noise lie = "noise"
	// fickle claims another state with each report.
	fickle lie = "other states"
)

var lies = []lie{boast, deny, invent, huge, disguise, noise, fickle}

// distort makes a lie of a report, or returns what is put in its place.
func (h *host) distort(r *lattice.HostReport) []byte {
	w := h.w
	switch h.lie {
	case boast, deny:
		r.Components = nil
		if h.desired == nil {
			return nil
		}
		for i := range h.desired.Components {
			c := &h.desired.Components[i]
			s := lattice.ComponentStatus{ID: c.ID, Ref: c.Ref, Digest: c.Digest, Revision: c.Revision, MaxInstances: c.MaxInstances, State: lattice.ComponentRunning, Since: r.Time}
			if h.lie == deny {
				s.State, s.Reason = lattice.ComponentFailed, "it says so"
			} else if w.chance(0.5) {
				s.Revision = w.rand.Uint64N(1 << 50)
			}
			r.Components = append(r.Components, s)
		}
	case invent:
		for i := range 1 + w.rand.IntN(5) {
			r.Components = append(r.Components, lattice.ComponentStatus{
				ID: lattice.ComponentID(fmt.Sprintf("none-%d", i)), Ref: "x", Digest: fmt.Sprintf("sha256:%064x", 1<<40+i), Revision: w.rand.Uint64N(100),
				State: lattice.ComponentRunning, Since: r.Time, MaxInstances: 1,
			})
		}
	case huge:
		r.Capacity = lattice.Capacity{CPUs: 1e300, MemoryBytes: 1<<64 - 1}
		r.Load = lattice.Load{CPU: 1e300, MachineCPU: 1e300, MemoryBytes: 1<<64 - 1, AvailableBytes: 1<<64 - 1, Running: 1<<63 - 1, Waiting: 1<<63 - 1}
		r.Applied = lattice.Stamp{Term: w.rand.Uint64(), Index: w.rand.Uint64()}
		r.Every = 86_400_000
		for i := range r.Components {
			r.Components[i].MaxInstances = wire.MaxInstances
			r.Components[i].Calls, r.Components[i].Failures = 1<<62, 1<<62
		}
	case disguise:
		r.Labels = map[string]string{"zone": []string{"a", "b", "c"}[w.rand.IntN(3)]}
		r.Group = []lattice.GroupName{"default", "edge"}[w.rand.IntN(2)]
	case noise:
		b := make([]byte, w.rand.IntN(200))
		for i := range b {
			b[i] = byte(w.rand.UintN(256)) //nolint:gosec // a byte
		}
		return b
	case fickle:
		r.State = []lattice.HostState{lattice.HostReady, lattice.HostCordoned, lattice.HostDrained, lattice.HostDraining, lattice.HostStopped, "what"}[w.rand.IntN(6)]
	case honest:
	}
	return nil
}
