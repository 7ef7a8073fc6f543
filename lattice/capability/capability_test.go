package capability

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// The kinds are in order, no two share a name or an image, what they serve are names of
// interfaces, and their examples are valid.
func TestKinds(t *testing.T) {
	if !slices.IsSortedFunc(kinds, func(a, b *Kind) int { return compare(a.Name, b.Name) }) {
		t.Error("the kinds are not in the order of their names")
	}
	images := map[string]string{}
	for _, k := range kinds {
		if got, err := ForImage(k.Address()); got != k || err != nil {
			t.Errorf("ForImage(%q) = %v, %v", k.Address(), got, err)
		}
		for _, image := range k.Images {
			if other := images[image]; other != "" {
				t.Errorf("image %q stands for %q and for %q", image, other, k.Name)
			}
			images[image] = k.Name
			if got, err := ForImage("ghcr.io/wasmcloud/" + image + ":0.1.0"); got != k || err != nil {
				t.Errorf("ForImage of %q = %v, %v", image, got, err)
			}
		}
		for _, name := range slices.Concat(k.Serves, k.Calls) {
			if id, err := wit.ParseInterfaceID(name); err != nil || id.Unversioned().String() != name {
				t.Errorf("kind %q: %q is not the name of an interface without a version: %v", k.Name, name, err)
			}
		}
		for _, name := range k.Along {
			if !slices.Contains(k.Serves, name) {
				t.Errorf("kind %q: %q goes along, and is not served", k.Name, name)
			}
		}
		if k.Summary == "" || k.check == nil {
			t.Errorf("kind %q has no summary, or no check", k.Name)
		}
	}
	if _, err := ForImage("wattle://nothing"); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("an address of no kind: %v", err)
	}
	if k, err := ForImage("ghcr.io/acme/tool:1"); k != nil || err != nil {
		t.Errorf("an image of nothing: %v, %v", k, err)
	}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestInert(t *testing.T) {
	for name, want := range map[string]bool{
		"wasi:clocks/wall-clock@0.2.12":     true,
		"wasi:http/types@0.2.0":             true,
		"wasi:http/outgoing-handler@0.2.12": false,
		"wasi:keyvalue/store@0.2.0-draft":   false,
		"wasi:filesystem/preopens@0.2.3":    true,
		"wasmcloud:secrets/store@0.1.0":     true,
		"wasmcloud:secret/store@0.1.0":      false,
		"wasmcloud:postgres/query@0.1.0":    false,
	} {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Inert(id); got != want {
			t.Errorf("Inert(%s) = %v, want %v", name, got, want)
		}
	}
}

// Everything that is wrong is said, in the order of the keys.
func TestFaults(t *testing.T) {
	v := read("test", &Config{Secrets: []string{"have"}, Values: map[string]string{
		"size": "12", "time": "1h", "many": "7", "yes": "maybe", "tim": "1s", "plain": "a${secret:have}",
		"open": "a${secret:have", "other": "${secret:have}-${secret:not}", "one": "1", "two": "2",
	}})
	v.size(1, 1, 1<<20, "size")
	v.millis(1, 1, 1000, "time")
	v.int(1, 1, 5, "many")
	v.bool(false, "yes")
	v.text("plain")
	v.template("open")
	v.template("other")
	v.text("one", "two")
	var e *Error
	if err := v.err(); !errors.As(err, &e) || !errors.Is(err, lattice.ErrInvalid) {
		t.Fatalf("err = %v", err)
	}
	var keys []string
	for _, f := range e.Faults {
		keys = append(keys, f.Key)
	}
	if want := []string{"many", "open", "other", "plain", "size", "tim", "time", "two", "yes"}; !slices.Equal(keys, want) {
		t.Errorf("faults: %s", cmp.Diff(want, keys))
	}
}

func TestText(t *testing.T) {
	secrets := func(name string) (string, bool) { return "<" + name + ">", name != "missing" }
	for text, want := range map[string]string{
		"":                            "",
		"plain":                       "plain",
		"Bearer ${secret:t}":          "Bearer <t>",
		"${secret:a}${secret:b}/$end": "<a><b>/$end",
		"${other}":                    "${other}",
	} {
		parsed, err := parseText(text)
		if err != nil {
			t.Errorf("parseText(%q): %v", text, err)
			continue
		}
		if got, err := parsed.Reveal(secrets); got != want || err != nil {
			t.Errorf("%q reveals %q, %v; want %q", text, got, err, want)
		}
	}
	parsed, err := parseText("x${secret:missing}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Reveal(secrets); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("a secret that is missing: %v", err)
	}
	if got := parsed.Literal(); got != "x*" {
		t.Errorf("Literal() = %q", got)
	}
}

func TestQuantities(t *testing.T) {
	for text, want := range map[string]int64{"1B": 1, "2KiB": 2048, "16MiB": 16 << 20, "1GB": 1e9, "0B": 0} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "MiB", "-1B", "1.5MiB", "9999999999TiB", "1 MiB"} {
		if got, err := ParseSize(text); !errors.Is(err, lattice.ErrInvalid) {
			t.Errorf("ParseSize(%q) = %d, %v; want an error", text, got, err)
		}
	}
	for n, want := range map[int64]string{0: "0B", 1: "1B", 1024: "1KiB", 1 << 30: "1GiB", 1500: "1500B"} {
		if got := FormatSize(n); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{5: "5ms", 1000: "1s", 90_000: "90s", 3_600_000: "1h"} {
		if got := FormatMillis(n); got != want {
			t.Errorf("FormatMillis(%d) = %q, want %q", n, got, want)
		}
	}
}
