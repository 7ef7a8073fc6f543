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

// Receive takes a command as from its subject.
func (s *Service) Receive(m *lattice.Message) { s.receive(m) }

// The bounds that tests go beyond.
const (
	MaxCalls = maxCalls
	MaxRefs  = maxRefs
)

// Documents are what follows from a state, besides its links and configurations,
// which are documents themselves.
type Documents struct {
	Desired     map[lattice.HostID]*lattice.Desired
	Assignments map[lattice.ComponentID]*lattice.Assignment
}

// Derive returns all that follows from a state.
func Derive(name lattice.Name, s *State) *Documents {
	d := &Documents{map[lattice.HostID]*lattice.Desired{}, map[lattice.ComponentID]*lattice.Assignment{}}
	all := newReach()
	all.addAll(s)
	for h := range all.hosts {
		d.Desired[h] = s.desired(name, h)
	}
	for id := range all.components {
		d.Assignments[id] = s.assignment(s.Components[id])
	}
	return d
}
