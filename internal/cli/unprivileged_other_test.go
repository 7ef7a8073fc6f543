//go:build !linux

package cli_test

import "github.com/rogpeppe/go-internal/testscript"

func cmdUnprivileged(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("unprivileged works on Linux only")
}
