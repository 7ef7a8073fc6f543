//go:build unix

package component

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// private says whether a directory belongs to this user alone.
func private(info fs.FileInfo) error {
	if !info.IsDir() {
		return errors.New("is not a directory")
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("is open to other users (mode %04o); run chmod 700 on it", perm)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return fmt.Errorf("belongs to user %d, not to user %d", st.Uid, os.Getuid())
	}
	return nil
}
