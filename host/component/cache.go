package component

import (
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
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
)

// codeCache keeps compiled code on disk. The code is machine code that will be
// run, so that:
//
//   - the directory must belong to this user and be closed to everybody else;
//   - each file carries its SHA-256, which is checked before the engine sees
//     it; a damaged one is removed and made anew;
//   - files appear under their names whole or not at all, so that any number of
//     processes may use one directory.
//
// An entry is named for the SHA-256 of the rewritten module, followed by the
// engine's own name for it, which depends on the processor. The engine works
// on a private staging directory, where an entry is put before it compiles and
// taken from afterwards.
//
// All entries together are limited to maxCache bytes; those used longest ago go
// first.
type codeCache struct {
	dir     string
	staging string
	version string // the engine's name for its version and the machine
	limit   int64
	engine  wazero.CompilationCache
	mu      sync.Mutex // one module is staged at a time
}

// CacheError says why a cache directory cannot be used.
type CacheError struct {
	Dir string
	Err error
}

func (e *CacheError) Error() string {
	return fmt.Sprintf("cache directory %q: %v; name another one or use none", e.Dir, e.Err)
}

func (e *CacheError) Unwrap() error { return e.Err }

// stagingPrefix starts the names of staging directories; one that a process
// left behind is removed when it is a day old.
const (
	maxCache      = 4 << 30
	stagingPrefix = "staging-"
	stagingAge    = 24 * time.Hour
)

func openCache(dir string) (*codeCache, error) {
	fail := func(err error) (*codeCache, error) { return nil, &CacheError{Dir: dir, Err: err} }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(cause(err))
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fail(cause(err))
	}
	if err := private(info); err != nil {
		return fail(err)
	}
	old, err := list(dir, stagingPrefix)
	if err != nil {
		return fail(cause(err))
	}
	for _, d := range old {
		if i, err := os.Stat(d); err == nil && time.Since(i.ModTime()) > stagingAge {
			_ = os.RemoveAll(d)
		}
	}
	c := &codeCache{dir: dir, limit: maxCache}
	if c.staging, err = os.MkdirTemp(dir, stagingPrefix); err != nil {
		return fail(cause(err))
	}
	if c.engine, err = wazero.NewCompilationCacheWithDir(c.staging); err != nil {
		return fail(errors.Join(err, os.RemoveAll(c.staging)))
	}
	subs, err := os.ReadDir(c.staging)
	if err != nil || len(subs) != 1 {
		return fail(errors.Join(errors.New("engine made no directory in it"), err, os.RemoveAll(c.staging)))
	}
	c.version = subs[0].Name()
	return c, nil
}

// list returns the paths in a directory whose last part starts with prefix. A
// directory that does not exist is empty.
func list(dir, prefix string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var paths []string
	for _, e := range all {
		if strings.HasPrefix(e.Name(), prefix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// cause drops the path that os errors repeat.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func (c *codeCache) close(ctx context.Context) error {
	return errors.Join(c.engine.Close(ctx), os.RemoveAll(c.staging))
}

// compile compiles a module, with the code on disk when it is there.
func (c *codeCache) compile(ctx context.Context, e *Engine, key [sha256.Size]byte, bytes []byte) (_ wazero.CompiledModule, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { err = errors.Join(err, c.clear()) }()
	if err := c.freshen(); err != nil {
		return nil, &CacheError{Dir: c.dir, Err: cause(err)}
	}
	entry := filepath.Join(c.dir, c.version, hex.EncodeToString(key[:])+"-")
	staged, err := c.stage(entry)
	if err != nil {
		return nil, err
	}
	compile := e.compileNow
	if len(staged) > 0 {
		compile = e.rt.CompileModule
	}
	compiled, err := compile(ctx, bytes)
	if err != nil {
		return nil, err
	}
	// What the engine has written is new: there was no entry, or none for this
	// processor.
	files, err := c.staged()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if staged[f] {
			continue
		}
		if err := c.keep(f, entry+filepath.Base(f)); err != nil {
			return nil, errors.Join(&CacheError{Dir: c.dir, Err: cause(err)}, compiled.Close(ctx))
		}
	}
	return compiled, nil
}

// freshen says that the staging directory is in use, and makes it anew if
// another process thought otherwise.
func (c *codeCache) freshen() error {
	if err := os.MkdirAll(filepath.Join(c.staging, c.version), 0o700); err != nil {
		return err
	}
	now := time.Now()
	return os.Chtimes(c.staging, now, now)
}

// staged returns the engine's files.
func (c *codeCache) staged() ([]string, error) {
	return list(filepath.Join(c.staging, c.version), "")
}

func (c *codeCache) clear() error {
	files, err := c.staged()
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// stage puts the files of an entry where the engine looks for them and returns
// which. Files that are not whole are removed instead.
func (c *codeCache) stage(entry string) (map[string]bool, error) {
	files, err := list(filepath.Split(entry))
	if err != nil {
		return nil, &CacheError{Dir: c.dir, Err: cause(err)}
	}
	staged := map[string]bool{}
	now := time.Now()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // another process has removed it
		}
		n := len(b) - sha256.Size
		if n < 0 || sha256.Sum256(b[:n]) != [sha256.Size]byte(b[n:]) {
			_ = os.Remove(f)
			continue
		}
		to := filepath.Join(c.staging, c.version, f[len(entry):])
		if err := os.WriteFile(to, b[:n], 0o600); err != nil {
			return nil, &CacheError{Dir: c.dir, Err: cause(err)}
		}
		staged[to] = true
		_ = os.Chtimes(f, now, now) // so that the oldest is the least used
	}
	return staged, nil
}

// keep makes a file of an entry of what the engine wrote. It appears whole or
// not at all; when two processes make the same, the second replaces the first.
func (c *codeCache) keep(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	tmp, err := os.CreateTemp(c.staging, "entry-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, h), in)
	if err == nil {
		_, err = tmp.Write(h.Sum(nil))
	}
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), to); err != nil {
		return err
	}
	return c.evict(to)
}

// evict removes the entries used longest ago until the rest fits the limit.
// The entry just made stays.
func (c *codeCache) evict(keep string) error {
	versions, err := list(c.dir, "")
	if err != nil {
		return err
	}
	var files []string
	for _, v := range versions {
		if strings.HasPrefix(filepath.Base(v), stagingPrefix) {
			continue // what is in it is being made
		}
		entries, _ := list(v, "") // what is no directory has none
		files = append(files, entries...)
	}
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	for _, f := range files {
		i, err := os.Stat(f)
		if err != nil || !i.Mode().IsRegular() {
			continue
		}
		total += i.Size()
		if f != keep {
			entries = append(entries, entry{f, i.Size(), i.ModTime()})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, x := range entries {
		if total <= c.limit {
			break
		}
		if err := os.Remove(x.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= x.size
	}
	return nil
}
