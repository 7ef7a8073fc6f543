//go:build unix

package hostdir_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

// Opening a FIFO would wait for its other end, for ever.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	if st, err := d.Stat("fifo", true); err != nil || st.Type != filesystem.FIFO {
		t.Errorf("stat = %v, %v, want a FIFO", st.Type, err)
	}
	for _, how := range []filesystem.Open{{Read: true}, {Write: true}, {Create: true, Write: true}} {
		if _, err := d.Open("fifo", how); filesystem.CodeOf(err) != filesystem.NotPermitted {
			t.Errorf("open %+v = %v, want %v", how, err, filesystem.NotPermitted)
		}
	}
}
