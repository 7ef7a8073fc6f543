package memfs_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
)

// pieces are what paths are made of.
var pieces = []string{"file", "dir", "inner", "empty", "link", "dirlink", "up", "loop", "new", "..", ".", "", "deep", "a", "b"}

// program is a sequence of operations, read from bytes.
type program struct{ b []byte }

func (p *program) next() int {
	if len(p.b) == 0 {
		return 0
	}
	n := p.b[0]
	p.b = p.b[1:]
	return int(n)
}

func (p *program) path() string {
	var parts []string
	for range 1 + p.next()%3 {
		parts = append(parts, pieces[p.next()%len(pieces)])
	}
	return strings.Join(parts, "/")
}

// step runs an operation on both trees. It returns what it was, and the results.
func (p *program) step(trees [2]filesystem.Dir) (what string, results [2]any) {
	op, path, other, n := p.next(), p.path(), p.path(), p.next()
	flags := p.next()
	var run func(d filesystem.Dir) (any, error)
	switch op % 9 {
	case 0:
		what = "mkdir " + path
		run = func(d filesystem.Dir) (any, error) { return nil, d.Mkdir(path) }
	case 1:
		what = "rmdir " + path
		run = func(d filesystem.Dir) (any, error) { return nil, d.Rmdir(path) }
	case 2:
		what = "unlink " + path
		run = func(d filesystem.Dir) (any, error) { return nil, d.Unlink(path) }
	case 3:
		what = "rename " + path + " " + other
		run = func(d filesystem.Dir) (any, error) { return nil, d.Rename(path, d, other) }
	case 4:
		what = "link " + path + " " + other
		run = func(d filesystem.Dir) (any, error) { return nil, d.Link(path, d, other) }
	case 5:
		what = "symlink " + path + " " + other
		run = func(d filesystem.Dir) (any, error) { return nil, d.Symlink(path, other) }
	case 6:
		what = "readlink " + path
		run = func(d filesystem.Dir) (any, error) { return d.Readlink(path) }
	case 7:
		what = "stat " + path
		run = func(d filesystem.Dir) (any, error) {
			st, err := d.Stat(path, flags&1 != 0)
			if st.Type == filesystem.Directory {
				st.Links, st.Size = 0, 0 // systems have their own idea
			}
			return [3]uint64{uint64(st.Type), st.Links, st.Size}, err
		}
	case 8:
		how := filesystem.Open{Read: true, Write: flags&1 != 0, Create: flags&2 != 0, Truncate: flags&4 != 0, Follow: flags&8 != 0, Exclusive: flags&16 != 0, Directory: flags&32 != 0}
		what = "open " + path
		run = func(d filesystem.Dir) (any, error) {
			obj, err := d.Open(path, how)
			switch {
			case err != nil:
				return nil, err
			case obj.Dir != nil:
				return "directory", obj.Dir.Close()
			}
			if how.Write {
				if _, err := obj.File.WriteAt([]byte(path), int64(n)); err != nil {
					return nil, err
				}
				if flags&64 != 0 {
					if err := obj.File.Truncate(int64(n / 2)); err != nil {
						return nil, err
					}
				}
			}
			st, err := obj.File.Stat()
			if err != nil {
				return nil, err
			}
			return st.Size, obj.File.Close()
		}
	}
	for i, d := range trees {
		result, err := run(d)
		if err != nil {
			result = filesystem.CodeOf(err).String()
		}
		results[i] = result
	}
	return what, results
}

// A tree in memory, as it is and as a copy of a template, does what a directory of the
// host does: every operation has the same result, and the same tree is left.
func FuzzAgainstHost(f *testing.F) {
	if runtime.GOOS != "linux" {
		f.Skip("systems differ")
	}
	f.Add([]byte("\x08\x01\x08\x00\x00\x0a\x0b\x03\x00\x00\x00\x08\x00\x05\x02"))
	f.Add([]byte("renaming directories into each other and removing what is left of them"))
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!?&%$#@*()[]{}<>,.;:"))
	f.Fuzz(func(t *testing.T, script []byte) {
		files := filesystemtest.Kind{}.Fixture()
		host, err := hostdir.Open(t.TempDir(), hostdir.Options{Writable: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = host.Close() }()
		filesystemtest.Plant(t, host, files)
		memory := memfs.New(filesystem.Limits{}).Root()
		filesystemtest.Plant(t, memory, files)
		if len(script) > 0 && script[0]&1 != 0 {
			memory = template(t, files).Copy(filesystem.Limits{}).Root()
		}
		p := &program{script[:min(len(script), 400)]}
		var done []string
		for len(p.b) > 0 {
			what, results := p.step([2]filesystem.Dir{host, memory})
			done = append(done, what)
			if results[0] != results[1] {
				t.Fatalf("%s: the host says %v, memory %v; after\n%s", what, results[0], results[1], strings.Join(done, "\n"))
			}
		}
		if diff := cmp.Diff(filesystemtest.Tree(t, host), filesystemtest.Tree(t, memory)); diff != "" {
			t.Fatalf("trees differ (-host +memory):\n%s\nafter\n%s", diff, strings.Join(done, "\n"))
		}
	})
}
