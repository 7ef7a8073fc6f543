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
	"time"

	"github.com/tetratelabs/wazero"
)

// codeCache keeps compiled code on disk. The code is machine code that will be
// run, so that:
//
//   - the directory must belong to this user and be closed to everybody else;
//   - each file ends with its SHA-256, which is checked before the engine sees
//     it; a damaged one is removed and made anew;
//   - files appear under their names whole or not at all, so that any number of
//     processes may use one directory, and any of them may die at any time.
//
// An entry is named for the SHA-256 of the rewritten module, followed by the
// engine's own name for its shell (shell.go), which depends on the processor. The
// engine looks for code in a private staging directory, where an entry is linked
// while it is loaded. Code is made in a directory below that, one for each
// compilation, by this process or by a child.
//
// All entries together are limited to maxCache bytes; those used longest ago go
// first. What the components of this process need to be loaded again is linked in
// the staging directory as well, so that nobody takes it from them.
type codeCache struct {
	dir       string
	ephemeral bool // the directory ends with the cache
	staging   string
	version   string // the engine's name for its version and the machine
	limit     int64
	engine    wazero.CompilationCache
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

// openEphemeralCache opens a cache that is gone when it is closed.
func openEphemeralCache() (*codeCache, error) {
	dir, err := os.MkdirTemp("", "wattle-")
	if err != nil {
		return nil, &CacheError{Dir: os.TempDir(), Err: cause(err)}
	}
	c, err := openCache(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c.ephemeral = true
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
	err := errors.Join(c.engine.Close(ctx), os.RemoveAll(c.staging))
	if c.ephemeral {
		err = errors.Join(err, os.RemoveAll(c.dir))
	}
	return err
}

// fail returns err as one of the cache.
func (c *codeCache) fail(err error) error { return &CacheError{Dir: c.dir, Err: cause(err)} }

// freshen says that the staging directory is in use, and makes it anew if
// another process thought otherwise.
func (c *codeCache) freshen() error {
	if err := os.MkdirAll(filepath.Join(c.staging, c.version), 0o700); err != nil {
		return err
	}
	now := time.Now()
	return os.Chtimes(c.staging, now, now)
}

// entry is what the names of the files of a module begin with.
func (c *codeCache) entry(key moduleKey) string {
	return filepath.Join(c.dir, c.version, hex.EncodeToString(key[:])+"-")
}

// stagedCode is the code of a module where the engine looks for it.
type stagedCode struct {
	links   []string
	entries []string // what they are links to
	size    int64    // of the files
}

// release takes the code away from the engine, which has read it.
func (s *stagedCode) release() {
	for _, f := range s.links {
		_ = os.Remove(f)
	}
}

// discard removes the entries themselves: the engine cannot read them.
func (s *stagedCode) discard() {
	for _, f := range s.entries {
		_ = os.Remove(f)
	}
}

// held is the directory of the files of a module that are kept for the components
// of this process, with a slash at its end.
func (c *codeCache) held(key moduleKey) string {
	return filepath.Join(c.staging, heldDir, hex.EncodeToString(key[:])) + string(filepath.Separator)
}

// heldDir is where these directories are, in the staging directory.
const heldDir = "held"

// hold keeps the code of a module that is staged for this process, whatever
// becomes of its entry. It reports whether it can be.
func (c *codeCache) hold(s *stagedCode, key moduleKey) bool {
	held := c.held(key)
	if os.MkdirAll(held, 0o700) != nil {
		return false
	}
	for _, f := range s.links {
		if err := os.Link(f, held+filepath.Base(f)); err != nil && !errors.Is(err, fs.ErrExist) {
			return false
		}
	}
	return true
}

// unhold ends what hold has begun.
func (c *codeCache) unhold(key moduleKey) {
	_ = os.RemoveAll(c.held(key))
}

// stage puts the files of a module where the engine looks for them. Files that
// are not whole are removed instead.
func (c *codeCache) stage(key moduleKey) (*stagedCode, error) {
	if err := c.freshen(); err != nil {
		return nil, c.fail(err)
	}
	s, err := c.stageFrom(c.held(key))
	if err == nil && len(s.links) == 0 {
		s, err = c.stageFrom(c.entry(key))
	}
	return s, err
}

// stageFrom stages the files whose paths start with entry.
func (c *codeCache) stageFrom(entry string) (*stagedCode, error) {
	files, err := list(filepath.Split(entry))
	if err != nil {
		return nil, c.fail(err)
	}
	s := &stagedCode{}
	now := time.Now()
	for _, f := range files {
		size, err := wholeSize(f)
		if err != nil {
			continue // another process has removed it
		}
		if size == 0 {
			_ = os.Remove(f)
			continue
		}
		s.size += size
		to := filepath.Join(c.staging, c.version, f[len(entry):])
		if err := link(f, to); err != nil {
			s.release()
			return nil, c.fail(err)
		}
		s.links, s.entries = append(s.links, to), append(s.entries, f)
		_ = os.Chtimes(f, now, now) // so that the oldest is the least used
	}
	return s, nil
}

// wholeSize returns the size of a file that ends with the sum of what precedes
// it, and 0 if it does not.
func wholeSize(file string) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	h := sha256.New()
	if n := info.Size() - sha256.Size; n < 0 {
		return 0, nil
	} else if _, err := io.CopyN(h, f, n); err != nil {
		return 0, err
	}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(f, sum[:]); err != nil {
		return 0, err
	}
	if [sha256.Size]byte(h.Sum(nil)) != sum {
		return 0, nil
	}
	return info.Size(), nil
}

// link makes a file appear under another name as well; as a copy where the file
// system has no links. Entries are never written to.
func link(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// workshop returns a new directory for one compilation. The caller removes it.
func (c *codeCache) workshop() (string, error) {
	if err := c.freshen(); err != nil {
		return "", c.fail(err)
	}
	dir, err := os.MkdirTemp(c.staging, "compile-")
	if err != nil {
		return "", c.fail(err)
	}
	return dir, nil
}

// newCode is code that was compiled in a workshop.
type newCode struct {
	workshop string
	file     string
	size     int64
	as       string // the name under which the engine will look for it
}

// find finds what the compiler has made of a module in a workshop, and of its
// shell if there is one.
func (c *codeCache) find(made *newCode, shell bool) error {
	file, err := c.onlyFile(made.workshop)
	if err != nil {
		return err
	}
	named := file
	if shell {
		if named, err = c.onlyFile(filepath.Join(made.workshop, shellDir)); err != nil {
			return err
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return c.fail(err)
	}
	made.file, made.size, made.as = file, info.Size(), filepath.Base(named)
	return nil
}

func (c *codeCache) onlyFile(dir string) (string, error) {
	files, err := list(filepath.Join(dir, c.version), "")
	if err != nil {
		return "", c.fail(err)
	}
	if len(files) != 1 {
		return "", &internalError{fmt.Errorf("the compiler made %d files of a module", len(files))}
	}
	return files[0], nil
}

// keep makes an entry of code of at most limit bytes and stages it. The entry
// appears whole or not at all; when two processes make the same, the second
// replaces the first.
func (c *codeCache) keep(made newCode, key moduleKey, limit uint64) (*stagedCode, error) {
	if uint64(made.size) > limit {
		return nil, &LimitError{Name: LimitCompile, What: "bytes of machine code for a module", Max: limit}
	}
	if err := seal(made.file); err != nil {
		return nil, c.fail(err)
	}
	s := &stagedCode{links: []string{filepath.Join(c.staging, c.version, made.as)}, size: made.size}
	if err := link(made.file, s.links[0]); err != nil {
		return nil, c.fail(err)
	}
	if c.ephemeral {
		return s, nil
	}
	entry := c.entry(key) + made.as
	err := os.MkdirAll(filepath.Dir(entry), 0o700)
	if err == nil {
		err = os.Rename(made.file, entry)
	}
	if err == nil {
		err = c.evict(entry)
	}
	if err != nil {
		s.release()
		return nil, c.fail(err)
	}
	return s, nil
}

// seal appends to a file its sum.
func seal(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err == nil {
		_, err = f.Write(h.Sum(nil))
	}
	return errors.Join(err, f.Close())
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
