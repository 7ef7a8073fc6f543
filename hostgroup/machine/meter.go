package machine

import "time"

// Meter measures the load. It is used by one goroutine at a time.
type Meter struct {
	read func() usage
	last usage
	at   time.Time
}

// NewMeter returns a meter of this machine.
func NewMeter() *Meter { return &Meter{read: usageOf()} }

// Sample returns the load since the last sample. Only differences of now count, so
// that it should come with the reading of a clock that does not jump, as that of
// time.Now does.
func (m *Meter) Sample(now time.Time) Load {
	u := m.read()
	l := Load{MemoryBytes: u.resident, AvailableBytes: u.left}
	if took := now.Sub(m.at).Seconds(); !m.at.IsZero() && took > 0 {
		l.CPU = max(0, u.process-m.last.process) / took
		l.MachineCPU = max(0, u.machine-m.last.machine) / took
	}
	m.last, m.at = u, now
	return l
}
