//go:build !linux

package guests_test

import "testing"

func unprivileged(t *testing.T, _ func()) {
	t.Helper()
	t.Skip("capabilities are Linux's")
}

func mkfifo(t *testing.T, _ string) {
	t.Helper()
	t.Skip("FIFOs are made on Linux only")
}
