package oci

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/wattle-dev/wattle/lattice"
)

// MaxKept bounds what a directory keeps of images of files, in bytes. What was used
// longest ago is removed first.
const MaxKept = 8 << 30

// kept is a directory that keeps images of files: the provenance of each reference, and
// layers by their digests. Several processes may use it. What is in it is checked whenever
// it is used.
type kept struct{ dir string }

const (
	imageSuffix = ".image"
	layerSuffix = ".layer"
	newPrefix   = "new-" // of files that are being written
	newAge      = 24 * time.Hour
)

// image is the file of a reference.
func (k kept) image(ref Reference) string {
	sum := sha256.Sum256([]byte(ref.String()))
	return filepath.Join(k.dir, hex.EncodeToString(sum[:])+imageSuffix)
}

// layer is the file of a layer, whose digest is one of SHA-256.
func (k kept) layer(d *ocispec.Descriptor) string {
	return filepath.Join(k.dir, d.Digest.Encoded()+layerSuffix)
}

// open opens the layers of an image, if all of them are there and the policy allows it.
func (k kept) open(ref Reference, policy *Policy) (_ []io.ReadCloser, err error) {
	text, err := readFile(k.image(ref))
	if err != nil {
		return nil, err
	}
	p, err := DecodeProvenance(text)
	if err != nil {
		return nil, err
	}
	if p.Ref != ref.String() {
		return nil, fmt.Errorf("%w: it is of image %q", lattice.ErrInvalid, p.Ref)
	}
	if err := p.pinned(); err != nil {
		return nil, err
	}
	if err := policy.AllowsImage(p); err != nil {
		return nil, err
	}
	all, err := layersOf(p.Manifest)
	if err != nil {
		return nil, err
	}
	var opened []io.ReadCloser
	defer func() {
		if err != nil {
			for _, f := range opened {
				_ = f.Close() // it was only read
			}
		}
	}()
	for i := range all {
		f, err := k.openLayer(&all[i])
		if err != nil {
			return nil, err
		}
		opened = append(opened, f)
	}
	used(k.image(ref))
	return opened, nil
}

// openLayer opens a layer, which is what its digest says.
func (k kept) openLayer(d *ocispec.Descriptor) (_ *os.File, err error) {
	f, err := os.Open(k.layer(d))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it was only read
		}
	}()
	v := content.NewVerifyReader(f, *d)
	if _, err := io.Copy(io.Discard, v); err != nil {
		return nil, err
	}
	if err := v.Verify(); err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	used(f.Name())
	return f, nil
}

// used notes that a file was used.
func used(file string) {
	now := time.Now()
	_ = os.Chtimes(file, now, now) // it is removed earlier otherwise
}

// add keeps an image: its layers, which are read from the registry if they are not there,
// and then its provenance.
func (k kept) add(ctx context.Context, r *remote.Repository, p *Provenance, ref Reference, layers []ocispec.Descriptor) error {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	for i := range layers {
		if err := k.addLayer(ctx, r, &layers[i]); err != nil {
			return err
		}
	}
	text, err := p.Encode()
	if err != nil {
		return err
	}
	if err := k.write(k.image(ref), strings.NewReader(string(text))); err != nil {
		return err
	}
	return k.evict()
}

// addLayer keeps a layer.
func (k kept) addLayer(ctx context.Context, r *remote.Repository, d *ocispec.Descriptor) (err error) {
	if f, err := k.openLayer(d); err == nil {
		return f.Close()
	}
	body, err := r.Blobs().Fetch(ctx, *d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	return k.write(k.layer(d), &layer{content.NewVerifyReader(body, *d), body})
}

// write writes a file as a whole or not at all.
func (k kept) write(file string, from io.Reader) (err error) {
	f, err := os.CreateTemp(k.dir, newPrefix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = io.Copy(f, from)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// evict removes what was used longest ago, until the rest is within the bound, and what a
// process has left behind that did not end well. Layers that are open are read to their
// end all the same.
func (k kept) evict() error {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it has just been removed, or is somebody else's
		}
		if strings.HasPrefix(info.Name(), newPrefix) && time.Since(info.ModTime()) < newAge {
			continue
		}
		all = append(all, info)
		size += info.Size()
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	var errs []error
	for _, info := range all {
		if size <= MaxKept && !strings.HasPrefix(info.Name(), newPrefix) {
			continue
		}
		if err := os.Remove(filepath.Join(k.dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		size -= info.Size()
	}
	return errors.Join(errs...)
}

// readFile reads the file of a provenance.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return readAll(f, MaxProvenance)
}
