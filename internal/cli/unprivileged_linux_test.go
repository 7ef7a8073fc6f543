package cli_test

import (
	"runtime"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// cmdUnprivileged is cmdCode without the capabilities by which a superuser
// ignores the permissions of files. They belong to a thread, and wattle opens its
// cache directory on the one that calls it.
func cmdUnprivileged(ts *testscript.TestScript, neg bool, args []string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var all [2]unix.CapUserData // capabilities from 0 to 31, and above
	ts.Check(unix.Capget(&header, &all[0]))
	some := all
	some[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
	ts.Check(unix.Capset(&header, &some[0]))
	defer func() { ts.Check(unix.Capset(&header, &all[0])) }()
	cmdCode(ts, neg, args)
}
