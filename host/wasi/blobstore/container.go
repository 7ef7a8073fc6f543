package blobstore

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Container is resource container of wasi:blobstore/container.
type Container struct{ *place }

// Name implements [method]container.name.
func (x *Container) Name(*component.Call) (string, error) { return x.full, nil }

// Info implements [method]container.info.
func (x *Container) Info(c *component.Call) (ContainerMetadata, error) {
	info, err := x.store.Container(c.Context(), x.name)
	if err != nil {
		return ContainerMetadata{}, x.fail(err)
	}
	return ContainerMetadata{Name: x.full, CreatedAt: seconds(info.Created)}, nil
}

// seconds are those since the beginning of 1970.
func seconds(t time.Time) Timestamp { return uint64(max(t.Unix(), 0)) } //nolint:gosec // not negative

// GetData implements [method]container.get-data. Both offsets are of bytes that are
// wanted.
func (x *Container) GetData(c *component.Call, name ObjectName, start, end uint64) (*IncomingValue, error) {
	if start > end {
		return nil, fault("the range begins after its end")
	}
	s := x.state
	if s.open >= maxOpen {
		return nil, fault("%d values are open: drop some", s.open)
	}
	r := blobstore.Range{Offset: int64(min(start, math.MaxInt64)), Length: -1}
	if end-start < math.MaxInt64 {
		r.Length = int64(end-start) + 1
	}
	opened, err := x.store.Open(c.Context(), x.id(name), r)
	if err != nil {
		return nil, x.fail(err)
	}
	s.open++
	return &IncomingValue{place: x.place, r: opened}, nil
}

// WriteData implements [method]container.write-data.
func (x *Container) WriteData(c *component.Call, name ObjectName, data *OutgoingValue) error {
	if data.upload != nil {
		return fault("the value is that of an object already")
	}
	if _, err := x.store.Container(c.Context(), x.name); err != nil {
		return x.fail(err)
	}
	data.send(c.Context(), x.place, x.id(name))
	return nil
}

// ListObjects implements [method]container.list-objects.
func (x *Container) ListObjects(c *component.Call) (*StreamObjectNames, error) {
	names := &StreamObjectNames{place: x.place}
	// What is not there is said at once.
	if err := names.fetch(c); err != nil {
		return nil, err
	}
	return names, nil
}

// DeleteObject implements [method]container.delete-object.
func (x *Container) DeleteObject(c *component.Call, name ObjectName) error {
	return x.fail(x.store.Delete(c.Context(), x.name, name))
}

// DeleteObjects implements [method]container.delete-objects.
func (x *Container) DeleteObjects(c *component.Call, names []ObjectName) error {
	for some := range slices.Chunk(names, blobstore.MaxDelete) {
		if err := x.store.Delete(c.Context(), x.name, some...); err != nil {
			return x.fail(err)
		}
	}
	return nil
}

// HasObject implements [method]container.has-object.
func (x *Container) HasObject(c *component.Call, name ObjectName) (bool, error) {
	_, err := x.store.Info(c.Context(), x.id(name))
	if errors.Is(err, blobstore.ErrNoObject) {
		return false, nil
	}
	return err == nil, x.fail(err)
}

// ObjectInfo implements [method]container.object-info.
func (x *Container) ObjectInfo(c *component.Call, name ObjectName) (ObjectMetadata, error) {
	info, err := x.store.Info(c.Context(), x.id(name))
	if err != nil {
		return ObjectMetadata{}, x.fail(err)
	}
	return ObjectMetadata{Name: name, Container: x.full, CreatedAt: seconds(info.Created), Size: uint64(max(info.Size, 0))}, nil
}

// Clear implements [method]container.clear.
func (x *Container) Clear(c *component.Call) error {
	return x.fail(blobstore.Clear(c.Context(), x.store, x.name))
}
