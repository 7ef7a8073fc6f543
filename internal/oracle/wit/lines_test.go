package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// References become what they refer to, by its own name, and numbers of items
// disappear.
func TestLines(t *testing.T) {
	const doc = `{
		"worlds": [{"name": "w", "imports": {"interface-0": {"interface": {"id": 0}}}, "exports": {"f": {"function":
			{"name": "f", "kind": "freestanding", "params": [{"name": "x", "type": 2}], "result": 3}}}, "package": 0}],
		"interfaces": [{"name": "i", "types": {"r": 0, "s": 1}, "functions": {}, "docs": {"contents": "D"}, "package": 0}],
		"types": [{"name": "r", "kind": "resource", "owner": {"interface": 0}}, {"name": "s", "kind": {"type": 0}, "owner": {"interface": 0}},
			{"name": null, "kind": {"handle": {"borrow": 1}}, "owner": null}, {"name": null, "kind": {"list": "u8"}, "owner": null}],
		"packages": [{"name": "a:b", "interfaces": {"i": 0}, "worlds": {"w": 0}}]
	}`
	got, err := lines([]byte(doc), true)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`interface a:b/i docs "D"`,
		"interface a:b/i type r = resource",
		"interface a:b/i type s = type<a:b/i.r>",
		"package a:b",
		"world a:b/w",
		"world a:b/w export f func freestanding (x: handle<{borrow=a:b/i.r}>) -> list<u8>",
		"world a:b/w import - interface a:b/i",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKnown(t *testing.T) {
	all, err := readKnown(knownText)
	if err != nil || len(all) == 0 {
		t.Fatalf("known.txt: %d classes, %v", len(all), err)
	}
	if explained(all, "model", "interface a:b/i type t = enum<…>", "interface a:b/i type t = flags<…>") {
		t.Error("any difference of models is explained")
	}
	if !explained(all, "verdict", "tuple without types", accepted) {
		t.Error("what is listed is not explained")
	}
}
