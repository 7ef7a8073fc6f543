package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/lead"
)

const (
	// maxAttempts is how often a compare-and-swap is tried again. Only a service that
	// does not lead any more, or somebody who may not write there, makes one fail.
	maxAttempts = 16
	// writers is how many documents are written at once.
	writers = 8
	// maxErrors bounds how many documents an error tells of.
	maxErrors = 4
)

// write writes the documents that are due, phase by phase. What it cannot write stays
// due.
func (l *leading) write(ctx context.Context) error {
	if l.lead.Refused() != nil {
		return l.lead.Refused()
	}
	if err := l.sure(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	var errs []error
	for _, phase := range l.lead.Due() {
		errs = append(errs, l.phase(ctx, phase)...)
	}
	if len(errs) > maxErrors {
		more := len(errs) - maxErrors
		errs = append(errs[:maxErrors], fmt.Errorf("and %d more", more))
	}
	return errors.Join(errs...)
}

// phase writes documents in any order.
func (l *leading) phase(ctx context.Context, docs []lead.Doc) (errs []error) {
	for attempt := range maxAttempts {
		if len(docs) == 0 {
			return errs
		}
		pause(ctx, attempt)
		var writes []*lead.Write
		for _, d := range docs {
			w, err := l.lead.Write(d)
			if err != nil {
				errs = append(errs, err)
			} else if w != nil {
				writes = append(writes, w)
			}
		}
		results := l.all(ctx, writes)
		docs = nil
		for i, w := range writes {
			switch err := results[i].err; {
			case err == nil:
				l.lead.Wrote(w, results[i].revision)
			case errors.Is(err, lattice.ErrConflict):
				if err := l.look(ctx, w.Doc); err != nil {
					errs = append(errs, err)
					continue
				}
				docs = append(docs, w.Doc)
			default:
				errs = append(errs, fmt.Errorf("bucket %q: key %q: %w", l.bucketName(w.Bucket), w.Key, err))
			}
		}
	}
	for _, d := range docs {
		errs = append(errs, fmt.Errorf("bucket %q: key %q: %w: it does not rest", l.bucketName(d.Bucket), d.Key, lattice.ErrConflict))
	}
	return errs
}

// written is what became of a document.
type written struct {
	revision uint64
	err      error
}

// all writes documents at once.
func (l *leading) all(ctx context.Context, writes []*lead.Write) []written {
	results := make([]written, len(writes))
	if len(writes) == 1 {
		results[0].revision, results[0].err = l.one(ctx, writes[0])
		return results
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(writers, len(writes)) {
		wg.Go(func() {
			for i := range next {
				results[i].revision, results[i].err = l.one(ctx, writes[i])
			}
		})
	}
	for i := range writes {
		next <- i
	}
	close(next)
	wg.Wait()
	return results
}

// one writes a document. Several goroutines may do so at once.
func (l *leading) one(ctx context.Context, w *lead.Write) (uint64, error) {
	bucket := l.documents[w.Bucket]
	if w.Delete {
		return 0, bucket.Delete(ctx, w.Key)
	}
	signed, err := l.signer.Sign(l.bucketName(w.Bucket), w.Key, w.Value)
	if err != nil {
		return 0, err
	}
	l.own.sign(w.Doc, w.Value, signed)
	return swap(ctx, bucket, w.Key, signed, w.Revision)
}

// look reads what a key has now.
func (l *leading) look(ctx context.Context, d lead.Doc) error {
	e, err := l.documents[d.Bucket].Get(ctx, d.Key)
	switch {
	case errors.Is(err, lattice.ErrNotFound):
		l.lead.Looked(d, nil, 0, true)
		return nil
	case err != nil:
		return fmt.Errorf("bucket %q: key %q: %w", l.bucketName(d.Bucket), d.Key, err)
	}
	value := l.value(d, e.Value)
	l.saw(ctx, d, value, l.lead.Looked(d, value, e.Revision, false), false)
	return nil
}

// seek looks whether documents are there that were written and that no watch has given
// since, and returns when to look again.
func (l *leading) seek(ctx context.Context) time.Duration {
	docs, next := l.lead.Unseen(l.now())
	for _, d := range docs {
		if err := l.look(ctx, d); err != nil {
			if ctx.Err() == nil && l.news("unseen", err) {
				l.log.WarnContext(ctx, "document was written and has not been seen since", "error", err)
			}
			break // it is looked for again
		}
	}
	if len(docs) > 0 {
		return 0 // something of it may have to be written
	}
	return time.Duration(min(next-l.now(), longest)) * time.Millisecond
}

// pause waits before an attempt that is not the first. What was read may have been old:
// then it is not for long.
func pause(ctx context.Context, attempt int) {
	if attempt == 0 {
		return
	}
	select {
	case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
	case <-ctx.Done():
	}
}

// swap puts a value in place of the one with a revision, or where there is none if it is
// zero. The error is of kind ErrConflict if something else is there.
func swap(ctx context.Context, b lattice.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if revision != 0 {
		return b.Update(ctx, key, value, revision)
	}
	n, err := b.Create(ctx, key, value)
	if errors.Is(err, lattice.ErrExists) {
		return 0, fmt.Errorf("%w: %v", lattice.ErrConflict, err)
	}
	return n, err
}

// known remembers digests, a bounded number of them. It belongs to one goroutine at a
// time.
type known struct {
	digests map[string]bool
}

const maxKnown = 1 << 16

func newKnown() *known { return &known{map[string]bool{}} }

func (k *known) has(digest string) bool { return k.digests[digest] }

func (k *known) add(digest string) {
	if len(k.digests) >= maxKnown {
		clear(k.digests)
	}
	k.digests[digest] = true
}
