package invoke

import (
	"time"

	"github.com/wattle-dev/wattle/lattice/wire"
)

// ring remembers calls that have ended, or will not begin: the last ones, as many
// as fit. It has no lock of its own.
type ring struct {
	index   map[wire.ExchangeID]uint32
	entries []ended
	oldest  int // in entries, when they are full
	// keeper is the entry that has frames and will lose them next.
	keeper int
	bytes  int
	// forgot is when the newest call ended of those that are forgotten.
	forgot time.Time
}

// ended is a call that has ended.
type ended struct {
	id wire.ExchangeID
	at time.Time
	to string
	// frames from the sequence number base on may be asked for again.
	base   uint64
	first  []byte
	rest   []sent
	bytes  int
	lost   bool // the frames are forgotten
	gotAll bool
}

const (
	shards         = 16
	ringEntries    = maxDone / shards
	ringBytes      = maxDoneBytes / shards
	ringFirstAlloc = 64
)

// add remembers a call.
func (r *ring) add(e ended) {
	if r.index == nil {
		r.index = make(map[wire.ExchangeID]uint32, ringFirstAlloc)
	}
	e.bytes = cap(e.first)
	for i := range e.rest {
		e.bytes += cap(e.rest[i].data)
	}
	slot := len(r.entries)
	if slot < ringEntries {
		r.entries = append(r.entries, ended{})
	} else {
		slot = r.oldest
		r.oldest = (r.oldest + 1) % ringEntries
		old := &r.entries[slot]
		delete(r.index, old.id)
		r.bytes -= old.bytes
		if old.at.After(r.forgot) {
			r.forgot = old.at
		}
		if r.keeper == slot {
			r.keeper = (slot + 1) % ringEntries
		}
	}
	r.entries[slot] = e
	r.index[e.id] = uint32(slot) //nolint:gosec // it is less than ringEntries
	r.bytes += e.bytes
	for r.bytes > ringBytes && r.keeper != slot {
		k := &r.entries[r.keeper]
		r.release(k)
		k.lost = !k.gotAll
		r.keeper = (r.keeper + 1) % len(r.entries)
	}
}

// release forgets the frames of a call.
func (r *ring) release(e *ended) {
	r.bytes -= e.bytes
	e.first, e.rest, e.bytes = nil, nil, 0
}

// find returns a call that is remembered.
func (r *ring) find(id wire.ExchangeID) *ended {
	if slot, ok := r.index[id]; ok {
		return &r.entries[slot]
	}
	return nil
}

// acknowledge takes the caller's word that it has all frames before received.
func (r *ring) acknowledge(e *ended, received uint64) {
	if n := uint64(len(e.rest)); e.first != nil && received > e.base+n {
		r.release(e)
		e.gotAll = true
	}
}

// from returns the frames of an ended call from a sequence number on, and whether
// there are none because they were forgotten.
func (e *ended) from(sequence uint64) (frames [][]byte, lost bool) {
	if e.first == nil {
		return nil, e.lost
	}
	if sequence <= e.base {
		frames = append(frames, e.first)
	}
	for i := range e.rest {
		if e.base+1+uint64(i) >= sequence { //nolint:gosec // i is an index
			frames = append(frames, e.rest[i].data)
		}
	}
	return frames, false
}
