package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime returns the processor time that this process has used.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// processorTimeOf returns that of a process which runs, or zero if the system
// does not say: what getrusage says of it when it has ended.
func processorTimeOf(pid int) time.Duration {
	const schedulerClock = 2 // clock_getcpuclockid(3), as the kernel encodes it
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerClock), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
