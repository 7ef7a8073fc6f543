package blobstore

import (
	"context"
	"errors"
	"io"
	"time"
)

// Store is a store of objects. All methods may be called at the same time.
type Store interface {
	// CreateContainer makes an empty container, or returns ErrExists.
	CreateContainer(ctx context.Context, name string) error
	// Container returns what is known of a container, or ErrNoContainer.
	Container(ctx context.Context, name string) (ContainerInfo, error)
	// DeleteContainer removes a container, which is empty (see Remove); it is no error if
	// there is none.
	DeleteContainer(ctx context.Context, name string) error

	// Put stores what r returns up to its end as an object, in place of what there was,
	// or returns ErrNoContainer.
	Put(ctx context.Context, id ID, r io.Reader) error
	// Open returns an object to be read, or ErrNoObject. ctx is that of all reading.
	Open(ctx context.Context, id ID, r Range) (*Reader, error)
	// Info returns what is known of an object, or ErrNoObject.
	Info(ctx context.Context, id ID) (ObjectInfo, error)
	// List returns a page of the objects of a container, or ErrNoContainer.
	List(ctx context.Context, container string, q Query) (Page, error)
	// Delete removes objects; it is no error if there are none.
	Delete(ctx context.Context, container string, names ...string) error
	// Copy makes dst an object like src, in place of what there was.
	Copy(ctx context.Context, src, dst ID) error

	// Close ends the connection to the backend, if it is the store's own.
	Close() error
}

// ID is an object in its container.
type ID struct{ Container, Object string }

// Range is a part of an object. What is of it beyond the object's end is left out.
type Range struct {
	Offset int64
	// Length is how many bytes there are from Offset on; to the end if it is negative.
	Length int64
}

// All is the whole object.
var All = Range{Length: -1}

// Within returns the beginning and the length of the range in an object of a size.
func (r Range) Within(size int64) (offset, length int64) {
	offset = min(max(r.Offset, 0), size)
	length = size - offset
	if r.Length >= 0 {
		length = min(length, r.Length)
	}
	return offset, length
}

// ContainerInfo is what is known of a container.
type ContainerInfo struct {
	Name    string
	Created time.Time
}

// ObjectInfo is what is known of an object.
type ObjectInfo struct {
	Name    string
	Size    int64
	Created time.Time
}

// Reader is an object that is being read. It must be closed.
type Reader struct {
	io.ReadCloser
	// Info is what the object is, and Length how many bytes are read of it.
	Info   ObjectInfo
	Length int64
}

// Query says which objects are listed.
type Query struct {
	// Prefix begins their names.
	Prefix string
	// Cursor is that of the page before, empty for the first one.
	Cursor string
	// Limit is how many there are at most, more or less; DefaultPage if 0.
	Limit int
	// Names has nothing be said of them but their names.
	Names bool
}

// Page is a page of objects. It may be empty although there are more.
type Page struct {
	Objects []ObjectInfo
	// Cursor is that of the next page, empty if there is none.
	Cursor string
}

// Clear removes all objects of a container, page by page, or returns ErrNoContainer.
func Clear(ctx context.Context, s Store, container string) error {
	q := Query{Names: true}
	for {
		page, err := s.List(ctx, container, q)
		if err != nil {
			return err
		}
		names := make([]string, len(page.Objects))
		for i := range page.Objects {
			names[i] = page.Objects[i].Name
		}
		if err := s.Delete(ctx, container, names...); err != nil {
			return err
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return nil
		}
	}
}

// Remove removes a container and all that is in it; it is no error if there is none.
func Remove(ctx context.Context, s Store, container string) error {
	if err := Clear(ctx, s, container); err != nil {
		if errors.Is(err, ErrNoContainer) {
			return nil
		}
		return err
	}
	return s.DeleteContainer(ctx, container)
}
