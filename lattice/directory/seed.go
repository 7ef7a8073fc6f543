package directory

import "github.com/wattle-dev/wattle/lattice"

// Seed has the directory answer by assignments that its owner has kept, until it is
// complete for the first time: for a start without a connection. No host counts as
// ready by them. It does nothing afterwards.
func (d *Directory) Seed(kept []*lattice.Assignment) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return
	}
	t := NewTable()
	for _, a := range kept {
		t.Assign(a)
	}
	d.current.Store(t.Snapshot())
}
