package lead_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// TestSizeOf: changes are never longer than they are taken to be, whatever texts are in
// them, and those with ordinary texts not much shorter.
func TestSizeOf(t *testing.T) {
	host := lattice.HostID("N" + strings.Repeat("A", 55))
	for name, tt := range map[string]struct {
		text string
		most float64 // times as long as it is
	}{
		"none": {"", 2}, "words": {"it has the most room of 12 hosts", 1.4}, "quotes": {`"\"`, math.Inf(1)}, "controls": {"\x00\n\x1f\x7f", math.Inf(1)},
		"tags": {"<&>", math.Inf(1)}, "no UTF-8": {"\xff\xc0", math.Inf(1)}, "separators": {"\u2028\u2029é€😀", math.Inf(1)},
	} {
		t.Run(name, func(t *testing.T) {
			p := &state.Placements{Component: "hello", Missing: math.MinInt}
			for range 3 {
				p.Hosts = append(p.Hosts, state.Placement{
					Host: host, Revision: math.MaxUint64, Instances: math.MinInt, Spread: tt.text, Pinned: true,
					Annotations: map[string]string{"a" + tt.text: tt.text, "b" + tt.text: tt.text}, Why: tt.text, At: math.MinInt64, Leaving: tt.text,
				})
				p.Passed = append(p.Passed, state.Passed{Why: tt.text, Count: math.MinInt, Hosts: []lattice.HostID{host, host}})
			}
			for _, change := range []state.Change{
				state.Put(state.Record{Placements: p}), state.Put(state.Record{Placements: &state.Placements{Component: "hello"}}),
				state.Put(state.Record{Component: &state.Component{ID: "hello", Failed: tt.text}}), state.Delete(state.PlacementsKey("hello")),
			} {
				text, err := json.Marshal(&change)
				if err != nil {
					t.Fatal(err)
				}
				got, err := lead.SizeOf(&change)
				if err != nil {
					t.Fatal(err)
				}
				if want := len(text) + 1; got < want || len(text) > 300 && float64(got) > tt.most*float64(want) {
					t.Errorf("%s is taken to have %d bytes, and has %d", text, got, want)
				}
			}
		})
	}
}
