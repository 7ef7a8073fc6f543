package natslattice

// Reconnects is how often the connection was lost and made again.
func (l *Lattice) Reconnects() uint64 { return l.nc.Stats().Reconnects }

// Pending is how many bytes wait to be sent.
func (l *Lattice) Pending() int {
	n, _ := l.nc.Buffered() // it fails once closed: nothing waits then
	return max(n, 0)
}
