package wit_test

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

func TestParseInterfaceID(t *testing.T) {
	good := map[string]wit.InterfaceID{
		"wasi:io/streams@0.2.6":       {Namespace: "wasi", Package: "io", Name: "streams", Version: "0.2.6"},
		"wasi:io/streams":             {Namespace: "wasi", Package: "io", Name: "streams"},
		"a-b:c1-2/D-e@1.0.0-rc.1+b.7": {Namespace: "a-b", Package: "c1-2", Name: "D-e", Version: "1.0.0-rc.1+b.7"},
		"wasi:io/streams@0.2":         {Namespace: "wasi", Package: "io", Name: "streams", Version: "0.2"},
		"wasi:io/streams@3":           {Namespace: "wasi", Package: "io", Name: "streams", Version: "3"},
	}
	for s, want := range good {
		got, err := wit.ParseInterfaceID(s)
		if err != nil || got != want {
			t.Errorf("ParseInterfaceID(%q) = %+v, %v, want %+v", s, got, err, want)
		}
		if got.String() != s {
			t.Errorf("String = %q, want %q", got, s)
		}
	}
	bad := []string{
		"", "streams", "wasi:io", "wasi/io", ":io/streams", "wasi:/streams", "wasi:io/", "wasi:io/streams@",
		"wasi:io/streams@1.2", "wasi:io/streams@0", "wasi:io/streams@0.0", "wasi:io/streams@01.0.0", "wasi:io/streams@1.0.0@2",
		"Wasi:io/streams", "wasi:IO/streams", "wasi:io/1streams", "wasi:io/a_b", "wasi:io/a--b", "wasi:io/aB", "a:b:c/d", "a:b/c/d",
		"wasi:io/streams@1.2.3-", "wasi:io/streams@1.2.3-01", "wasi:io/streams@1.2.3+", "wasi:io/" + strings.Repeat("a", wit.MaxNameLen+1),
		"wasi:io/streams@1.0.0-" + strings.Repeat("a", wit.MaxVersionLen), "wasi:io/streams@99999999999999999999.0.0",
	}
	for _, s := range bad {
		if id, err := wit.ParseInterfaceID(s); err == nil {
			t.Errorf("ParseInterfaceID(%q) = %+v, want an error", s, id)
		}
	}
}

// Tracks follow the explainer, "Canonical Interface Name", save that a
// pre-release is compatible with itself alone.
func TestCompatible(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"0.2.0", "0.2.12", true},
		{"0.2.3", "0.2", true},
		{"0.2.0", "0.3.0", false},
		{"1.0.0", "1.9.3", true},
		{"1.0.0", "1", true},
		{"1.0.0", "2.0.0", false},
		{"0.0.1", "0.0.1", true},
		{"0.0.1", "0.0.2", false},
		{"0.0.1", "0.0.1+build", true},
		{"0.2.0-rc.1", "0.2.0-rc.1", true},
		{"0.2.0-rc.1", "0.2.0-rc.2", false},
		{"0.2.0-rc.1", "0.2.0", false},
		{"0.2.0+a", "0.2.1+b", true},
		{"", "", true},
		{"", "0.2.0", false},
		{"0.0.0", "0.0.0", true},
	}
	for _, test := range tests {
		a := wit.InterfaceID{Namespace: "wasi", Package: "io", Name: "streams", Version: test.a}
		b := a
		b.Version = test.b
		if got := a.Compatible(b); got != test.want {
			t.Errorf("Compatible(%q, %q) = %t, want %t", test.a, test.b, got, test.want)
		}
		if got := b.Compatible(a); got != test.want {
			t.Errorf("Compatible(%q, %q) = %t, want %t", test.b, test.a, got, test.want)
		}
		b.Name = "poll"
		if a.Compatible(b) {
			t.Errorf("%s and %s are compatible", a, b)
		}
	}
}

func TestVersionCompare(t *testing.T) {
	// The order of semver.org, section 11, with numbers too long for a machine word.
	ordered := []string{
		"0.0.1", "0.2.0", "0.2.9", "0.2.10", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-99999999999999999999999",
		"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			va, err := wit.ParseVersion(a)
			if err != nil {
				t.Fatal(err)
			}
			vb, err := wit.ParseVersion(b)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := va.Compare(vb); got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func FuzzParseInterfaceID(f *testing.F) {
	f.Add("wasi:io/streams@0.2.6")
	f.Add("a:b/c@1.0.0-rc.1+x")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := wit.ParseInterfaceID(s)
		if err != nil {
			return
		}
		if id.String() != s {
			t.Errorf("ParseInterfaceID(%q).String() = %q", s, id)
		}
		if !id.Compatible(id) || id.Canonical().Canonical() != id.Canonical() {
			t.Errorf("%q is not compatible with itself", s)
		}
	})
}
