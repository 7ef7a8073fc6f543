package natslattice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// watch is what is known of a pattern of keys of a bucket, across connections.
type watch struct {
	b *bucket
	f func(lattice.Entry) error
	// known has what was given last of each key that has a value.
	known map[string]version
	// seen are the keys that the present feed found to have a value, until it is in
	// step.
	seen map[string]bool
	// inStep says that the present feed has given all that there was.
	inStep bool
	synced bool
}

// version tells values of a key apart, even if the bucket was made anew.
type version struct {
	revision uint64
	time     time.Time
}

// Watch implements lattice.Bucket.
func (b *bucket) Watch(ctx context.Context, pattern string, f func(lattice.Entry) error) error {
	err := b.watch(ctx, pattern, f)
	if own, ok := errors.AsType[callbackError](err); ok {
		return own.err
	}
	if err == nil || ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is how a watch ends
	}
	return fmt.Errorf("watch %q of bucket %q: %w", pattern, b.name, err)
}

func (b *bucket) watch(ctx context.Context, pattern string, f func(lattice.Entry) error) error {
	if err := checkPattern(pattern); err != nil {
		return err
	}
	w := &watch{b: b, known: map[string]version{}, f: func(e lattice.Entry) error {
		if ctx.Err() != nil {
			return errEnough
		}
		if err := f(e); err != nil {
			return callbackError{err}
		}
		return nil
	}}
	for attempt := 0; ; attempt++ {
		w.seen, w.inStep = map[string]bool{}, false
		err := b.l.feed(ctx, b.stream, b.prefix+pattern, position{}, feedFuncs{
			renew: b.ttl / 2,
			begin: func(pending uint64) error {
				if pending == 0 {
					return w.caughtUp()
				}
				return nil
			},
			message: func(d *delivery) error {
				attempt = 0
				return w.message(d)
			},
		})
		if stop, err := b.l.resume(ctx, attempt, err, w.synced); stop {
			return err
		}
	}
}

func (w *watch) message(d *delivery) error {
	key, ok := strings.CutPrefix(d.msg.Subject, w.b.prefix)
	if !ok {
		return nil
	}
	gone := deletion(d.msg.Header)
	have, known := w.known[key]
	now := version{d.sequence, d.time}
	var err error
	switch {
	case gone && known:
		delete(w.known, key)
		err = w.f(lattice.Entry{Key: key, Revision: d.sequence, Time: w.b.l.ours(d.time), Deleted: true})
	case gone || known && have.revision == now.revision && have.time.Equal(now.time):
	default:
		w.known[key] = now
		err = w.f(lattice.Entry{Key: key, Value: d.msg.Data, Revision: d.sequence, Time: w.b.l.ours(d.time)})
	}
	if err != nil {
		return err
	}
	if !w.inStep {
		if gone {
			delete(w.seen, key)
		} else {
			w.seen[key] = true
		}
		if d.pending == 0 {
			return w.caughtUp()
		}
	}
	return nil
}

// caughtUp is called when the present feed has given all that there was: what it
// did not give is gone.
func (w *watch) caughtUp() error {
	for _, key := range slices.Sorted(maps.Keys(w.known)) {
		if w.seen[key] {
			continue
		}
		have := w.known[key]
		delete(w.known, key)
		if err := w.f(lattice.Entry{Key: key, Revision: have.revision, Time: w.b.l.ours(have.time), Deleted: true}); err != nil {
			return err
		}
	}
	w.inStep, w.seen = true, nil
	if w.synced {
		return nil
	}
	w.synced = true
	return w.f(lattice.Entry{Synced: true})
}

// List implements lattice.Bucket.
func (b *bucket) List(ctx context.Context, pattern string) ([]lattice.Entry, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	values := map[string]lattice.Entry{}
	err := b.watch(ctx, pattern, func(e lattice.Entry) error {
		switch {
		case e.Synced:
			return errEnough
		case e.Deleted:
			delete(values, e.Key)
		default:
			values[e.Key] = e
		}
		return nil
	})
	if own, ok := errors.AsType[callbackError](err); !ok || !errors.Is(own.err, errEnough) {
		if err == nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("list %q of bucket %q: %w", pattern, b.name, err)
	}
	entries := make([]lattice.Entry, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		entries = append(entries, values[key])
	}
	return entries, nil
}
