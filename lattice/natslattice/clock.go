package natslattice

import "time"

// closeEnough is how far clocks may be apart and count as one: times stay as the
// server has them then.
const closeEnough = 2 * time.Second

// heard takes the time that a server said it was when it answered what was asked at
// begun. Clocks of machines can be days apart, and whoever compares the time of a
// value with its own should not have to know.
func (l *Lattice) heard(now, begun, theirs time.Time) {
	if theirs.IsZero() {
		return
	}
	way := now.Sub(begun)
	behind := now.Sub(theirs) - way/2
	if behind.Abs() <= closeEnough+way/2 {
		behind = 0
	}
	l.behind.Store(int64(behind))
}

// ours returns a time of the servers by the clock of this machine.
func (l *Lattice) ours(t time.Time) time.Time { return t.Add(time.Duration(l.behind.Load())) }

// theirs returns a time of this machine by the clock of the servers.
func (l *Lattice) theirs(t time.Time) time.Time { return t.Add(-time.Duration(l.behind.Load())) }
