package natsobjects

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/blobstore"
)

const (
	// abandoned is how old the note about bytes is that nobody works on.
	abandoned = time.Hour
	// renewed is how often the note about bytes that are being written is.
	renewed = abandoned / 4
	// cleanupTime is how long taking back what failed may take, and sweepTime how long
	// looking for what was left behind.
	cleanupTime = 10 * time.Second
	sweepTime   = 5 * time.Minute
)

// Put implements blobstore.Store.
func (s *Store) Put(ctx context.Context, id blobstore.ID, r io.Reader) error {
	if _, err := s.Container(ctx, id.Container); err != nil {
		return err
	}
	b, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.swept.Do(func() { s.sweeps.Go(func() { s.sweep(b) }) })
	u := &upload{s: s, b: b, id: id, object: &object{ID: rand.Text()}}
	err = u.run(ctx, r)
	if err != nil && u.announced {
		return err // the bytes may be the object's: who sweeps knows
	}
	if err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		_ = s.free(undo, b, u.object) // or who sweeps does it
		return err
	}
	// It is there: what is left behind from here on is not its fault.
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_ = b.Delete(tidy, s.name.unowned(u.object.ID))
	if u.before != nil {
		_ = s.free(tidy, b, u.before)
	}
	return nil
}

// upload is an object that is being put.
type upload struct {
	s  *Store
	b  lattice.Bucket
	id blobstore.ID
	// object is what it will be; its size is what has been stored.
	object *object
	// before is what was replaced.
	before *object
	// noted is when it was noted last that nobody owns the bytes.
	noted time.Time
	// announced says that the bytes may have become the object's.
	announced bool
}

// note notes that the bytes are nobody's, again if the last time is long ago: bytes
// that nobody works on are removed.
func (u *upload) note(ctx context.Context) error {
	age := time.Since(u.noted)
	switch {
	case age < renewed:
		return nil
	case !u.noted.IsZero() && age > abandoned/2:
		return &blobstore.Error{Kind: blobstore.Unavailable, Message: fmt.Sprintf("nothing of the object came for %v", abandoned/2)}
	}
	u.noted = time.Now()
	return u.s.disown(ctx, u.b, u.object.ID, u.id)
}

func (u *upload) run(ctx context.Context, r io.Reader) error {
	buf := make([]byte, PartSize)
	for i := int64(0); ; i++ {
		if err := u.note(ctx); err != nil {
			return err
		}
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			u.object.Size += int64(n)
			key := u.s.name.part(u.object.ID, i)
			if err := u.s.quota.Reserve(ctx, u.b, key, n); err != nil {
				return fault(err, blobstore.Failed)
			}
			if _, err := u.b.Put(ctx, key, buf[:n]); err != nil {
				return fault(err, blobstore.Failed)
			}
			blobstore.Progress(ctx)
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return u.finish(ctx)
		case err != nil:
			return fmt.Errorf("what is to be stored: %w", err)
		}
	}
}

// finish makes the bytes the object's.
func (u *upload) finish(ctx context.Context) error {
	if err := u.note(ctx); err != nil {
		return err
	}
	value, err := json.Marshal(u.object)
	if err != nil {
		return fmt.Errorf("what is known of the object: %w", err)
	}
	key := u.s.name.object(u.id)
	if err := u.s.quota.Reserve(ctx, u.b, key, len(value)); err != nil {
		return fault(err, blobstore.Failed)
	}
	for {
		u.before = nil
		e, err := u.b.Get(ctx, key)
		switch {
		case errors.Is(err, lattice.ErrNotFound):
			u.announced = true
			_, err = u.b.Create(ctx, key, value)
		case err != nil:
			return fault(err, blobstore.Failed)
		default:
			if before, damaged := parse(e.Value); damaged == nil {
				u.before = before
				if err := u.s.disown(ctx, u.b, before.ID, u.id); err != nil {
					return err
				}
			}
			u.announced = true
			_, err = u.b.Update(ctx, key, value, e.Revision)
		}
		if !errors.Is(err, lattice.ErrConflict) && !errors.Is(err, lattice.ErrExists) {
			return fault(err, blobstore.Failed)
		}
	}
}

// sweep removes what was left behind by those who ended in the middle.
func (s *Store) sweep(b lattice.Bucket) {
	ctx, cancel := context.WithTimeout(s.ctx, sweepTime)
	defer cancel()
	notes, err := b.List(ctx, s.name.unowned("*"))
	if err != nil {
		return // the next host may
	}
	for _, e := range notes {
		if time.Since(e.Time) < abandoned {
			continue
		}
		if s.sweepOne(ctx, b, e) != nil {
			return
		}
	}
}

// sweepOne removes the bytes of a note, unless they are an object's, and the note.
func (s *Store) sweepOne(ctx context.Context, b lattice.Bucket, note lattice.Entry) error {
	id := note.Key[len(s.name.unowned("")):]
	var o owner
	if err := json.Unmarshal(note.Value, &o); err != nil || !validID(id) {
		return b.Remove(ctx, note.Key, note.Revision)
	}
	have, _, err := s.look(ctx, s.name.object(blobstore.ID{Container: o.Container, Object: o.Object}))
	if err != nil && !errors.Is(err, blobstore.ErrNoObject) {
		return err
	}
	for have == nil || have.ID != id {
		parts, more, err := b.Keys(ctx, s.name.parts(id), 0, parallel*parallel)
		if err == nil {
			err = each(ctx, int64(len(parts)), func(ctx context.Context, i int64) error { return b.Delete(ctx, parts[i].Key) })
		}
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	return b.Remove(ctx, note.Key, note.Revision)
}

// Copy implements blobstore.Store. The bytes go through the host.
func (s *Store) Copy(ctx context.Context, src, dst blobstore.ID) error {
	r, err := s.Open(ctx, src, blobstore.All)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it has nothing open
	return s.Put(ctx, dst, r)
}
