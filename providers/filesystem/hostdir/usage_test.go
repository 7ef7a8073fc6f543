package hostdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

// What is in a directory when it is opened counts, also in several layers and by several
// names, and what is outside does not, whatever links lead there.
func TestLimitsCountWhatIsThere(t *testing.T) {
	top := t.TempDir()
	root := filepath.Join(top, "root")
	err := errors.Join(
		os.MkdirAll(filepath.Join(root, "a", "b"), 0o700),
		os.WriteFile(filepath.Join(root, "a", "b", "f"), make([]byte, 600), 0o600),
		os.Link(filepath.Join(root, "a", "b", "f"), filepath.Join(root, "hard")),
		os.WriteFile(filepath.Join(top, "outside"), make([]byte, 1<<20), 0o600),
		os.Symlink("../outside", filepath.Join(root, "out")),
	)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, root, hostdir.Options{Writable: true, Limits: filesystem.Limits{Bytes: 1000, Files: 7}})
	filesystemtest.Put(t, d, "g", strings.Repeat("x", 400)) // the sixth
	obj, err := d.Open("g", filesystem.Open{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = obj.File.Close() }()
	if err := obj.File.Append([]byte("x")); filesystem.CodeOf(err) != filesystem.Quota {
		t.Errorf("a byte more = %v", err)
	}
	// One name less of two gives no room, and the last one does.
	if err := d.Unlink("hard"); err != nil {
		t.Fatal(err)
	}
	if err := obj.File.Append([]byte("x")); filesystem.CodeOf(err) != filesystem.Quota {
		t.Errorf("a byte more, with a name less = %v", err)
	}
	if err := errors.Join(d.Unlink("a/b/f"), obj.File.Append(make([]byte, 600))); err != nil {
		t.Errorf("with the file gone: %v", err)
	}
}

// A directory with more than there may be can be read and emptied.
func TestLimitsAlreadyExceeded(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := os.WriteFile(filepath.Join(root, name), make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, root, hostdir.Options{Writable: true, Limits: filesystem.Limits{Bytes: 50, Files: 2}})
	if err := d.Mkdir("e"); filesystem.CodeOf(err) != filesystem.Quota {
		t.Errorf("mkdir = %v", err)
	}
	if got := filesystemtest.Get(t, d, "a"); len(got) != 100 {
		t.Errorf("read %d bytes", len(got))
	}
	if err := errors.Join(d.Unlink("a"), d.Rename("b", d, "c"), d.Unlink("c")); err != nil {
		t.Error(err)
	}
}

// Renames that run into each other leave what was there once, and the count right.
func TestRenameRace(t *testing.T) {
	limits := filesystem.Limits{Bytes: 10_000, Files: 8, Depth: 10}
	d := open(t, t.TempDir(), hostdir.Options{Writable: true, Limits: limits})
	filesystemtest.Plant(t, d, map[string]string{"a": "/", "b": "/", "a/f": "content", "b/g": "content"})
	var wg sync.WaitGroup
	for _, move := range [][2]string{{"a/f", "b/f"}, {"b/f", "a/f"}, {"a", "c"}, {"c", "a"}, {"b/g", "a/g"}, {"a/g", "b/g"}} {
		wg.Go(func() {
			for range 200 {
				err := d.Rename(move[0], d, move[1])
				if code := filesystem.CodeOf(err); err != nil && code != filesystem.NoEntry && code != filesystem.NotEmpty {
					t.Errorf("rename %v: %v", move, err)
					return
				}
			}
		})
	}
	wg.Wait()
	files := 0
	for _, content := range filesystemtest.Tree(t, d) {
		if content == "content" {
			files++
		}
	}
	if files != 2 {
		t.Errorf("%d files are left of two", files)
	}
	made := 0
	for d.Mkdir(strings.Repeat("x", made+1)) == nil {
		made++
	}
	if made != 4 {
		t.Errorf("%d more were made, want 4: %d", made, limits.Files)
	}
}
