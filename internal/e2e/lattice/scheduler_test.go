//go:build e2e && linux

package lattice_test

import (
	"path/filepath"
	"testing"
)

// schedulerProcess is the scheduler, on a machine of its own.
type schedulerProcess struct {
	m    *machine
	args []string
	p    *process
}

// schedule has the scheduler run.
func (l *testLattice) schedule(t *testing.T, creds string) {
	t.Helper()
	l.scheduler = &schedulerProcess{m: l.net.machine(t, "scheduler"), args: []string{"scheduler", "run", "--join", urls(l.nats), "--creds", creds, "--replicas", "3"}}
	l.scheduler.start(t)
}

func (s *schedulerProcess) start(t *testing.T) {
	t.Helper()
	s.p = s.m.start(t, "wattle", filepath.Join(bin, "wattle"), s.args...)
}
