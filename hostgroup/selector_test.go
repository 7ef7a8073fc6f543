package hostgroup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/lattice"
)

func TestSelector(t *testing.T) {
	labels := map[string]string{"zone": "a", "arch": "arm64", "empty": ""}
	for _, test := range []struct {
		text, normal string
		want         bool
	}{
		{"", "", true},
		{"zone=a", "zone=a", true},
		{" zone == a ", "zone=a", true},
		{"zone=b", "zone=b", false},
		{"zone!=b", "zone!=b", true},
		{"zone!=a", "zone!=a", false},
		{"other!=a", "other!=a", true},
		{"other=a", "other=a", false},
		{"zone in (b, a)", "zone in (a,b)", true},
		{"zone in (b,c),arch=arm64", "zone in (b,c),arch=arm64", false},
		{"zone notin (b,c) , arch=arm64", "zone notin (b,c),arch=arm64", true},
		{"zone notin (a,c)", "zone notin (a,c)", false},
		{"other notin (a,c)", "other notin (a,c)", true},
		{"zone", "zone", true},
		{"other", "other", false},
		{"!other", "!other", true},
		{"!zone", "!zone", false},
		{"empty=", "empty=", true},
		{"zone=", "zone=", false},
		{"zone=a,arch=amd64", "zone=a,arch=amd64", false},
	} {
		s, err := hostgroup.ParseSelector(test.text)
		if err != nil {
			t.Errorf("ParseSelector(%q): %v", test.text, err)
			continue
		}
		if got := s.String(); got != test.normal {
			t.Errorf("ParseSelector(%q) is %q, want %q", test.text, got, test.normal)
		}
		if got := s.Selects(labels); got != test.want {
			t.Errorf("%q selects %v: %v, want %v", test.text, labels, got, test.want)
		}
		again, err := hostgroup.ParseSelector(s.String())
		if diff := cmp.Diff(s, again); diff != "" || err != nil {
			t.Errorf("%q read again is another (%v):\n%s", s, err, diff)
		}
	}
}

func TestSelectorErrors(t *testing.T) {
	for _, text := range []string{
		",", "zone=a,", ",zone=a", "=a", "!=a", "!", "zone in a", "zone in", "in (a)", "zone=a=b", "zone=(a)", "a b", "zone in (a,(b))",
		"zone in (a", strings.Repeat("a,", 64) + "a", "a in (" + strings.Repeat("v,", 64) + "v)",
	} {
		if s, err := hostgroup.ParseSelector(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseSelector(%q) = %v, %v, want an error of ErrInvalid", text, s, err)
		}
	}
}

func TestMatch(t *testing.T) {
	s := hostgroup.Match(map[string]string{"zone": "a", "arch": "arm64"})
	if got, want := s.String(), "arch=arm64,zone=a"; got != want {
		t.Errorf("Match is %q, want %q", got, want)
	}
	if !(hostgroup.Selector{}).Selects(nil) {
		t.Error("the empty selector does not select every host")
	}
	if (hostgroup.Selector{{Label: "zone", Operator: "near"}}).Selects(map[string]string{"zone": "a"}) {
		t.Error("a condition that is not known is met")
	}
}

func FuzzParseSelector(f *testing.F) {
	for _, s := range []string{"zone=a", "zone in (a,b),!x", "a!=b", ",", "a notin ( )"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := hostgroup.ParseSelector(text)
		if err != nil {
			return
		}
		again, err := hostgroup.ParseSelector(s.String())
		if diff := cmp.Diff(s, again); err != nil || diff != "" {
			t.Errorf("%q is %q, which reads as %q, %v", text, s, again, err)
		}
	})
}
