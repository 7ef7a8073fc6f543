//go:build unix

package hostdir

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// depth returns how many names the path from the directory that was opened by name to
// another one has, or more than most. It goes up from the open directory, as a path
// does not say where links and renames have led. It only counts: what is above is not
// shown to anybody.
func (d *dir) depth(p string, most int) (int, error) {
	top, err := d.usage.root.Stat(".")
	if err != nil {
		return 0, err
	}
	f, err := d.root.OpenFile(p, os.O_RDONLY|syscall.O_DIRECTORY|openNonBlocking, 0)
	if err != nil {
		return 0, err
	}
	for depth := 0; ; depth++ {
		info, err := f.Stat()
		if err != nil || depth > most || os.SameFile(info, top) {
			_ = f.Close()
			return depth, err
		}
		var fd int
		err = retry(func() (err error) {
			fd, err = unix.Openat(int(f.Fd()), "..", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			return err
		})
		_ = f.Close()
		if err != nil {
			return 0, err
		}
		f = os.NewFile(uintptr(fd), "..") //nolint:gosec // not negative
	}
}
