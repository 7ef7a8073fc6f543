package filesystemtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Limits are what a tree for RunLimits is bounded by.
var Limits = filesystem.Limits{Bytes: 64 << 10, Files: 100, Depth: 5}

// RunLimits checks trees that are bounded by Limits. New returns one that is empty.
func RunLimits(t *testing.T, k Kind, create func(t *testing.T) filesystem.Dir) {
	t.Run("bytes", func(t *testing.T) { k.bytes(t, create(t)) })
	t.Run("files", func(t *testing.T) { k.files(t, create(t)) })
	t.Run("depth", func(t *testing.T) { k.depth(t, create(t)) })
}

func (k Kind) bytes(t *testing.T, d filesystem.Dir) {
	half := make([]byte, Limits.Bytes/2)
	a, b := file(t, d, "a", readWrite), file(t, d, "b", readWrite)
	sync := func(f filesystem.File) error { return f.Sync() }
	if err := errors.Join(a.Append(half), b.Append(half), sync(a), sync(b)); err != nil {
		t.Fatal(err)
	}
	full := func(what string) {
		t.Helper()
		want(t, "append "+what, b.Append([]byte("x")), filesystem.Quota)
		want(t, "write "+what, second(b.WriteAt([]byte("xy"), int64(len(half)-1))), filesystem.Quota)
		want(t, "truncate "+what, b.Truncate(int64(len(half))+1), filesystem.Quota)
	}
	full("to a full tree")
	want(t, "a file larger than all that there may be", b.Truncate(1<<40), filesystem.FileTooLarge)
	if _, err := b.WriteAt([]byte("x"), 0); err != nil {
		t.Errorf("overwrite in a full tree: %v", err)
	}
	if !k.NoSymlinks {
		if err := d.Symlink("target", "link"); err == nil {
			// Its length may count or not; the name is free again.
			if err := d.Unlink("link"); err != nil {
				t.Error(err)
			}
		}
	}
	if got := content(t, b); len(got) != len(half) {
		t.Errorf("what failed left %d bytes, want %d", len(got), len(half))
	}
	// Room that was given up can be used.
	if err := errors.Join(a.Truncate(10), b.Append(make([]byte, len(half)-10)), b.Truncate(int64(len(half))), a.Truncate(int64(len(half)))); err != nil {
		t.Errorf("after truncating: %v", err)
	}
	full("again")
	if !k.NoOpenRemoved {
		if err := d.Unlink("a"); err != nil {
			t.Fatal(err)
		}
		full("while a file that was removed is open")
		if err := errors.Join(a.Close(), b.Append([]byte("x")), b.Truncate(int64(len(half)))); err != nil {
			t.Errorf("after closing it: %v", err)
		}
		Put(t, d, "c", string(half))
		if err := d.Rename("c", d, "d"); err != nil {
			t.Error(err)
		}
		full("with another")
		Put(t, d, "e", "")
		if err := errors.Join(d.Rename("e", d, "d"), b.Append([]byte("x"))); err != nil {
			t.Errorf("after renaming over it: %v", err)
		}
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func (k Kind) files(t *testing.T, d filesystem.Dir) {
	made := 0
	var failed error
	for ; made < 1_000_000; made++ {
		if made%2 == 0 {
			failed = d.Mkdir(fmt.Sprint(made))
		} else {
			var obj filesystem.Object
			obj, failed = d.Open(fmt.Sprint(made), readWrite)
			shut(t, obj)
		}
		if failed != nil {
			break
		}
	}
	if int64(made) != Limits.Files {
		t.Errorf("%d files were made, want %d", made, Limits.Files)
	}
	want(t, "one file more", failed, filesystem.Quota)
	want(t, "mkdir", d.Mkdir("x"), filesystem.Quota)
	if !k.NoHardLinks {
		want(t, "link", d.Link("1", d, "x"), filesystem.Quota)
	}
	if !k.NoSymlinks {
		want(t, "symlink", d.Symlink("1", "x"), filesystem.Quota)
	}
	if err := errors.Join(d.Rename("1", d, "x"), d.Rename("x", d, "3"), d.Mkdir("y"), d.Rmdir("0"), d.Mkdir("z")); err != nil {
		t.Errorf("after giving room: %v", err)
	}
	want(t, "and one more", d.Mkdir("more"), filesystem.Quota)
}

func (k Kind) depth(t *testing.T, d filesystem.Dir) {
	path := "d"
	for range Limits.Depth - 1 {
		if err := d.Mkdir(path); err != nil {
			t.Fatal(err)
		}
		path += "/d"
	}
	Put(t, d, path, "at the limit")
	if err := errors.Join(d.Unlink(path), d.Mkdir(path)); err != nil {
		t.Fatal(err)
	}
	want(t, "create below the limit", second(d.Open(path+"/x", readWrite)), filesystem.NameTooLong)
	want(t, "mkdir below the limit", d.Mkdir(path+"/x"), filesystem.NameTooLong)
	// Nor by way of handles, links and renames.
	deepest := sub(t, d, path)
	want(t, "mkdir through a handle", deepest.Mkdir("x"), filesystem.NameTooLong)
	Plant(t, d, map[string]string{"file": "", "a": "/", "a/b": "/"})
	want(t, "rename of a file", d.Rename("file", deepest, "x"), filesystem.NameTooLong)
	if err := d.Rename("a", sub(t, d, "d/d/d"), "x"); err != nil {
		t.Errorf("rename of a directory to the limit: %v", err)
	}
	want(t, "rename of a directory", d.Rename("d/d/d/x", sub(t, d, "d/d/d/d"), "x"), filesystem.NameTooLong)
	if !k.NoHardLinks {
		want(t, "link", d.Link("file", deepest, "x"), filesystem.NameTooLong)
	}
	if !k.NoSymlinks {
		want(t, "symlink", deepest.Symlink("file", "x"), filesystem.NameTooLong)
		if err := d.Symlink(path, "link"); err != nil {
			t.Fatal(err)
		}
		want(t, "mkdir by way of a link", d.Mkdir("link/x"), filesystem.NameTooLong)
		want(t, "create by way of a link", second(d.Open("link/x", readWrite)), filesystem.NameTooLong)
	}
}
