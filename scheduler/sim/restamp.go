package sim

import (
	"bytes"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// restamp returns the stamp of a document, and whether it says the same as another one
// that has stamp.
func restamp(desired bool, key string, value []byte, stamp lattice.Stamp, other []byte) (lattice.Stamp, bool) {
	var old lattice.Stamp
	var again []byte
	if desired {
		d, err := wire.DecodeDesired(value, latticeName, lattice.HostID(key))
		if err != nil {
			return lattice.Stamp{}, false
		}
		old, d.Stamp = d.Stamp, stamp
		again, _ = wire.EncodeDesired(d)
	} else {
		a, err := wire.DecodeAssignment(value, lattice.ComponentID(key))
		if err != nil {
			return lattice.Stamp{}, false
		}
		old, a.Stamp = a.Stamp, stamp
		again, _ = wire.EncodeAssignment(a)
	}
	return old, bytes.Equal(again, other)
}
