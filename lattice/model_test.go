package lattice_test

import (
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
)

func TestAssignment(t *testing.T) {
	var none lattice.Assignment
	if none.Latest() != nil || none.VariantOf("N1") != nil || none.Weighted() || len(none.Hosts()) > 0 {
		t.Errorf("an assignment of nothing has something: %v", none)
	}
	a := lattice.Assignment{Variants: []lattice.Variant{
		{Revision: 1, Hosts: map[lattice.HostID]int{"N3": 1, "N1": 2}},
		{Revision: 2, Hosts: map[lattice.HostID]int{"N2": 1}},
	}}
	if got := a.Hosts(); !slices.Equal(got, []lattice.HostID{"N1", "N2", "N3"}) {
		t.Errorf("hosts are %v", got)
	}
	if v := a.Latest(); v.Revision != 2 {
		t.Errorf("the latest is %d", v.Revision)
	}
	for host, want := range map[lattice.HostID]uint64{"N1": 1, "N2": 2, "N3": 1} {
		if v := a.VariantOf(host); v == nil || v.Revision != want {
			t.Errorf("host %s has %v, want revision %d", host, v, want)
		}
	}
	if a.VariantOf("N4") != nil {
		t.Error("a host that is not there has a variant")
	}
	if a.Weighted() {
		t.Error("it has weights")
	}
	if a.Variants[1].Weight = 10; !a.Weighted() {
		t.Error("it has no weights")
	}
}

func TestProbeSplit(t *testing.T) {
	for text, want := range map[string][2]string{
		"ns:pkg/iface@1.0.0.func": {"ns:pkg/iface@1.0.0", "func"},
		"ns:pkg/iface.func":       {"ns:pkg/iface", "func"},
		"func":                    {"", "func"},
		"":                        {"", ""},
	} {
		p := lattice.Probe{Function: text}
		if iface, function := p.Split(); iface != want[0] || function != want[1] {
			t.Errorf("%q is %q and %q, want %q", text, iface, function, want)
		}
	}
}
