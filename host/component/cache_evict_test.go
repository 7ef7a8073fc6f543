package component

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Entries that were used longest ago go when the limit is exceeded; the one
// just made stays, even if it alone exceeds it.
func TestCacheEviction(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c, err := openCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	c.limit = 250
	put := func(name string, size int, age time.Duration) string {
		t.Helper()
		workshop, err := c.workshop()
		if err != nil {
			t.Fatal(err)
		}
		made := filepath.Join(workshop, c.version, name)
		if err := errors.Join(os.Mkdir(filepath.Dir(made), 0o700), os.WriteFile(made, make([]byte, size), 0o600)); err != nil {
			t.Fatal(err)
		}
		key := moduleKey([]byte(strings.Repeat(name, len(moduleKey{}))))
		staged, err := c.keep(newCode{workshop: workshop, file: made, size: int64(size), as: name}, key, uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		staged.release()
		to := c.entry(key) + name
		then := time.Now().Add(-age)
		if err := os.Chtimes(to, then, then); err != nil {
			t.Fatal(err)
		}
		return to
	}
	want := func(file string, there bool) {
		t.Helper()
		if _, err := os.Stat(file); (err == nil) != there || err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, want it there: %v", filepath.Base(file), err, there)
		}
	}
	// Each is 32 bytes longer, by its sum.
	a := put("a", 68, 3*time.Hour)
	b := put("b", 68, 4*time.Hour)
	want(a, true)
	want(b, true)
	d := put("d", 68, time.Hour)
	want(a, true)
	want(b, false) // the oldest
	want(d, true)
	e := put("e", 18, 5*time.Hour) // fits
	want(a, true)
	want(d, true)
	want(e, true)
	f := put("f", 1000, 0)
	want(a, false)
	want(d, false)
	want(e, false)
	want(f, true)
}

// What another process is making is not taken from it.
func TestCacheEvictionSparesStaging(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c, err := openCache(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	c.limit = 1
	theirs := filepath.Join(dir, stagingPrefix+"1", "entry-1")
	if err := os.Mkdir(filepath.Dir(theirs), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.evict(""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

// What is loaded is loaded and never compiled: the engine is asked in a way that
// leaves it no choice. This fails if another version of it finds one.
func TestLoadWithoutCode(t *testing.T) {
	e, err := NewEngine(t.Context(), &EngineOptions{CacheDir: filepath.Join(t.TempDir(), "cache")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	module := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b")
	if _, err := e.loadStaged(t.Context(), &moduleSource{shell: module}, &stagedCode{}); !errors.Is(err, errNoCode) {
		t.Errorf("a module that is not in the cache: %v", err)
	}
	module[len(module)-1] = 0x1a // (drop), and no end
	if _, err := e.loadStaged(t.Context(), &moduleSource{shell: module}, &stagedCode{}); err == nil || errors.Is(err, errNoCode) {
		t.Errorf("a module that is not valid: %v", err)
	}
}
