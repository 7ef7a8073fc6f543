package filesystemtest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// operations are all operations on a path. Those that take two have the other path
// inside of the directory.
func operations(t testing.TB, d filesystem.Dir) map[string]func(path string) error {
	t.Helper()
	open := func(how filesystem.Open) func(string) error {
		return func(p string) error {
			o, err := d.Open(p, how)
			shut(t, o)
			return err
		}
	}
	now := filesystem.Times{Modified: time.Unix(1e9, 0)}
	return map[string]func(string) error{
		"open":             open(filesystem.Open{Read: true, Follow: true}),
		"open the link":    open(filesystem.Open{Read: true}),
		"open directory":   open(filesystem.Open{Read: true, Follow: true, Directory: true}),
		"open for writing": open(filesystem.Open{Write: true, Follow: true}),
		"create":           open(filesystem.Open{Write: true, Follow: true, Create: true}),
		"create exclusive": open(filesystem.Open{Write: true, Create: true, Exclusive: true}),
		"create directory": open(filesystem.Open{Write: true, Create: true, Directory: true}),
		"truncate":         open(filesystem.Open{Write: true, Follow: true, Truncate: true}),
		"stat":             func(p string) error { _, err := d.Stat(p, true); return err },
		"lstat":            func(p string) error { _, err := d.Stat(p, false); return err },
		"times":            func(p string) error { return d.SetTimes(p, true, now) },
		"link times":       func(p string) error { return d.SetTimes(p, false, now) },
		"mkdir":            d.Mkdir,
		"rmdir":            d.Rmdir,
		"unlink":           d.Unlink,
		"rename from":      func(p string) error { return d.Rename(p, d, "new") },
		"rename to":        func(p string) error { return d.Rename("file", d, p) },
		"rename dir to":    func(p string) error { return d.Rename("dir", d, p) },
		"link from":        func(p string) error { return d.Link(p, d, "new") },
		"link to":          func(p string) error { return d.Link("file", d, p) },
		"symlink":          func(p string) error { return d.Symlink("file", p) },
		"symlink named":    func(p string) error { return d.Symlink(p, "new") },
		"readlink":         func(p string) error { _, err := d.Readlink(p); return err },
	}
}

// missing returns the code with which a kind refuses an operation that it has not.
func (k Kind) missing(op string) bool {
	switch op {
	case "link from", "link to":
		return k.NoHardLinks
	case "symlink", "symlink named":
		return k.NoSymlinks
	case "times", "link times":
		return k.NoTimes
	}
	return false
}

// codes are operations on the fixture that fail.
var codes = []struct {
	op, path string
	want     filesystem.Code
	links    bool // of a link of the fixture
}{
	{"open", "nothing", filesystem.NoEntry, false},
	{"open", "", filesystem.NoEntry, false},
	{"open", "file/x", filesystem.NotDirectory, false},
	{"open", "file/", filesystem.NotDirectory, false},
	{"open", "file/..", filesystem.NotDirectory, false},
	{"open", "file/.", filesystem.NotDirectory, false},
	{"open", "nothing/..", filesystem.NoEntry, false},
	{"open", "dangling", filesystem.NoEntry, true},
	{"open", "loop", filesystem.Loop, true},
	{"open", "loop/x", filesystem.Loop, true},
	{"open", "nul\x00", filesystem.Invalid, false},
	{"open", strings.Repeat("x", 256), filesystem.NameTooLong, false},
	{"open the link", "link", filesystem.Loop, true},
	{"open the link", "dirlink", filesystem.Loop, true},
	{"open directory", "file", filesystem.NotDirectory, false},
	{"open directory", "link", filesystem.NotDirectory, true},
	{"open for writing", "dir", filesystem.IsDirectory, false},
	{"open for writing", ".", filesystem.IsDirectory, false},
	{"truncate", "dir", filesystem.IsDirectory, false},
	{"create", "dir", filesystem.IsDirectory, false},
	{"create", "nothing/x", filesystem.NoEntry, false},
	{"create", "file/x", filesystem.NotDirectory, false},
	{"create", strings.Repeat("x", 256), filesystem.NameTooLong, false},
	{"create exclusive", "file", filesystem.Exist, false},
	{"create exclusive", "dir", filesystem.Exist, false},
	{"create exclusive", "dangling", filesystem.Exist, true},
	{"create directory", "x", filesystem.Invalid, false},
	{"stat", "dangling", filesystem.NoEntry, true},
	{"stat", "file/", filesystem.NotDirectory, false},
	{"stat", "dir/nothing", filesystem.NoEntry, false},
	{"lstat", "nothing", filesystem.NoEntry, false},
	{"times", "nothing", filesystem.NoEntry, false},
	{"mkdir", "file", filesystem.Exist, false},
	{"mkdir", "dir", filesystem.Exist, false},
	{"mkdir", "nothing/x", filesystem.NoEntry, false},
	{"mkdir", "file/x", filesystem.NotDirectory, false},
	{"mkdir", "link", filesystem.Exist, true},
	{"rmdir", "dir", filesystem.NotEmpty, false},
	{"rmdir", "file", filesystem.NotDirectory, false},
	{"rmdir", "dirlink", filesystem.NotDirectory, true},
	{"rmdir", "nothing", filesystem.NoEntry, false},
	{"rmdir", ".", filesystem.Invalid, false},
	{"rmdir", "dir/..", filesystem.Invalid, false},
	{"unlink", "dir", filesystem.IsDirectory, false},
	{"unlink", "dir/", filesystem.IsDirectory, false},
	{"unlink", "file/", filesystem.NotDirectory, false},
	{"unlink", "nothing", filesystem.NoEntry, false},
	{"rename from", "nothing", filesystem.NoEntry, false},
	{"rename from", "file/", filesystem.NotDirectory, false},
	{"rename to", "empty", filesystem.IsDirectory, false},
	{"rename to", "dir/inner/x", filesystem.NotDirectory, false},
	{"rename to", "x/", filesystem.NotDirectory, false},
	{"rename to", "nothing/x", filesystem.NoEntry, false},
	{"rename dir to", "file", filesystem.NotDirectory, false},
	{"rename dir to", "dir/x", filesystem.Invalid, false},
	{"rename dir to", "dir/nothing/x", filesystem.NoEntry, false},
	{"link from", "nothing", filesystem.NoEntry, false},
	{"link from", "dir", filesystem.NotPermitted, false},
	{"link to", "dir", filesystem.Exist, false},
	{"link to", "x/", filesystem.NoEntry, false},
	{"symlink", "file", filesystem.Exist, false},
	{"symlink named", "/etc/passwd", filesystem.NotPermitted, false},
	{"symlink named", "", filesystem.NoEntry, false},
	{"readlink", "file", filesystem.Invalid, false},
	{"readlink", "dir", filesystem.Invalid, false},
	{"readlink", "nothing", filesystem.NoEntry, false},
}

// reads are the operations that a tree which is read-only has.
var reads = map[string]bool{"open": true, "open the link": true, "open directory": true, "stat": true, "lstat": true, "readlink": true}

// errorCodes checks operations that fail, and that they leave nothing.
func (k Kind) errorCodes(t *testing.T, d filesystem.Dir, readOnly bool) {
	before := Tree(t, d)
	ops := operations(t, d)
	for _, test := range codes {
		code := test.want
		switch {
		case test.links && k.NoSymlinks:
			continue
		case readOnly && !reads[test.op]:
			code = filesystem.ReadOnly
		case k.missing(test.op):
			code = filesystem.Unsupported
		}
		if err := ops[test.op](test.path); err == nil || filesystem.CodeOf(err) != code {
			t.Errorf("%s %.80q = %v (%v), want %v", test.op, test.path, err, filesystem.CodeOf(err), code)
		}
	}
	if diff := cmp.Diff(before, Tree(t, d)); diff != "" {
		t.Errorf("operations that failed left something (-before +after):\n%s", diff)
	}
}

// escapes checks that no path leaves a directory, neither the tree nor one in it.
func (k Kind) escapes(t *testing.T, d filesystem.Dir, readOnly bool) {
	before := Tree(t, d)
	paths := []string{
		"..", "../", "../..", "../secret/key", "../file", "dir/../../secret/key", "dir/../..", "empty/../../x", "./..", "./../x",
		"/", "//", "/etc/passwd", "/file", "/..", "/proc/self/environ", "../../../../../../proc/self/environ",
		"dir/../../../../../../../../etc/passwd", "//..//x",
	}
	if !k.NoSymlinks {
		paths = append(paths, "dirlink/../..", "up/file", "up/x", "up/..", "out/key", "out/../file", "up/../file", "dirlink/../up/x")
	}
	for op, call := range operations(t, d) {
		for _, p := range paths {
			code := filesystem.NotPermitted
			switch {
			case op == "symlink named" && !strings.HasPrefix(p, "/"):
				continue // it can be made, and leads nowhere
			case readOnly && !reads[op]:
				code = filesystem.ReadOnly
			case k.missing(op):
				code = filesystem.Unsupported
			case op == "create directory":
				code = filesystem.Invalid
			}
			if err := call(p); err == nil || filesystem.CodeOf(err) != code {
				t.Errorf("%s %q = %v (%v), want %v", op, p, err, filesystem.CodeOf(err), code)
			}
		}
	}
	inner := sub(t, d, "dir")
	for op, call := range operations(t, inner) {
		if op == "open" || op == "stat" || op == "open directory" {
			want(t, op+" ../file from a directory in the tree", call("../file"), filesystem.NotPermitted)
		}
	}
	// What looks like a way out to others is a name here, like any.
	for _, p := range []string{"%2e%2e/file", `..\file`, "%2e%2e%2ffile", "...", "..../x", "dir%2f..%2f..%2fetc"} {
		_, err := d.Stat(p, true)
		want(t, "stat "+p, err, filesystem.NoEntry)
	}
	long := strings.Repeat("dir/../", 100)
	if st, err := d.Stat(long+"file", true); err != nil || st.Type != filesystem.RegularFile {
		t.Errorf("stat by a long way = %+v, %v", st, err)
	}
	if diff := cmp.Diff(before, Tree(t, d)); diff != "" {
		t.Errorf("paths that leave changed something (-before +after):\n%s", diff)
	}
}

// RunReadOnly checks a tree that cannot be changed and holds the fixture.
func RunReadOnly(t *testing.T, k Kind, open func(t *testing.T) filesystem.Dir) {
	d := open(t)
	if diff := cmp.Diff(k.Fixture(), Tree(t, d)); diff != "" {
		t.Fatalf("the tree (-want +got):\n%s", diff)
	}
	t.Run("error codes", func(t *testing.T) { k.errorCodes(t, d, true) })
	t.Run("escapes", func(t *testing.T) { k.escapes(t, d, true) })
	t.Run("files", func(t *testing.T) {
		f := file(t, d, "dir/../file", filesystem.Open{Read: true})
		defer func() { _ = f.Close() }()
		if st, err := f.Stat(); err != nil || st.Size != 7 || st.Type != filesystem.RegularFile || st.Links != 1 {
			t.Errorf("stat = %+v, %v", st, err)
		}
		want(t, "set times", f.SetTimes(filesystem.Times{Modified: time.Unix(1e9, 0)}), filesystem.ReadOnly)
		if got := content(t, f); got != "content" {
			t.Errorf("file holds %q", got)
		}
		if err := f.Sync(); err != nil {
			t.Errorf("sync: %v", err)
		}
	})
}
