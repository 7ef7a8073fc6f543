package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// term is that of services without a leader.
const term = 1

// maxAttempts bounds how often a compare-and-swap is tried again. Only another
// service, or somebody who may not write there, makes one fail.
const maxAttempts = 16

// maxConflicts is how many commits in a row must fail for what is there to be
// believed even if it seems to be older than what was seen.
const maxConflicts = maxAttempts / 2

// truth is the state, and the bucket where it is kept. It belongs to one goroutine.
type truth struct {
	name     string // of the bucket
	bucket   lattice.Bucket
	signer   lattice.Signer
	verifier lattice.Verifier
	log      *slog.Logger

	state *State
	// last is the entry of the log that state ends with; nil before the first.
	last *entry
	// revision is that of the log's key, zero if there is none.
	revision uint64
	// unwritten says that the records of last may not be written yet.
	unwritten bool
	// conflicts counts the commits in a row for which something else was there.
	conflicts int
}

// load reads the whole state. What it knew already and finds neither changed nor
// deleted by a scheduler stays as it was. It returns the keys that have no record
// which verifies and of which it knows nothing.
func (t *truth) load(ctx context.Context) (damaged []string, err error) {
	entries, err := t.bucket.List(ctx, ">")
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", t.name, err)
	}
	state, last, revision := NewState(), (*entry)(nil), uint64(0)
	written := map[string]lattice.Stamp{}
	for _, e := range entries {
		value, err := t.verifier.Scheduler(t.name, e.Key, e.Value)
		if e.Key == logKey {
			revision = e.Revision
			if err == nil {
				last, err = decodeEntry(value)
			}
			if err != nil {
				t.log.ErrorContext(ctx, "document is not the scheduler's and is replaced", "bucket", t.name, "key", e.Key, "error", err)
			}
			continue
		}
		var stamp lattice.Stamp
		var c Change
		if err == nil {
			stamp, c, err = decodeRecord(e.Key, value)
		}
		if err != nil {
			t.log.ErrorContext(ctx, "document is not the scheduler's and is replaced", "bucket", t.name, "key", e.Key, "error", err)
			damaged = append(damaged, e.Key)
			continue
		}
		written[e.Key] = stamp
		state.set(c)
		if stamp.Compare(state.Stamp) > 0 {
			state.Stamp = stamp
		}
	}
	if t.state != nil {
		for _, c := range t.state.records() {
			if _, ok := written[c.Key]; !ok {
				state.set(c)
				damaged = slices.DeleteFunc(damaged, func(key string) bool { return key == c.Key })
			}
		}
	}
	t.unwritten = false
	if last != nil {
		for _, c := range last.Changes {
			if written[c.Key].Compare(last.Stamp) < 0 {
				state.set(c)
				t.unwritten = true
				damaged = slices.DeleteFunc(damaged, func(key string) bool { return key == c.Key })
			}
		}
		if last.Stamp.Compare(state.Stamp) > 0 {
			state.Stamp = last.Stamp
		}
	}
	t.state, t.last, t.revision = state, last, revision
	return damaged, nil
}

// refresh brings the state up to what other services have done, and finishes what
// one of them, or this one, left half done.
func (t *truth) refresh(ctx context.Context) error {
	for attempt := range maxAttempts {
		pause(ctx, attempt)
		e, err := t.bucket.Get(ctx, logKey)
		switch {
		case errors.Is(err, lattice.ErrNotFound):
			if t.last == nil {
				return nil
			}
			e = lattice.Entry{}
		case err != nil:
			return fmt.Errorf("bucket %q: key %q: %w", t.name, logKey, err)
		case e.Revision <= t.revision:
			// What is older is what another server has not heard of yet; a commit
			// does not go by it.
			if t.unwritten {
				return t.write(ctx)
			}
			return nil
		}
		next, err := t.verified(e)
		if err == nil && (t.last == nil || next.Stamp.Compare(t.last.Stamp) > 0) {
			if _, err := t.load(ctx); err != nil {
				return err
			}
			t.unwritten = true
			continue
		}
		if err == nil && next.Stamp == t.last.Stamp {
			t.revision = e.Revision
			return nil
		}
		// Somebody who is no scheduler wrote there, or removed it.
		t.log.ErrorContext(ctx, "document is not the scheduler's and is replaced", "bucket", t.name, "key", logKey, "error", err)
		if t.last == nil {
			t.last = &entry{Stamp: t.state.Stamp}
		}
		t.revision = e.Revision
		if err := t.append(ctx, t.last); !errors.Is(err, lattice.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("bucket %q: key %q: %w: it does not rest", t.name, logKey, lattice.ErrConflict)
}

func (t *truth) verified(e lattice.Entry) (*entry, error) {
	if e.Value == nil {
		return nil, lattice.ErrNotFound
	}
	value, err := t.verifier.Scheduler(t.name, logKey, e.Value)
	if err != nil {
		return nil, err
	}
	return decodeEntry(value)
}

// commit makes changes the next entry of the log: with it they have happened. The
// error is of kind ErrConflict if another service was first.
func (t *truth) commit(ctx context.Context, changes []Change, index uint64) error {
	e := &entry{Stamp: lattice.Stamp{Term: term, Index: index}, Changes: changes}
	if err := t.append(ctx, e); err != nil {
		if t.conflicts++; t.conflicts >= maxConflicts {
			t.revision = 0 // the bucket was made anew, and counts anew
		}
		return err
	}
	t.state = t.state.With(e.Stamp, changes...)
	t.last, t.unwritten, t.conflicts = e, true, 0
	return nil
}

// append writes the log's key in place of the revision that is known.
func (t *truth) append(ctx context.Context, e *entry) error {
	value, err := encodeEntry(e)
	if err != nil {
		return err
	}
	signed, err := t.signer.Sign(t.name, logKey, value)
	if err != nil {
		return err
	}
	revision, err := swap(ctx, t.bucket, logKey, signed, t.revision)
	if err != nil {
		return fmt.Errorf("bucket %q: key %q: %w", t.name, logKey, err)
	}
	t.revision = revision
	return nil
}

// pause waits before an attempt that is not the first. What was read may have been
// old: then it is not for long.
func pause(ctx context.Context, attempt int) {
	if attempt == 0 {
		return
	}
	select {
	case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
	case <-ctx.Done():
	}
}

// swap puts a value in place of the one with a revision, or where there is none if
// it is zero. The error is of kind ErrConflict if something else is there.
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

// write writes the records of the last entry, those that are not written yet.
func (t *truth) write(ctx context.Context) error {
	for _, c := range t.last.Changes {
		if err := t.writeRecord(ctx, t.last.Stamp, c); err != nil {
			return err
		}
	}
	t.unwritten = false
	return nil
}

// writeRecord writes a record over one with an older stamp, or over what is no
// record.
func (t *truth) writeRecord(ctx context.Context, stamp lattice.Stamp, c Change) error {
	value, err := encodeRecord(stamp, c.Record)
	if err != nil {
		return err
	}
	signed, err := t.signer.Sign(t.name, c.Key, value)
	if err != nil {
		return err
	}
	for attempt := range maxAttempts {
		pause(ctx, attempt)
		e, err := t.bucket.Get(ctx, c.Key)
		switch {
		case errors.Is(err, lattice.ErrNotFound):
			e = lattice.Entry{}
		case err != nil:
			return fmt.Errorf("bucket %q: key %q: %w", t.name, c.Key, err)
		default:
			value, err := t.verifier.Scheduler(t.name, c.Key, e.Value)
			if err == nil {
				if have, _, err := decodeRecord(c.Key, value); err == nil && have.Compare(stamp) >= 0 {
					return nil
				}
			}
		}
		_, err = swap(ctx, t.bucket, c.Key, signed, e.Revision)
		if !errors.Is(err, lattice.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("bucket %q: key %q: %w: it does not rest", t.name, c.Key, lattice.ErrConflict)
}

// check compares what was seen under a key with the state, and returns whether it
// has to be written anew. It says so of anything that a scheduler did not write.
func (t *truth) check(e lattice.Entry) bool {
	if e.Key == logKey {
		next, err := t.verified(e)
		return e.Deleted || err != nil || t.last == nil || next.Stamp.Compare(t.last.Stamp) < 0
	}
	if e.Deleted {
		_, there := t.state.record(e.Key)
		return there
	}
	value, err := t.verifier.Scheduler(t.name, e.Key, e.Value)
	if err != nil {
		return true
	}
	_, _, err = decodeRecord(e.Key, value)
	return err != nil
}

// behind reports whether what was seen is an entry of the log that another service
// has written since. A service that waits with it for the next command could have
// nothing but an old state to go by, if the bucket was lost meanwhile.
func (t *truth) behind(e lattice.Entry) bool {
	if e.Key != logKey {
		return false
	}
	next, err := t.verified(e)
	return err == nil && (t.last == nil || next.Stamp.Compare(t.last.Stamp) > 0)
}

// mend writes the record of a key as the state has it. A key that the state does
// not have gets a record without content.
func (t *truth) mend(ctx context.Context, key string) error {
	if key == logKey {
		return nil // refresh does
	}
	c, _ := t.state.record(key)
	if err := c.check(); err != nil {
		// No key of ours: nobody reads it.
		return t.bucket.Delete(ctx, key)
	}
	return t.writeRecord(ctx, t.state.Stamp, c)
}

// record returns what the state has under a key, and whether it has something.
func (s *State) record(key string) (Change, bool) {
	c := Change{Key: key}
	switch kind, name := c.split(); kind {
	case kindComponent:
		c.Component = s.Components[lattice.ComponentID(name)]
		return c, c.Component != nil
	case kindLink:
		c.Link = s.Links[name]
		return c, c.Link != nil
	case kindConfig:
		values, ok := s.Configs[lattice.ConfigName(name)]
		if ok {
			c.Config = &ConfigValues{lattice.ConfigName(name), values}
		}
		return c, ok
	case kindHost:
		c.Host = s.Hosts[lattice.HostID(name)]
		return c, c.Host != nil
	case kindRef:
		for _, ref := range slices.Sorted(maps.Keys(s.Refs)) {
			if refKey(ref) == key {
				c.Ref = s.Refs[ref]
				return c, true
			}
		}
	}
	return c, false
}

// records returns all that the state has.
func (s *State) records() []Change {
	var all []Change
	for _, id := range slices.Sorted(maps.Keys(s.Components)) {
		all = append(all, setComponent(s.Components[id]))
	}
	for _, key := range slices.Sorted(maps.Keys(s.Links)) {
		all = append(all, Change{linkKey(s.Links[key]), Record{Link: s.Links[key]}})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Configs)) {
		all = append(all, Change{configKey(name), Record{Config: &ConfigValues{name, s.Configs[name]}}})
	}
	for _, id := range slices.Sorted(maps.Keys(s.Hosts)) {
		all = append(all, setHost(s.Hosts[id]))
	}
	for _, ref := range slices.Sorted(maps.Keys(s.Refs)) {
		all = append(all, Change{refKey(ref), Record{Ref: s.Refs[ref]}})
	}
	return all
}

// salvage returns the records of damaged keys as far as the documents that were
// derived from them still say what they were. desired and links and configs are
// those that verify.
func salvage(damaged []string, desired map[lattice.HostID]*lattice.Desired, links map[string]*lattice.Link, configs map[lattice.ConfigName]lattice.Config) []Change {
	var changes []Change
	for _, key := range damaged {
		c := Change{Key: key}
		switch kind, name := c.split(); kind {
		case kindComponent:
			c.Component = salvageComponent(lattice.ComponentID(name), desired)
		case kindLink:
			c.Link = links[name]
		case kindConfig:
			if values, ok := configs[lattice.ConfigName(name)]; ok {
				c.Config = &ConfigValues{lattice.ConfigName(name), values}
			}
		case kindHost:
			if d := desired[lattice.HostID(name)]; d != nil {
				c.Host = &HostWish{Host: d.Host, State: d.State, Labels: d.Labels}
			}
		}
		if c.check() == nil {
			changes = append(changes, c)
		}
	}
	return changes
}

func salvageComponent(id lattice.ComponentID, desired map[lattice.HostID]*lattice.Desired) *Component {
	var c *Component
	for _, h := range slices.Sorted(maps.Keys(desired)) {
		for _, spec := range desired[h].Components {
			if spec.ID != id {
				continue
			}
			p := Placed{Host: h, MaxInstances: spec.MaxInstances, Annotations: spec.Annotations, Why: "taken back from what the host was told"}
			spec.Config, spec.Links = nil, nil
			switch {
			case c == nil:
				c = &Component{Spec: spec}
			case spec.Revision > c.Spec.Revision:
				c.Spec = spec
			}
			c.Hosts = append(c.Hosts, p)
		}
	}
	return c
}
