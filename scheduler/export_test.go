package scheduler

import "github.com/wattle-dev/wattle/lattice"

// Receive takes a command as from its subject.
func (s *Service) Receive(m *lattice.Message) { s.receive(m) }

// Open has commands be taken, as when the service leads.
func (s *Service) Open() { s.open() }

// MaxCalls is a bound that tests go beyond.
const MaxCalls = maxCalls
