package blobstore

import (
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// StreamObjectNames is resource stream-object-names of wasi:blobstore/container. It has
// one page of names at a time.
type StreamObjectNames struct {
	*place
	names  []ObjectName
	cursor string
	ended  bool // there are no more pages
}

// fetch gets pages until there is a name, or no more page.
func (x *StreamObjectNames) fetch(c *component.Call) error {
	for len(x.names) == 0 && !x.ended {
		page, err := x.store.List(c.Context(), x.name, blobstore.Query{Cursor: x.cursor, Names: true})
		if err != nil {
			return x.fail(err)
		}
		for i := range page.Objects {
			x.names = append(x.names, page.Objects[i].Name)
		}
		x.cursor, x.ended = page.Cursor, page.Cursor == ""
	}
	return nil
}

// next takes up to n names, at most a page, and reports whether they were the last.
func (x *StreamObjectNames) next(c *component.Call, n uint64) ([]ObjectName, bool, error) {
	if n == 0 {
		return nil, x.ended && len(x.names) == 0, nil
	}
	if err := x.fetch(c); err != nil {
		return nil, false, err
	}
	k := min(n, uint64(len(x.names)))
	taken := x.names[:k]
	x.names = x.names[k:]
	return taken, x.ended && len(x.names) == 0, nil
}

// ReadStreamObjectNames implements
// [method]stream-object-names.read-stream-object-names.
func (x *StreamObjectNames) ReadStreamObjectNames(c *component.Call, n uint64) (component.Tuple2[[]ObjectName, bool], error) {
	names, ended, err := x.next(c, n)
	return component.Tuple2[[]ObjectName, bool]{V0: names, V1: ended}, err
}

// SkipStreamObjectNames implements
// [method]stream-object-names.skip-stream-object-names.
func (x *StreamObjectNames) SkipStreamObjectNames(c *component.Call, n uint64) (component.Tuple2[uint64, bool], error) {
	var r component.Tuple2[uint64, bool]
	for {
		names, ended, err := x.next(c, n-r.V0)
		if err != nil {
			return component.Tuple2[uint64, bool]{}, err
		}
		r.V0 += uint64(len(names))
		if r.V1 = ended; ended || r.V0 == n {
			return r, nil
		}
	}
}
