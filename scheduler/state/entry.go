package state

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// MaxEntry bounds an entry of the log, in bytes. A manifest and what comes of it are in
// one.
const MaxEntry = 2 << 20

// entryVersion begins every entry: a byte that no JSON begins with.
const entryVersion = 1

// entryHead is how many bytes come before an entry's JSON: the version, and the
// checksum of all that follows.
const entryHead = 1 + crc32.Size

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// EncodeEntry returns an entry as it is in the log.
func EncodeEntry(e *Entry) ([]byte, error) {
	data, err := wire.AppendObject(make([]byte, entryHead), "log entry", e, MaxEntry-entryHead)
	if err != nil {
		return nil, err
	}
	data[0] = entryVersion
	binary.LittleEndian.PutUint32(data[1:], crc32.Checksum(data[entryHead:], castagnoli))
	return data, nil
}

// DecodeEntry reads an entry. One that is damaged, or that says what this version does
// not know, is lattice.ErrInvalid.
func DecodeEntry(data []byte) (*Entry, error) {
	switch {
	case len(data) > MaxEntry:
		return nil, fmt.Errorf("log entry: %w: %d bytes, the limit is %d", lattice.ErrInvalid, len(data), MaxEntry)
	case len(data) < entryHead:
		return nil, fmt.Errorf("log entry: %w: it ends at byte %d, within its head", lattice.ErrInvalid, len(data))
	case data[0] != entryVersion:
		return nil, fmt.Errorf("log entry at byte 0: %w: form %d, this version of Wattle knows form %d: upgrade it", lattice.ErrInvalid, data[0], entryVersion)
	}
	text := data[entryHead:]
	if sum := crc32.Checksum(text, castagnoli); sum != binary.LittleEndian.Uint32(data[1:]) {
		return nil, fmt.Errorf("log entry: %w: it is damaged, its checksum is another", lattice.ErrInvalid)
	}
	e := new(Entry)
	if err := decode("log entry", text, MaxEntry, e); err != nil {
		return nil, err
	}
	names := reasons{}
	for i := range e.Changes {
		names.share(&e.Changes[i].Record)
	}
	return e, nil
}

// reasons has the texts of reasons, and the hosts that they name. Those are the same few
// nearly always, so that records share them instead of having each its own.
type reasons map[string]string

// share has a record that was read have the texts of others.
func (all reasons) share(r *Record) {
	if r.Placements == nil {
		return
	}
	for i := range r.Placements.Passed {
		passed := &r.Placements.Passed[i]
		passed.Why = all.text(passed.Why)
		for j, id := range passed.Hosts {
			passed.Hosts[j] = lattice.HostID(all.text(string(id)))
		}
	}
}

func (all reasons) text(s string) string {
	if known, ok := all[s]; ok {
		return known
	}
	all[s] = s
	return s
}

// decode reads JSON. The names that are given are those of maps whose keys are free.
func decode(what string, data []byte, limit int, v any) error {
	return wire.DecodeObject(what, data, limit, v, "labels", "annotations", "values", "digests", "requirements", "secrets")
}
