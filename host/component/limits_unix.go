//go:build linux || darwin

package component

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart is a process group of its own: a signal from the terminal is for the
// host, which stops its children itself.
var apart = &syscall.SysProcAttr{Setpgid: true}

const (
	// niceness of compilers: requests that are served go first.
	niceness = 5
	// grace is how many seconds a process has to say that its time is up before
	// the system ends it.
	grace = 2
	// slack is how much more address space than memory in use a process may
	// have: what it has given back to the system still counts, and what the
	// program itself takes. A process that watches itself does not get there
	// but by one enormous allocation.
	slack = 512 << 20
)

// notifyTimeout has the signal delivered that the time of the process is up.
func notifyTimeout(c chan<- os.Signal) { signal.Notify(c, unix.SIGXCPU) }

// limitProcess has the system end this process if it takes more.
func limitProcess(seconds, memory uint64) error {
	// The process leads its own group, all of whose threads are meant. That it
	// cannot be nicer is no reason not to work.
	_ = unix.Setpriority(unix.PRIO_PGRP, 0, niceness)
	for _, l := range []struct {
		resource  int
		soft, max uint64
	}{
		{unix.RLIMIT_CPU, seconds, seconds + grace},
		{unix.RLIMIT_DATA, memory + slack, memory + slack},
		{unix.RLIMIT_CORE, 0, 0},
	} {
		var have unix.Rlimit
		if err := unix.Getrlimit(l.resource, &have); err != nil {
			return err
		}
		limit := unix.Rlimit{Cur: min(l.soft, have.Max), Max: min(l.max, have.Max)}
		if err := unix.Setrlimit(l.resource, &limit); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	return nil
}
