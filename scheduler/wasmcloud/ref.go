package wasmcloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxFile bounds a binary that is read from a file, in bytes.
const maxFile = 128 << 20

// digest returns the digest of a ref that names a file or an image in a registry, of
// which the binary is in the lattice then. Of other refs, and of images that cannot be
// fetched, it returns nothing: the scheduler knows them or does not.
func (e *Edge) digest(ctx context.Context, ref string) (string, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "file" {
		return e.fetch(ctx, ref), nil //nolint:nilerr // a ref need not be a URL
	}
	if !e.opts.AllowFileRefs {
		return "", fmt.Errorf("ref %q: files are not read here: %w: store the binary with `wattle component push` and name the digest that it says", ref, lattice.ErrDenied)
	}
	if u.Host != "" && u.Host != "localhost" || !filepath.IsAbs(u.Path) {
		return "", bad("ref %q: want file:// and an absolute path", ref)
	}
	binary, err := readFile(u.Path)
	if err != nil {
		return "", fmt.Errorf("ref %q: %w", ref, err)
	}
	sum := sha256.Sum256(binary)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	name, err := wire.ArtifactName(digest)
	if err != nil {
		return "", err
	}
	objects, err := e.lattice.Objects(ctx, e.buckets.Artifacts(), false)
	if err != nil {
		return "", fmt.Errorf("object store %q: %w", e.buckets.Artifacts(), err)
	}
	has, err := objects.Has(ctx, name)
	if err == nil && !has {
		err = objects.Put(ctx, name, bytes.NewReader(binary))
	}
	if err != nil {
		return "", fmt.Errorf("object store %q: %w", e.buckets.Artifacts(), err)
	}
	return digest, nil
}

// fetch brings an image into the lattice.
func (e *Edge) fetch(ctx context.Context, ref string) string {
	if e.opts.Fetch == nil {
		return ""
	}
	digest, err := e.opts.Fetch(ctx, ref)
	if err != nil {
		e.log.WarnContext(ctx, "image not fetched", "error", err)
		return ""
	}
	return digest
}

// readFile reads a regular file that is not too long.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("file %w on the machine of the scheduler", lattice.ErrNotFound)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		// Opening a pipe would wait for its other end.
		return nil, bad("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = bad("the file has more than %d bytes", maxFile)
	}
	return data, err
}
