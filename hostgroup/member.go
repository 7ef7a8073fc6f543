package hostgroup

import "github.com/wattle-dev/wattle/lattice"

// slack is how many milliseconds a report may be late on its way, beyond the
// heartbeats that may be lost.
const slack = 1000

// missed is how many heartbeats may be lost before a host counts as unreachable.
const missed = 2

// defaultEvery stands in for a report that does not say when the next is due, or
// says that it is later than any host has it.
const (
	defaultEvery = 1000
	maxEvery     = 60_000
)

// Member is a host as its group sees it.
type Member struct {
	Report *lattice.HostReport
	// Silent is how many milliseconds ago the report came, by the clock of who
	// reads it.
	Silent int64
}

// Unreachable reports whether the host has been silent for too long: for two
// heartbeats and a second, which is three seconds for those that say so every second. One that said that it stopped is not expected to speak.
func (m Member) Unreachable() bool {
	every := m.Report.Every
	if every <= 0 || every > maxEvery { // the host says so itself, and may lie
		every = defaultEvery
	}
	return m.Report.State != lattice.HostStopped && m.Silent > missed*every+slack
}
