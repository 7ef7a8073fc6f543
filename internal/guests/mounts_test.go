package guests_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
	"github.com/wattle-dev/wattle/providers/filesystem/objectdir"
)

// mounts are the kinds of directories that can be changed: each makes one with files and
// limits, and returns what gives it to instances.
var mounts = map[string]func(t *testing.T, files map[string]string, l provider.Limits) filesystem.Preopen{
	"memory": func(t *testing.T, files map[string]string, l provider.Limits) filesystem.Preopen {
		t.Helper()
		tree := memfs.New(l)
		filesystemtest.Plant(t, tree.Root(), files)
		return filesystem.Preopen{Dir: tree.Root()}
	},
	"copy": func(t *testing.T, files map[string]string, l provider.Limits) filesystem.Preopen {
		t.Helper()
		return filesystem.Preopen{Dir: template(t, files).Copy(l).Root()}
	},
	"volume": func(t *testing.T, files map[string]string, l provider.Limits) filesystem.Preopen {
		t.Helper()
		dir, err := hostdir.Open(t.TempDir(), hostdir.Options{Writable: true, Limits: l, MaxFileSize: l.Bytes})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = dir.Close() })
		filesystemtest.Plant(t, dir, files)
		return filesystem.Preopen{Dir: dir}
	},
	"objects": func(t *testing.T, files map[string]string, l provider.Limits) filesystem.Preopen {
		t.Helper()
		member, err := memlattice.New(memlattice.Options{}).Join("")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.CreateBucket(t.Context(), lattice.BucketConfig{Name: "blobs"}); err != nil {
			t.Fatal(err)
		}
		store := blobstore.Limit(natsobjects.Open(member, "blobs", natsobjects.Named("test"), natsobjects.Limits{}), blobstore.Limits{})
		t.Cleanup(func() { _ = store.Close() })
		objects := objectdir.New(objectdir.Options{
			Store: store, Container: "files", Prefix: "sub/", Writable: true, Limits: l,
			Failed: func(path string, err error) { t.Errorf("store %q: %v", path, err) },
		})
		filesystemtest.Plant(t, objects.Root(context.Background), files)
		return filesystem.Preopen{Open: objects.Root}
	},
}

func template(t *testing.T, files map[string]string) *memfs.Template {
	t.Helper()
	tree := memfs.New(provider.Limits{})
	filesystemtest.Plant(t, tree.Root(), files)
	return tree.Template()
}

// mountsTests are the tests of guests that attack what they are given, and of guests of
// wasi:filesystem on other directories than the host's.
var mountsTests = map[guest]func(*testing.T, guest){
	"filesystem_attack": func(t *testing.T, g guest) {
		for kind, mount := range mounts {
			t.Run(kind, func(t *testing.T) {
				p := mount(t, map[string]string{"f": "content"}, provider.Limits{Bytes: 1 << 20, Files: 100, Depth: 10})
				p.Path, p.Writable = "/data", true
				g.pass(t, preopens(p))
			})
		}
	},
	"filesystem_quota": func(t *testing.T, g guest) {
		for kind, mount := range mounts {
			for _, what := range []string{"bytes", "files", "depth"} {
				t.Run(kind+" "+what, func(t *testing.T) {
					p := mount(t, nil, filesystemtest.Limits)
					p.Path, p.Writable = "/data", true
					opts := preopens(p)
					opts.CLI.Args = []string{what}
					g.pass(t, opts)
				})
			}
		}
	},
	"filesystem_reread": func(t *testing.T, g guest) {
		for kind, mount := range mounts {
			t.Run(kind, func(t *testing.T) {
				p := mount(t, map[string]string{"dir": "/", "dir/file": strings.Repeat("x", 4096)}, provider.Limits{Bytes: 1 << 20})
				p.Path = "/data"
				opts := preopens(p)
				opts.CLI.Args = []string{"50"}
				g.pass(t, opts)
			})
		}
	},
	"filesystem_private": func(t *testing.T, g guest) {
		tmpl := template(t, map[string]string{"f": "content"})
		opts := preopens(filesystem.Preopen{Path: "/data", Writable: true, Open: func(func() context.Context) provider.Dir {
			return tmpl.Copy(provider.Limits{}).Root()
		}})
		for range 3 {
			g.pass(t, opts)
		}
		if diff := cmp.Diff(map[string]string{"f": "content"}, filesystemtest.Tree(t, tmpl.Root())); diff != "" {
			t.Errorf("the template (-want +got):\n%s", diff)
		}
		// A directory that all calls share is what the guest would have to find.
		shared := tmpl.Copy(provider.Limits{}).Root()
		opts = preopens(filesystem.Preopen{Path: "/data", Writable: true, Dir: shared})
		g.pass(t, opts)
		if o := g.run(t, opts); o.code != 1 {
			t.Errorf("with a directory that is shared: %+v, want that it finds a trace", o)
		}
	},
}

// onMemory has a guest that is given an empty directory "/" do to a tree in memory what
// it does to a directory of the host.
func onMemory(t *testing.T, g guest, files map[string]string) {
	t.Helper()
	empty := memfs.New(provider.Limits{}).Template()
	limits := provider.Limits{Bytes: 4 << 20, Files: 10_000}
	for name, tree := range map[string]*memfs.Tree{"memory": memfs.New(limits), "copy": empty.Copy(limits)} {
		t.Run(name, func(t *testing.T) {
			g.pass(t, wasi.Options{Filesystem: filesystem.Options{Preopens: []filesystem.Preopen{{Path: "/", Dir: bounded{tree.Root()}, Writable: true}}}})
			got := filesystemtest.Tree(t, tree.Root())
			for path, content := range files {
				if got[path] != content && !strings.HasPrefix(content, "-> /") {
					t.Errorf("the guest left %.100q in %q, want %.100q", got[path], path, content)
				}
			}
			if len(got) != len(files) {
				t.Errorf("the guest left %d files, want %d", len(got), len(files))
			}
		})
	}
}

// bounded is a directory whose files are no larger than the guests are told to expect.
type bounded struct{ provider.Dir }

// Open implements provider.Dir.
func (d bounded) Open(path string, how provider.Open) (provider.Object, error) {
	obj, err := d.Dir.Open(path, how)
	if obj.Dir != nil {
		obj.Dir = bounded{obj.Dir}
	}
	if obj.File != nil {
		obj.File = boundedFile{obj.File}
	}
	return obj, err
}

// Rename implements provider.Dir.
func (d bounded) Rename(path string, to provider.Dir, toPath string) error {
	return d.Dir.Rename(path, to.(bounded).Dir, toPath)
}

// Link implements provider.Dir.
func (d bounded) Link(path string, to provider.Dir, toPath string) error {
	return d.Dir.Link(path, to.(bounded).Dir, toPath)
}

type boundedFile struct{ provider.File }

// WriteAt implements provider.File.
func (f boundedFile) WriteAt(p []byte, off int64) (int, error) {
	if off > maxFileSize-int64(len(p)) {
		return 0, provider.Fail(provider.FileTooLarge)
	}
	return f.File.WriteAt(p, off)
}

// Append implements provider.File.
func (f boundedFile) Append(p []byte) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if int64(st.Size) > maxFileSize-int64(len(p)) {
		return provider.Fail(provider.FileTooLarge)
	}
	return f.File.Append(p)
}

// Truncate implements provider.File.
func (f boundedFile) Truncate(size int64) error {
	if size > maxFileSize {
		return provider.Fail(provider.FileTooLarge)
	}
	return f.File.Truncate(size)
}
