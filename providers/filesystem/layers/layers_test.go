package layers_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
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
	"github.com/wattle-dev/wattle/providers/filesystem/layers"
)

// entry is an entry of an archive.
type entry struct {
	name, content string
	typ           byte // a file if zero
	link          string
}

var when = time.Unix(1e9, 0)

func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.typ, Linkname: e.link, Size: int64(len(e.content)), Mode: 0o644, ModTime: when}
		if e.typ == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatalf("%q: %v", e.name, err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpack(limits filesystem.Limits, all ...[]byte) (filesystem.Dir, error) {
	var readers []io.Reader
	for _, b := range all {
		readers = append(readers, bytes.NewReader(b))
	}
	tmpl, err := layers.Unpack(readers, limits)
	if err != nil {
		return nil, err
	}
	return tmpl.Root(), nil
}

// An image with everything of the fixture does what every other tree does.
func TestContract(t *testing.T) {
	filesystemtest.RunReadOnly(t, filesystemtest.Kind{}, func(t *testing.T) filesystem.Dir {
		var entries []entry
		for name, content := range (filesystemtest.Kind{}).Fixture() { // in no order: directories are made for what is in them
			target, link := strings.CutPrefix(content, "-> ")
			switch {
			case content == "/":
				entries = append(entries, entry{name: name + "/", typ: tar.TypeDir})
			case link:
				entries = append(entries, entry{name: "./" + name, typ: tar.TypeSymlink, link: target})
			default:
				entries = append(entries, entry{name: name, content: content})
			}
		}
		d, err := unpack(filesystem.Limits{}, zip(t, archive(t, entries...)))
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

func TestLayers(t *testing.T) {
	for _, test := range []struct {
		name   string
		layers [][]entry
		want   map[string]string
	}{
		{"later files replace", [][]entry{
			{{name: "a", content: "1"}, {name: "d/x", content: "x"}, {name: "f", content: "f"}},
			{{name: "a", content: "2"}, {name: "d", typ: tar.TypeDir}, {name: "f/g", content: "g"}, {name: "d/y", content: "y"}},
		}, map[string]string{"a": "2", "d": "/", "d/x": "x", "d/y": "y", "f": "/", "f/g": "g"}},
		{"a file takes the place of a directory", [][]entry{
			{{name: "d/a/b/c", content: "1"}}, {{name: "d", content: "file"}},
		}, map[string]string{"d": "file"}},
		{"whiteouts", [][]entry{
			{{name: "a", content: "1"}, {name: "d/x", content: "x"}, {name: "d/y", content: "y"}, {name: "e/z", content: "z"}},
			{{name: ".wh.a"}, {name: "d/.wh.x"}, {name: ".wh.e"}, {name: "nothing/.wh.here"}, {name: ".wh.neither"}},
		}, map[string]string{"d": "/", "d/y": "y"}},
		{"whiteouts spare their own layer, before and after them", [][]entry{
			{{name: "d/old", content: "1"}, {name: "d/sub/old", content: "1"}, {name: "x", content: "old"}},
			{{name: "d/before", content: "2"}, {name: "d/.wh..wh..opq"}, {name: "d/after", content: "2"}, {name: "x", content: "new"}, {name: ".wh.x"}},
		}, map[string]string{"d": "/", "d/before": "2", "d/after": "2", "x": "new"}},
		{"a whiteout of a directory that the layer has something in", [][]entry{
			{{name: "d/old", content: "1"}}, {{name: "d/new", content: "2"}, {name: ".wh.d"}},
		}, map[string]string{"d": "/", "d/new": "2"}},
		{"names that are there twice", [][]entry{
			{{name: "a", content: "1"}, {name: "a", content: "2"}, {name: "a/", typ: tar.TypeDir}, {name: "a/b", content: "3"}, {name: "./a/./b", content: "4"}},
		}, map[string]string{"a": "/", "a/b": "4"}},
		{"links", [][]entry{
			{{name: "f", content: "f"}, {name: "sub/hard", typ: tar.TypeLink, link: "f"}, {name: "sub/abs", typ: tar.TypeSymlink, link: "/f"}, {name: "root", typ: tar.TypeSymlink, link: "/"}},
			{{name: "sub/hard2", typ: tar.TypeLink, link: "./sub/hard"}, {name: "f", content: "new"}},
		}, map[string]string{"f": "new", "sub": "/", "sub/hard": "f", "sub/hard2": "f", "sub/abs": "-> ../f", "root": "-> ."}},
		{"by way of a link in the image", [][]entry{
			{{name: "usr/lib/a", content: "a"}, {name: "lib", typ: tar.TypeSymlink, link: "usr/lib"}}, {{name: "lib/b", content: "b"}, {name: "lib/.wh.a"}},
		}, map[string]string{"usr": "/", "usr/lib": "/", "usr/lib/b": "b", "lib": "-> usr/lib"}},
		{"links that lead nowhere", [][]entry{
			{{name: "out", typ: tar.TypeSymlink, link: "../../../etc/passwd"}, {name: "loop", typ: tar.TypeSymlink, link: "loop"}},
		}, map[string]string{"out": "-> ../../../etc/passwd", "loop": "-> loop"}},
		{"zeroes", [][]entry{{{name: "z", content: strings.Repeat("\x00", 200_000) + "x"}}}, map[string]string{"z": strings.Repeat("\x00", 200_000) + "x"}},
		{"nothing", [][]entry{{}, {}}, map[string]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var all [][]byte
			for i, l := range test.layers {
				all = append(all, archive(t, l...))
				if i%2 == 1 {
					all[i] = zip(t, all[i])
				}
			}
			d, err := unpack(filesystem.Limits{}, all...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, filesystemtest.Tree(t, d)); diff != "" {
				t.Errorf("the tree (-want +got):\n%.2000s", diff)
			}
		})
	}
}

// Attacks are refused, and said to be.
func TestHostileArchives(t *testing.T) {
	limits := filesystem.Limits{Bytes: 1 << 20, Files: 100, Depth: 10}
	var many, again []entry
	for i := range 101 {
		many = append(many, entry{name: fmt.Sprint(i)})
	}
	for range 401 {
		again = append(again, entry{name: "same"})
	}
	deep := strings.Repeat("d/", 10) + "f"
	for _, test := range []struct {
		name    string
		layer   []byte
		wantErr string
		code    filesystem.Code // if wantErr is empty
	}{
		{"traversal", archive(t, entry{name: "../x", content: "x"}), `entry "../x": the path leaves`, 0},
		{"traversal in the middle", archive(t, entry{name: "a/../../x", content: "x"}), "the path leaves", 0},
		{"absolute", archive(t, entry{name: "/etc/passwd", content: "x"}), "the path leaves", 0},
		{"by a link", archive(t, entry{name: "out", typ: tar.TypeSymlink, link: "../.."}, entry{name: "out/x", content: "x"}), "", filesystem.NotPermitted},
		{"by a loop", archive(t, entry{name: "l", typ: tar.TypeSymlink, link: "l"}, entry{name: "l/x", content: "x"}), "", filesystem.Loop},
		{"hard link out", archive(t, entry{name: "h", typ: tar.TypeLink, link: "../../etc/shadow"}), "the path leaves", 0},
		{"absolute hard link", archive(t, entry{name: "h", typ: tar.TypeLink, link: "/etc/shadow"}), "the path leaves", 0},
		{"hard link by a link out", archive(t, entry{name: "out", typ: tar.TypeSymlink, link: "../.."}, entry{name: "h", typ: tar.TypeLink, link: "out/etc"}), "", filesystem.NotPermitted},
		{"hard link to nothing", archive(t, entry{name: "h", typ: tar.TypeLink, link: "nothing"}), "", filesystem.NoEntry},
		{"hard link to a directory", archive(t, entry{name: "d", typ: tar.TypeDir}, entry{name: "h", typ: tar.TypeLink, link: "d"}), "", filesystem.NotPermitted},
		{"hard link to what it replaces", archive(t, entry{name: "d/f"}, entry{name: "d", typ: tar.TypeLink, link: "d/f"}), "", filesystem.NoEntry},
		{"character device", archive(t, entry{name: "dev/null", typ: tar.TypeChar}), `of type '3'`, 0},
		{"block device", archive(t, entry{name: "sda", typ: tar.TypeBlock}), `of type '4'`, 0},
		{"FIFO", archive(t, entry{name: "fifo", typ: tar.TypeFifo}), `of type '6'`, 0},
		{"whiteout of the parent", archive(t, entry{name: ".wh..."}), "the path leaves", 0},
		{"whiteout of nothing", archive(t, entry{name: ".wh."}), "the path leaves", 0},
		{"name that is not UTF-8", archive(t, entry{name: "bad\xff"}), "not UTF-8", 0},
		{"link that is not UTF-8", archive(t, entry{name: "l", typ: tar.TypeSymlink, link: "bad\xff"}), "not UTF-8", 0},
		{"long name", archive(t, entry{name: strings.Repeat("x", 256)}), "", filesystem.NameTooLong},
		{"long path", archive(t, entry{name: strings.Repeat("x/", 2500) + "x"}), "too long", 0},
		{"long link", archive(t, entry{name: "l", typ: tar.TypeSymlink, link: strings.Repeat("x", 5000)}), "not UTF-8", 0},
		{"deep path", archive(t, entry{name: deep, content: "x"}), "", filesystem.NameTooLong},
		{"large file", archive(t, entry{name: "f", content: strings.Repeat("x", 1<<20+1)}), "", filesystem.FileTooLarge},
		{"large files", archive(t, entry{name: "f", content: strings.Repeat("x", 1<<19)}, entry{name: "g", content: strings.Repeat("x", 1<<19+1)}), "", filesystem.Quota},
		{"many files", archive(t, many...), "", filesystem.Quota},
		{"many entries", archive(t, again...), "more entries", 0},
		{"a size of 8 EiB", huge(t), "", filesystem.FileTooLarge},
		{"cut off", archive(t, entry{name: "f", content: strings.Repeat("x", 100_000)})[:50_000], "unexpected EOF", 0},
		{"no archive", []byte(strings.Repeat("this is no archive. ", 100)), "invalid tar header", 0},
		{"zstd", []byte("\x28\xb5\x2f\xfd and so on"), "zstd", 0},
		{"broken gzip", zip(t, archive(t, entry{name: "f", content: strings.Repeat("x", 100_000)}))[:60], "unexpected EOF", 0},
		{"replaced over and over", archive(t, repeat(50, entry{name: "f", content: strings.Repeat("x", 100_000)})...), "more bytes", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := unpack(limits, test.layer)
			switch {
			case err == nil:
				t.Error("it is unpacked")
			case test.wantErr != "" && !strings.Contains(err.Error(), test.wantErr):
				t.Errorf("err = %v, want %q", err, test.wantErr)
			case test.wantErr == "" && filesystem.CodeOf(err) != test.code:
				t.Errorf("err = %v, want %v", err, test.code)
			case !strings.HasPrefix(err.Error(), "layer 0: "):
				t.Errorf("err = %v does not name the layer", err)
			case len(err.Error()) > 1000:
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func repeat(n int, e entry) []entry {
	var all []entry
	for range n {
		all = append(all, e)
	}
	return all
}

// huge is an archive with a file that says that it is very large.
func huge(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "f", Size: 1<<63 - 1, Typeflag: tar.TypeReg, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A layer that unpacks to far more than it is ends early, and takes little memory.
func TestCompressionBomb(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	tw := tar.NewWriter(w)
	const size = 1 << 30
	if err := tw.WriteHeader(&tar.Header{Name: "f", Size: size, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	zeroes := make([]byte, 1<<20)
	for range 64 { // the rest is not there, and not needed
		if _, err := tw.Write(zeroes); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := unpack(filesystem.Limits{Bytes: size - 1, Files: 10}, b.Bytes())
	if filesystem.CodeOf(err) != filesystem.FileTooLarge {
		t.Errorf("a file of 1 GiB = %v, want %v", err, filesystem.FileTooLarge)
	}
	// What it says of its size is within the limits, and what there is of it is zero.
	if _, err = unpack(filesystem.Limits{Bytes: size, Files: 10}, b.Bytes()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("err = %v, want that the end is missing", err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.Sys - before.Sys; after.Sys > before.Sys && grown > 128<<20 {
		t.Errorf("unpacking took %d bytes of memory", grown)
	}
}

// Whatever the bytes are, unpacking ends, and what is unpacked is within the limits.
func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, entry{name: "a/b", content: "content"}, entry{name: "l", typ: tar.TypeSymlink, link: "/a"}, entry{name: "h", typ: tar.TypeLink, link: "a/b"}), []byte{})
	f.Add(archive(f, entry{name: "d/x", content: "1"}, entry{name: "d/s", typ: tar.TypeSymlink, link: ".."}), archive(f, entry{name: "d/.wh.x"}, entry{name: "d/s/y"}, entry{name: "d/.wh..wh..opq"}))
	f.Add(zip(f, archive(f, entry{name: "f", content: "x"})), huge(f))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		limits := filesystem.Limits{Bytes: 1 << 16, Files: 50, Depth: 6}
		tmpl, err := layers.Unpack([]io.Reader{bytes.NewReader(a), bytes.NewReader(b)}, limits)
		if err != nil {
			return
		}
		var files int64
		for path := range filesystemtest.Tree(t, tmpl.Root()) {
			files++
			if strings.Count(path, "/") >= limits.Depth {
				t.Errorf("%q is too deep", path)
			}
		}
		if files > limits.Files || files != tmpl.Files() || tmpl.Bytes() > limits.Bytes {
			t.Errorf("%d files, said to be %d, and %d bytes", files, tmpl.Files(), tmpl.Bytes())
		}
	})
}
