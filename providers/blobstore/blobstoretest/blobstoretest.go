// Package blobstoretest is the contract of blobstore.Store as tests, which every
// backend has to pass behind blobstore.Limit.
package blobstoretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Env is one backend to be tested.
type Env struct {
	// Open opens a store. Two of one name are one store.
	Open func(tb testing.TB, name string) blobstore.Store
	// Stop has the backend be away, and Start be back with what it had. The case that
	// needs them is skipped if they are nil.
	Stop, Start func(tb testing.TB)
	// Holds says that what is stored lies on the heap of this process.
	Holds bool
}

const (
	patience = 30 * time.Second
	most     = 64 << 20
)

func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// Run runs the suite on what open opens: once for each case.
func Run(t *testing.T, open func(tb testing.TB) *Env) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(tb testing.TB, e *Env)
	}{
		{"Containers", containers},
		{"Objects", objects},
		{"AnyName", anyName},
		{"Apart", apart},
		{"Ranges", ranges},
		{"Replace", replace},
		{"Broken", broken},
		{"List", list},
		{"HostileCursor", hostileCursor},
		{"Delete", remove},
		{"Copy", copies},
		{"Bounds", bounds},
		{"Large", large},
		{"Together", together},
		{"Outage", outage},
		{"Ended", ended},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// open opens a store with bounds, and makes containers.
func open(tb testing.TB, e *Env, name string, containers ...string) blobstore.Store {
	tb.Helper()
	s := blobstore.Limit(e.Open(tb, name), blobstore.Limits{Object: most})
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	for _, c := range containers {
		if err := s.CreateContainer(within(tb), c); err != nil {
			tb.Fatalf("CreateContainer(%q): %v", c, err)
		}
	}
	return s
}

func at(container, object string) blobstore.ID {
	return blobstore.ID{Container: container, Object: object}
}

func put(tb testing.TB, s blobstore.Store, id blobstore.ID, data []byte) {
	tb.Helper()
	if err := s.Put(within(tb), id, bytes.NewReader(data)); err != nil {
		tb.Fatalf("Put(%q): %v", id, err)
	}
}

func read(tb testing.TB, s blobstore.Store, id blobstore.ID, r blobstore.Range) ([]byte, error) {
	tb.Helper()
	o, err := s.Open(within(tb), id, r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(o)
	if closed := o.Close(); err == nil {
		err = closed
	}
	if err == nil && int64(len(data)) != o.Length {
		err = fmt.Errorf("%d bytes were read, and %d promised", len(data), o.Length)
	}
	return data, err
}

func want(tb testing.TB, s blobstore.Store, id blobstore.ID, data []byte) {
	tb.Helper()
	got, err := read(tb, s, id, blobstore.All)
	if err != nil || !bytes.Equal(got, data) {
		tb.Errorf("object %q has %d bytes %.20q, %v, want %d %.20q", id, len(got), got, err, len(data), data)
	}
	info, err := s.Info(within(tb), id)
	if err != nil || info.Size != int64(len(data)) || info.Name != id.Object || time.Since(info.Created).Abs() > time.Hour {
		tb.Errorf("Info(%q) = %+v, %v, want a size of %d", id, info, err, len(data))
	}
}

func wantNone(tb testing.TB, s blobstore.Store, id blobstore.ID) {
	tb.Helper()
	if _, err := s.Info(within(tb), id); !errors.Is(err, blobstore.ErrNoObject) {
		tb.Errorf("Info(%q): %v, want ErrNoObject", id, err)
	}
	if _, err := read(tb, s, id, blobstore.All); !errors.Is(err, blobstore.ErrNoObject) {
		tb.Errorf("Open(%q): %v, want ErrNoObject", id, err)
	}
}

func wantKind(tb testing.TB, what string, err error, kind blobstore.Kind) {
	tb.Helper()
	if e, ok := errors.AsType[*blobstore.Error](err); !ok || e.Kind != kind {
		tb.Errorf("%s: %v, want an error of kind %d", what, err, kind)
	}
}

// noise is bytes that follow from a seed.
func noise(seed byte, n int64) []byte {
	data, err := io.ReadAll(io.LimitReader(rand.NewChaCha8([32]byte{seed}), n))
	if err != nil {
		panic(err)
	}
	return data
}

func containers(tb testing.TB, e *Env) {
	s := open(tb, e, "s")
	if _, err := s.Container(within(tb), "c"); !errors.Is(err, blobstore.ErrNoContainer) {
		tb.Errorf("Container of nothing: %v, want ErrNoContainer", err)
	}
	if err := s.DeleteContainer(within(tb), "c"); err != nil {
		tb.Errorf("DeleteContainer of nothing: %v", err)
	}
	if err := blobstore.Remove(within(tb), s, "c"); err != nil {
		tb.Errorf("Remove of nothing: %v", err)
	}
	_, opened := s.Open(within(tb), at("c", "o"), blobstore.All)
	if !errors.Is(opened, blobstore.ErrNoObject) && !errors.Is(opened, blobstore.ErrNoContainer) {
		tb.Errorf("Open of an object of no container: %v", opened)
	}
	_, listed := s.List(within(tb), "c", blobstore.Query{})
	for what, err := range map[string]error{
		"Put":   s.Put(within(tb), at("c", "o"), strings.NewReader("x")),
		"List":  listed,
		"Clear": blobstore.Clear(within(tb), s, "c"),
	} {
		if !errors.Is(err, blobstore.ErrNoContainer) {
			tb.Errorf("%s in no container: %v, want ErrNoContainer", what, err)
		}
	}
	if err := s.CreateContainer(within(tb), "c"); err != nil {
		tb.Fatal(err)
	}
	if err := s.CreateContainer(within(tb), "c"); !errors.Is(err, blobstore.ErrExists) {
		tb.Errorf("CreateContainer again: %v, want ErrExists", err)
	}
	info, err := s.Container(within(tb), "c")
	if err != nil || info.Name != "c" || time.Since(info.Created).Abs() > time.Hour {
		tb.Errorf("Container = %+v, %v", info, err)
	}
	put(tb, s, at("c", "o"), []byte("x"))
	if err := blobstore.Remove(within(tb), s, "c"); err != nil {
		tb.Fatal(err)
	}
	if _, err := s.Container(within(tb), "c"); !errors.Is(err, blobstore.ErrNoContainer) {
		tb.Errorf("Container of what was removed: %v, want ErrNoContainer", err)
	}
	if err := s.CreateContainer(within(tb), "c"); err != nil {
		tb.Fatal(err)
	}
	wantNone(tb, s, at("c", "o"))
}

func objects(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c", "d")
	id := at("c", "o")
	wantNone(tb, s, id)
	for _, n := range []int64{0, 1, 1000, 128<<10 - 1, 128 << 10, 128<<10 + 1, 700 << 10} {
		put(tb, s, id, noise(1, n))
		want(tb, s, id, noise(1, n))
	}
	wantNone(tb, s, at("d", "o"))
	if err := s.Delete(within(tb), "c", "o"); err != nil {
		tb.Fatal(err)
	}
	wantNone(tb, s, id)
	put(tb, s, id, []byte("again"))
	want(tb, s, id, []byte("again"))
}

// odd are names of which no two may be one.
var odd = []string{
	".", "..", "a.b", "a", "a/b", "a/", "/a", "/", "a//b", "../x", "a/../b", "a b", "a+b", "a%2Fb", "a=2Eb", "*", ">", "A", "é", "e\u0301", "日本",
	"a?b#c", "a\\b", "a&b", "\"", "<x>", "own.s.o", strings.Repeat("n", blobstore.MaxObject), strings.Repeat("é", blobstore.MaxObject/2),
}

func anyName(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	for i, name := range odd {
		put(tb, s, at("c", name), fmt.Append(nil, i))
	}
	for i, name := range odd {
		want(tb, s, at("c", name), fmt.Append(nil, i))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(odd)), names(tb, s, "c", "")); diff != "" {
		tb.Errorf("objects (-want +got):\n%s", diff)
	}
	if err := s.Delete(within(tb), "c", odd...); err != nil {
		tb.Fatal(err)
	}
	if got := names(tb, s, "c", ""); len(got) != 0 {
		tb.Errorf("objects that were deleted: %q", got)
	}
	for _, name := range []string{"a.b", "a/b", "..", ".", "c/", "é", strings.Repeat("n", blobstore.MaxContainer)} {
		if err := s.CreateContainer(within(tb), name); err != nil {
			tb.Errorf("CreateContainer(%q): %v", name, err)
			continue
		}
		put(tb, s, at(name, "o"), []byte(name))
	}
	for _, name := range []string{"a.b", "a/b", "..", ".", "c/", "é"} {
		want(tb, s, at(name, "o"), []byte(name))
	}
}

// names returns the names of all objects, in order.
func names(tb testing.TB, s blobstore.Store, container, prefix string) []string {
	tb.Helper()
	var all []string
	q := blobstore.Query{Prefix: prefix}
	for pages := 0; ; pages++ {
		page, err := s.List(within(tb), container, q)
		if err != nil || pages > 1000 {
			tb.Fatalf("page %d: %v", pages, err)
		}
		for _, o := range page.Objects {
			all = append(all, o.Name)
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			slices.Sort(all)
			return slices.Compact(all)
		}
	}
}

// apart is that stores of different names have nothing in common.
func apart(tb testing.TB, e *Env) {
	all := []string{"a", "a.b", "a-b", "b", "A", "*"}
	for _, name := range all {
		s := open(tb, e, name, "c", "b.c")
		put(tb, s, at("c", "o"), []byte(name))
	}
	for _, name := range all {
		s := open(tb, e, name)
		want(tb, s, at("c", "o"), []byte(name))
		if got := names(tb, s, "b.c", ""); len(got) != 0 {
			tb.Errorf("store %q has %q in a container that is empty", name, got)
		}
	}
	if err := blobstore.Remove(within(tb), open(tb, e, "a"), "c"); err != nil {
		tb.Fatal(err)
	}
	want(tb, open(tb, e, "a.b"), at("c", "o"), []byte("a.b"))
}

func ranges(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	const size = 400 << 10
	data := noise(1, size)
	id := at("c", "o")
	put(tb, s, id, data)
	for _, bounds := range [][2]int64{
		{0, 0},
		{0, 1},
		{0, size},
		{0, -1},
		{size - 1, 1},
		{size - 1, 100},
		{size, 1},
		{size + 1, -1},
		{128<<10 - 1, 2},
		{128 << 10, 128 << 10},
		{1000, 300 << 10},
		{5, 0},
		{5, 1 << 62},
		{1 << 62, 1 << 62},
	} {
		r := blobstore.Range{Offset: bounds[0], Length: bounds[1]}
		got, err := read(tb, s, id, r)
		offset, length := r.Within(size)
		if err != nil || !bytes.Equal(got, data[offset:offset+length]) {
			tb.Errorf("range %+v: %d bytes, %v, want %d", r, len(got), err, length)
		}
	}
	put(tb, s, at("c", "empty"), nil)
	if got, err := read(tb, s, at("c", "empty"), blobstore.Range{Offset: 0, Length: 10}); err != nil || len(got) != 0 {
		tb.Errorf("range of an empty object: %q, %v", got, err)
	}
	// Closed before its end, and read after that.
	o, err := s.Open(within(tb), id, blobstore.All)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(o, make([]byte, 10)); err != nil {
		tb.Error(err)
	}
	if err := o.Close(); err != nil {
		tb.Errorf("Close before the end: %v", err)
	}
}

// replace is that the old object is there until the new one is.
func replace(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	id := at("c", "o")
	first, second := noise(1, 300<<10), noise(2, 200<<10)
	put(tb, s, id, first)
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.Put(within(tb), id, r) }()
	if _, err := w.Write(second[:150<<10]); err != nil {
		tb.Fatal(err)
	}
	want(tb, s, id, first)
	if _, err := w.Write(second[150<<10:]); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
	want(tb, s, id, second)
}

// broken is what is put and fails: nothing is stored and the old object stays.
func broken(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	gone := errors.New("the guest is gone")
	put(tb, s, at("c", "o"), []byte("old"))
	for _, name := range []string{"o", "new"} {
		err := s.Put(within(tb), at("c", name), io.MultiReader(bytes.NewReader(noise(1, 300<<10)), iotest.ErrReader(gone)))
		if !errors.Is(err, gone) {
			tb.Errorf("Put of what fails: %v, want its error", err)
		}
	}
	want(tb, s, at("c", "o"), []byte("old"))
	wantNone(tb, s, at("c", "new"))
	if got := names(tb, s, "c", ""); !slices.Equal(got, []string{"o"}) {
		tb.Errorf("objects = %q", got)
	}
}

func list(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c", "empty", "c.d")
	var all []string
	for i := range 25 {
		name := fmt.Sprintf("dir%d/file %02d", i%3, i)
		all = append(all, name)
		put(tb, s, at("c", name), noise(1, int64(i)))
	}
	put(tb, s, at("c.d", "other"), nil)
	slices.Sort(all)
	if diff := cmp.Diff(all, names(tb, s, "c", "")); diff != "" {
		tb.Errorf("objects (-want +got):\n%s", diff)
	}
	if got := names(tb, s, "c", "dir1/"); len(got) != 8 {
		tb.Errorf("objects below dir1/: %q", got)
	}
	for _, prefix := range []string{"nothing", "dir1/file 99", strings.Repeat("x", 2000)} {
		if got := names(tb, s, "c", prefix); len(got) != 0 {
			tb.Errorf("objects below %.20q: %q", prefix, got)
		}
	}
	if got := names(tb, s, "empty", ""); len(got) != 0 {
		tb.Errorf("objects of an empty container: %q", got)
	}
	// In pages, with sizes.
	sizes := map[string]int64{}
	q := blobstore.Query{Limit: 10}
	for pages := 1; ; pages++ {
		page, err := s.List(within(tb), "c", q)
		if err != nil || len(page.Objects) > 10 || pages > 4 {
			tb.Fatalf("page %d has %d objects, %v", pages, len(page.Objects), err)
		}
		for _, o := range page.Objects {
			sizes[o.Name] = o.Size
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	for i := range 25 {
		if name := fmt.Sprintf("dir%d/file %02d", i%3, i); sizes[name] != int64(i) {
			tb.Errorf("size of %q = %d, want %d", name, sizes[name], i)
		}
	}
}

// hostileCursor is that a cursor that was made up leads nowhere else.
func hostileCursor(tb testing.TB, e *Env) {
	s, other := open(tb, e, "s", "c", "d"), open(tb, e, "other", "c")
	for i := range 10 {
		put(tb, s, at("c", fmt.Sprint("mine", i)), nil)
		put(tb, s, at("d", fmt.Sprint("d", i)), nil)
		put(tb, other, at("c", fmt.Sprint("theirs", i)), nil)
	}
	for _, cursor := range []string{"0", "1", "7", "18446744073709551615", "18446744073709551616", "-1", "x", "\x00", "mine5", "../c/x", strings.Repeat("z", 5000), "é"} {
		page, err := s.List(within(tb), "c", blobstore.Query{Cursor: cursor})
		if err != nil {
			if _, ok := errors.AsType[*blobstore.Error](err); !ok {
				tb.Errorf("cursor %.20q: %v", cursor, err)
			}
			continue
		}
		for _, o := range page.Objects {
			if !strings.HasPrefix(o.Name, "mine") {
				tb.Errorf("cursor %.20q leads to %q", cursor, o.Name)
			}
		}
	}
}

func remove(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprint("o", i))
		put(tb, s, at("c", all[i]), noise(1, 1000))
	}
	if err := s.Delete(within(tb), "c", "o3", "nothing", "o4", "o3"); err != nil {
		tb.Fatal(err)
	}
	if err := s.Delete(within(tb), "c"); err != nil {
		tb.Errorf("Delete of no objects: %v", err)
	}
	wantNone(tb, s, at("c", "o3"))
	wantNone(tb, s, at("c", "o4"))
	want(tb, s, at("c", "o5"), noise(1, 1000))
	if err := blobstore.Clear(within(tb), s, "c"); err != nil {
		tb.Fatal(err)
	}
	if got := names(tb, s, "c", ""); len(got) != 0 {
		tb.Errorf("objects of a container that was cleared: %q", got)
	}
	if _, err := s.Container(within(tb), "c"); err != nil {
		tb.Errorf("the container that was cleared: %v", err)
	}
}

func copies(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c", "d")
	data := noise(1, 300<<10)
	put(tb, s, at("c", "o"), data)
	put(tb, s, at("d", "there"), []byte("old"))
	for _, to := range []blobstore.ID{at("c", "copy"), at("d", "o"), at("d", "there"), at("c", "o"), at("c", "a b/é")} {
		if err := s.Copy(within(tb), at("c", "o"), to); err != nil {
			tb.Errorf("Copy to %q: %v", to, err)
		}
		want(tb, s, to, data)
	}
	want(tb, s, at("c", "o"), data)
	if err := s.Copy(within(tb), at("c", "nothing"), at("c", "x")); !errors.Is(err, blobstore.ErrNoObject) {
		tb.Errorf("Copy of nothing: %v, want ErrNoObject", err)
	}
	if err := s.Copy(within(tb), at("c", "o"), at("nowhere", "x")); !errors.Is(err, blobstore.ErrNoContainer) {
		tb.Errorf("Copy to no container: %v, want ErrNoContainer", err)
	}
	put(tb, s, at("c", "o"), []byte("new"))
	want(tb, s, at("d", "o"), data)
}

func bounds(tb testing.TB, e *Env) {
	s := blobstore.Limit(e.Open(tb, "s"), blobstore.Limits{Object: 1000})
	tb.Cleanup(func() { _ = s.Close() }) // judged elsewhere
	if err := s.CreateContainer(within(tb), "c"); err != nil {
		tb.Fatal(err)
	}
	put(tb, s, at("c", "o"), make([]byte, 1000))
	wantKind(tb, "Put of more than is allowed", s.Put(within(tb), at("c", "o"), bytes.NewReader(make([]byte, 1001))), blobstore.TooLarge)
	want(tb, s, at("c", "o"), make([]byte, 1000))
	long := strings.Repeat("n", blobstore.MaxObject+1)
	longContainer := strings.Repeat("n", blobstore.MaxContainer+1)
	_, opened := s.Open(within(tb), at("c", long), blobstore.All)
	_, info := s.Info(within(tb), at(longContainer, "o"))
	_, container := s.Container(within(tb), longContainer)
	_, listed := s.List(within(tb), longContainer, blobstore.Query{})
	for what, err := range map[string]error{
		"Open": opened, "Info": info, "Container": container, "List": listed,
		"Put":              s.Put(within(tb), at("c", long), strings.NewReader("")),
		"CreateContainer":  s.CreateContainer(within(tb), longContainer),
		"DeleteContainer":  s.DeleteContainer(within(tb), longContainer),
		"Delete":           s.Delete(within(tb), "c", long),
		"Delete of many":   s.Delete(within(tb), "c", make([]string, blobstore.MaxDelete+1)...),
		"Copy from":        s.Copy(within(tb), at("c", long), at("c", "x")),
		"Copy to":          s.Copy(within(tb), at("c", "o"), at("c", long)),
		"Delete elsewhere": s.Delete(within(tb), longContainer),
	} {
		wantKind(tb, what, err, blobstore.TooLarge)
	}
	for what, err := range map[string]error{
		"an empty container":  s.CreateContainer(within(tb), ""),
		"an empty object":     s.Put(within(tb), at("c", ""), strings.NewReader("")),
		"a name not in UTF-8": s.Put(within(tb), at("c", "\xff"), strings.NewReader("")),
	} {
		wantKind(tb, what, err, blobstore.Invalid)
	}
}

// large is that neither side holds an object as a whole.
func large(tb testing.TB, e *Env) {
	if testing.Short() {
		tb.Skip("it moves 128 MiB")
	}
	const size = most
	s := open(tb, e, "s", "c")
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	limit := inUse() + 48<<20
	if e.Holds {
		limit += 3 * size
	}
	var peak uint64
	measure := func(r io.Reader) io.Reader {
		count, next := 0, 8<<20
		return readFunc(func(p []byte) (int, error) {
			n, err := r.Read(p)
			if count += n; count > next {
				next += 16 << 20
				peak = max(peak, inUse())
			}
			return n, err
		})
	}
	if err := s.Put(within(tb), at("c", "o"), measure(io.LimitReader(rand.NewChaCha8([32]byte{7}), size))); err != nil {
		tb.Fatal(err)
	}
	o, err := s.Open(within(tb), at("c", "o"), blobstore.All)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = o.Close() }() // it was read
	expected, got, n := rand.NewChaCha8([32]byte{7}), measure(o), 0
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		m, err := io.ReadFull(got, a)
		if _, err := io.ReadFull(expected, b[:m]); err != nil || !bytes.Equal(a[:m], b[:m]) {
			tb.Fatalf("the bytes at %d are others: %v", n, err)
		}
		if n += m; err != nil {
			break
		}
	}
	if n != size || peak > limit {
		tb.Errorf("read %d bytes, want %d; %d MiB in use, want %d at most", n, size, peak>>20, limit>>20)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// together is that of objects put, copied and deleted at the same time one stays whole.
func together(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	id := at("c", "o")
	data := make([][]byte, 4)
	for i := range data {
		data[i] = noise(byte(i), int64(200<<10+i))
	}
	var group sync.WaitGroup
	for i := range data {
		group.Go(func() {
			for range 5 {
				if err := s.Put(within(tb), id, bytes.NewReader(data[i])); err != nil {
					tb.Errorf("Put: %v", err)
				}
				if i == 0 {
					if err := s.Delete(within(tb), "c", "o"); err != nil {
						tb.Errorf("Delete: %v", err)
					}
				}
			}
		})
	}
	group.Wait()
	put(tb, s, id, data[1])
	want(tb, s, id, data[1])
}

// outage is that calls fail in time while the backend is away, and succeed after.
func outage(tb testing.TB, e *Env) {
	if e.Stop == nil {
		tb.Skip("this backend cannot be stopped")
	}
	s := blobstore.Limit(e.Open(tb, "s"), blobstore.Limits{Timeout: time.Second})
	tb.Cleanup(func() { _ = s.Close() }) // judged elsewhere
	if err := s.CreateContainer(within(tb), "c"); err != nil {
		tb.Fatal(err)
	}
	data := noise(1, 32<<20) // more than connections hold
	put(tb, s, at("c", "o"), data)
	o, err := s.Open(within(tb), at("c", "o"), blobstore.All)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = o.Close() }() // it fails
	e.Stop(tb)
	began := time.Now()
	_, rest := io.Copy(io.Discard, o)
	_, info := s.Info(within(tb), at("c", "o"))
	_, listed := s.List(within(tb), "c", blobstore.Query{})
	for what, err := range map[string]error{
		"reading": rest, "Info": info, "List": listed, "Put": s.Put(within(tb), at("c", "o"), bytes.NewReader(noise(2, 1000))),
	} {
		wantKind(tb, what+" while the backend is away", err, blobstore.Unavailable)
	}
	if took := time.Since(began); took > patience {
		tb.Errorf("it took %v to fail", took)
	}
	e.Start(tb)
	deadline := time.Now().Add(patience)
	for {
		_, err := s.Info(within(tb), at("c", "o"))
		if err == nil {
			break
		}
		wantKind(tb, "Info of a backend that comes back", err, blobstore.Unavailable)
		if time.Now().After(deadline) {
			tb.Fatalf("%v after the outage: %v", patience, err)
		}
	}
	want(tb, s, at("c", "o"), data)
	put(tb, s, at("c", "o"), data[:1000])
	want(tb, s, at("c", "o"), data[:1000])
}

// ended is that a context that has ended ends everything, with its own error.
func ended(tb testing.TB, e *Env) {
	s := open(tb, e, "s", "c")
	put(tb, s, at("c", "o"), noise(1, 1<<20))
	ctx, cancel := context.WithCancel(tb.Context())
	o, err := s.Open(ctx, at("c", "o"), blobstore.All)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = o.Close() }() // it fails
	cancel()
	_, rest := io.Copy(io.Discard, readFunc(func(p []byte) (int, error) { return o.Read(p[:min(len(p), 1000)]) }))
	_, info := s.Info(ctx, at("c", "o"))
	for what, err := range map[string]error{"reading": rest, "Info": info, "Put": s.Put(ctx, at("c", "o"), strings.NewReader("x")), "Delete": s.Delete(ctx, "c", "o")} {
		if !errors.Is(err, context.Canceled) {
			tb.Errorf("%s with a context that has ended: %v, want Canceled", what, err)
		}
	}
	want(tb, s, at("c", "o"), noise(1, 1<<20))
}
