package scheduler

import "github.com/wattle-dev/wattle/lattice"

// DecodeEntry reads an entry of the log and returns what it encodes to.
func DecodeEntry(data []byte) ([]byte, error) {
	e, err := decodeEntry(data)
	if err != nil {
		return nil, err
	}
	// What is in the log goes into the state.
	_ = NewState().With(e.Stamp, e.Changes...)
	return encodeEntry(e)
}

// DecodeRecord reads a record and returns what it encodes to.
func DecodeRecord(key string, data []byte) ([]byte, error) {
	stamp, c, err := decodeRecord(key, data)
	if err != nil {
		return nil, err
	}
	s := NewState().With(stamp, c)
	_ = Derive(lattice.DefaultName, s)
	return encodeRecord(stamp, c.Record)
}
