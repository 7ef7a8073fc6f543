package directory

import (
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// said is the newest word of a host that it is ready for anything.
type said struct {
	revision uint64
	at       time.Time // when it came
}

// note takes a verified word of a host. It is called with the lock.
func (d *Directory) note(h lattice.HostID, revision uint64) {
	if revision > d.said[h].revision {
		d.said[h] = said{revision, time.Now()}
	}
}

// Said returns when a host has last said that it is ready for anything, zero if it
// has not for an hour. What is only read again does not count.
func (d *Directory) Said(h lattice.HostID) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said[h].at
}
