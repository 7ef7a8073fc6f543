package filesystemtest

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Kind is what a kind of trees has not.
type Kind struct {
	// NoHardLinks and NoSymlinks: making one fails with Unsupported.
	NoHardLinks, NoSymlinks bool
	// NoTimes: setting times fails with Unsupported.
	NoTimes bool
	// NoOpenRemoved: a file or directory that is removed is gone for those who have
	// it open as well.
	NoOpenRemoved bool
	// NoShared: what is written through one handle of a file is seen by others only
	// when it was synced.
	NoShared bool
}

// Fixture is what a tree holds that the suite looks at, by path: "/" for a directory,
// "-> target" for a symbolic link, or the content of a file.
//
//nolint:gochecknoglobals // it is not changed
var fixture = map[string]string{
	"file": "content", "dir": "/", "dir/inner": "inner", "empty": "/",
	"link": "-> file", "dirlink": "-> dir", "dangling": "-> nothing", "up": "-> ..", "out": "-> ../secret", "loop": "-> loop",
	"deep": "-> dir/../dirlink/inner",
}

// Fixture returns what a tree for RunReadOnly holds.
func (k Kind) Fixture() map[string]string {
	all := maps.Clone(fixture)
	if k.NoSymlinks {
		maps.DeleteFunc(all, func(_, content string) bool { return strings.HasPrefix(content, "-> ") })
	}
	return all
}

// Plant makes files in a tree, as Fixture has them.
func Plant(t testing.TB, d filesystem.Dir, files map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(files)) { // a directory before what is in it
		content := files[path]
		target, link := strings.CutPrefix(content, "-> ")
		var err error
		switch {
		case content == "/":
			err = d.Mkdir(path)
		case link:
			err = d.Symlink(target, path)
		default:
			Put(t, d, path, content)
		}
		if err != nil {
			t.Fatalf("plant %q: %v", path, err)
		}
	}
}

// Put makes a file, or replaces its content.
func Put(t testing.TB, d filesystem.Dir, path, content string) {
	t.Helper()
	f := file(t, d, path, filesystem.Open{Write: true, Create: true, Truncate: true, Follow: true})
	if _, err := f.WriteAt([]byte(content), 0); err != nil {
		t.Fatalf("write %q: %v", path, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatalf("sync and close %q: %v", path, err)
	}
}

// Get returns the content of a file.
func Get(t testing.TB, d filesystem.Dir, path string) string {
	t.Helper()
	f := file(t, d, path, filesystem.Open{Read: true, Follow: true})
	defer func() { _ = f.Close() }()
	return content(t, f)
}

func content(t testing.TB, f filesystem.File) string {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// file opens a file that is closed by the test.
func file(t testing.TB, d filesystem.Dir, path string, how filesystem.Open) filesystem.File {
	t.Helper()
	obj, err := d.Open(path, how)
	if err != nil || obj.File == nil || obj.Dir != nil {
		t.Fatalf("open %q with %+v = %+v, %v, want a file", path, how, obj, err)
	}
	return obj.File
}

// sub opens a directory for the time of the test.
func sub(t testing.TB, d filesystem.Dir, path string) filesystem.Dir {
	t.Helper()
	obj, err := d.Open(path, filesystem.Open{Read: true, Follow: true, Directory: true})
	if err != nil || obj.Dir == nil || obj.File != nil {
		t.Fatalf("open %q = %+v, %v, want a directory", path, obj, err)
	}
	t.Cleanup(func() { _ = obj.Dir.Close() })
	return obj.Dir
}

// shut closes what an operation opened.
func shut(t testing.TB, o filesystem.Object) {
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

// Tree returns all that is below a directory, as Fixture has it.
func Tree(t testing.TB, d filesystem.Dir) map[string]string {
	t.Helper()
	all := map[string]string{}
	var walk func(d filesystem.Dir, at string)
	walk = func(d filesystem.Dir, at string) {
		for _, e := range entries(t, d) {
			path := at + e.Name
			switch e.Type { //nolint:exhaustive // the others are a failure
			case filesystem.Directory:
				all[path] = "/"
				obj, err := d.Open(e.Name, filesystem.Open{Read: true, Directory: true})
				if err != nil {
					t.Fatalf("open %q: %v", path, err)
				}
				walk(obj.Dir, path+"/")
				shut(t, obj)
			case filesystem.SymbolicLink:
				target, err := d.Readlink(e.Name)
				if err != nil {
					target = err.Error()
				}
				all[path] = "-> " + target
			case filesystem.RegularFile:
				all[path] = Get(t, d, e.Name)
			default:
				t.Fatalf("%q is of type %d", path, e.Type)
			}
		}
	}
	walk(d, "")
	return all
}

// entries reads a directory.
func entries(t testing.TB, d filesystem.Dir) []filesystem.Entry {
	t.Helper()
	r, err := d.Entries()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []filesystem.Entry
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
}

// names returns the sorted names of a directory.
func names(t testing.TB, d filesystem.Dir) []string {
	t.Helper()
	var all []string
	for _, e := range entries(t, d) {
		all = append(all, e.Name)
	}
	slices.Sort(all)
	return all
}

// want checks the code of an error.
func want(t testing.TB, what string, err error, code filesystem.Code) {
	t.Helper()
	if err == nil || filesystem.CodeOf(err) != code {
		t.Errorf("%s = %v, want %v", what, err, code)
	}
}
