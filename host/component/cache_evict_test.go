package component

import (
	"errors"
	"os"
	"path/filepath"
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
	from := filepath.Join(dir, "code")
	put := func(name string, size int, age time.Duration) string {
		t.Helper()
		if err := os.WriteFile(from, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, c.version, name+"-")
		if err := c.keep(from, to); err != nil {
			t.Fatal(err)
		}
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
