//go:build unix

package natsserver

import (
	"errors"
	"syscall"
)

// full reports whether an error says that a disk is full.
func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// readOnly reports whether an error says that a disk cannot be written to.
func readOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
