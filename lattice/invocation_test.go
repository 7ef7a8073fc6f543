package lattice_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
)

func TestNext(t *testing.T) {
	first := &lattice.Invocation{Target: "a", Depth: 2, Callers: []lattice.Caller{"http"}}
	second, err := first.Next("b", "wasi:http/incoming-handler@0.2.6", "handle")
	if err != nil {
		t.Fatal(err)
	}
	want := &lattice.Invocation{
		Target: "b", Interface: "wasi:http/incoming-handler@0.2.6", Function: "handle", Depth: 1,
		Callers: []lattice.Caller{"http", "component/a"},
	}
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("Next (-want +got):\n%s", diff)
	}
	// Two that follow from one share no chain.
	third, err := second.Next("c", "", "f")
	if err != nil {
		t.Fatal(err)
	}
	other, err := second.Next("d", "", "f")
	if err != nil {
		t.Fatal(err)
	}
	if third.Callers[0] = "changed"; other.Callers[0] != "http" || second.Callers[0] != "http" {
		t.Error("invocations share their callers")
	}
	if _, err := third.Next("e", "", "f"); !errors.Is(err, lattice.ErrExhausted) || !lattice.Undelivered(err) {
		t.Errorf("Next at depth 0: %v, want ErrExhausted, Undelivered", err)
	}
}

func TestNextEnds(t *testing.T) {
	inv := &lattice.Invocation{Target: "a", Depth: 1 << 30, Callers: []lattice.Caller{"http"}}
	for n := 1; ; n++ {
		next, err := inv.Next("a", "", "f")
		if err != nil {
			if !errors.Is(err, lattice.ErrExhausted) || n != lattice.MaxCallers {
				t.Errorf("with %d callers: %v, want ErrExhausted at %d", n, err, lattice.MaxCallers)
			}
			return
		}
		inv = next
	}
}

func TestStamp(t *testing.T) {
	stamps := []lattice.Stamp{{}, {Index: 1}, {Index: 2}, {Term: 1}, {Term: 1, Index: 1}, {Term: 2}}
	if !slices.IsSortedFunc(stamps, lattice.Stamp.Compare) {
		t.Errorf("stamps are not in order: %v", stamps)
	}
	for i, s := range stamps {
		for j, u := range stamps {
			if got := s.Compare(u); (got == 0) != (i == j) || got != -u.Compare(s) {
				t.Errorf("%v.Compare(%v) = %d", s, u, got)
			}
		}
	}
}

func TestHeader(t *testing.T) {
	h := lattice.Header{"a": {"1", "2"}, "empty": {}}
	got := []string{h.Get("a"), h.Get("A"), h.Get("empty"), lattice.Header(nil).Get("a")}
	if diff := cmp.Diff([]string{"1", "", "", ""}, got); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
}
