package directory_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/memlattice"
)

// TestSeed has a directory answer before it knows anything, and not afterwards.
func TestSeed(t *testing.T) {
	kept := assignment("kept", 1, 1, host(1))
	kept.Routes = []lattice.Route{{Path: "/kept"}}
	l, err := memlattice.New(memlattice.Options{}).Join("reader")
	if err != nil {
		t.Fatal(err)
	}
	d := directory.New(l, "l", verifier{}, nil)
	d.Seed([]*lattice.Assignment{kept})
	if c, ok := d.Route("x", "/kept/x"); !ok || c != "kept" {
		t.Errorf("the route leads to %q, %v", c, ok)
	}
	if d.Synced() || len(d.Hosts("kept")) > 0 {
		t.Errorf("synced: %v, hosts: %v", d.Synced(), d.Hosts("kept"))
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	inWorld(t, func(w *world) {
		w.assign("scheduler", assignment("known", 1, 1, host(1)))
		w.d.Seed([]*lattice.Assignment{kept})
		if _, known := w.d.Assigned("kept"); known {
			t.Error("a directory that is complete takes what was kept")
		}
		if _, known := w.d.Assigned("known"); !known {
			t.Error("the directory has lost what it knew")
		}
	})
}
