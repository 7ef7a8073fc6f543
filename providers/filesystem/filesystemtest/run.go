package filesystemtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Run checks trees that can be changed. New returns one that is empty, for the time of
// the test.
func Run(t *testing.T, k Kind, create func(t *testing.T) filesystem.Dir) {
	for _, test := range []struct {
		name string
		run  func(Kind, *testing.T, filesystem.Dir)
	}{
		{"error codes", func(k Kind, t *testing.T, d filesystem.Dir) { k.errorCodes(t, planted(t, k, d), false) }},
		{"escapes", func(k Kind, t *testing.T, d filesystem.Dir) { k.escapes(t, planted(t, k, d), false) }},
		{"content", Kind.content},
		{"creating", Kind.creating},
		{"rename", Kind.rename},
		{"hard links", Kind.hardLinks},
		{"symbolic links", Kind.symlinks},
		{"entries", Kind.entries},
		{"removed while open", Kind.removed},
		{"times", Kind.times},
		{"identity", Kind.identity},
		{"concurrent", Kind.concurrent},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(k, t, create(t)) })
	}
}

func planted(t *testing.T, k Kind, d filesystem.Dir) filesystem.Dir {
	t.Helper()
	Plant(t, d, k.Fixture())
	if diff := cmp.Diff(k.Fixture(), Tree(t, d)); diff != "" {
		t.Fatalf("the tree (-want +got):\n%s", diff)
	}
	return d
}

var readWrite = filesystem.Open{Read: true, Write: true, Create: true, Follow: true}

func (k Kind) content(t *testing.T, d filesystem.Dir) {
	f := file(t, d, "f", readWrite)
	defer func() { _ = f.Close() }()
	model := []byte{}
	check := func(what string) {
		t.Helper()
		if got := content(t, f); got != string(model) {
			t.Fatalf("after %s the file has %d bytes, want %d; they differ at %d", what, len(got), len(model), differ(got, string(model)))
		}
		if st, err := f.Stat(); err != nil || st.Size != uint64(len(model)) {
			t.Fatalf("after %s stat = %+v, %v, want a size of %d", what, st, err, len(model))
		}
	}
	write := func(off, n int) {
		t.Helper()
		p := bytes.Repeat([]byte{byte(off>>10 + n)}, n)
		if got, err := f.WriteAt(p, int64(off)); got != n || err != nil {
			t.Fatalf("write of %d at %d = %d, %v", n, off, got, err)
		}
		if n > 0 && off+n > len(model) {
			model = append(model, make([]byte, off+n-len(model))...)
		}
		copy(model[min(off, len(model)):], p)
		check(fmt.Sprintf("writing %d at %d", n, off))
	}
	truncate := func(n int) {
		t.Helper()
		if err := f.Truncate(int64(n)); err != nil {
			t.Fatalf("truncate to %d: %v", n, err)
		}
		model = append(model[:min(n, len(model))], make([]byte, max(0, n-len(model)))...)
		check(fmt.Sprintf("truncating to %d", n))
	}
	check("creating")
	write(0, 10)
	write(5, 3)
	write(20, 1)           // a hole
	write(100_000, 70_000) // far behind the end
	truncate(65_540)       // into the hole
	truncate(200_000)      // zeroes, and not what was there
	write(131_071, 2)      // across pages
	write(0, 0)            // nothing
	write(1<<20, 0)        // nothing, and no longer for it
	truncate(7)            //
	truncate(300)          //
	write(290, 20)         //
	truncate(0)            //
	write(64<<10, 64<<10)  // a whole page after a hole
	for _, part := range []string{"a", "", "bc", strings.Repeat("d", 70_000)} {
		if err := f.Append([]byte(part)); err != nil {
			t.Fatal(err)
		}
		model = append(model, part...)
		check("appending")
	}
	buf := make([]byte, 10)
	if n, err := f.ReadAt(buf, int64(len(model))-4); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("read across the end = %d, %v, want 4, EOF", n, err)
	}
	for _, off := range []int64{int64(len(model)), 1 << 40, 1<<63 - 1} {
		if n, err := f.ReadAt(buf, off); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("read at %d = %d, %v, want 0, EOF", off, n, err)
		}
	}
	want(t, "write at the largest offset", second(f.WriteAt([]byte("x"), 1<<63-1)), filesystem.FileTooLarge)
	want(t, "truncate to the largest size", f.Truncate(1<<63-1), filesystem.FileTooLarge)
	check("what failed")
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if got := Get(t, d, "f"); got != string(model) {
		t.Errorf("another handle reads %d bytes that differ at %d", len(got), differ(got, string(model)))
	}
}

func second[T any](_ T, err error) error { return err }

func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func (k Kind) creating(t *testing.T, d filesystem.Dir) {
	Plant(t, d, k.Fixture())
	for _, err := range []error{
		file(t, d, "new", readWrite).Close(),
		file(t, d, "new", readWrite).Close(), // there already
		file(t, d, "only", filesystem.Open{Write: true, Create: true, Exclusive: true}).Close(),
		file(t, d, "dir/../empty/./x", readWrite).Close(),
		d.Mkdir("made"), d.Mkdir("made/deeper/"), sub(t, d, "made").Mkdir("beside"),
		d.Rmdir("made/beside/"), d.Unlink("only"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	Put(t, d, "file", "longer than before")
	Put(t, d, "file", "short")
	all := k.Fixture()
	maps.Copy(all, map[string]string{"new": "", "empty/x": "", "made": "/", "made/deeper": "/", "file": "short"})
	if !k.NoSymlinks {
		Put(t, d, "dangling", "by way of a link")
		all["nothing"] = "by way of a link"
	}
	if diff := cmp.Diff(all, Tree(t, d)); diff != "" {
		t.Errorf("the tree (-want +got):\n%s", diff)
	}
	if _, err := d.Open("only", filesystem.Open{Read: true}); filesystem.CodeOf(err) != filesystem.NoEntry {
		t.Errorf("open of what was removed = %v", err)
	}
}

func (k Kind) rename(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "f", "g": "g", "dir": "/", "dir/a": "a", "dir/deep": "/", "dir/deep/b": "b", "empty": "/", "full": "/", "full/x": "x"})
	dir := sub(t, d, "dir")
	for what, err := range map[string]error{
		"to another directory":  d.Rename("f", dir, "moved"),
		"a file to itself":      d.Rename("g", d, "g"),
		"a directory to itself": d.Rename("dir", d, "dir"),
	} {
		if err != nil {
			t.Errorf("rename %s: %v", what, err)
		}
	}
	want(t, "rename over a full directory", d.Rename("dir", d, "full"), filesystem.NotEmpty)
	want(t, "rename into itself", d.Rename("dir", sub(t, d, "dir/deep"), "x"), filesystem.Invalid)
	want(t, "rename of the tree", d.Rename(".", d, "x"), filesystem.Invalid)
	for _, err := range []error{
		d.Rename("dir/moved", d, "g"),   // over a file
		d.Rename("dir", d, "empty/"),    // over an empty directory
		d.Rename("empty/deep", d, "up"), // out of it
		d.Rename("full", sub(t, d, "up"), "full"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	all := map[string]string{"g": "f", "empty": "/", "empty/a": "a", "up": "/", "up/b": "b", "up/full": "/", "up/full/x": "x"}
	if diff := cmp.Diff(all, Tree(t, d)); diff != "" {
		t.Errorf("the tree (-want +got):\n%s", diff)
	}
	if !k.NoOpenRemoved {
		if err := dir.Mkdir("still here"); err != nil {
			t.Errorf("through a directory that was renamed: %v", err)
		}
		if st, err := d.Stat("empty/still here", true); err != nil || st.Type != filesystem.Directory {
			t.Errorf("stat = %+v, %v", st, err)
		}
	}
}

func (k Kind) hardLinks(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "content", "dir": "/"})
	if k.NoHardLinks {
		want(t, "link", d.Link("f", d, "g"), filesystem.Unsupported)
		return
	}
	if err := errors.Join(d.Link("f", d, "g"), d.Link("g", sub(t, d, "dir"), "h"), d.Unlink("f")); err != nil {
		t.Fatal(err)
	}
	Put(t, d, "g", "changed")
	if diff := cmp.Diff(map[string]string{"g": "changed", "dir": "/", "dir/h": "changed"}, Tree(t, d)); diff != "" {
		t.Errorf("the tree (-want +got):\n%s", diff)
	}
	a, errA := d.Stat("g", false)
	b, errB := d.Stat("dir/h", false)
	if errA != nil || errB != nil || a.Inode != b.Inode || a.Device != b.Device || a.Links != 2 || b.Links != 2 {
		t.Errorf("stat of two names = %+v, %v and %+v, %v", a, errA, b, errB)
	}
	if err := d.Rename("g", d, "dir/h"); err != nil {
		t.Errorf("rename over another name of the same: %v", err)
	}
	if got := names(t, d); !slices.Equal(got, []string{"dir", "g"}) {
		t.Errorf("after renaming one name of a file over another there are %q, want both", got)
	}
}

func (k Kind) symlinks(t *testing.T, d filesystem.Dir) {
	if k.NoSymlinks {
		want(t, "symlink", d.Symlink("f", "link"), filesystem.Unsupported)
		return
	}
	Plant(t, d, k.Fixture())
	for path, typ := range map[string]filesystem.Type{
		"link": filesystem.RegularFile, "dirlink": filesystem.Directory, "dirlink/inner": filesystem.RegularFile,
		"deep": filesystem.RegularFile, "dirlink/": filesystem.Directory, "dir/../dirlink/../link": filesystem.RegularFile,
	} {
		if st, err := d.Stat(path, true); err != nil || st.Type != typ {
			t.Errorf("stat %q = %+v, %v, want type %d", path, st, err, typ)
		}
	}
	for path, target := range map[string]string{"link": "file", "out": "../secret", "deep": "dir/../dirlink/inner"} {
		st, err := d.Stat(path, false)
		got, readErr := d.Readlink(path)
		if err != nil || readErr != nil || st.Type != filesystem.SymbolicLink || got != target || st.Size != uint64(len(target)) {
			t.Errorf("link %q is %+v, %v, to %q, %v; want %q", path, st, err, got, readErr, target)
		}
	}
	// A link leads to what its target names by then, and never out.
	if err := errors.Join(d.Rename("out", d, "dir/out"), d.Mkdir("secret"), d.Symlink("../../file", "dir/far"), d.Unlink("dirlink"), d.Symlink("empty", "dirlink")); err != nil {
		t.Fatal(err)
	}
	if st, err := d.Stat("dir/out", true); err != nil || st.Type != filesystem.Directory {
		t.Errorf("a link that was moved = %+v, %v", st, err)
	}
	_, err := d.Stat("dir/far", true)
	want(t, "a link that leaves", err, filesystem.NotPermitted)
	_, err = sub(t, d, "dir").Stat("out", true)
	want(t, "a link that leaves the directory it is followed from", err, filesystem.NotPermitted)
	// Long chains end.
	for i := range 60 {
		if err := d.Symlink(fmt.Sprintf("chain%d", i), fmt.Sprintf("chain%d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	Put(t, d, "chain0", "end")
	if got := Get(t, d, "chain8"); got != "end" {
		t.Errorf("through eight links: %q", got)
	}
	for i := range 30 { // each is followed twice by the next: 2^30 steps, if nobody counts
		if err := d.Symlink(fmt.Sprintf("bomb%d/../bomb%d", i, i), fmt.Sprintf("bomb%d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Mkdir("bomb0"); err != nil {
		t.Fatal(err)
	}
	_, err = d.Stat("bomb30", true)
	want(t, "a bomb of links", err, filesystem.Loop)
}

func (k Kind) entries(t *testing.T, d filesystem.Dir) {
	var all []string
	for i := range 300 {
		name := fmt.Sprintf("entry%03d", i)
		all = append(all, name)
		if err := d.Mkdir(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, d); !slices.Equal(got, all) {
		t.Errorf("there are %d entries, want %d", len(got), len(all))
	}
	// Entries that are there all the time are seen exactly once, whatever happens to
	// others meanwhile.
	r, err := d.Entries()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	seen := map[string]int{}
	for i := 0; ; i++ {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || i > 10_000 {
			t.Fatalf("entry %d: %v", i, err)
		}
		seen[e.Name]++
		if i < 100 {
			if err := errors.Join(d.Mkdir(fmt.Sprintf("new%d", i)), d.Rmdir(fmt.Sprintf("entry%03d", 299-2*i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, name := range all {
		stays := i%2 == 0 || i < 100
		if seen[name] > 1 || stays && seen[name] != 1 {
			t.Errorf("%s was seen %d times", name, seen[name])
		}
	}
	if e, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %+v, %v", e, err)
	}
}

func (k Kind) removed(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "content", "over": "over", "by": "by", "dir": "/"})
	f, over, dir := file(t, d, "f", readWrite), file(t, d, "over", readWrite), sub(t, d, "dir")
	defer func() { _, _ = f.Close(), over.Close() }()
	if err := errors.Join(d.Unlink("f"), d.Rename("by", d, "over"), d.Rmdir("dir")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d); !slices.Equal(got, []string{"over"}) {
		t.Errorf("there are %q", got)
	}
	want(t, "create in a directory that was removed", second(dir.Open("x", readWrite)), filesystem.NoEntry)
	want(t, "mkdir in a directory that was removed", dir.Mkdir("x"), filesystem.NoEntry)
	want(t, "rename into a directory that was removed", d.Rename("over", dir, "x"), filesystem.NoEntry)
	if k.NoOpenRemoved {
		return
	}
	if _, err := f.WriteAt([]byte("C"), 0); err != nil {
		t.Error(err)
	}
	if got := content(t, f); got != "Content" {
		t.Errorf("the file that was removed holds %q", got)
	}
	if got := content(t, over); got != "over" {
		t.Errorf("the file that was renamed over holds %q", got)
	}
	if st, err := f.Stat(); err != nil || st.Links != 0 {
		t.Errorf("stat = %+v, %v, want no links", st, err)
	}
	Put(t, d, "f", "another")
	if got := content(t, f); got != "Content" {
		t.Errorf("the file that was removed holds %q", got)
	}
}

func (k Kind) times(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "content", "dir": "/"})
	a, b := time.Unix(1e9, 123), time.Unix(2e9, 0)
	if k.NoTimes {
		want(t, "set times", d.SetTimes("f", true, filesystem.Times{Modified: a}), filesystem.Unsupported)
		return
	}
	f := file(t, d, "f", readWrite)
	defer func() { _ = f.Close() }()
	if err := errors.Join(d.SetTimes("f", true, filesystem.Times{Accessed: a, Modified: a}), f.SetTimes(filesystem.Times{Modified: b}), d.SetTimes("dir", true, filesystem.Times{Modified: a})); err != nil {
		t.Fatal(err)
	}
	st, err := d.Stat("f", true)
	if err != nil || !st.Accessed.Equal(a) || !st.Modified.Equal(b) || st.Changed.IsZero() {
		t.Errorf("stat = %+v, %v", st, err)
	}
	if st, err := d.Stat("dir", true); err != nil || !st.Modified.Equal(a) {
		t.Errorf("stat = %+v, %v", st, err)
	}
	if !k.NoSymlinks {
		if err := errors.Join(d.Symlink("f", "link"), d.SetTimes("link", false, filesystem.Times{Modified: a})); err != nil {
			t.Fatal(err)
		}
		link, err := d.Stat("link", false)
		st, err2 := d.Stat("link", true)
		if err != nil || err2 != nil || !link.Modified.Equal(a) || !st.Modified.Equal(b) {
			t.Errorf("link = %+v, %v; file = %+v, %v", link, err, st, err2)
		}
	}
	if err := f.Append([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if st, err := f.Stat(); err != nil || st.Modified.Equal(b) {
		t.Errorf("writing does not change the time: %+v, %v", st, err)
	}
	if err := d.Mkdir("dir/x"); err != nil {
		t.Fatal(err)
	}
	if st, err := d.Stat("dir", true); err != nil || st.Modified.Equal(a) {
		t.Errorf("making something does not change the time of the directory: %+v, %v", st, err)
	}
}

func (k Kind) identity(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "a", "g": "b", "dir": "/"})
	seen := map[[2]uint64]string{}
	for _, path := range []string{".", "f", "g", "dir"} {
		st, err := d.Stat(path, true)
		if err != nil {
			t.Fatal(err)
		}
		if st.Inode == 0 {
			continue
		}
		if other, ok := seen[[2]uint64{st.Device, st.Inode}]; ok {
			t.Errorf("%q and %q have one identity", other, path)
		}
		seen[[2]uint64{st.Device, st.Inode}] = path
	}
	f, g := file(t, d, "f", readWrite), file(t, d, "f", readWrite)
	defer func() { _, _ = f.Close(), g.Close() }()
	if _, err := f.WriteAt([]byte("seen"), 0); err != nil {
		t.Fatal(err)
	}
	if got := content(t, g); !k.NoShared && got != "seen" {
		t.Errorf("the other handle reads %q", got)
	}
}

// concurrent has the race detector look.
func (k Kind) concurrent(t *testing.T, d filesystem.Dir) {
	Plant(t, d, map[string]string{"f": "content", "dir": "/"})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			name := fmt.Sprintf("dir/%d", i)
			for range 20 {
				f := file(t, d, name, readWrite)
				err := errors.Join(f.Append([]byte("x")), f.Sync(), f.Close(), second(d.Stat("f", true)), d.Rename(name, d, name+"x"), d.Rename(name+"x", d, name))
				if err != nil {
					t.Error(err)
					return
				}
				names(t, d)
				Get(t, d, "f")
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		if got := Get(t, d, fmt.Sprintf("dir/%d", i)); got != strings.Repeat("x", 20) {
			t.Errorf("file %d holds %d bytes, want 20", i, len(got))
		}
	}
}
