package decide

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// MaxRefs bounds how many refs are remembered.
const MaxRefs = 4096

// resolve returns the digest of a ref. A digest that is given is not doubted: the
// binary is looked for by it.
func (d *decider) resolve(ref, digest string) (string, error) {
	if wire.CheckDigest(ref) == nil {
		if digest != "" && digest != ref {
			return "", fmt.Errorf("ref %s is another digest than %s: %w", ref, digest, lattice.ErrInvalid)
		}
		digest = ref
	}
	if digest == "" {
		known := d.s.Ref(ref)
		if known == nil {
			return "", fmt.Errorf("ref %q: %w: its digest is not known; store the binary with `wattle component push` and name the digest that it says", ref, lattice.ErrNotFound)
		}
		digest = known.Digest
	}
	d.needs(digest)
	return digest, nil
}

// remember keeps the digest of a ref. The oldest that no component has goes when there
// are too many.
func (d *decider) remember(ref, digest string) {
	old := d.s.Ref(ref)
	if old != nil && old.Digest == digest || wire.CheckDigest(ref) == nil {
		return
	}
	d.put(state.Record{Ref: &state.Ref{Ref: ref, Digest: digest, Seq: d.s.Seq + 1}})
	if old != nil {
		return
	}
	if d.refs++; d.s.Len(state.KindRef)+d.refs <= MaxRefs {
		return
	}
	if oldest := d.oldestRef(); oldest != nil {
		d.forgotten[oldest.Ref] = true
		d.refs--
		d.remove(state.RefKey(oldest.Ref))
	}
}

// oldestRef returns the ref that was written first of those that nothing runs from.
func (d *decider) oldestRef() *state.Ref {
	if d.used == nil {
		d.used, d.forgotten = map[string]bool{}, map[string]bool{}
		for c := range d.s.Components() {
			for i := range c.Revisions {
				d.used[c.Revisions[i].Ref] = true
			}
		}
	}
	var oldest *state.Ref
	for r := range d.s.Refs() {
		if d.used[r.Ref] || d.forgotten[r.Ref] {
			continue
		}
		if oldest == nil || r.Seq < oldest.Seq || r.Seq == oldest.Seq && r.Ref < oldest.Ref {
			oldest = r
		}
	}
	return oldest
}
