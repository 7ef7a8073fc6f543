//go:build !linux

package hostdir

import (
	"errors"
	"os"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// appendTo writes p at the end of f. What is appended by others at the same time
// may be overwritten.
func appendTo(f *os.File, end int64, p []byte) error {
	_, err := f.WriteAt(p, end)
	return err
}

// setTimes cannot set the times of an open file here: the system has only calls
// that are less exact or go by name.
func setTimes(*os.File, filesystem.Times) error { return errors.ErrUnsupported }

// setLinkTimes cannot set the times of a symbolic link here.
func (*dir) setLinkTimes(string, filesystem.Times) error { return errors.ErrUnsupported }
