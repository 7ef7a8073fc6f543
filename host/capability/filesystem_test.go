package capability_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	hostcapability "github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
)

const image = "registry.example.com/team/data@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// filesystems are links to the kind filesystem.
func filesystems(configs ...map[string]string) []lattice.Capability {
	var links []lattice.Capability
	for i, c := range configs {
		links = append(links, lattice.Capability{
			Kind: "filesystem", Name: lattice.LinkName([]string{"default", "second", "third"}[i]),
			Namespace: "wasi", Package: "filesystem", Interfaces: []string{"types", "preopens"},
			Config: c, Secrets: map[string]lattice.SecretRef{"token": {Name: "token", Version: 1}},
		})
	}
	return links
}

func secret(lattice.SecretRef) (string, bool) { return "s3cret", true }

// environment is what a host has.
func environment(t *testing.T) *hostcapability.Env {
	t.Helper()
	l, err := memlattice.New(memlattice.Options{}).Join("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: wire.Buckets{Lattice: "test"}.Blobs()}); err != nil {
		t.Fatal(err)
	}
	data, fixed := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{filepath.Join(data, "have"): "data", filepath.Join(fixed, "have"): "fixed"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/", filepath.Join(data, "root")); err != nil {
		t.Fatal(err)
	}
	return &hostcapability.Env{
		Lattice: l, Name: "test", Component: "app",
		Volumes: map[string]hostcapability.Volume{"data": {Dir: data}, "fixed": {Dir: fixed, ReadOnly: true}},
		Layers: func(_ context.Context, ref string) ([]io.ReadCloser, error) {
			if ref != image {
				return nil, lattice.ErrNotFound
			}
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			if err := w.WriteHeader(&tar.Header{Name: "dir/file", Size: 5, Typeflag: tar.TypeReg}); err != nil {
				return nil, err
			}
			_, err := io.WriteString(w, "image")
			return []io.ReadCloser{io.NopCloser(&b)}, errors.Join(err, w.Close())
		},
	}
}

func grant(t *testing.T, env *hostcapability.Env, links []lattice.Capability) *hostcapability.Grant {
	t.Helper()
	g, err := hostcapability.Open(t.Context(), env, wasi.Options{}, links, secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// mounts opens all directories of a grant, as an instance does, by their paths.
func mounts(t *testing.T, g *hostcapability.Grant) map[string]provider.Dir {
	t.Helper()
	dirs := map[string]provider.Dir{}
	for _, p := range g.WASI.Filesystem.Preopens {
		dirs[p.Path] = p.Dir
		if p.Open != nil {
			dirs[p.Path] = p.Open(context.Background)
		}
	}
	return dirs
}

func TestFilesystem(t *testing.T) {
	env := environment(t)
	g := grant(t, env, filesystems(
		map[string]string{"/scratch": "memory", "/etc/app": "inline", "file:/etc/app/sub/a.yaml": "token: ${secret:token}"},
		map[string]string{"/data": "volume:data/made/here rw", "/fixed": "volume:fixed", "/image": "oci:" + image},
		map[string]string{"/copy": "oci:" + image + " rw", "/objects": "objects:shared/files/sub rw", "/all": "objects:shared/files"},
	))
	var paths []string
	for _, p := range g.WASI.Filesystem.Preopens {
		rw := " ro"
		if p.Writable {
			rw = " rw"
		}
		paths = append(paths, p.Path+rw)
	}
	want := []string{"/all ro", "/copy rw", "/data rw", "/etc/app ro", "/fixed ro", "/image ro", "/objects rw", "/scratch rw"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
	first, second := mounts(t, g), mounts(t, g)
	for path, d := range first {
		err := d.Mkdir("made")
		writable := map[string]bool{"/copy": true, "/data": true, "/objects": true, "/scratch": true}[path]
		if writable && err != nil || !writable && filesystemCode(err) != provider.ReadOnly {
			t.Errorf("mkdir in %s: %v", path, err)
		}
	}
	// What is private to a call is not seen by another, and the rest is.
	for path, files := range map[string]map[string]string{
		"/scratch": {},
		"/etc/app": {"sub": "/", "sub/a.yaml": "token: s3cret"},
		"/data":    {"made": "/"},
		"/fixed":   {"have": "fixed"},
		"/image":   {"dir": "/", "dir/file": "image"},
		"/copy":    {"dir": "/", "dir/file": "image"},
		"/objects": {"made": "/"},
		"/all":     {"sub": "/", "sub/made": "/"},
	} {
		if diff := cmp.Diff(files, filesystemtest.Tree(t, second[path])); diff != "" {
			t.Errorf("%s as another call sees it (-want +got):\n%s", path, diff)
		}
	}
	if info, err := os.Stat(filepath.Join(env.Volumes["data"].Dir, "made", "here", "made")); err != nil || !info.IsDir() {
		t.Errorf("in the volume: %v", err)
	}
}

func filesystemCode(err error) provider.Code {
	if err == nil {
		return provider.IO
	}
	return provider.CodeOf(err)
}

// Instances are given the directories, and what is theirs alone ends with them.
func TestPrivateDirectories(t *testing.T) {
	g := grant(t, environment(t), filesystems(map[string]string{"/scratch": "memory"}))
	for range 2 {
		state := filesystem.NewState(g.WASI.Filesystem)
		dirs, err := state.GetDirectories(nil)
		if err != nil || len(dirs) != 1 {
			t.Fatalf("get-directories = %v, %v", dirs, err)
		}
		again, err := state.GetDirectories(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := dirs[0].V0.CreateDirectoryAt(nil, "trace"); err != nil {
			t.Fatalf("there is something left of another instance: %v", err)
		}
		if _, err := again[0].V0.StatAt(nil, 0, "trace"); err != nil {
			t.Errorf("the same instance has another directory: %v", err)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesystemRefusals(t *testing.T) {
	env := environment(t)
	bare := *env
	bare.Layers = nil
	for _, test := range []struct {
		env   *hostcapability.Env
		links []lattice.Capability
		want  error
		text  string
	}{
		{env, filesystems(map[string]string{"/a": "volume:other"}), lattice.ErrNotFound, "--volume other=DIR"},
		{env, filesystems(map[string]string{"/a": "volume:fixed rw"}), lattice.ErrDenied, "volume.fixed=rw"},
		{env, filesystems(map[string]string{"/a": "volume:data/nothing"}), nil, "no such file"},
		{env, filesystems(map[string]string{"/a": "volume:data/root/etc"}), nil, "escapes"},
		{env, filesystems(map[string]string{"/a": "volume:data/root/tmp/made rw"}), nil, "escapes"},
		{env, filesystems(map[string]string{"/a": "volume:data/have"}), nil, "not a directory"},
		{env, filesystems(map[string]string{"/a": "oci:" + strings.Replace(image, "0123", "3210", 1)}), lattice.ErrNotFound, `directory "/a"`},
		{env, filesystems(map[string]string{"/a": "oci:" + image + " image=4B"}), nil, "file too large"},
		{&bare, filesystems(map[string]string{"/a": "oci:" + image}), lattice.ErrUnavailable, "fetch images"},
		{env, filesystems(map[string]string{"/a": "memory"}, map[string]string{"/a/b": "memory"}), lattice.ErrInvalid, `directory "/a/b"`},
		{env, filesystems(map[string]string{"/a": "memory x"}), lattice.ErrInvalid, "config of wattle://filesystem"},
	} {
		g, err := hostcapability.Open(t.Context(), test.env, wasi.Options{}, test.links, secret)
		if err == nil {
			t.Errorf("%v is granted", test.links[0].Config)
			_ = g.Close()
			continue
		}
		if test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: %v, want %v with %q", test.links[0].Config, err, test.want, test.text)
		}
	}
}
