package hostdir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/providers/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

func openFile(t *testing.T, d filesystem.Dir, p string, how filesystem.Open) filesystem.File {
	t.Helper()
	o, err := d.Open(p, how)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, o) })
	if o.File == nil {
		t.Fatalf("%q is no file", p)
	}
	return o.File
}

func TestFile(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true, MaxFileSize: 20})
	f := openFile(t, d, "new", filesystem.Open{Create: true, Exclusive: true, Read: true, Write: true, Sync: true})
	if n, err := f.WriteAt([]byte("world"), 7); n != 5 || err != nil {
		t.Fatalf("WriteAt = %d, %v", n, err)
	}
	if _, err := f.WriteAt([]byte("hello"), 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Append([]byte("!")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "new")); err != nil || string(got) != "hello\x00\x00world!" {
		t.Errorf("file holds %q, %v", got, err)
	}
	p := make([]byte, 10)
	if n, err := f.ReadAt(p, 7); string(p[:n]) != "world!" || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt = %q, %v, want world! and the end", p[:n], err)
	}
	if n, err := f.ReadAt(p, 100); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt behind the end = %d, %v", n, err)
	}
	if err := f.Truncate(3); err != nil {
		t.Fatal(err)
	}
	if st, err := f.Stat(); err != nil || st.Size != 3 || st.Type != filesystem.RegularFile || st.Links != 1 {
		t.Errorf("Stat = %+v, %v", st, err)
	}
	for what, err := range map[string]error{
		"write":    second(f.WriteAt(make([]byte, 5), 16)),
		"far":      second(f.WriteAt(make([]byte, 5), 1<<62)),
		"append":   f.Append(make([]byte, 18)),
		"truncate": f.Truncate(21),
	} {
		if filesystem.CodeOf(err) != filesystem.FileTooLarge {
			t.Errorf("%s beyond the limit = %v, want %v", what, err, filesystem.FileTooLarge)
		}
	}
	if err := errors.Join(f.Truncate(20), second(f.WriteAt([]byte("x"), 19))); err != nil {
		t.Errorf("up to the limit: %v", err)
	}
	openFile(t, d, "link", filesystem.Open{Write: true, Truncate: true, Follow: true})
	if st, err := d.Stat("file", false); err != nil || st.Size != 0 {
		t.Errorf("truncated by way of a link: %+v, %v", st, err)
	}
}

func second[T any](_ T, err error) error { return err }

// Two that append to one file do not overwrite each other.
func TestAppendersDoNotOverwrite(t *testing.T) {
	root, d := tree(t, hostdir.Options{Writable: true})
	const lines = 500
	var wg sync.WaitGroup
	for _, line := range []string{"first\n", "second, longer\n"} {
		f := openFile(t, d, "log", filesystem.Open{Create: true, Write: true})
		wg.Go(func() {
			for range lines {
				if err := f.Append([]byte(line)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := os.ReadFile(filepath.Join(root, "log"))
	if err != nil {
		t.Fatal(err)
	}
	first, other := strings.Count(string(got), "first\n"), strings.Count(string(got), "second, longer\n")
	if first != lines || other != lines {
		t.Errorf("%d and %d lines, want %d each", first, other, lines)
	}
}

func TestTimes(t *testing.T) {
	_, d := tree(t, hostdir.Options{Writable: true})
	f := openFile(t, d, "file", filesystem.Open{Read: true})
	a, b := time.Unix(1e9, 123456789), time.Unix(2e9, 5)
	if err := f.SetTimes(filesystem.Times{Accessed: a, Modified: b}); err != nil {
		t.Fatal(err)
	}
	if st, err := f.Stat(); err != nil || !st.Accessed.Equal(a) || !st.Modified.Equal(b) {
		t.Errorf("times are %v, %v, %v, want %v, %v", st.Accessed, st.Modified, err, a, b)
	}
	if err := d.SetTimes("link", true, filesystem.Times{Modified: a}); err != nil {
		t.Fatal(err)
	}
	if st, err := d.Stat("file", false); err != nil || !st.Accessed.Equal(a) || !st.Modified.Equal(a) {
		t.Errorf("times are %v, %v, %v, want %v twice", st.Accessed, st.Modified, err, a)
	}
	if err := d.SetTimes(".", true, filesystem.Times{Modified: a}); err != nil {
		t.Fatal(err)
	}
	if st, err := d.Stat(".", true); err != nil || !st.Modified.Equal(a) || st.Type != filesystem.Directory {
		t.Errorf("directory is %+v, %v", st, err)
	}
}
