package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestOneBinary has very many components be of one binary, which is gone by the time that
// they start: it was read for the first of them. When all have stopped nothing is kept.
func TestOneBinary(t *testing.T) {
	w := newWorld(t)
	h := w.start()
	first := w.upload("first", hello)
	w.want(first)
	w.awaitRunning("first")
	if err := os.Remove(filepath.Join(w.dir, "artifacts", strings.TrimPrefix(first.Digest, "sha256:")+".wasm")); err != nil {
		t.Fatal(err)
	}
	objects, err := w.l.Objects(t.Context(), w.buckets.Artifacts(), false)
	if err != nil {
		t.Fatal(err)
	}
	name, err := wire.ArtifactName(first.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := objects.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	all := []lattice.ComponentSpec{first}
	for i := range 1000 {
		another := first
		another.ID = lattice.ComponentID(fmt.Sprintf("c-%04d", i))
		all = append(all, another)
	}
	begin := time.Now()
	w.want(all...)
	running := func(want int) func(*lattice.HostReport) bool {
		return func(r *lattice.HostReport) bool {
			n := 0
			for i := range r.Components {
				if r.Components[i].State == lattice.ComponentRunning {
					n++
				}
			}
			return n == want && len(r.Components) == want
		}
	}
	w.await("all run", running(len(all)))
	t.Logf("%d components of one binary run after %v", len(all)-1, time.Since(begin))
	w.says(h, "c-0999", "hello")
	if diff := cmp.Diff([]string{first.Digest}, h.Binaries()); diff != "" {
		t.Errorf("binaries that are kept (-want +got):\n%s", diff)
	}
	w.want(all[1:3]...)
	w.await("two are left", running(2))
	w.says(h, "c-0001", "hello")
	w.want()
	w.await("none is left", running(0))
	if got := h.Binaries(); len(got) > 0 {
		t.Errorf("binaries %v are kept though nothing runs", got)
	}
}
