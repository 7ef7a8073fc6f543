package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// shelf is a bucket of documents that follow from the state, and what was seen
// there last. It belongs to one goroutine.
type shelf struct {
	name   string
	bucket lattice.Bucket
	seen   map[string]seen
}

// seen is what a key had.
type seen struct {
	revision uint64
	// value is what was signed, nil if there is none or it does not verify.
	value []byte
	// gone says that there is nothing.
	gone bool
}

// observe takes a change in, and reports whether it is news.
func (s *shelf) observe(v lattice.Verifier, e lattice.Entry) bool {
	now := seen{revision: e.Revision, gone: e.Deleted}
	if !e.Deleted {
		if value, err := v.Scheduler(s.name, e.Key, e.Value); err == nil {
			now.value = value
		}
	}
	// A revision alone does not tell: a bucket that was made anew counts them anew,
	// and what is lost with one is gone at the revision that it had.
	have, ok := s.seen[e.Key]
	if ok && now.revision == have.revision && now.gone == have.gone && bytes.Equal(now.value, have.value) {
		return false
	}
	s.seen[e.Key] = now
	return true
}

// errAhead says that a document of a scheduler is there with a stamp that is not
// older than that of the state.
var errAhead = errors.New("the document is newer than the state")

// put writes a document unless judge finds that the one that is there will do, or
// that it must not be written. judge is given what is there and verifies, or nil.
func (s *shelf) put(ctx context.Context, signer lattice.Signer, verifier lattice.Verifier, key string, value []byte, judge func(have []byte) (same bool, err error)) error {
	signed, err := signer.Sign(s.name, key, value)
	if err != nil {
		return err
	}
	for attempt := range maxAttempts {
		pause(ctx, attempt)
		have := s.seen[key]
		if same, err := judge(have.value); same || err != nil {
			return err
		}
		expect := have.revision
		if have.gone {
			expect = 0
		}
		revision, err := swap(ctx, s.bucket, key, signed, expect)
		if err == nil {
			s.seen[key] = seen{revision: revision, value: value}
			return nil
		}
		if !errors.Is(err, lattice.ErrConflict) {
			return fmt.Errorf("bucket %q: key %q: %w", s.name, key, err)
		}
		if err := s.look(ctx, verifier, key); err != nil {
			return err
		}
	}
	return fmt.Errorf("bucket %q: key %q: %w: it does not rest", s.name, key, lattice.ErrConflict)
}

// look reads what a key has now.
func (s *shelf) look(ctx context.Context, v lattice.Verifier, key string) error {
	e, err := s.bucket.Get(ctx, key)
	switch {
	case errors.Is(err, lattice.ErrNotFound):
		s.seen[key] = seen{revision: s.seen[key].revision, gone: true}
		return nil
	case err != nil:
		return fmt.Errorf("bucket %q: key %q: %w", s.name, key, err)
	}
	delete(s.seen, key)
	e.Key = key
	s.observe(v, e)
	return nil
}

// remove deletes a document, if there is one.
func (s *shelf) remove(ctx context.Context, key string) error {
	if have, ok := s.seen[key]; !ok || have.gone {
		return nil
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return fmt.Errorf("bucket %q: key %q: %w", s.name, key, err)
	}
	s.seen[key] = seen{revision: s.seen[key].revision, gone: true}
	return nil
}
