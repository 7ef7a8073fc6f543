package hostdir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

// tree makes a directory of the host with some objects in it, and another beside
// it that nobody may reach. It returns the path of the first and it opened.
//
//	secret/key
//	root/file        "content"
//	root/dir/inner   "inner"
//	root/empty
//	root/link     -> file
//	root/dirlink  -> dir
//	root/dangling -> nothing
//	root/up       -> ..
//	root/out      -> ../secret
//	root/abs      -> /…/secret
//	root/loop     -> loop
func tree(t *testing.T, opts hostdir.Options) (string, filesystem.Dir) {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "root")
	for _, dir := range []string{"secret", "root/dir", "root/empty"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"secret/key": "key", "root/file": "content", "root/dir/inner": "inner"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link": "file", "dirlink": "dir", "dangling": "nothing", "up": "..", "out": "../secret",
		"abs": filepath.Join(top, "secret"), "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := hostdir.Open(root, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return root, d
}

// shut closes what an operation opened.
func shut(t *testing.T, o filesystem.Object) {
	t.Helper()
	var err error
	switch {
	case o.File != nil:
		err = o.File.Close()
	case o.Dir != nil:
		err = o.Dir.Close()
	}
	if err != nil {
		t.Error(err)
	}
}

// operations are all operations on a path. Those that take two have the other
// path inside of the directory.
func operations(t *testing.T, d filesystem.Dir) map[string]func(path string) error {
	t.Helper()
	open := func(how filesystem.Open) func(string) error {
		return func(p string) error {
			o, err := d.Open(p, how)
			shut(t, o)
			return err
		}
	}
	return map[string]func(string) error{
		"open":             open(filesystem.Open{Read: true, Follow: true}),
		"open directory":   open(filesystem.Open{Read: true, Follow: true, Directory: true}),
		"open for writing": open(filesystem.Open{Write: true, Follow: true}),
		"create":           open(filesystem.Open{Write: true, Follow: true, Create: true}),
		"create exclusive": open(filesystem.Open{Write: true, Create: true, Exclusive: true}),
		"truncate":         open(filesystem.Open{Write: true, Follow: true, Truncate: true}),
		"stat":             func(p string) error { _, err := d.Stat(p, true); return err },
		"lstat":            func(p string) error { _, err := d.Stat(p, false); return err },
		"times":            func(p string) error { return d.SetTimes(p, true, filesystem.Times{Modified: time.Now()}) },
		"link times":       func(p string) error { return d.SetTimes(p, false, filesystem.Times{Modified: time.Now()}) },
		"mkdir":            d.Mkdir,
		"rmdir":            d.Rmdir,
		"unlink":           d.Unlink,
		"rename from":      func(p string) error { return d.Rename(p, d, "new") },
		"rename to":        func(p string) error { return d.Rename("file", d, p) },
		"link from":        func(p string) error { return d.Link(p, d, "new") },
		"link to":          func(p string) error { return d.Link("file", d, p) },
		"symlink":          func(p string) error { return d.Symlink("file", p) },
		"readlink":         func(p string) error { _, err := d.Readlink(p); return err },
	}
}

func TestNoPathLeavesTheDirectory(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	inner, err := d.Open("dir", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, inner)
	secret := filepath.Join(filepath.Dir(root), "secret", "key")
	paths := []string{
		"../secret/key", "../secret/new", "../root/file", "dir/../../secret/key", "dirlink/../../secret/key",
		"out/key", "out/new", "abs/key", "abs/new", "up/secret/key", "up/root/file", "up/secret/new",
		"/", "//", "/etc/passwd", secret, "dir/../../../../../../../../etc/passwd", "..", "../", "up/..",
	}
	for _, d := range []filesystem.Dir{d, inner.Dir} {
		for name, op := range operations(t, d) {
			for _, p := range paths {
				err := op(p)
				code := filesystem.CodeOf(err)
				if err == nil || code != filesystem.NotPermitted && (d != inner.Dir || code != filesystem.NoEntry) {
					t.Errorf("%s %q = %v, want %v", name, p, err, filesystem.NotPermitted)
				}
			}
		}
	}
	// From the inner directory its parent is out of reach as well.
	for name, op := range operations(t, inner.Dir) {
		if err := op("../file"); filesystem.CodeOf(err) != filesystem.NotPermitted {
			t.Errorf("%s %q from dir = %v, want %v", name, "../file", err, filesystem.NotPermitted)
		}
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "key" {
		t.Errorf("the secret is %q, %v", got, err)
	}
	if names := list(t, filepath.Dir(secret)); !slices.Equal(names, []string{"key"}) {
		t.Errorf("beside the secret are %q", names)
	}
}

// A link that leaves the directory is itself inside of it: it can be looked at,
// renamed and removed, but not followed, not even by a slash behind it.
func TestLinksThatLeave(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	old := time.Unix(1e9, 0)
	before, err := os.Stat(filepath.Join(filepath.Dir(root), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out", "abs", "up"} {
		if st, err := d.Stat(name, false); err != nil || st.Type != filesystem.SymbolicLink {
			t.Errorf("lstat %q = %v, %v, want a symbolic link", name, st.Type, err)
		}
		if err := d.SetTimes(name, false, filesystem.Times{Accessed: old, Modified: old}); err != nil {
			t.Errorf("set times of link %q: %v", name, err)
		}
		if st, _ := d.Stat(name, false); !st.Modified.Equal(old) {
			t.Errorf("link %q was modified at %v, want %v", name, st.Modified, old)
		}
		for op, f := range operations(t, d) {
			err := f(name + "/")
			if err == nil {
				t.Errorf("%s %q does not fail", op, name+"/")
			}
		}
		if _, err := d.Open(name, filesystem.Open{Read: true}); filesystem.CodeOf(err) != filesystem.Loop {
			t.Errorf("open %q without following = %v, want %v", name, err, filesystem.Loop)
		}
	}
	if _, err := d.Readlink("abs"); filesystem.CodeOf(err) != filesystem.NotPermitted {
		t.Errorf("readlink of an absolute link = %v, want %v", err, filesystem.NotPermitted)
	}
	if err := d.Symlink("/etc/passwd", "new"); filesystem.CodeOf(err) != filesystem.NotPermitted {
		t.Errorf("symlink to an absolute path = %v, want %v", err, filesystem.NotPermitted)
	}
	// A guest can make a link that leaves. It leads it nowhere.
	if err := errors.Join(d.Symlink("../secret/planted", "plant"), d.Symlink("../../secret", "dir/deep"), d.Rename("dir/deep", d, "deep")); err != nil {
		t.Error(err)
	}
	for _, p := range []string{"plant", "deep/key", "deep/planted"} {
		for _, how := range []filesystem.Open{{Follow: true, Read: true}, {Follow: true, Write: true, Create: true}, {Follow: true, Write: true, Truncate: true}} {
			if _, err := d.Open(p, how); filesystem.CodeOf(err) != filesystem.NotPermitted {
				t.Errorf("open %q with %+v = %v, want %v", p, how, err, filesystem.NotPermitted)
			}
		}
	}
	if err := errors.Join(d.Symlink("../file", "dir/new"), d.Rename("out", d, "dir/out"), d.Unlink("dir/out"), d.Unlink("abs")); err != nil {
		t.Error(err)
	}
	after, err := os.Stat(filepath.Join(filepath.Dir(root), "secret"))
	if err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the directory behind the links was changed: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	root, d := tree(t, hostdir.Options{})
	before := list(t, root)
	reads := []string{"open", "open directory", "stat", "lstat", "readlink"}
	for name, op := range operations(t, d) {
		for _, p := range []string{"file", "new", "empty", "link"} {
			err := op(p)
			if code := filesystem.CodeOf(err); slices.Contains(reads, name) == (err != nil && code == filesystem.ReadOnly) {
				t.Errorf("%s %q in a directory that is read-only = %v", name, p, err)
			}
		}
	}
	o, err := d.Open("file", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, o)
	if err := o.File.SetTimes(filesystem.Times{Modified: time.Now()}); filesystem.CodeOf(err) != filesystem.ReadOnly {
		t.Errorf("set times of a file = %v, want %v", err, filesystem.ReadOnly)
	}
	if diff := cmp.Diff(before, list(t, root)); diff != "" {
		t.Errorf("the directory was changed (-before +after):\n%s", diff)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestErrorCodes(t *testing.T) {
	tests := []struct {
		op, path string
		want     filesystem.Code
	}{
		{"open", "nothing", filesystem.NoEntry},
		{"open", "", filesystem.NoEntry},
		{"open", "file/x", filesystem.NotDirectory},
		{"open", "file/", filesystem.NotDirectory},
		{"open", "dangling", filesystem.NoEntry},
		{"open", "loop", filesystem.Loop},
		{"open", "nul\x00", filesystem.Invalid},
		{"open", strings.Repeat("x", 256), filesystem.NameTooLong},
		{"open directory", "file", filesystem.NotDirectory},
		{"open directory", "link", filesystem.NotDirectory},
		{"open for writing", "dir", filesystem.IsDirectory},
		{"truncate", "dir", filesystem.IsDirectory},
		{"create", "dir", filesystem.IsDirectory},
		{"create", "nothing/x", filesystem.NoEntry},
		{"create exclusive", "file", filesystem.Exist},
		{"create exclusive", "dangling", filesystem.Exist},
		{"stat", "dangling", filesystem.NoEntry},
		{"stat", "file/", filesystem.NotDirectory},
		{"mkdir", "file", filesystem.Exist},
		{"mkdir", "dir", filesystem.Exist},
		{"mkdir", "nothing/x", filesystem.NoEntry},
		{"rmdir", "dir", filesystem.NotEmpty},
		{"rmdir", "file", filesystem.NotDirectory},
		{"rmdir", "dirlink", filesystem.NotDirectory},
		{"rmdir", "nothing", filesystem.NoEntry},
		{"rmdir", ".", filesystem.Invalid},
		{"rmdir", "dir/..", filesystem.Invalid},
		{"unlink", "dir", filesystem.IsDirectory},
		{"unlink", "dir/", filesystem.IsDirectory},
		{"unlink", "file/", filesystem.NotDirectory},
		{"unlink", "nothing", filesystem.NoEntry},
		{"rename from", "nothing", filesystem.NoEntry},
		{"rename from", "file/", filesystem.NotDirectory},
		{"rename to", "empty", filesystem.IsDirectory},
		{"rename to", "dir/inner/x", filesystem.NotDirectory},
		{"rename to", "x/", filesystem.NotDirectory},
		{"link from", "nothing", filesystem.NoEntry},
		{"link from", "dir", filesystem.NotPermitted},
		{"link to", "dir", filesystem.Exist},
		{"link to", "x/", filesystem.NoEntry},
		{"symlink", "file", filesystem.Exist},
		{"readlink", "file", filesystem.Invalid},
		{"readlink", "nothing", filesystem.NoEntry},
	}
	root, d := tree(t, hostdir.Options{Writable: true})
	before := list(t, root)
	for _, test := range tests {
		err := operations(t, d)[test.op](test.path)
		if code := filesystem.CodeOf(err); err == nil || code != test.want {
			t.Errorf("%s %q = %v (%v), want %v", test.op, test.path, err, code, test.want)
		}
	}
	if diff := cmp.Diff(before, list(t, root)); diff != "" {
		t.Errorf("failed operations left something (-before +after):\n%s", diff)
	}
	if _, err := d.Open("x", filesystem.Open{Create: true, Directory: true}); filesystem.CodeOf(err) != filesystem.Invalid {
		t.Errorf("creating a directory by open = %v, want %v", err, filesystem.Invalid)
	}
}

func TestRename(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	sub, err := d.Open("dir", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, sub)
	for _, step := range []struct {
		what string
		err  error
	}{
		{"to another directory", d.Rename("file", sub.Dir, "moved")},
		{"back, by way of a link", d.Rename("dirlink/moved", d, "file")},
		{"over a file", sub.Dir.Rename("inner", d, "file")},
		{"over an empty directory", d.Rename("dir", d, "empty/")},
		{"of a directory that is open", sub.Dir.Mkdir("still here")},
	} {
		if step.err != nil {
			t.Errorf("rename %s: %v", step.what, step.err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "file")); err != nil || string(got) != "inner" {
		t.Errorf("file holds %q, %v, want inner", got, err)
	}
	if diff := cmp.Diff([]string{"still here"}, list(t, filepath.Join(root, "empty"))); diff != "" {
		t.Errorf("the renamed directory (-want +got):\n%s", diff)
	}
	if err := d.Mkdir("full"); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename("full", d, "empty"); filesystem.CodeOf(err) != filesystem.NotEmpty {
		t.Errorf("rename over a full directory = %v, want %v", err, filesystem.NotEmpty)
	}
}

// Somebody replaces a directory by a link that leaves, over and over, while
// another uses it. No operation may come through.
func TestNoEscapeByRace(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	done := make(chan error)
	stop := make(chan struct{})
	swapped, link := filepath.Join(root, "swapped"), filepath.Join(root, "out")
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			err := errors.Join(os.Mkdir(swapped, 0o777), os.RemoveAll(swapped), os.Rename(link, swapped), os.Rename(swapped, link))
			if err != nil {
				done <- err
				return
			}
		}
	}()
	for range 2000 {
		if o, err := d.Open("swapped/key", filesystem.Open{Read: true, Follow: true}); err == nil {
			shut(t, o)
			t.Fatal("opened a file outside of the directory")
		}
		if err := d.Unlink("swapped/key"); err == nil {
			t.Fatal("removed a file outside of the directory")
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestEntries(t *testing.T) {
	root, d := tree(t, hostdir.Options{})
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(root, "empty", strings.Repeat("x", i+1)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]filesystem.Type{}
	for _, e := range readDir(t, d) {
		got[e.Name] = e.Type
	}
	want := map[string]filesystem.Type{
		"file": filesystem.RegularFile, "dir": filesystem.Directory, "empty": filesystem.Directory,
		"link": filesystem.SymbolicLink, "dirlink": filesystem.SymbolicLink, "dangling": filesystem.SymbolicLink,
		"up": filesystem.SymbolicLink, "out": filesystem.SymbolicLink, "abs": filesystem.SymbolicLink, "loop": filesystem.SymbolicLink,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	o, err := d.Open("empty", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, o)
	if n := len(readDir(t, o.Dir)); n != 200 {
		t.Errorf("%d entries, want 200", n)
	}
}

func readDir(t *testing.T, d filesystem.Dir) []filesystem.Entry {
	t.Helper()
	entries, err := d.Entries()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := entries.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []filesystem.Entry
	for {
		e, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
}
