package hostgroup

import "github.com/wattle-dev/wattle/lattice"

// Slack is how many milliseconds a report may be late on its way, beyond the
// heartbeats that may be lost.
const Slack = 1000

// missed is how many heartbeats may be lost before a host counts as unreachable.
const missed = 3

// defaultEvery stands in for a report that does not say when the next is due, or
// says that it is later than any host has it.
const (
	defaultEvery = 2000
	maxEvery     = 60_000
)

// Member is a host as its group sees it.
type Member struct {
	Report *lattice.HostReport
	// Silent is how many milliseconds ago the report came, by the clock of who
	// reads it.
	Silent int64
}

// Patience returns how many milliseconds a host may be silent after a report
// before it counts as unreachable: three heartbeats and Slack.
func Patience(r *lattice.HostReport) int64 {
	every := r.Every
	if every <= 0 || every > maxEvery { // the host says so itself, and may lie
		every = defaultEvery
	}
	return missed*every + Slack
}

// Unreachable reports whether the host has been silent for too long. One that said
// that it stopped is not expected to speak.
func (m Member) Unreachable() bool {
	return m.Report.State != lattice.HostStopped && m.Silent > Patience(m.Report)
}

// Placeable reports whether the host may be given components.
func (m Member) Placeable() bool {
	return m.Report.State == lattice.HostReady && !m.Unreachable()
}
