package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
)

// What cannot be read to its end leaves nothing behind, and changes nothing of what there
// was.
func TestPutBlob(t *testing.T) {
	const bucket = "blobs"
	l, err := memlattice.New(memlattice.Options{}).Join("m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: bucket}); err != nil {
		t.Fatal(err)
	}
	b := blobstore.Limit(natsobjects.Open(l, bucket, natsobjects.Named("site"), natsobjects.Limits{}), blobstore.Limits{Object: 1 << 20})
	defer func() { _ = b.Close() }()
	id := blobstore.ID{Container: "pages", Object: "a"}
	broken := errors.New("it broke")
	part := bytes.Repeat([]byte("x"), 300<<10)
	gone := func() {
		t.Helper()
		if info, err := b.Container(t.Context(), id.Container); !errors.Is(err, blobstore.ErrNoContainer) {
			t.Errorf("the container is there: %+v, %v", info, err)
		}
	}
	for name, r := range map[string]io.Reader{
		"at once":   iotest.ErrReader(broken),
		"midway":    io.MultiReader(bytes.NewReader(part), iotest.ErrReader(broken)),
		"too large": bytes.NewReader(bytes.Repeat(part, 4)),
	} {
		if err := putBlob(t.Context(), b, id, r); err == nil || name != "too large" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		gone()
	}
	if err := putBlob(t.Context(), b, blobstore.ID{Container: id.Container}, strings.NewReader("x")); err == nil {
		t.Error("an object without a name is stored")
	}
	gone()

	if err := putBlob(t.Context(), b, id, strings.NewReader("")); err != nil {
		t.Errorf("an empty object: %v", err)
	}
	if err := putBlob(t.Context(), b, id, bytes.NewReader(part)); err != nil {
		t.Fatal(err)
	}
	for _, object := range []string{"a", "b"} {
		r := io.MultiReader(bytes.NewReader(part[:200<<10]), iotest.ErrReader(broken))
		if err := putBlob(t.Context(), b, blobstore.ID{Container: id.Container, Object: object}, r); !errors.Is(err, broken) {
			t.Errorf("%s: %v", object, err)
		}
	}
	page, err := b.List(t.Context(), id.Container, blobstore.Query{})
	if err != nil || len(page.Objects) != 1 || page.Objects[0].Name != "a" || page.Objects[0].Size != int64(len(part)) {
		t.Errorf("objects after failures: %+v, %v", page.Objects, err)
	}
}
