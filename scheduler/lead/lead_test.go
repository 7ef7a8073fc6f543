package lead_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
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

// hostReport is a report of a host, which says what it was told last.
func hostReport(n int, applied lattice.Stamp) *lattice.HostReport {
	id := fmt.Sprintf("%d", n)
	digits := strings.Map(func(c rune) rune { return 'A' + c - '0' }, id)
	return &lattice.HostReport{
		ID: lattice.HostID("N" + strings.Repeat("A", 55-len(digits)) + digits), Lattice: lattice.DefaultName, Group: lattice.DefaultGroup,
		State: lattice.HostReady, Capacity: lattice.Capacity{CPUs: 1, MemoryBytes: 1 << 30}, Load: lattice.Load{AvailableBytes: 1 << 30},
		Applied: applied,
	}
}

// settle does all that is to be done, and returns how many entries that were. Documents
// are written, and never conflict.
func settle(t *testing.T, l *lead.Leader) int {
	t.Helper()
	entries := 0
	for range 64 {
		p, _, err := l.Round(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			if err := l.Accept(1, p); err != nil {
				t.Fatal(err)
			}
			s := l.State()
			for _, e := range p.Entries {
				entries++
				if s, err = s.Apply(lattice.Stamp{Term: 1, Index: s.Stamp.Index + 1}, e); err != nil {
					t.Fatal(err)
				}
			}
			l.Applied(1, s, p)
		}
		ahead := false
		for _, phase := range l.Due() {
			for _, d := range phase {
				switch w, err := l.Write(d); {
				case errors.Is(err, lead.ErrAhead):
					ahead = true
				case err != nil:
					t.Fatal(err)
				case w != nil:
					l.Wrote(w, 1)
				}
			}
		}
		if p == nil && !ahead {
			return entries
		}
	}
	t.Fatalf("it does not come to an end: %d entries", entries)
	return 0
}

// A host that nothing is placed on says that it was told something far newer than there
// is: stamps leap over that once, and not again when it comes back with more.
func TestLiarsLeapOnce(t *testing.T) {
	s, err := state.New(lattice.DefaultName).Apply(lattice.Stamp{Term: 1, Index: 1}, &state.Entry{
		Changes: []state.Change{state.Put(state.Record{Config: &state.Config{Name: "c"}})},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := lead.New(lead.Options{Term: 1}, 0, s)
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	settle(t, l)
	for i, want := range []int{1, 0, 0} {
		r := hostReport(1, lattice.Stamp{Term: 1 << (40 + i), Index: 5})
		l.Heard(1, r.ID, r, true)
		if got := settle(t, l); got != want {
			t.Errorf("lie %d: %d entries, want %d", i, got, want)
		}
		if stamp := l.State().Stamp; stamp.Term < 1<<40 || stamp.Term >= 1<<41 {
			t.Errorf("lie %d: stamp %v, want one after the first lie", i, stamp)
		}
		l.Heard(1, r.ID, nil, false)
	}
}

// A document that no leap goes over is replaced like one that is none.
func TestStampOutOfReach(t *testing.T) {
	l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
	host := hostReport(1, lattice.Stamp{}).ID
	value, err := wire.EncodeDesired(&lattice.Desired{Host: host, Lattice: lattice.DefaultName, State: lattice.HostReady, Stamp: lattice.Stamp{Term: state.MaxTermOffset, Index: 1}})
	if err != nil {
		t.Fatal(err)
	}
	l.Saw(lead.Doc{Bucket: lead.Desired, Key: string(host)}, value, 1, false)
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	if n := settle(t, l); n > 1 {
		t.Errorf("%d entries, want one at most", n)
	}
}

// Hosts beyond the bound are not heard; one that goes makes room.
func TestHostsAreBounded(t *testing.T) {
	l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
	for i := range lead.MaxHosts {
		if r := hostReport(i, lattice.Stamp{}); !l.Heard(1, r.ID, r, true) {
			t.Fatalf("host %d is not heard", i)
		}
	}
	more := hostReport(lead.MaxHosts, lattice.Stamp{})
	if l.Heard(1, more.ID, more, true) || l.NumHosts() != lead.MaxHosts {
		t.Errorf("%d hosts are heard, the limit is %d", l.NumHosts(), lead.MaxHosts)
	}
	l.Heard(1, hostReport(7, lattice.Stamp{}).ID, nil, false)
	if !l.Heard(1, more.ID, more, true) {
		t.Error("there is no room after one has gone")
	}
}

// A report that comes after a later one of the same process counts for nothing: the host
// was there before. The first one of another process counts.
func TestLateReport(t *testing.T) {
	l := lead.New(lead.Options{Term: 1}, 0, state.New(lattice.DefaultName))
	if err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	now := int64(1)
	for _, test := range []struct {
		started  int64
		sequence uint64
		late     bool
	}{{1, 1, false}, {1, 2, false}, {1, 2, false}, {1, 1, true}, {2, 1, false}} {
		now += 2_000
		l.Beat(now - 1_000)
		l.Beat(now)
		r := hostReport(1, lattice.Stamp{})
		r.Started, r.Sequence = time.Unix(test.started, 0), test.sequence
		l.Heard(now, r.ID, r, true)
		if late := len(l.Quiet(now+1)) > 0; late != test.late {
			t.Errorf("number %d of process %d is late: %v, want %v", test.sequence, test.started, late, test.late)
		}
	}
}
