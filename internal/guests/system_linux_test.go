package guests_test

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// unprivileged runs f without the capabilities by which a superuser ignores the
// permissions of files. They belong to a thread: guests run on the one that
// calls them.
func unprivileged(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var all [2]unix.CapUserData // capabilities from 0 to 31, and above
	if err := unix.Capget(&header, &all[0]); err != nil {
		t.Fatal(err)
	}
	some := all
	some[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	if err := unix.Capset(&header, &some[0]); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Capset(&header, &all[0]); err != nil {
			t.Error(err)
		}
	}()
	f()
}

func mkfifo(t *testing.T, name string) {
	t.Helper()
	if err := unix.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
}
