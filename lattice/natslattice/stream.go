package natslattice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
)

// streamInfo is what JetStream says of a stream.
type streamInfo struct {
	Config jetstream.StreamConfig `json:"config"`
	State  jetstream.StreamState  `json:"state"`
	Now    time.Time              `json:"ts"`
}

// stream returns the configuration of a stream, or ErrNotFound.
func (l *Lattice) stream(ctx context.Context, name string) (*jetstream.StreamConfig, error) {
	var info streamInfo
	begun := time.Now()
	if err := l.call(ctx, "STREAM.INFO."+name, nil, &info); err != nil {
		return nil, err
	}
	l.heard(time.Now(), begun, info.Now)
	return &info.Config, nil
}

// createStream makes a stream, or has change turn the configuration of one that
// exists into what it should be. change returns false if it is so already.
func (l *Lattice) createStream(ctx context.Context, want *jetstream.StreamConfig, change func(*jetstream.StreamConfig) (bool, error)) (*jetstream.StreamConfig, error) {
	for {
		have, err := l.stream(ctx, want.Name)
		if errors.Is(err, lattice.ErrNotFound) {
			var info streamInfo
			err := l.call(ctx, "STREAM.CREATE."+want.Name, want, &info)
			if e, ok := errors.AsType[*apiError](err); ok && e.Number == codeStreamNameInUse {
				continue // somebody else made it just now
			}
			if err != nil {
				return nil, advice(err)
			}
			return &info.Config, nil
		}
		if err != nil {
			return nil, err
		}
		changed, err := change(have)
		if err != nil || !changed {
			return have, err
		}
		var info streamInfo
		err = l.call(ctx, "STREAM.UPDATE."+want.Name, have, &info)
		if e, ok := errors.AsType[*apiError](err); ok && e.Number == codeStreamUpdate {
			return nil, fmt.Errorf("%w: it exists and cannot be changed to this: delete it first if what is in it may go", err)
		}
		if err != nil {
			return nil, advice(err)
		}
		return &info.Config, nil
	}
}

// set sets a field and notes whether that changed it.
func set[T comparable](changed *bool, field *T, value T) {
	if *field != value {
		*field = value
		*changed = true
	}
}

// errStorage says that a stream is kept where it should not be.
func errStorage(have jetstream.StorageType) error {
	kept, wanted := "on disk", "in memory"
	if have == jetstream.MemoryStorage {
		kept, wanted = wanted, kept
	}
	return fmt.Errorf("%w: it exists and is kept %s, not %s, which cannot be changed: delete it first if what is in it may go", lattice.ErrConflict, kept, wanted)
}

// CreateStream implements lattice.Lattice.
func (l *Lattice) CreateStream(ctx context.Context, c lattice.StreamConfig) error {
	if err := checkStream(&c); err != nil {
		return fmt.Errorf("stream %q: %w", c.Name, err)
	}
	want := &jetstream.StreamConfig{
		Name:         c.Name,
		Description:  c.Description,
		Subjects:     c.Subjects,
		MaxAge:       c.MaxAge,
		MaxBytes:     c.MaxBytes,
		MaxMsgs:      c.MaxMessages,
		MaxMsgSize:   -1,
		MaxConsumers: -1,
		Discard:      jetstream.DiscardOld,
		Storage:      jetstream.FileStorage,
		Replicas:     max(c.Replicas, 1),
		AllowDirect:  true,
		Duplicates:   min(c.MaxAge, time.Minute),
	}
	_, err := l.createStream(ctx, want, func(have *jetstream.StreamConfig) (bool, error) {
		if have.Storage != want.Storage {
			return false, errStorage(have.Storage)
		}
		changed := false
		if !slices.Equal(have.Subjects, want.Subjects) {
			have.Subjects, changed = want.Subjects, true
		}
		set(&changed, &have.Description, want.Description)
		set(&changed, &have.MaxAge, want.MaxAge)
		set(&changed, &have.MaxBytes, want.MaxBytes)
		set(&changed, &have.MaxMsgs, want.MaxMsgs)
		if c.Replicas > 0 {
			set(&changed, &have.Replicas, want.Replicas)
		}
		if changed {
			have.Duplicates = min(have.Duplicates, want.MaxAge)
		}
		return changed, nil
	})
	if err != nil {
		return fmt.Errorf("stream %q: %w", c.Name, err)
	}
	return nil
}

func checkStream(c *lattice.StreamConfig) error {
	switch {
	case !validName(c.Name):
		return fmt.Errorf("%w: only letters, digits, - and _ may be in its name", lattice.ErrInvalid)
	case len(c.Subjects) == 0:
		return fmt.Errorf("%w: it has no subjects", lattice.ErrInvalid)
	case c.MaxAge <= 0 || c.MaxBytes <= 0 || c.MaxMessages <= 0:
		return fmt.Errorf("%w: MaxAge, MaxBytes and MaxMessages must all be set", lattice.ErrInvalid)
	case c.Replicas < 0:
		return fmt.Errorf("%w: %d replicas", lattice.ErrInvalid, c.Replicas)
	}
	return nil
}

// Replay implements lattice.Lattice.
func (l *Lattice) Replay(ctx context.Context, stream, subject string, since time.Time, f func(*lattice.Message) error) error {
	if !validName(stream) {
		return fmt.Errorf("replay of stream %q: %w: it is not a name", stream, lattice.ErrInvalid)
	}
	from := position{time: l.theirs(since)}
	if since.IsZero() {
		from = position{sequence: 1}
	}
	// left is how many of the messages that there were at the beginning are still
	// to come.
	var left uint64
	begun := false
	for attempt := 0; ; attempt++ {
		err := l.feed(ctx, stream, subject, from, feedFuncs{
			begin: func(pending uint64) error {
				if !begun {
					begun, left = true, pending
				}
				if pending == 0 || left == 0 {
					return errEnough
				}
				return nil
			},
			message: func(d *delivery) error {
				attempt = 0
				m := message(d.msg)
				m.Reply, m.Time = "", l.ours(d.time)
				if err := f(m); err != nil {
					return callbackError{err}
				}
				from = position{sequence: d.sequence + 1}
				left--
				if d.pending == 0 || left == 0 {
					return errEnough
				}
				return nil
			},
		})
		if stop, err := l.resume(ctx, attempt, err, begun); stop {
			if own, ok := errors.AsType[callbackError](err); ok {
				return own.err
			}
			if err != nil {
				return fmt.Errorf("replay of %q from stream %q: %w", subject, stream, err)
			}
			return nil
		}
	}
}
