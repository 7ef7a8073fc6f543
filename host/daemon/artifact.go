package daemon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxArtifact bounds a component's binary.
const maxArtifact = 256 << 20

// fetchTime bounds how long it is read from the object store.
const fetchTime = 5 * time.Minute

// artifacts are the binaries of components, by digest. Its methods may be called at
// the same time.
type artifacts struct {
	dir   string
	limit int64 // of what is kept
	files bool  // refs may name files
	open  func(context.Context) (lattice.Objects, error)
	log   *slog.Logger

	mu     sync.Mutex
	wanted map[string]bool // digests
}

// fetchError is that an artifact cannot be had now.
type fetchError struct {
	digest string
	err    error
}

func (e *fetchError) Error() string { return fmt.Sprintf("artifact %s: %v", e.digest, e.err) }

func (e *fetchError) Unwrap() error { return e.err }

// keep says which artifacts are wanted.
func (a *artifacts) keep(digests map[string]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wanted = digests
}

// get returns the artifact with a digest, which its bytes have.
func (a *artifacts) get(ctx context.Context, digest, ref string) ([]byte, error) {
	name, err := wire.ArtifactName(digest)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(a.dir, name+".wasm")
	if wasm := a.kept(file, digest); wasm != nil {
		return wasm, nil
	}
	wasm, err := a.fetch(ctx, name, digest)
	if err != nil && a.files {
		local, fileErr := fromFile(ref, digest)
		if fileErr == nil {
			return local, nil // it is there to be read again
		}
		err = errors.Join(err, fileErr)
	}
	if err != nil {
		return nil, &fetchError{digest, err}
	}
	a.store(file, wasm)
	return wasm, nil
}

// kept returns what is in a file, if it is what it should be.
func (a *artifacts) kept(file, digest string) []byte {
	wasm, err := readFile(file, maxArtifact)
	if err == nil {
		err = check(wasm, digest)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		a.log.Warn("artifact on disk not used: it is fetched again", "file", file, "error", err)
		return nil
	}
	now := time.Now()
	if err := os.Chtimes(file, now, now); err != nil {
		a.log.Debug("artifact's time not set", "file", file, "error", err)
	}
	return wasm
}

// fetch reads an artifact from the object store.
func (a *artifacts) fetch(ctx context.Context, name, digest string) (_ []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	objects, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := objects.Open(ctx, name)
	if errors.Is(err, lattice.ErrNotFound) {
		return nil, fmt.Errorf("%w in the lattice's object store: start the component from its file again, which uploads it", err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	wasm, err := readBounded(r, maxArtifact)
	if err != nil {
		return nil, err
	}
	return wasm, check(wasm, digest)
}

// fromFile reads an artifact from the file that its ref names.
func fromFile(ref, digest string) ([]byte, error) {
	wasm, err := readFile(strings.TrimPrefix(ref, "file://"), maxArtifact)
	if err != nil {
		return nil, err
	}
	if err := check(wasm, digest); err != nil {
		return nil, fmt.Errorf("file %q: %w", ref, err)
	}
	return wasm, nil
}

// check compares a digest with that of some bytes.
func check(wasm []byte, digest string) error {
	sum := sha256.Sum256(wasm)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != digest {
		return fmt.Errorf("%w: its digest is %s, not %s", lattice.ErrInvalid, got, digest)
	}
	return nil
}

// store keeps an artifact, if there is a place for it.
func (a *artifacts) store(file string, wasm []byte) {
	err := os.MkdirAll(a.dir, 0o700)
	if err == nil {
		err = replace(file, wasm)
	}
	if err != nil {
		a.log.Warn("artifact not stored: it is used, and has to be fetched again after a restart; make room, or have the data directory be writable",
			"file", file, "error", err)
		return
	}
	if err := a.evict(); err != nil {
		a.log.Warn("artifacts not removed", "error", err)
	}
}

// evict removes the artifacts that were used longest ago, until the rest is within
// the limit.
func (a *artifacts) evict() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	var size int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			all = append(all, info)
			size += info.Size()
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	var errs []error
	for _, info := range all {
		if size <= a.limit {
			break
		}
		if a.wanted["sha256:"+strings.TrimSuffix(info.Name(), ".wasm")] {
			continue
		}
		if err := os.Remove(filepath.Join(a.dir, info.Name())); err != nil {
			errs = append(errs, err)
			continue
		}
		size -= info.Size()
	}
	return errors.Join(errs...)
}
