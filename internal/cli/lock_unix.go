//go:build unix

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock of a file, which ends with the process, or fails if
// another process has it.
func tryLock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
