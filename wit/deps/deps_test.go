package deps_test

import (
	"testing"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

func TestPackages(t *testing.T) {
	set, err := deps.Packages(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"io", "clocks", "random", "cli", "filesystem", "http", "sockets"} {
		if set.Package(wit.PackageID{Namespace: "wasi", Name: name, Version: "0.2.12"}) == nil {
			t.Errorf("no package wasi:%s@0.2.12", name)
		}
	}
	// A signature that depends on all of resolution: use, resources, variants.
	streams := set.Package(wit.PackageID{Namespace: "wasi", Name: "io", Version: "0.2.12"}).Interface("streams")
	const want = "func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> " +
		"result<list<u8>, variant{last-operation-failed(own<wasi:io/error.error>), closed}>"
	if f := streams.Func("[method]input-stream.read"); f == nil || f.Signature() != want {
		t.Errorf("input-stream.read = %v, want %s", f, want)
	}
	if f := streams.Func("[method]input-stream.read"); f.Gate.Since != "0.2.0" || f.Docs == "" {
		t.Errorf("input-stream.read has gate %+v, docs %q", f.Gate, f.Docs)
	}
}

// All has every version of a package.
func TestAll(t *testing.T) {
	set, err := deps.All(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []wit.PackageID{
		{Namespace: "wasi", Name: "io", Version: "0.2.12"},
		{Namespace: "wasi", Name: "keyvalue", Version: "0.2.0-draft"},
		{Namespace: "wasi", Name: "keyvalue", Version: "0.2.0-draft2"},
		{Namespace: "wasi", Name: "blobstore", Version: "0.2.0-draft"},
		{Namespace: "wattle", Name: "mcp", Version: "0.1.0"},
		{Namespace: "wasmcp", Name: "mcp-v20251125", Version: "0.1.1"},
	} {
		if set.Package(id) == nil {
			t.Errorf("no package %s", id)
		}
	}
}

func TestUnstable(t *testing.T) {
	const feature = "clocks-timezone"
	clocks := wit.PackageID{Namespace: "wasi", Name: "clocks", Version: "0.2.12"}
	for _, test := range []struct {
		opts *syntax.Options
		want bool
	}{
		{nil, false},
		{&syntax.Options{Features: []string{"other"}}, false},
		{&syntax.Options{Features: []string{feature}}, true},
		{&syntax.Options{AllFeatures: true}, true},
	} {
		set, err := deps.Packages(test.opts)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Package(clocks).Interface("timezone") != nil; got != test.want {
			t.Errorf("options %+v: interface timezone is there: %t, want %t", test.opts, got, test.want)
		}
	}
}
