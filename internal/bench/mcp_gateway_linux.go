package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleepUntil sleeps with the precision of the system, some fifty microseconds: Go's own
// timers are as late as a millisecond where nothing else runs.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		t := unix.NsecToTimespec(int64(left))
		_ = unix.Nanosleep(&t, nil) // a signal may end it, and then it goes on
	}
}
