package latticetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/wattle-dev/wattle/lattice"
)

// storeName is the object store of the cases.
const storeName = "store"

func newStore(tb testing.TB, m lattice.Lattice) lattice.Objects {
	tb.Helper()
	o, err := m.Objects(within(tb), storeName, true)
	if err != nil {
		tb.Fatalf("Objects: %v", err)
	}
	return o
}

func putObject(tb testing.TB, o lattice.Objects, name string, data []byte) {
	tb.Helper()
	if err := o.Put(within(tb), name, bytes.NewReader(data)); err != nil {
		tb.Fatalf("Put of object %q: %v", name, err)
	}
}

// wantObject fails if an object is another.
func wantObject(tb testing.TB, o lattice.Objects, name string, want []byte) {
	tb.Helper()
	r, err := o.Open(within(tb), name)
	if err != nil {
		tb.Fatalf("Open(%q): %v", name, err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		tb.Fatalf("read object %q: %v", name, err)
	}
	if err := r.Close(); err != nil {
		tb.Errorf("close object %q: %v", name, err)
	}
	if !bytes.Equal(got, want) {
		tb.Fatalf("object %q has %d bytes %.40q, want %d %.40q", name, len(got), got, len(want), want)
	}
}

// noise is bytes that follow from a seed.
func noise(seed uint64, n int) []byte {
	data, err := io.ReadAll(io.LimitReader(noisy(seed), int64(n)))
	if err != nil {
		panic(err)
	}
	return data
}

func noisy(seed uint64) io.Reader {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	return rand.NewChaCha8(key)
}

func objects(tb testing.TB, e *Env) {
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	if _, err := a.Objects(within(tb), storeName, false); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Objects of a store that does not exist: %v, want ErrNotFound", err)
	}
	mine := newStore(tb, a)
	theirs, err := b.Objects(within(tb), storeName, false)
	if err != nil {
		tb.Fatal(err)
	}
	has := func(want bool) {
		tb.Helper()
		if got, err := theirs.Has(within(tb), "o"); err != nil || got != want {
			tb.Errorf("Has = %v, %v, want %v", got, err, want)
		}
	}
	has(false)
	if _, err := theirs.Open(within(tb), "o"); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Open of what is not there: %v, want ErrNotFound", err)
	}
	if err := theirs.Delete(within(tb), "o"); err != nil {
		tb.Errorf("Delete of what is not there: %v", err)
	}
	data := noise(1, 1<<20+17)
	putObject(tb, mine, "o", data)
	has(true)
	wantObject(tb, theirs, "o", data)
	putObject(tb, mine, "empty", nil)
	wantObject(tb, theirs, "empty", nil)
	if err := theirs.Delete(within(tb), "o"); err != nil {
		tb.Fatal(err)
	}
	has(false)
	if _, err := mine.Open(within(tb), "o"); !errors.Is(err, lattice.ErrNotFound) {
		tb.Errorf("Open of what was deleted: %v, want ErrNotFound", err)
	}
	// It can be put again, and making the store again keeps what is in it.
	putObject(tb, mine, "o", data)
	wantObject(tb, newStore(tb, b), "o", data)
}

func objectReplace(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	o := newStore(tb, a)
	first, second := noise(1, 300<<10), noise(2, 200<<10)
	putObject(tb, o, "o", first)
	// Until all is read the old one is there.
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- o.Put(within(tb), "o", r) }()
	if _, err := w.Write(second[:100<<10]); err != nil {
		tb.Fatal(err)
	}
	wantObject(tb, o, "o", first)
	if _, err := w.Write(second[100<<10:]); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := receive(tb, done); err != nil {
		tb.Fatal(err)
	}
	wantObject(tb, o, "o", second)
}

// objectBroken is a reader that fails: nothing is stored and the old one stays.
func objectBroken(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	o := newStore(tb, a)
	old := noise(1, 200<<10)
	putObject(tb, o, "o", old)
	broken := errors.New("the disk is gone")
	for _, name := range []string{"o", "new"} {
		err := o.Put(within(tb), name, io.MultiReader(bytes.NewReader(noise(2, 300<<10)), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			tb.Errorf("Put from a broken reader: %v, want its error", err)
		}
	}
	wantObject(tb, o, "o", old)
	if has, err := o.Has(within(tb), "new"); err != nil || has {
		tb.Errorf("Has of what was never stored = %v, %v", has, err)
	}
	ctx, cancel := context.WithCancel(within(tb))
	cancel()
	if err := o.Put(ctx, "o", bytes.NewReader(noise(3, 1000))); !errors.Is(err, context.Canceled) {
		tb.Errorf("Put with a context that had ended: %v, want Canceled", err)
	}
	wantObject(tb, o, "o", old)
}

// objectHalfRead closes objects before their end.
func objectHalfRead(tb testing.TB, e *Env) {
	a := e.Join(tb, "a")
	o := newStore(tb, a)
	data := noise(1, 2<<20)
	putObject(tb, o, "o", data)
	for range 10 {
		r, err := o.Open(within(tb), "o")
		if err != nil {
			tb.Fatal(err)
		}
		some := make([]byte, 1000)
		if _, err := io.ReadFull(r, some); err != nil || !bytes.Equal(some, data[:1000]) {
			tb.Fatalf("the first 1000 bytes: %v", err)
		}
		if err := r.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	}
	wantObject(tb, o, "o", data)
}

func objectDamaged(tb testing.TB, e *Env) {
	if e.Damage == nil {
		tb.Skip("this implementation has no way to damage an object")
	}
	a := e.Join(tb, "a")
	o := newStore(tb, a)
	putObject(tb, o, "o", noise(1, 500<<10))
	putObject(tb, o, "whole", noise(2, 500<<10))
	e.Damage(tb, storeName, "o")
	r, err := o.Open(within(tb), "o")
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		_ = r.Close() // it is the reading that must fail
	}
	if err == nil {
		tb.Error("a damaged object was read to the end without an error")
	}
	wantObject(tb, o, "whole", noise(2, 500<<10))
}

const (
	sizeLarge = 100 << 20
	// slack is how much memory may be in use besides what is stored.
	slack = 48 << 20
)

// heap is a writer that sees how much memory is in use meanwhile.
type heap struct {
	io.Writer
	peak, written, measured uint64
}

func (h *heap) Write(p []byte) (int, error) {
	if h.written += uint64(len(p)); h.written-h.measured >= 10<<20 {
		h.measured = h.written
		h.peak = max(h.peak, inUse())
	}
	return h.Writer.Write(p)
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// objectLarge sends 100 MiB through: neither side may keep it in memory.
func objectLarge(tb testing.TB, e *Env) {
	if testing.Short() {
		tb.Skip("it moves 200 MiB")
	}
	a, b := e.Join(tb, "a"), e.Join(tb, "b")
	o := newStore(tb, a)
	limit := inUse() + slack
	if e.HoldsObjects {
		limit += sizeLarge
	}
	sent := &heap{Writer: sha256.New()}
	if err := o.Put(within(tb), "large", io.TeeReader(io.LimitReader(noisy(1), sizeLarge), sent)); err != nil {
		tb.Fatal(err)
	}
	theirs, err := b.Objects(within(tb), storeName, false)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := theirs.Open(within(tb), "large")
	if err != nil {
		tb.Fatal(err)
	}
	hash := sha256.New()
	got := &heap{Writer: hash}
	if n, err := io.Copy(got, r); err != nil || n != sizeLarge {
		tb.Fatalf("read %d bytes, %v, want %d", n, err, sizeLarge)
	}
	if err := r.Close(); err != nil {
		tb.Error(err)
	}
	want := sha256.New()
	if _, err := io.Copy(want, io.LimitReader(noisy(1), sizeLarge)); err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(hash.Sum(nil), want.Sum(nil)) {
		tb.Error("what was read is not what was written")
	}
	for what, peak := range map[string]uint64{"Put": sent.peak, "reading": got.peak} {
		if peak > limit {
			tb.Errorf("%s had %d MiB in use, want %d at most", what, peak>>20, limit>>20)
		}
	}
}
