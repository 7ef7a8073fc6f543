package lead_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// A decision that is too long for an entry is several, each of which can be in the log by
// itself: with the first of them whoever leads next knows what was to be done.
func TestLongDecision(t *testing.T) {
	const n = 3000
	var b strings.Builder
	b.WriteString("apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: big, annotations: {}}\nspec:\n  components:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {name: c%d, type: component, properties: {image: x}, traits: [{type: spreadscaler, properties: {instances: 1}}]}\n", i)
	}
	l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	p, err := l.Decide(1, 1, &control.PutApp{Manifest: b.String(), Digests: map[string]string{"x": fmt.Sprintf("sha256:%064x", 1)}, Deploy: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Entries) < 2 {
		t.Fatalf("%d entries, want several", len(p.Entries))
	}
	s := l.State()
	for i, e := range p.Entries {
		if _, err := state.EncodeEntry(e); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
		if s, err = s.Apply(lattice.Stamp{Term: 1, Index: uint64(i + 1)}, e); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if s.App("big") == nil {
			t.Errorf("after entry %d nobody knows of the application", i)
		}
	}
	if got := s.Len(state.KindComponent); got != n {
		t.Errorf("%d components, want %d", got, n)
	}
}

// Hosts that gain something are told before callers, and those that lose something after.
func TestPhases(t *testing.T) {
	l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	host := lattice.HostID("N" + strings.Repeat("A", 55))
	l.Beat(1)
	l.Heard(1, host, &lattice.HostReport{
		ID: host, Lattice: lattice.DefaultName, Group: lattice.DefaultGroup, State: lattice.HostReady,
		Capacity: lattice.Capacity{CPUs: 1, MemoryBytes: 1 << 30}, Load: lattice.Load{AvailableBytes: 1 << 30},
	}, true)
	index := uint64(0)
	do := func(cmd control.Command) string {
		t.Helper()
		p, err := l.Decide(1, 1, cmd)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Accept(1, p); err != nil {
			t.Fatal(err)
		}
		s := l.State()
		for _, e := range p.Entries {
			index++
			if s, err = s.Apply(lattice.Stamp{Term: 1, Index: index}, e); err != nil {
				t.Fatal(err)
			}
		}
		l.Applied(1, s, p)
		var order []string
		for _, phase := range l.Due() {
			for _, d := range phase {
				w, err := l.Write(d)
				if err != nil {
					t.Fatal(err)
				}
				if w != nil {
					order = append(order, fmt.Sprint(d.Bucket))
					l.Wrote(w, index)
				}
			}
		}
		return strings.Join(order, " ")
	}
	desired, components := fmt.Sprint(lead.Desired), fmt.Sprint(lead.Components)
	if got, want := do(&control.StartComponent{ID: "c", Ref: "r", Digest: fmt.Sprintf("sha256:%064x", 1)}), desired+" "+components; got != want {
		t.Errorf("written in the order %s, want %s", got, want)
	}
	if got, want := do(&control.StopComponent{ID: "c"}), components+" "+desired; got != want {
		t.Errorf("written in the order %s, want %s", got, want)
	}
}
