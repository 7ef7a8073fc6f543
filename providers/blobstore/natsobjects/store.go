package natsobjects

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/quota"
	"github.com/wattle-dev/wattle/lattice/token"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

// Store implements blobstore.Store without its bounds.
type Store struct {
	lattice lattice.Lattice
	bucket  string
	name    Name
	quota   *quota.Quota
	opened  atomic.Pointer[lattice.Bucket]

	// ctx ends when the store is closed, and with it what sweeps.
	ctx    context.Context //nolint:containedctx // that of the store
	cancel context.CancelFunc
	sweeps sync.WaitGroup
	swept  sync.Once
}

// Limits bound what the store holds, with what it needs besides the objects. Zero is the
// default.
type Limits struct{ Bytes, Keys int64 }

// The defaults of Limits.
const (
	DefaultBytes = 256 << 20
	DefaultKeys  = 100_000
)

// Open returns a store in a bucket. It asks for the bucket when the store is first used.
func Open(l lattice.Lattice, bucket string, name Name, limits Limits) *Store {
	s := &Store{
		lattice: l, bucket: bucket, name: name,
		quota: quota.New(name.prefix+">", cmp.Or(limits.Bytes, DefaultBytes), cmp.Or(limits.Keys, DefaultKeys)),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close implements blobstore.Store.
func (s *Store) Close() error {
	s.cancel()
	s.sweeps.Wait()
	return nil
}

// open returns the bucket.
func (s *Store) open(ctx context.Context) (lattice.Bucket, error) {
	if b := s.opened.Load(); b != nil {
		return *b, nil
	}
	b, err := s.lattice.Bucket(ctx, s.bucket)
	if errors.Is(err, lattice.ErrNotFound) {
		return nil, &blobstore.Error{Kind: blobstore.Unavailable, Err: err}
	}
	if err != nil {
		return nil, fault(err, blobstore.Failed)
	}
	s.opened.Store(&b)
	return b, nil
}

// fault returns an error of the lattice as one of stores; missing is what it is that a
// key has no value.
func fault(err error, missing blobstore.Kind) error {
	kind := blobstore.Failed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, lattice.ErrNotFound):
		kind = missing
	case errors.Is(err, lattice.ErrDenied):
		kind = blobstore.Denied
	case errors.Is(err, lattice.ErrExhausted):
		kind = blobstore.Full
	case errors.Is(err, lattice.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		kind = blobstore.Unavailable
	}
	return &blobstore.Error{Kind: kind, Err: err}
}

// CreateContainer implements blobstore.Store.
func (s *Store) CreateContainer(ctx context.Context, name string) error {
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	if err := s.quota.Reserve(ctx, b, s.name.container(name), 0); err != nil {
		return fault(err, blobstore.Failed)
	}
	_, err = b.Create(ctx, s.name.container(name), nil)
	if errors.Is(err, lattice.ErrExists) {
		return blobstore.ErrExists
	}
	return fault(err, blobstore.Failed)
}

// Container implements blobstore.Store.
func (s *Store) Container(ctx context.Context, name string) (blobstore.ContainerInfo, error) {
	b, err := s.open(ctx)
	if err != nil {
		return blobstore.ContainerInfo{}, err
	}
	e, err := b.Get(ctx, s.name.container(name))
	if err != nil {
		return blobstore.ContainerInfo{}, fault(err, blobstore.NoContainer)
	}
	return blobstore.ContainerInfo{Name: name, Created: e.Time}, nil
}

// DeleteContainer implements blobstore.Store.
func (s *Store) DeleteContainer(ctx context.Context, name string) error {
	if _, err := s.Container(ctx, name); err != nil {
		if errors.Is(err, blobstore.ErrNoContainer) {
			return nil
		}
		return err
	}
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	return fault(b.Delete(ctx, s.name.container(name)), blobstore.Failed)
}

// look returns what is known of an object, and its entry.
func (s *Store) look(ctx context.Context, key string) (*object, lattice.Entry, error) {
	b, err := s.open(ctx)
	if err != nil {
		return nil, lattice.Entry{}, err
	}
	e, err := b.Get(ctx, key)
	if err != nil {
		return nil, e, fault(err, blobstore.NoObject)
	}
	o, err := parse(e.Value)
	if err != nil {
		return nil, e, &blobstore.Error{Message: "the object is damaged", Err: err}
	}
	return o, e, nil
}

// Info implements blobstore.Store.
func (s *Store) Info(ctx context.Context, id blobstore.ID) (blobstore.ObjectInfo, error) {
	o, e, err := s.look(ctx, s.name.object(id))
	if err != nil {
		return blobstore.ObjectInfo{}, err
	}
	return blobstore.ObjectInfo{Name: id.Object, Size: o.Size, Created: e.Time}, nil
}

// List implements blobstore.Store. The cursor is the last revision that was given.
func (s *Store) List(ctx context.Context, container string, q blobstore.Query) (blobstore.Page, error) {
	var after uint64
	if q.Cursor != "" {
		n, err := strconv.ParseUint(q.Cursor, 10, 64)
		if err != nil || n == 1<<64-1 {
			return blobstore.Page{}, &blobstore.Error{Kind: blobstore.Invalid, Message: "the cursor is none of this store"}
		}
		after = n
	}
	if _, err := s.Container(ctx, container); err != nil {
		return blobstore.Page{}, err
	}
	b, err := s.open(ctx)
	if err != nil {
		return blobstore.Page{}, err
	}
	prefix := s.name.objects(container)
	entries, more, err := b.Keys(ctx, prefix+"*", after, max(q.Limit, 1))
	if err != nil {
		return blobstore.Page{}, fault(err, blobstore.Failed)
	}
	var page blobstore.Page
	for _, e := range entries {
		if more {
			page.Cursor = strconv.FormatUint(e.Revision, 10)
		}
		name, ok := token.Decode(strings.TrimPrefix(e.Key, prefix))
		if ok && strings.HasPrefix(name, q.Prefix) {
			page.Objects = append(page.Objects, blobstore.ObjectInfo{Name: name, Created: e.Time})
		}
	}
	if !q.Names {
		page.Objects, err = s.infos(ctx, container, page.Objects)
	}
	return page, err
}

// parallel is how many requests are under way at once for one operation.
const parallel = 16

// infos returns what is known of objects, without those that are gone meanwhile.
func (s *Store) infos(ctx context.Context, container string, objects []blobstore.ObjectInfo) ([]blobstore.ObjectInfo, error) {
	gone := make([]bool, len(objects))
	err := each(ctx, int64(len(objects)), func(ctx context.Context, i int64) error {
		info, err := s.Info(ctx, blobstore.ID{Container: container, Object: objects[i].Name})
		switch {
		case err == nil:
			objects[i] = info
		case errors.Is(err, blobstore.ErrNoObject):
			gone[i] = true
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var there []blobstore.ObjectInfo
	for i := range objects {
		if !gone[i] {
			there = append(there, objects[i])
		}
	}
	return there, nil
}

// Delete implements blobstore.Store.
func (s *Store) Delete(ctx context.Context, container string, names ...string) error {
	return each(ctx, int64(len(names)), func(ctx context.Context, i int64) error {
		return s.delete(ctx, blobstore.ID{Container: container, Object: names[i]})
	})
}

// delete removes an object, whichever it is when nobody else changes it.
func (s *Store) delete(ctx context.Context, id blobstore.ID) error {
	key := s.name.object(id)
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	for {
		e, err := b.Get(ctx, key)
		if errors.Is(err, lattice.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fault(err, blobstore.Failed)
		}
		// What is damaged can be deleted as well; its bytes cannot be found.
		o, parseErr := parse(e.Value)
		intact := parseErr == nil
		if intact {
			if err := s.disown(ctx, b, o.ID, id); err != nil {
				return err
			}
		}
		err = b.Remove(ctx, key, e.Revision)
		if errors.Is(err, lattice.ErrConflict) {
			continue
		}
		if err != nil {
			return fault(err, blobstore.Failed)
		}
		if !intact {
			return nil
		}
		return s.free(ctx, b, o)
	}
}

// disown notes that bytes are no object's for certain.
func (s *Store) disown(ctx context.Context, b lattice.Bucket, bytes string, id blobstore.ID) error {
	note, err := json.Marshal(owner{id.Container, id.Object})
	if err != nil {
		return fmt.Errorf("note of the owner: %w", err)
	}
	_, err = b.Put(ctx, s.name.unowned(bytes), note)
	return fault(err, blobstore.Failed)
}

// free removes bytes that are noted, and the note.
func (s *Store) free(ctx context.Context, b lattice.Bucket, o *object) error {
	err := each(ctx, o.count(), func(ctx context.Context, i int64) error {
		blobstore.Progress(ctx)
		return b.Delete(ctx, s.name.part(o.ID, i))
	})
	if err == nil {
		err = b.Delete(ctx, s.name.unowned(o.ID))
	}
	return fault(err, blobstore.Failed)
}

// each calls f with 0 to n-1, several at a time. It returns the first error, after
// which no more are begun.
func each(ctx context.Context, n int64, f func(ctx context.Context, i int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	var failed error
	var once sync.Once
	for range min(n, parallel) {
		group.Go(func() {
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= n {
					return
				}
				if err := f(ctx, i); err != nil {
					once.Do(func() { failed = err })
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	if failed == nil {
		failed = context.Cause(ctx)
	}
	return failed
}
