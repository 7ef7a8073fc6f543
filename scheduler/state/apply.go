package state

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// Bounds of entries.
const (
	// MaxChanges is how many changes an entry has.
	MaxChanges = 4096
	// MaxTermOffset bounds Meta.TermOffset, so that no stamp overflows.
	MaxTermOffset = 1 << 53
)

// Apply returns the state after an entry that has the term and the index of the log.
// What the entry points to belongs to the state from then on.
//
// An entry that was decided on another state is lattice.ErrConflict, one that no state
// may have lattice.ErrInvalid. Then the state that is returned is s itself.
func (s *State) Apply(at lattice.Stamp, e *Entry) (*State, error) {
	if e.Base != s.Seq {
		return s, fmt.Errorf("entry decided on state %d, applied to state %d: %w", e.Base, s.Seq, lattice.ErrConflict)
	}
	if err := checkEntry(e); err != nil {
		return s, err
	}
	next := s.fork()
	for i := range e.Changes {
		next.put(&e.Changes[i])
	}
	next.Seq++
	if err := next.checkChanged(s, e.Changes); err != nil {
		return s, err
	}
	next.Stamp = lattice.Stamp{Term: at.Term + next.meta.TermOffset, Index: at.Index}
	return next, nil
}

// With returns the state as changes would make it, with the same Seq and Stamp: what
// comes of changes before they are an entry.
func (s *State) With(changes ...Change) (*State, error) {
	if len(changes) == 0 {
		return s, nil
	}
	next, err := s.Apply(lattice.Stamp{}, &Entry{Base: s.Seq, Changes: changes})
	if err != nil {
		return s, err
	}
	next.Seq, next.Stamp = s.Seq, s.Stamp
	return next, nil
}

// checkEntry reports what is wrong with an entry on every state.
func checkEntry(e *Entry) error {
	switch n := len(e.Changes); {
	case n == 0:
		return invalid("entry: it changes nothing")
	case n > MaxChanges:
		return invalid("entry: %d changes, the limit is %d", n, MaxChanges)
	}
	if err := checkLine("entry: by", e.By, maxBy); err != nil {
		return err
	}
	if e.At < 0 {
		return invalid("entry: at %d: it is before 1970", e.At)
	}
	seen := make(map[Key]bool, len(e.Changes))
	for i := range e.Changes {
		c := &e.Changes[i]
		if seen[c.Key] {
			return invalid("entry: change %d: key %.300q is there twice", i, c.Key)
		}
		seen[c.Key] = true
		if err := c.check(); err != nil {
			return fmt.Errorf("entry: change %d: %w", i, err)
		}
	}
	return nil
}

// check reports what is wrong with a change on every state.
func (c *Change) check() error {
	if c.Record == (Record{}) {
		if _, err := ParseKey(string(c.Key)); err != nil {
			return err
		}
		if c.Key == MetaKey {
			return invalid("key %q: it cannot be deleted", c.Key)
		}
		return nil
	}
	switch k := c.Record.Key(); {
	case k == "":
		return invalid("key %.300q: want a record of one kind", c.Key)
	case k != c.Key:
		return invalid("key %.300q has what belongs under %.300q", c.Key, k)
	}
	if err := c.Record.check(); err != nil {
		return fmt.Errorf("%.300s: %w", c.Key, err)
	}
	return nil
}
