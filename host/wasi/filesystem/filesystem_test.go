package filesystem_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
)

const (
	r  = filesystem.DescriptorFlagsRead
	w  = filesystem.DescriptorFlagsWrite
	rw = r | w
)

// preopen returns a descriptor of a new directory with
//
//	file   "0123456789"
//	dir/inner
//	link -> file
func preopen(t *testing.T, writable bool, maxOpen int) (string, *filesystem.Descriptor) {
	t.Helper()
	root := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(root, "file"), []byte("0123456789"), 0o666),
		os.Mkdir(filepath.Join(root, "dir"), 0o777),
		os.WriteFile(filepath.Join(root, "dir", "inner"), nil, 0o666),
		os.Symlink("file", filepath.Join(root, "link")),
	)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := hostdir.Open(root, hostdir.Options{Writable: true, MaxFileSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	})
	state := filesystem.NewState(filesystem.Options{
		Preopens: []filesystem.Preopen{{Path: "/data", Dir: dir, Writable: writable}},
		MaxOpen:  maxOpen,
	})
	dirs, err := state.GetDirectories(nil)
	if err != nil || len(dirs) != 1 || dirs[0].V1 != "/data" {
		t.Fatalf("get-directories = %v, %v", dirs, err)
	}
	return root, dirs[0].V0
}

// open opens a path and drops it with the test.
func open(t *testing.T, d *filesystem.Descriptor, path string, how filesystem.OpenFlags, flags filesystem.DescriptorFlags) *filesystem.Descriptor {
	t.Helper()
	f, err := d.OpenAt(nil, 0, path, how, flags)
	if err != nil {
		t.Fatalf("open-at %q: %v", path, err)
	}
	t.Cleanup(func() { f.Drop(t.Context()) })
	return f
}

// want checks for an error-code.
func want(t *testing.T, what string, err error, code filesystem.ErrorCode) {
	t.Helper()
	if got, ok := err.(filesystem.ErrorCode); !ok || got != code { //nolint:errorlint // the bindings demand the type itself
		t.Errorf("%s = %v, want error-code %v", what, err, code)
	}
}

func TestReadAndWrite(t *testing.T) {
	_, d := preopen(t, true, 0)
	f := open(t, d, "file", 0, rw)
	tests := []struct {
		length, offset uint64
		want           string
		end            bool
	}{
		{4, 0, "0123", false},
		{10, 0, "0123456789", false},
		{11, 0, "0123456789", true},
		{4, 8, "89", true},
		{4, 10, "", true},
		{4, 100, "", true},
		{0, 0, "", false},
		{math.MaxUint64, 5, "56789", true},
	}
	for _, test := range tests {
		got, err := f.Read(nil, test.length, test.offset)
		if err != nil || string(got.V0) != test.want || got.V1 != test.end {
			t.Errorf("read(%d, %d) = %q, %v, %v, want %q, %v", test.length, test.offset, got.V0, got.V1, err, test.want, test.end)
		}
	}
	if n, err := f.Write(nil, []byte("ab"), 12); n != 2 || err != nil {
		t.Errorf("write = %d, %v", n, err)
	}
	if got, err := f.Read(nil, 100, 8); err != nil || string(got.V0) != "89\x00\x00ab" {
		t.Errorf("after writing behind the end: %q, %v", got.V0, err)
	}
	if err := f.SetSize(nil, 3); err != nil {
		t.Error(err)
	}
	if st, err := f.Stat(nil); err != nil || st.Size != 3 || st.Type != filesystem.DescriptorTypeRegularFile {
		t.Errorf("stat = %+v, %v", st, err)
	}
	_, err := f.Read(nil, 1, math.MaxUint64)
	want(t, "read at 2^64-1", err, filesystem.ErrorCodeInvalid)
	_, err = f.Write(nil, []byte("x"), 1<<20)
	want(t, "write beyond the limit", err, filesystem.ErrorCodeFileTooLarge)
	want(t, "set-size beyond the limit", f.SetSize(nil, 1<<21), filesystem.ErrorCodeFileTooLarge)
	want(t, "set-size to 2^64-1", f.SetSize(nil, math.MaxUint64), filesystem.ErrorCodeInvalid)
}

func TestLargeReadIsBounded(t *testing.T) {
	_, d := preopen(t, true, 0)
	f := open(t, d, "file", 0, rw)
	if err := f.SetSize(nil, 1<<20); err != nil {
		t.Fatal(err)
	}
	got, err := f.Read(nil, 1<<40, 0)
	if err != nil || len(got.V0) != filesystem.MaxRead || got.V1 {
		t.Errorf("read of everything = %d bytes, %v, %v, want %d", len(got.V0), got.V1, err, filesystem.MaxRead)
	}
}

func TestStreams(t *testing.T) {
	root, d := preopen(t, true, 0)
	f := open(t, d, "file", 0, rw)
	in, err := f.ReadViaStream(nil, 7)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := in.Read(nil, 100); string(b) != "789" || err != nil {
		t.Errorf("read = %q, %v", b, err)
	}
	var e *wasiio.StreamError
	if _, err := in.Read(nil, 100); !errors.As(err, &e) || e.Tag != wasiio.StreamErrorClosed {
		t.Errorf("read at the end = %v, want closed", err)
	}
	at, err := f.WriteViaStream(nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	end, err := f.AppendViaStream(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"x", "y"} {
		for _, s := range []*wasiio.OutputStream{at, end} {
			if _, err := s.CheckWrite(nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(nil, []byte(text)); err != nil {
				t.Error(err)
			}
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "file")); err != nil || string(got) != "01xy456789xy" {
		t.Errorf("file holds %q, %v", got, err)
	}
}

// A failure of a stream can be asked for its error-code, and does not tell the
// paths of the host.
func TestStreamFailure(t *testing.T) {
	root, d := preopen(t, true, 0)
	f := open(t, d, "file", 0, rw)
	s, err := f.WriteViaStream(nil, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CheckWrite(nil); err != nil {
		t.Fatal(err)
	}
	var e *wasiio.StreamError
	if err := s.Write(nil, []byte("x")); !errors.As(err, &e) || e.Tag != wasiio.StreamErrorLastOperationFailed {
		t.Fatalf("write beyond the limit = %v, want last-operation-failed", err)
	}
	code, err := filesystem.NewState(filesystem.Options{}).FilesystemErrorCode(nil, e.LastOperationFailed)
	if err != nil || code != component.Some(filesystem.ErrorCodeFileTooLarge) {
		t.Errorf("filesystem-error-code = %v, %v, want file-too-large", code, err)
	}
	if text, _ := e.LastOperationFailed.ToDebugString(nil); strings.Contains(text, root) {
		t.Errorf("the error tells a path of the host: %q", text)
	}
	code, err = filesystem.NewState(filesystem.Options{}).FilesystemErrorCode(nil, &wasiio.Error{Err: errors.New("of another package")})
	if err != nil || code.Some {
		t.Errorf("filesystem-error-code of another error = %v, %v, want none", code, err)
	}
}

func TestDescriptorFlags(t *testing.T) {
	_, d := preopen(t, true, 0)
	reader, writer, dir := open(t, d, "file", 0, r), open(t, d, "file", 0, w), open(t, d, "dir", 0, r)
	for what, err := range map[string]error{
		"write to a reader":             second(reader.Write(nil, nil, 0)),
		"set-size of a reader":          reader.SetSize(nil, 0),
		"write-via-stream of a reader":  second(reader.WriteViaStream(nil, 0)),
		"append-via-stream of a reader": second(reader.AppendViaStream(nil)),
		"read of a writer":              second(writer.Read(nil, 1, 0)),
		"read-via-stream of a writer":   second(writer.ReadViaStream(nil, 0)),
		"read of neither":               second(open(t, d, "file", 0, 0).Read(nil, 1, 0)),
		"advise on a directory":         dir.Advise(nil, 0, 0, filesystem.AdviceNormal),
	} {
		want(t, what, err, filesystem.ErrorCodeBadDescriptor)
	}
	for what, err := range map[string]error{
		"read of a directory":             second(dir.Read(nil, 1, 0)),
		"write to a directory":            second(dir.Write(nil, nil, 0)),
		"set-size of a directory":         dir.SetSize(nil, 0),
		"read-via-stream of a directory":  second(dir.ReadViaStream(nil, 0)),
		"opening a directory for writing": second(d.OpenAt(nil, 0, "dir", 0, rw)),
		"truncating a directory":          second(d.OpenAt(nil, 0, "dir", filesystem.OpenFlagsTruncate, r)),
		"unlink-file-at of a directory":   d.UnlinkFileAt(nil, "dir"),
	} {
		want(t, what, err, filesystem.ErrorCodeIsDirectory)
	}
	for what, err := range map[string]error{
		"read-directory of a file":      second(reader.ReadDirectory(nil)),
		"open-at of a file":             second(reader.OpenAt(nil, 0, "x", 0, r)),
		"stat-at of a file":             second(reader.StatAt(nil, 0, "x")),
		"create-directory-at of a file": reader.CreateDirectoryAt(nil, "x"),
		"rename-at to a file":           d.RenameAt(nil, "file", reader, "x"),
		"opening a file as a directory": second(d.OpenAt(nil, 0, "file", filesystem.OpenFlagsDirectory, r)),
	} {
		want(t, what, err, filesystem.ErrorCodeNotDirectory)
	}
	for _, test := range []struct {
		name string
		d    *filesystem.Descriptor
		want filesystem.DescriptorFlags
	}{
		{"preopen", d, r | filesystem.DescriptorFlagsMutateDirectory},
		{"directory", dir, r | filesystem.DescriptorFlagsMutateDirectory},
		{"reader", reader, r},
		{"writer", writer, w},
	} {
		if got, err := test.d.GetFlags(nil); got != test.want || err != nil {
			t.Errorf("get-flags of %s = %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWithoutMutateDirectory(t *testing.T) {
	root, d := preopen(t, false, 0)
	_, other := preopen(t, true, 0)
	dir, file := open(t, d, "dir", 0, r), open(t, d, "file", 0, r)
	now := filesystem.NewTimestamp{Tag: filesystem.NewTimestampNow}
	for _, d := range []*filesystem.Descriptor{d, dir} {
		for what, err := range map[string]error{
			"create":              second(d.OpenAt(nil, 0, "x", filesystem.OpenFlagsCreate, r)),
			"truncate":            second(d.OpenAt(nil, 0, "file", filesystem.OpenFlagsTruncate, r)),
			"write":               second(d.OpenAt(nil, 0, "file", 0, w)),
			"mutate-directory":    second(d.OpenAt(nil, 0, ".", 0, filesystem.DescriptorFlagsMutateDirectory)),
			"create-directory-at": d.CreateDirectoryAt(nil, "x"),
			"remove-directory-at": d.RemoveDirectoryAt(nil, "dir"),
			"unlink-file-at":      d.UnlinkFileAt(nil, "file"),
			"symlink-at":          d.SymlinkAt(nil, "file", "x"),
			"rename-at":           d.RenameAt(nil, "file", other, "x"),
			"rename-at to it":     other.RenameAt(nil, "file", d, "x"),
			"link-at":             d.LinkAt(nil, 0, "file", other, "x"),
			"link-at to it":       other.LinkAt(nil, 0, "file", d, "x"),
			"set-times-at":        d.SetTimesAt(nil, 0, "file", now, now),
			"set-times":           d.SetTimes(nil, now, now),
			"set-times of a file": file.SetTimes(nil, now, now),
		} {
			want(t, what, err, filesystem.ErrorCodeReadOnly)
		}
	}
	if names := readDirectory(t, d); !slices.Equal(names, []string{"dir directory", "file regular-file", "link symbolic-link"}) {
		t.Errorf("entries are %q", names)
	}
	if got, err := os.ReadFile(filepath.Join(root, "file")); err != nil || string(got) != "0123456789" {
		t.Errorf("file holds %q, %v", got, err)
	}
}

func readDirectory(t *testing.T, d *filesystem.Descriptor) []string {
	t.Helper()
	s, err := d.ReadDirectory(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop(t.Context())
	var names []string
	for {
		e, err := s.ReadDirectoryEntry(nil)
		switch {
		case err != nil:
			t.Fatal(err)
		case !e.Some:
			slices.Sort(names)
			return names
		}
		names = append(names, e.Value.Name+" "+e.Value.Type.String())
	}
}

func TestPaths(t *testing.T) {
	_, d := preopen(t, true, 0)
	for path, code := range map[string]filesystem.ErrorCode{
		"/file": filesystem.ErrorCodeNotPermitted, "../x": filesystem.ErrorCodeNotPermitted, "dir/../../x": filesystem.ErrorCodeNotPermitted,
		"": filesystem.ErrorCodeNoEntry, "nothing": filesystem.ErrorCodeNoEntry, "file/x": filesystem.ErrorCodeNotDirectory,
		strings.Repeat("./", 3000): filesystem.ErrorCodeNameTooLong,
	} {
		_, err := d.StatAt(nil, filesystem.PathFlagsSymlinkFollow, path)
		want(t, "stat-at "+path, err, code)
		_, err = d.OpenAt(nil, filesystem.PathFlagsSymlinkFollow, path, 0, r)
		want(t, "open-at "+path, err, code)
		_, err = d.MetadataHashAt(nil, 0, path)
		want(t, "metadata-hash-at "+path, err, code)
	}
	_, err := d.OpenAt(nil, 0, "link", 0, r)
	want(t, "open-at of a link", err, filesystem.ErrorCodeLoop)
	want(t, "symlink-at to /etc", d.SymlinkAt(nil, "/etc", "x"), filesystem.ErrorCodeNotPermitted)
	want(t, "link-at of a directory", d.LinkAt(nil, 0, "dir", d, "x"), filesystem.ErrorCodeNotPermitted)
	want(t, "remove-directory-at", d.RemoveDirectoryAt(nil, "dir"), filesystem.ErrorCodeNotEmpty)
	for what, err := range map[string]error{
		"link-at":             d.LinkAt(nil, filesystem.PathFlagsSymlinkFollow, "file", d, "dir/file"),
		"link-at of a link":   d.LinkAt(nil, filesystem.PathFlagsSymlinkFollow, "link", d, "dir/named"),
		"unlink-file-at":      d.UnlinkFileAt(nil, "dir/inner"),
		"rename-at":           d.RenameAt(nil, "dir/file", d, "dir/again"),
		"create-directory-at": d.CreateDirectoryAt(nil, "new/"),
		"remove-directory-at": d.RemoveDirectoryAt(nil, "new/"),
		"symlink-at":          d.SymlinkAt(nil, "again", "dir/link"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if target, err := d.ReadlinkAt(nil, "dir/link"); target != "again" || err != nil {
		t.Errorf("readlink-at = %q, %v", target, err)
	}
}

// Times of files are told as coarsely as clocks, and so are hashes that are made of them.
func TestTimesAreRounded(t *testing.T) {
	root, fine := preopen(t, true, 0)
	modified := time.Unix(1e9, 987654321)
	touch := func() {
		t.Helper()
		if err := os.Chtimes(filepath.Join(root, "file"), modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	touch()
	for resolution, want := range map[time.Duration]clocks.Datetime{
		0:                      {Seconds: 1e9, Nanoseconds: 987654321},
		time.Microsecond:       {Seconds: 1e9, Nanoseconds: 987654000},
		100 * time.Millisecond: {Seconds: 1e9, Nanoseconds: 9e8},
		time.Second:            {Seconds: 1e9},
	} {
		st, err := reopen(t, root, resolution).StatAt(nil, 0, "file")
		if err != nil || st.DataModificationTimestamp != component.Some(want) || st.DataAccessTimestamp != component.Some(want) {
			t.Errorf("with %v: %+v, %v, want %+v", resolution, st, err, want)
		}
	}
	coarse := reopen(t, root, 1e6*time.Hour) // the times of changes that are made now are the same
	hash := func(d *filesystem.Descriptor) filesystem.MetadataHashValue {
		t.Helper()
		h, err := d.MetadataHashAt(nil, 0, "file")
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	was, wasCoarse := hash(fine), hash(coarse)
	modified = modified.Add(time.Millisecond)
	touch()
	if hash(fine) == was {
		t.Error("the hash is that of another time")
	}
	if hash(coarse) != wasCoarse {
		t.Error("a hash tells times that the clocks do not")
	}
}

// reopen opens a directory with times of a resolution.
func reopen(t *testing.T, root string, resolution time.Duration) *filesystem.Descriptor {
	t.Helper()
	dir, err := hostdir.Open(root, hostdir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	})
	all, err := filesystem.NewState(filesystem.Options{Preopens: []filesystem.Preopen{{Path: "/", Dir: dir}}, Resolution: resolution}).GetDirectories(nil)
	if err != nil || len(all) != 1 {
		t.Fatalf("directories %v, %v", all, err)
	}
	return all[0].V0
}

func TestMetadata(t *testing.T) {
	_, d := preopen(t, true, 0)
	f := open(t, d, "file", 0, rw)
	when := clocks.Datetime{Seconds: 1e9, Nanoseconds: 7}
	stamp := filesystem.NewTimestamp{Tag: filesystem.NewTimestampTimestamp, Timestamp: when}
	if err := f.SetTimes(nil, filesystem.NewTimestamp{}, stamp); err != nil {
		t.Fatal(err)
	}
	st, err := d.StatAt(nil, filesystem.PathFlagsSymlinkFollow, "link")
	if err != nil || st.DataModificationTimestamp != component.Some(when) || !st.DataAccessTimestamp.Some || st.LinkCount != 1 {
		t.Errorf("stat-at = %+v, %v", st, err)
	}
	before, err := f.MetadataHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := d.MetadataHashAt(nil, 0, "file")
	if diff := cmp.Diff(before, at); err != nil || diff != "" {
		t.Errorf("the hash by path differs: %v\n%s", err, diff)
	}
	if _, err := f.Write(nil, []byte("longer than before"), 0); err != nil {
		t.Fatal(err)
	}
	if after, err := f.MetadataHash(nil); err != nil || after == before {
		t.Errorf("the hash is still %v, %v", after, err)
	}
	for _, bad := range []struct {
		when clocks.Datetime
		code filesystem.ErrorCode
	}{
		{clocks.Datetime{Nanoseconds: 1e9}, filesystem.ErrorCodeInvalid},
		{clocks.Datetime{Seconds: math.MaxUint64}, filesystem.ErrorCodeOverflow},
	} {
		stamp.Timestamp = bad.when
		want(t, "set-times", f.SetTimes(nil, stamp, stamp), bad.code)
	}
	same, _ := f.IsSameObject(nil, open(t, d, "file", 0, r))
	other, _ := f.IsSameObject(nil, open(t, d, "dir/inner", 0, r))
	if !same || other {
		t.Errorf("is-same-object = %v for the same, %v for another", same, other)
	}
}

func TestOpenObjectsAreBounded(t *testing.T) {
	_, d := preopen(t, true, 3)
	f, err := d.OpenAt(nil, 0, "file", 0, r)
	if err != nil {
		t.Fatal(err)
	}
	in, err := f.ReadViaStream(nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	open(t, d, "dir", 0, r)
	entries, err := d.ReadDirectory(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.OpenAt(nil, 0, "file", 0, r)
	want(t, "open-at beyond the limit", err, filesystem.ErrorCodeInsufficientMemory)
	_, err = d.ReadDirectory(nil)
	want(t, "read-directory beyond the limit", err, filesystem.ErrorCodeInsufficientMemory)

	entries.Drop(t.Context())
	if _, err := d.OpenAt(nil, 0, "nothing", 0, r); err == nil {
		t.Error("opened nothing")
	}
	open(t, d, "file", 0, r) // what could not be opened is not counted

	// The stream keeps the file open, and the count with it.
	f.Drop(t.Context())
	_, err = d.OpenAt(nil, 0, "file", 0, r)
	want(t, "open-at beyond the limit", err, filesystem.ErrorCodeInsufficientMemory)
	if b, err := in.Read(nil, 3); string(b) != "012" || err != nil {
		t.Errorf("read after the descriptor was dropped = %q, %v", b, err)
	}
	in.Drop(t.Context())
	open(t, d, "file", 0, r)
}
