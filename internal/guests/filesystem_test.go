package guests_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

// filesystemTests are the tests of guests of wasi:filesystem.
var filesystemTests = map[guest]func(*testing.T, guest){
	"filesystem_preopens": func(t *testing.T, g guest) {
		root := t.TempDir()
		g.pass(t, preopens(writable(t, "/", root), readable(t, "ro", t.TempDir())))
		if info, err := os.Stat(filepath.Join(root, "made")); err != nil || !info.IsDir() {
			t.Errorf("the directory that the guest made: %v, %v", info, err)
		}
		o := g.run(t, wasi.Options{})
		if o.code != 1 || !strings.Contains(o.stderr, "dirs.len is 0") {
			t.Errorf("without preopens: %+v, want none", o)
		}
	},
	"filesystem_open":  inTempDir(map[string]string{"f": "", "d": "/", "link": "-> f", "dangling": "-> nothing", "nothing": "", "new": ""}),
	"filesystem_flags": inTempDir(map[string]string{"f": "Content", "s": "synced"}),
	"filesystem_read_only": func(t *testing.T, g guest) {
		root := t.TempDir()
		files := map[string]string{"f": "content", "d": "/"}
		plant(t, root, files)
		// The rule is the descriptor's, whatever the provider would allow.
		for _, dir := range []provider.Dir{openDir(t, root, false), openDir(t, root, true)} {
			g.pass(t, preopens(writable(t, "/", t.TempDir()), filesystem.Preopen{Path: "ro", Dir: dir}))
		}
		check(t, root, files)
		// And the provider's, whatever the descriptor allows.
		o := g.run(t, preopens(writable(t, "/", t.TempDir()), filesystem.Preopen{Path: "ro", Dir: openDir(t, root, false), Writable: true}))
		if o.code != 1 || !strings.Contains(o.stderr, "flags_of(ro)") {
			t.Errorf("a preopen that is writable to the guest alone: %+v", o)
		}
		check(t, root, files)
	},
	"filesystem_escape": func(t *testing.T, g guest) {
		outside := t.TempDir()
		root := filepath.Join(outside, "root")
		plant(t, outside, map[string]string{
			"secret": "secret", "root": "/", "root/out": "-> ../secret", "root/abs": "-> /f", "root/up": "-> ..", "root/abs-dir": "-> /",
		})
		// A link in a directory that the guest makes.
		plant(t, root, map[string]string{"sub": "/", "sub/chain": "-> ../out"})
		before := stamp(t, filepath.Join(outside, "secret"))
		g.pass(t, preopens(writable(t, "/", root)))
		if after := stamp(t, filepath.Join(outside, "secret")); !after.Equal(before) {
			t.Errorf("the file outside has time %v, want %v", after, before)
		}
		check(t, outside, map[string]string{
			"secret": "secret", "root": "/", "root/f": "", "root/sub": "/", "root/sub/chain": "-> ../out", "root/up": "-> ..", "root/abs-dir": "-> /",
		})
	},
	"filesystem_paths": inTempDir(map[string]string{"f": "content", "d": "/", "d/e": "/", "größe €😀": "unicode"}),
	"filesystem_loop":  inTempDir(map[string]string{"a": "-> b", "b": "-> a", "self": "-> self"}),
	"filesystem_read":  inTempDir(map[string]string{"f": "0123456789", "large": strings.Repeat("\x00", 1000003)}),
	"filesystem_write": inTempDir(map[string]string{"f": "Jelly\x00\x00!" + strings.Repeat("\x00", 1<<20-9) + "x"}),
	"filesystem_size":  inTempDir(map[string]string{"f": strings.Repeat("\x00", 1<<20)}),

	"filesystem_read_via_stream":   inTempDir(map[string]string{"g": ""}),
	"filesystem_write_via_stream":  inTempDir(map[string]string{"f": "abcDE"}),
	"filesystem_append_via_stream": inTempDir(map[string]string{"f": "ONEfive\x00\x00"}),
	"filesystem_error_code": func(t *testing.T, g guest) {
		opts := preopens(writable(t, "/", t.TempDir()))
		opts.CLI.Stdout = failing{errors.New("the disk is full")}
		if o := g.run(t, opts); o.code != 0 || o.err != nil {
			t.Errorf("ended with %+v, want 0", o)
		}
	},
	"filesystem_times": func(t *testing.T, g guest) {
		root := t.TempDir()
		g.pass(t, preopens(writable(t, "/", root)))
		for name, want := range map[string]int64{"f": 8000, "d": 6000} {
			if got := stamp(t, filepath.Join(root, name)); got.Unix() != want {
				t.Errorf("%s was modified at %d, want %d", name, got.Unix(), want)
			}
		}
	},
	"filesystem_stat": func(t *testing.T, g guest) {
		root := t.TempDir()
		plant(t, root, map[string]string{"f": "content", "d": "/", "link": "-> f"})
		modified := time.Unix(1e9, 5)
		if err := os.Chtimes(filepath.Join(root, "f"), modified, modified); err != nil {
			t.Fatal(err)
		}
		mkfifo(t, filepath.Join(root, "fifo"))
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(root, "socket"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		g.pass(t, preopens(writable(t, "/", root)))
	},
	"filesystem_link": inTempDir(map[string]string{
		"f": "CONtent", "d": "/", "d/g": "CONtent", "h": "CONtent", "i": "CONtent", "link": "-> f", "link2": "-> f",
		"d/chain": "-> ../link2", "d/out": "-> ../../secret", "to-dir": "-> d", "dangling": "-> gone", "self": "-> self",
	}),
	"filesystem_rename": inTempDir(map[string]string{
		"g": "f", "full": "/", "full/x": "x", "empty": "/", "empty/y": "y", "link2": "-> g",
	}),
	"filesystem_symlink": inTempDir(map[string]string{
		"d": "/", "d/f": "content", "d/link": "-> f", "d/up": "-> ../d/f", "dangling": "-> nothing",
	}),
	"filesystem_directory": func(t *testing.T, g guest) {
		root := t.TempDir()
		g.pass(t, preopens(writable(t, "/", root)))
		entries, err := os.ReadDir(filepath.Join(root, "many"))
		if err != nil || len(entries) != 302 {
			t.Errorf("the guest left %d entries, %v, want 302", len(entries), err)
		}
	},
	"filesystem_names": func(t *testing.T, g guest) {
		root := t.TempDir()
		plant(t, root, map[string]string{"good": "", "bad\xff": "", "link": "-> bad\xff"})
		g.pass(t, preopens(writable(t, "/", root)))
	},
	"filesystem_unlink":        inTempDir(map[string]string{"d": "/"}),
	"filesystem_metadata_hash": inTempDir(map[string]string{"f": "content", "link": "-> f"}),
	"filesystem_same_object":   inTempDir(map[string]string{"f": "", "g": "", "d": "/", "link": "-> f", "hard": ""}),
	"filesystem_sync": func(t *testing.T, g guest) {
		g.pass(t, preopens(writable(t, "/", t.TempDir()), readable(t, "ro", t.TempDir())))
	},
	"filesystem_limits": func(t *testing.T, g guest) {
		opts := preopens(writable(t, "/", t.TempDir()))
		// The file that the guest makes first is dropped by then.
		opts.Filesystem.MaxOpen = 8
		g.pass(t, opts)
	},
	"filesystem_access": func(t *testing.T, g guest) {
		root := t.TempDir()
		plant(t, root, map[string]string{"closed": "", "sealed": "/", "sealed/f": "", "fixed": "/", "fixed/f": ""})
		modes := map[string]fs.FileMode{"closed": 0, "sealed": 0, "fixed": 0o555}
		for name, mode := range modes {
			name = filepath.Join(root, name)
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(name, 0o700) }) // so that it can be removed
		}
		unprivileged(t, func() { g.pass(t, preopens(writable(t, "/", root))) })
	},
	"filesystem_broken": func(t *testing.T, g guest) {
		root := t.TempDir()
		plant(t, root, map[string]string{"broken": ""})
		g.pass(t, preopens(filesystem.Preopen{Path: "/", Dir: faults{openDir(t, root, true)}, Writable: true}))
		check(t, root, map[string]string{"broken": "01234"})
	},
	"filesystem_traps": func(t *testing.T, g guest) {
		root := t.TempDir()
		files := map[string]string{"f": "content"}
		plant(t, root, files)
		for what, text := range map[string]string{
			"path that is not UTF-8":           "UTF-8",
			"path outside of memory":           "outside of memory",
			"path that ends outside of memory": "outside of memory",
			"path that is too long":            "larger than 2^28-1 bytes",
			"bytes that are too many":          "larger than 2^28-1 bytes",
			"advice that does not exist":       "6",
			"time that does not exist":         "3",
			"descriptor that was dropped":      "handle",
			"descriptor dropped twice":         "handle",
			"descriptor that never was":        "handle",
			"stream as descriptor":             "handle",
		} {
			opts := preopens(writable(t, "/", root))
			opts.CLI.Args = []string{what}
			g.trap(t, opts, text)
		}
		check(t, root, files)
	},
	"filesystem_faults": func(t *testing.T, g guest) {
		faulty := filesystem.Preopen{Path: "/", Dir: faults{openDir(t, t.TempDir(), true)}, Writable: true}
		g.pass(t, preopens(faulty, writable(t, "other", t.TempDir())))
	},
}

// filesystemErrorCodes says what meets each error code.
var filesystemErrorCodes = map[string]string{
	"access":                "filesystem_access filesystem_faults",
	"would-block":           "none: files are read and written while the guest waits",
	"already":               "none: of sockets in POSIX, and no function here begins what another ends",
	"bad-descriptor":        "filesystem_flags filesystem_sync filesystem_faults",
	"busy":                  "filesystem_faults",
	"deadlock":              "none: of locks in POSIX, which WASI 0.2 has not",
	"quota":                 "filesystem_quota filesystem_broken filesystem_faults",
	"exist":                 "filesystem_open filesystem_directory filesystem_link filesystem_symlink",
	"file-too-large":        "filesystem_write filesystem_size filesystem_error_code",
	"illegal-byte-sequence": "filesystem_names",
	"in-progress":           "none: of sockets in POSIX, and no function here begins what another ends",
	"interrupted":           "filesystem_faults",
	"invalid":               "filesystem_open filesystem_paths filesystem_read filesystem_times filesystem_rename",
	"io":                    "filesystem_broken filesystem_faults",
	"is-directory":          "filesystem_open filesystem_flags filesystem_unlink filesystem_rename",
	"loop":                  "filesystem_loop filesystem_open",
	"too-many-links":        "filesystem_faults",
	"message-size":          "none: of sockets in POSIX",
	"name-too-long":         "filesystem_paths",
	"no-device":             "none: devices are not opened: not-permitted",
	"no-entry":              "filesystem_open filesystem_paths filesystem_link filesystem_unlink",
	"no-lock":               "none: of locks in POSIX, which WASI 0.2 has not",
	"insufficient-memory":   "filesystem_limits",
	"insufficient-space":    "filesystem_broken filesystem_faults",
	"not-directory":         "filesystem_open filesystem_flags filesystem_paths filesystem_rename",
	"not-empty":             "filesystem_directory filesystem_rename",
	"not-recoverable":       "none: of locks in POSIX, which WASI 0.2 has not",
	"unsupported":           "filesystem_faults",
	"no-tty":                "none: of terminals in POSIX, which are not opened: not-permitted",
	"no-such-device":        "none: devices, FIFOs and sockets are not opened: not-permitted",
	"overflow":              "filesystem_times",
	"not-permitted":         "filesystem_escape filesystem_link filesystem_stat",
	"pipe":                  "none: pipes and sockets are not opened: not-permitted",
	"read-only":             "filesystem_read_only",
	"invalid-seek":          "none: pipes and terminals, which have no positions, are not opened: not-permitted",
	"text-file-busy":        "filesystem_faults",
	"cross-device":          "filesystem_faults",
}

// maxFileSize is what the guests are told to expect.
const maxFileSize = 1 << 20

// openDir opens a directory of the host for a guest.
func openDir(t *testing.T, name string, write bool) provider.Dir {
	t.Helper()
	dir, err := hostdir.Open(name, hostdir.Options{Writable: write, MaxFileSize: maxFileSize})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Close(); err != nil {
			t.Errorf("close directory: %v", err)
		}
	})
	return dir
}

func writable(t *testing.T, path, name string) filesystem.Preopen {
	t.Helper()
	return filesystem.Preopen{Path: path, Dir: openDir(t, name, true), Writable: true}
}

func readable(t *testing.T, path, name string) filesystem.Preopen {
	t.Helper()
	return filesystem.Preopen{Path: path, Dir: openDir(t, name, false)}
}

func preopens(p ...filesystem.Preopen) wasi.Options {
	return wasi.Options{Filesystem: filesystem.Options{Preopens: p}}
}

// inTempDir is the test of a guest that is given an empty directory "/" and
// leaves files in it.
func inTempDir(files map[string]string) func(*testing.T, guest) {
	return func(t *testing.T, g guest) {
		root := t.TempDir()
		g.pass(t, preopens(writable(t, "/", root)))
		check(t, root, files)
		onMemory(t, g, files)
	}
}

// plant makes files, by their paths: "/" for a directory, "-> target" for a
// symbolic link, or the content. Directories are there by their own names.
func plant(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for pass := range 2 { // directories first
		for name, content := range files {
			path := filepath.Join(root, filepath.FromSlash(name))
			target, link := strings.CutPrefix(content, "-> ")
			var err error
			switch {
			case content == "/" && pass == 0:
				err = os.MkdirAll(path, 0o777)
			case content == "/" || pass == 0:
			case link:
				err = os.Symlink(target, path)
			default:
				err = os.WriteFile(path, []byte(content), 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// check compares all that is below a directory with files as plant makes them.
func check(t *testing.T, root string, files map[string]string) {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		var content string
		switch {
		case d.IsDir():
			content = "/"
		case d.Type() == fs.ModeSymlink:
			content, err = os.Readlink(path)
			content = "-> " + content
		default:
			var b []byte
			b, err = os.ReadFile(path)
			content = string(b)
		}
		got[filepath.ToSlash(rel)] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(got, files) {
		for name := range got {
			if got[name] == files[name] {
				delete(got, name)
			}
		}
		t.Errorf("the guest left %.1000q, want %.1000q", got, files)
	}
}

// stamp returns when a file was modified.
func stamp(t *testing.T, name string) time.Time {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// faults is a directory that fails to open files which are called like an error
// code.
type faults struct{ provider.Dir }

var faultCodes = map[string]provider.Code{
	"access": provider.Access, "bad-descriptor": provider.BadDescriptor, "busy": provider.Busy, "cross-device": provider.CrossDevice,
	"exist": provider.Exist, "file-too-large": provider.FileTooLarge, "insufficient-memory": provider.NoMemory,
	"insufficient-space": provider.NoSpace, "interrupted": provider.Interrupted, "invalid": provider.Invalid, "io": provider.IO,
	"is-directory": provider.IsDirectory, "loop": provider.Loop, "name-too-long": provider.NameTooLong, "no-entry": provider.NoEntry,
	"not-directory": provider.NotDirectory, "not-empty": provider.NotEmpty, "not-permitted": provider.NotPermitted,
	"overflow": provider.Overflow, "quota": provider.Quota, "read-only": provider.ReadOnly, "text-file-busy": provider.TextFileBusy,
	"too-many-links": provider.TooManyLinks, "unsupported": provider.Unsupported,
}

// Open implements provider.Dir.
func (d faults) Open(path string, how provider.Open) (provider.Object, error) {
	if code, ok := faultCodes[path]; ok {
		return provider.Object{}, provider.Fail(code)
	}
	obj, err := d.Dir.Open(path, how)
	if path == "broken" && err == nil {
		obj.File = broken{obj.File}
	}
	return obj, err
}

// Entries implements provider.Dir.
func (faults) Entries() (provider.Entries, error) { return unreadable{}, nil }

// unreadable are the entries of a directory that cannot be read.
type unreadable struct{}

func (unreadable) Next() (provider.Entry, error) { return provider.Entry{}, provider.Fail(provider.IO) }

func (unreadable) Close() error { return nil }

// broken is a file with room for a few bytes, which can be changed in no other way
// and not be read.
type broken struct{ provider.File }

// room is how many bytes a broken file takes.
const room = 5

func (broken) ReadAt([]byte, int64) (int, error) { return 0, provider.Fail(provider.IO) }

func (b broken) WriteAt(p []byte, off int64) (int, error) {
	n, err := b.File.WriteAt(p[:max(0, min(int64(len(p)), room-off))], off)
	if err == nil && n < len(p) {
		err = provider.Fail(provider.NoSpace)
	}
	return n, err
}

func (broken) Append([]byte) error { return provider.Fail(provider.Quota) }

func (broken) Truncate(int64) error { return provider.Fail(provider.NoSpace) }

func (broken) SetTimes(provider.Times) error { return provider.Fail(provider.NotPermitted) }

func (broken) Sync() error { return provider.Fail(provider.IO) }
