package hostdir

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// appendTo writes p at the end of f, whatever others append at the same time.
func appendTo(f *os.File, _ int64, p []byte) error {
	defer runtime.KeepAlive(f)
	for len(p) > 0 {
		n, err := unix.Pwritev2(int(f.Fd()), [][]byte{p}, 0, unix.RWF_APPEND)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return io.ErrShortWrite
		}
		p = p[n:]
	}
	return nil
}

// setTimes is futimens, which Linux has as utimensat without a path.
func setTimes(f *os.File, t filesystem.Times) error {
	defer runtime.KeepAlive(f)
	times, err := timespecs(t)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, f.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// setLinkTimes sets the times of a symbolic link.
func (d *dir) setLinkTimes(p string, t filesystem.Times) error {
	times, err := timespecs(t)
	if err != nil {
		return err
	}
	return d.at(p, func(at *place) error {
		return retry(func() error { return unix.UtimesNanoAt(at.fd(), at.name, times[:], unix.AT_SYMLINK_NOFOLLOW) })
	})
}

// timespecs makes the argument of utimensat.
func timespecs(t filesystem.Times) (ts [2]unix.Timespec, err error) {
	for i, t := range [2]time.Time{t.Accessed, t.Modified} {
		ts[i] = unix.Timespec{Nsec: unix.UTIME_OMIT}
		if !t.IsZero() {
			if ts[i], err = unix.TimeToTimespec(t); err != nil {
				return ts, err
			}
		}
	}
	return ts, nil
}
