package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
)

// rereadFile is a command that opens and reads a file of 4 KiB as often as its argument
// says.
const rereadFile = "internal/guests/filesystem_reread/guest.wasm"

const (
	fsReads = 1000
	fsBytes = 4096
	fsImage = "registry.example.com/bench/data@sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// filesystems measures opening and reading a file of 4 KiB in a guest, on each kind of
// directory that can be granted, against os.ReadFile of such a file.
func filesystems(ctx context.Context, s *session) (err error) {
	if !slices.ContainsFunc(fsMounts, func(m fsMount) bool { return s.want(m.name) }) {
		return nil
	}
	dir, err := os.MkdirTemp("", "bench-fs")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	content := bytes.Repeat([]byte("x"), fsBytes)
	name := filepath.Join(dir, "dir", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600)); err != nil {
		return err
	}
	env, err := fsEnv(ctx, dir, content)
	if err != nil {
		return err
	}
	raw, _, err := s.cost(func() error {
		got, err := os.ReadFile(name)
		if err == nil && len(got) != fsBytes {
			err = fmt.Errorf("%d bytes, want %d", len(got), fsBytes)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range fsMounts {
		config := map[string]string{"/data": m.source}
		if strings.HasPrefix(m.source, "inline") {
			config["file64:/data/dir/file"] = base64.StdEncoding.EncodeToString(content)
		}
		err := s.row(row{Name: m.name, Peers: []peer{{Name: "os.ReadFile", Value: raw}}}, func(r *row) error {
			return s.reread(ctx, r, env, config)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fsMount is a kind of directory.
type fsMount struct{ name, source string }

var fsMounts = []fsMount{
	{"inline, read-only", "inline"},
	{"inline, a copy for each call", "inline rw"},
	{"image, read-only", "oci:" + fsImage},
	{"image, a copy for each call", "oci:" + fsImage + " rw"},
	{"volume, read-only", "volume:data"},
	{"volume, with limits", "volume:data rw"},
	{"objects, in memory", "objects:bench/files"},
}

// fsEnv is a host with one file in all that it has.
func fsEnv(ctx context.Context, dir string, content []byte) (*capability.Env, error) {
	member, err := memlattice.New(memlattice.Options{}).Join("")
	if err != nil {
		return nil, err
	}
	bucket := wire.Buckets{Lattice: "bench"}.Blobs()
	if _, err := member.CreateBucket(ctx, lattice.BucketConfig{Name: bucket}); err != nil {
		return nil, err
	}
	store := blobstore.Limit(natsobjects.Open(member, bucket, natsobjects.Named("bench"), natsobjects.Limits{}), blobstore.Limits{})
	err = errors.Join(
		store.CreateContainer(ctx, "files"),
		store.Put(ctx, blobstore.ID{Container: "files", Object: "dir/file"}, bytes.NewReader(content)),
		store.Close(),
	)
	if err != nil {
		return nil, err
	}
	return &capability.Env{
		Lattice: member, Name: "bench", Component: "guest",
		Volumes: map[string]capability.Volume{"data": {Dir: dir}},
		Layers: func(context.Context, string) ([]io.ReadCloser, error) {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			if err := w.WriteHeader(&tar.Header{Name: "dir/file", Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
				return nil, err
			}
			_, err := w.Write(content)
			return []io.ReadCloser{io.NopCloser(&b)}, errors.Join(err, w.Close())
		},
	}, nil
}

// reread measures the guest with a configuration of its directories. Its start is
// divided by all that it reads.
func (s *session) reread(ctx context.Context, r *row, env *capability.Env, config map[string]string) (err error) {
	link := lattice.Capability{
		Kind: "filesystem", Name: lattice.DefaultLink, Namespace: "wasi", Package: "filesystem",
		Interfaces: []string{"preopens", "types"}, Config: config,
	}
	grant, err := capability.Open(ctx, env, wasi.Options{}, []lattice.Capability{link}, func(lattice.SecretRef) (string, bool) { return "", false })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, grant.Close()) }()
	c, err := s.load(ctx, rereadFile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	opts := grant.WASI
	opts.CLI.Args = []string{"reread", strconv.Itoa(fsReads)}
	return s.costs(r, fsReads, func() error {
		state := wasi.NewState(opts)
		in, err := c.Instantiate(ctx, state, component.Limits{})
		if err != nil {
			return err
		}
		defer func() {
			in.Close()
			_ = state.Close()
		}()
		f, err := in.Func("wasi:cli/run@0.2.12", "run")
		if err != nil {
			return err
		}
		_, err = f.Call(ctx)
		var exit *component.ExitError
		if errors.As(err, &exit) && exit.Code == 0 {
			return nil
		}
		return err
	})
}
