package main

import "testing"

// Names and numbers of a component are no part of a class; what tells two rules
// apart is.
func TestClass(t *testing.T) {
	for answer, want := range map[string]string{
		"": accepted,
		"failed to parse WebAssembly module\n\nCaused by:\n    unknown type 7: type index out of bounds (at offset 0x2a)\n": "unknown type N: type index out of bounds",
		"failed to parse WebAssembly module\n\nCaused by:\n    `stream.new` requires a stream type (at offset 0x1)\n":       "`stream.new` requires a stream type",
		"import name `a-1` conflicts with previous name `a1` (at offset 0x47)":                                              "import name `…` conflicts with previous name `…` (they differ in more than case)",
		"import name `aB` conflicts with previous name `ab` (at offset 0x47)":                                               "import name `…` conflicts with previous name `…`",
	} {
		if got := wasmtime(answer).code; got != want {
			t.Errorf("class of %q is %q, want %q", answer, got, want)
		}
	}
}

// What is listed is well-formed, and does not swallow classes next to it.
func TestKnown(t *testing.T) {
	all, err := readKnown(knownText)
	if err != nil || len(all) == 0 {
		t.Fatalf("known.txt: %d classes, %v", len(all), err)
	}
	for _, test := range []struct {
		ours, theirs string
		known        bool
	}{
		{"validate:name", accepted, true},
		{"validate:index", accepted, false},
		{accepted, "import name `…` conflicts with previous name `…` (they differ in more than case)", true},
		{accepted, "import name `…` conflicts with previous name `…`", false},
		{accepted, "function result cannot contain a `borrow` type", false},
	} {
		if got := find(all, judgement{code: test.ours}, judgement{code: test.theirs}) != nil; got != test.known {
			t.Errorf("%s | %s: known is %v, want %v", test.ours, test.theirs, got, test.known)
		}
	}
	for _, bad := range []string{"valid", "valid | x", "( | x | y"} {
		if _, err := readKnown(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
