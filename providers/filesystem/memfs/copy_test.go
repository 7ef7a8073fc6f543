package memfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/filesystemtest"
	"github.com/wattle-dev/wattle/providers/filesystem/memfs"
)

// Copies are apart from each other and from the template, whatever is done to them.
func TestCopiesAreApart(t *testing.T) {
	files := filesystemtest.Kind{}.Fixture()
	files["big"] = strings.Repeat("0123456789abcdef", 20_000)
	tmpl := template(t, files)
	changed, still := tmpl.Copy(filesystem.Limits{}).Root(), tmpl.Copy(filesystem.Limits{}).Root()
	f, err := changed.Open("big", filesystem.Open{Read: true, Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.File.WriteAt([]byte("X"), 100_000); err != nil {
		t.Fatal(err)
	}
	before := time.Unix(1, 0)
	for _, err := range []error{
		changed.Unlink("file"), changed.Unlink("dir/inner"), changed.Rmdir("dir"), changed.Rename("empty", changed, "dir"),
		changed.Mkdir("dir/new"), changed.Symlink("big", "file"), changed.Unlink("loop"), changed.SetTimes("link", false, filesystem.Times{Modified: before}),
		changed.Link("big", changed, "dir/hard"), f.File.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, d := range map[string]filesystem.Dir{"template": tmpl.Root(), "other copy": still, "new copy": tmpl.Copy(filesystem.Limits{}).Root()} {
		if diff := cmp.Diff(files, filesystemtest.Tree(t, d)); diff != "" {
			t.Errorf("%s (-want +got):\n%.1000s", name, diff)
		}
	}
	want := filesystemtest.Kind{}.Fixture()
	for _, gone := range []string{"dir/inner", "empty", "loop"} {
		delete(want, gone)
	}
	want["dir/new"], want["file"] = "/", "-> big"
	want["big"] = files["big"][:100_000] + "X" + files["big"][100_001:]
	want["dir/hard"] = want["big"]
	if diff := cmp.Diff(want, filesystemtest.Tree(t, changed)); diff != "" {
		t.Errorf("copy (-want +got):\n%.1000s", diff)
	}
}

// Who had a file of the template open sees what others of the copy make of it, and
// keeps it when it is removed.
func TestHandlesFollowTheCopy(t *testing.T) {
	d := template(t, map[string]string{"dir": "/", "dir/f": "template", "dir/g": "g"}).Copy(filesystem.Limits{}).Root()
	dir, err := d.Open("dir", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	early, err := d.Open("dir/f", filesystem.Open{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := dir.Dir.Entries()
	if err != nil {
		t.Fatal(err)
	}
	filesystemtest.Put(t, d, "dir/f", "changed")
	if err := errors.Join(d.Mkdir("dir/h"), d.Unlink("dir/g"), d.Rename("dir", d, "renamed")); err != nil {
		t.Fatal(err)
	}
	if st, err := early.File.Stat(); err != nil || st.Size != 7 {
		t.Errorf("stat = %+v, %v", st, err)
	}
	buf := make([]byte, 20)
	if n, err := early.File.ReadAt(buf, 0); string(buf[:n]) != "changed" || !errors.Is(err, io.EOF) {
		t.Errorf("read %q, %v", buf[:n], err)
	}
	if e, err := reader.Next(); err != nil || e.Name != "f" {
		t.Errorf("entry = %+v, %v", e, err)
	}
	if e, err := reader.Next(); !errors.Is(err, io.EOF) { // g was removed, h is newer
		t.Errorf("entry = %+v, %v, want the end", e, err)
	}
	if err := errors.Join(dir.Dir.Mkdir("through"), d.Unlink("renamed/f")); err != nil {
		t.Error(err)
	}
	if n, err := early.File.ReadAt(buf, 0); string(buf[:n]) != "changed" || !errors.Is(err, io.EOF) {
		t.Errorf("after it was removed: %q, %v", buf[:n], err)
	}
	if diff := cmp.Diff(map[string]string{"renamed": "/", "renamed/h": "/", "renamed/through": "/"}, filesystemtest.Tree(t, d)); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

// What a call does not change of a template costs it nothing, and what it changes is
// counted, also where it removes.
func TestCopyLimits(t *testing.T) {
	files := map[string]string{"big": strings.Repeat("x", 100_000)}
	for i := range 50 {
		files[fmt.Sprintf("f%02d", i)] = "content"
	}
	tmpl := template(t, files)
	d := tmpl.Copy(filesystem.Limits{Bytes: 1000, Files: 10}).Root()
	if diff := cmp.Diff(files, filesystemtest.Tree(t, d)); diff != "" {
		t.Fatal(diff)
	}
	f, err := d.Open("big", filesystem.Open{Read: true, Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.File.WriteAt([]byte("y"), 0); filesystem.CodeOf(err) != filesystem.FileTooLarge {
		t.Errorf("write to a file that is larger than all that there may be = %v", err)
	}
	if err := f.File.Truncate(999); err != nil {
		t.Errorf("truncate: %v", err)
	}
	removed := 0
	for ; removed < 50; removed++ {
		if err = d.Unlink(fmt.Sprintf("f%02d", removed)); err != nil {
			break
		}
	}
	if removed < 4 || removed > 10 || filesystem.CodeOf(err) != filesystem.Quota {
		t.Errorf("%d files were removed: %v", removed, err)
	}
}

// The host's memory is bounded by the limits, whatever a guest does.
func TestMemoryIsBounded(t *testing.T) {
	limits := filesystem.Limits{Bytes: 8 << 20, Files: 10_000}
	bound := uint64(2*limits.Bytes + limits.Files<<10)
	for name, fill := range map[string]func(filesystem.Dir){
		"long names": func(d filesystem.Dir) {
			for i := 0; ; i++ {
				if d.Mkdir(fmt.Sprintf("%0250d", i)) != nil {
					return
				}
			}
		},
		"names made and removed": func(d filesystem.Dir) {
			for i := range 200_000 {
				_ = d.Mkdir(fmt.Sprint(i))
				_ = d.Rmdir(fmt.Sprint(i))
			}
		},
		"small files": func(d filesystem.Dir) {
			for i := 0; ; i++ {
				obj, err := d.Open(fmt.Sprintf("%0250d", i), filesystem.Open{Create: true, Write: true})
				if err != nil {
					return
				}
				if obj.File.Append(make([]byte, int(limits.Bytes/limits.Files))) != nil {
					return
				}
				_ = obj.File.Close()
			}
		},
		"small writes": func(d filesystem.Dir) {
			obj, err := d.Open("f", filesystem.Open{Create: true, Write: true})
			for err == nil {
				err = obj.File.Append([]byte("0123456789"))
			}
		},
		"holes": func(d filesystem.Dir) {
			for i := 0; ; i++ {
				obj, err := d.Open(fmt.Sprint(i), filesystem.Open{Create: true, Write: true})
				if err != nil {
					return
				}
				if _, err := obj.File.WriteAt([]byte("x"), 65_535); err != nil {
					return
				}
			}
		},
		"long links": func(d filesystem.Dir) {
			for i := 0; ; i++ {
				if d.Symlink(strings.Repeat("x", 4000), fmt.Sprint(i)) != nil {
					return
				}
			}
		},
	} {
		tree := memfs.New(limits)
		before := heap()
		fill(tree.Root())
		if used := heap() - before; used > bound && used < 1<<62 {
			t.Errorf("%s: the tree takes %d bytes, more than %d", name, used, bound)
		}
		runtime.KeepAlive(tree)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A copy is cheap, whatever the template is.
func BenchmarkCopy(b *testing.B) {
	t := memfs.NewBuilder(filesystem.Limits{Files: 20_000, Bytes: 1 << 30})
	for i := range 10_000 {
		if err := t.File(fmt.Sprintf("%d/%d", i%100, i), 1000, bytes.NewReader(make([]byte, 1000)), time.Now()); err != nil {
			b.Fatal(err)
		}
	}
	tmpl := t.Template()
	b.ReportAllocs()
	for b.Loop() {
		d := tmpl.Copy(filesystem.Limits{}).Root()
		if _, err := d.Stat("7/7", true); err != nil {
			b.Fatal(err)
		}
	}
}
