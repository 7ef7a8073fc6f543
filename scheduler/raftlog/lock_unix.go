//go:build unix

package raftlog

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes a file for this process until it is closed. It returns false if another
// one has it.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
