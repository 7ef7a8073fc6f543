package component_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// largeComponent returns a component with one core module of some 300 KB,
// nearly all of it data, which is worth mentioning and compiled in no time. The
// data is in a passive segment: others do not become part of the code.
func largeComponent(seed byte) []byte {
	section := func(id byte, body ...byte) []byte {
		return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
	}
	data := make([]byte, 300<<10)
	data[0] = seed
	segment := append([]byte{1, 1}, binary.AppendUvarint(nil, uint64(len(data)))...)
	module := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	module = append(module, section(1, 1, 0x60, 0, 1, 0x7f)...)          // () -> i32
	module = append(module, section(3, 1, 0)...)                         // one function
	module = append(module, section(5, 1, 0, 16)...)                     // a memory
	module = append(module, section(7, 1, 1, 'f', 0, 0)...)              // (export "f")
	module = append(module, section(10, 1, 4, 0, 0x41, 42, 0x0b)...)     // i32.const 42
	module = append(module, section(11, append(segment, data...)...)...) // (data …)
	c := []byte{0, 'a', 's', 'm', 0x0d, 0, 1, 0}
	c = append(c, section(1, module...)...)
	return append(c, section(2, 1, 0, 0, 0)...) // (core instance (instantiate 0))
}

// compiled loads a component with an engine of its own and returns how many
// modules had to be compiled.
func compiled(t *testing.T, dir string, wasm []byte) int {
	t.Helper()
	var n atomic.Int32
	e, err := component.NewEngine(t.Context(), &component.EngineOptions{CacheDir: dir, Progress: func(size int, done bool) {
		if size < len(wasm)/2 {
			t.Errorf("progress of %d bytes", size)
		}
		if done {
			n.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	c, err := e.Load(t.Context(), wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.Instantiate(t.Context(), nil, component.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return int(n.Load())
}

// entries returns the files of a cache.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCacheHit(t *testing.T) {
	dir, wasm := filepath.Join(t.TempDir(), "a", "b"), largeComponent(0)
	if got := compiled(t, dir, wasm); got != 1 {
		t.Errorf("the first engine compiles %d modules, want 1", got)
	}
	for range 2 {
		if got := compiled(t, dir, wasm); got != 0 {
			t.Errorf("a second engine compiles %d modules, want none", got)
		}
	}
	if got := compiled(t, dir, largeComponent(1)); got != 1 {
		t.Errorf("another component: %d modules compiled, want 1", got)
	}
	// Nothing but the entries is left, for the user alone.
	if left, err := filepath.Glob(filepath.Join(dir, "staging-*")); err != nil || len(left) > 0 {
		t.Errorf("staging directories are left: %v, %v", left, err)
	}
	files := entries(t, dir)
	if len(files) != 2 {
		t.Errorf("entries %v, want 2", files)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
}

func TestCacheCorrupted(t *testing.T) {
	dir, wasm := t.TempDir(), largeComponent(0)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	compiled(t, dir, wasm)
	for name, damage := range map[string]func([]byte) []byte{
		"a byte changed":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"the sum changed": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut short":       func(b []byte) []byte { return b[:len(b)-1] },
		"a few bytes":     func(b []byte) []byte { return b[:5] },
		"empty":           func([]byte) []byte { return nil },
		"longer":          func(b []byte) []byte { return append(b, 0) },
	} {
		files := entries(t, dir)
		if len(files) != 1 {
			t.Fatalf("entries %v, want 1", files)
		}
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], damage(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := compiled(t, dir, wasm); got != 1 {
			t.Errorf("%s: %d modules compiled, want 1", name, got)
		}
		if got := compiled(t, dir, wasm); got != 0 {
			t.Errorf("%s: %d modules compiled after repair, want none", name, got)
		}
	}
}

func TestCacheRefused(t *testing.T) {
	open := t.TempDir()
	if err := os.Chmod(open, 0o750); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{"open to others": open, "a file": file, "below a file": filepath.Join(file, "dir")}
	if os.Getuid() != 0 { // root may write where nobody may
		readOnly := t.TempDir()
		if err := os.Chmod(readOnly, 0o500); err != nil {
			t.Fatal(err)
		}
		dirs["read-only"] = readOnly
		dirs["below a read-only one"] = filepath.Join(readOnly, "dir")
	}
	for name, dir := range dirs {
		e, err := component.NewEngine(t.Context(), &component.EngineOptions{CacheDir: dir})
		var ce *component.CacheError
		if !errors.As(err, &ce) || ce.Dir != dir {
			t.Errorf("%s: got %v, want a *CacheError for %q", name, err, dir)
		}
		if err == nil {
			_ = e.Close(t.Context())
		}
	}
}

// Two engines may use one directory at once, for one component as well.
func TestCacheShared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	var wg sync.WaitGroup
	for n := range byte(6) {
		wg.Go(func() { compiled(t, dir, largeComponent(n/2)) })
	}
	wg.Wait()
	for n := range byte(3) {
		if got := compiled(t, dir, largeComponent(n)); got != 0 {
			t.Errorf("component %d: %d modules compiled, want none", n, got)
		}
	}
}

// What a process that died has left is removed after a day.
func TestCacheStaging(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	old, fresh := filepath.Join(dir, "staging-old"), filepath.Join(dir, "staging-fresh")
	for _, d := range []string{old, fresh} {
		if err := os.MkdirAll(filepath.Join(d, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	compiled(t, dir, largeComponent(0))
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the fresh one: %v", err)
	}
}

// A directory may have a name that is a bad pattern.
func TestCacheInOddDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[x")
	wasm := largeComponent(9)
	if n := compiled(t, dir, wasm); n != 1 {
		t.Errorf("compiled %d times, want 1", n)
	}
	if n := compiled(t, dir, wasm); n != 0 {
		t.Errorf("compiled %d times with a full cache, want 0", n)
	}
}

// A process that has compiled nothing for a day may lose its directory to
// another, and goes on.
func TestCacheStagingRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	e := newEngine(t, &component.EngineOptions{CacheDir: dir})
	staging, err := filepath.Glob(filepath.Join(dir, "staging-*"))
	if err != nil || len(staging) != 1 {
		t.Fatalf("%v, %v", staging, err)
	}
	if err := os.RemoveAll(staging[0]); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), largeComponent(8), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
