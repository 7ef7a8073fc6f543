package natsobjects

import (
	"context"
	"fmt"
	"io"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Open implements blobstore.Store. A part is asked for when the reader comes to it.
func (s *Store) Open(ctx context.Context, id blobstore.ID, r blobstore.Range) (*blobstore.Reader, error) {
	o, e, err := s.look(ctx, s.name.object(id))
	if err != nil {
		return nil, err
	}
	b, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	offset, length := r.Within(o.Size)
	ctx, cancel := context.WithCancel(ctx)
	return &blobstore.Reader{
		ReadCloser: &reader{ctx: ctx, cancel: cancel, b: b, name: s.name, object: o, offset: offset, left: length},
		Info:       blobstore.ObjectInfo{Name: id.Object, Size: o.Size, Created: e.Time},
		Length:     length,
	}, nil
}

// reader reads a range of bytes.
type reader struct {
	ctx    context.Context //nolint:containedctx // that of Open, which is of all reading
	cancel context.CancelFunc
	b      lattice.Bucket
	name   Name
	object *object
	// offset is where what is read next stands in the object, and left how much follows.
	offset, left int64
	// part is what has been fetched and not read.
	part []byte
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.part) == 0 {
		if err := r.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.part)
	r.part = r.part[n:]
	r.offset += int64(n)
	r.left -= int64(n)
	return n, nil
}

// fetch gets the part in which offset is.
func (r *reader) fetch() error {
	i := r.offset / PartSize
	e, err := r.b.Get(r.ctx, r.name.part(r.object.ID, i))
	if err != nil {
		return fault(err, blobstore.Unavailable)
	}
	if want := min(PartSize, r.object.Size-i*PartSize); int64(len(e.Value)) != want {
		return &blobstore.Error{
			Message: "the object is damaged",
			Err:     fmt.Errorf("part %d of %s has %d bytes, %d are expected", i, r.object.ID, len(e.Value), want),
		}
	}
	r.part = e.Value[r.offset-i*PartSize:]
	blobstore.Progress(r.ctx)
	return nil
}

// Close implements io.Closer. It may be called while another reads.
func (r *reader) Close() error {
	r.cancel()
	return nil
}
