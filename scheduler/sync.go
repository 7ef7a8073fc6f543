package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// sync writes the documents that are dirty, as far as they differ from what follows
// from the state, and in the order that the package comment says. What it cannot
// write stays dirty.
func (s *Service) sync(ctx context.Context) error {
	var errs []error
	keep := func(err error) bool {
		if err != nil {
			errs = append(errs, err)
		}
		return err == nil
	}
	state, d := s.truth.state, s.dirty
	var later []lattice.HostID
	for _, id := range slices.Sorted(maps.Keys(d.hosts)) {
		want, told := s.wanted(state, id)
		switch {
		case !told:
			if keep(s.forget(ctx, id)) {
				delete(d.hosts, id)
			}
		case s.onlyLoses(want):
			later = append(later, id)
		case keep(s.putDesired(ctx, want)):
			delete(d.hosts, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.components)) {
		if keep(s.putAssignment(ctx, state, id)) {
			delete(d.components, id)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.links)) {
		var err error
		if l := state.Links[key]; l != nil {
			err = s.putPlain(ctx, s.links, key, func() ([]byte, error) { return wire.EncodeLink(l) })
		} else {
			err = s.links.remove(ctx, key)
		}
		if keep(err) {
			delete(d.links, key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.configs)) {
		var err error
		if c, ok := state.Configs[name]; ok {
			err = s.putPlain(ctx, s.configs, string(name), func() ([]byte, error) { return wire.EncodeConfig(c) })
		} else {
			err = s.configs.remove(ctx, string(name))
		}
		if keep(err) {
			delete(d.configs, name)
		}
	}
	for _, id := range later {
		if want, _ := s.wanted(state, id); keep(s.putDesired(ctx, want)) {
			delete(d.hosts, id)
		}
	}
	return errors.Join(errs...)
}

// wanted returns what a host ought to run, and whether it was ever told anything.
func (s *Service) wanted(state *State, id lattice.HostID) (*lattice.Desired, bool) {
	want := state.desired(s.name, id)
	return want, state.Hosts[id] != nil || len(want.Components) > 0
}

// forget removes what is no document from the key of a host that was told nothing.
// A document of a scheduler stays: the host may run what it says.
func (s *Service) forget(ctx context.Context, id lattice.HostID) error {
	if s.desired.seen[string(id)].value != nil {
		return nil
	}
	return s.desired.remove(ctx, string(id))
}

// onlyLoses reports whether a host is to run nothing that it does not run already.
func (s *Service) onlyLoses(want *lattice.Desired) bool {
	if want.State == lattice.HostDrained || want.State == lattice.HostStopped {
		return true
	}
	have, err := wire.DecodeDesired(s.desired.seen[string(want.Host)].value, s.name, want.Host)
	if err != nil || have.State != want.State {
		return false
	}
	for _, spec := range want.Components {
		if !slices.ContainsFunc(have.Components, func(h lattice.ComponentSpec) bool { return sameSpec(&h, &spec) }) {
			return false
		}
	}
	return true
}

// sameSpec compares specs as documents have them: nothing in a list or map is the
// same as none.
func sameSpec(a, b *lattice.ComponentSpec) bool {
	if a.ID != b.ID {
		return false
	}
	x, errX := encode("spec", a)
	y, errY := encode("spec", b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func (s *Service) putDesired(ctx context.Context, want *lattice.Desired) error {
	value, err := wire.EncodeDesired(want)
	if err != nil {
		return fmt.Errorf("host %s: %w", want.Host, err)
	}
	var told lattice.Stamp
	if h := s.hosts[want.Host]; h != nil {
		told = h.told
	}
	return s.desired.put(ctx, s.signer, s.verifier, string(want.Host), value, func(old []byte) (bool, error) {
		var stamp lattice.Stamp
		if have, err := wire.DecodeDesired(old, s.name, want.Host); err == nil {
			stamp, have.Stamp = have.Stamp, want.Stamp
			again, err := wire.EncodeDesired(have)
			if err == nil && bytes.Equal(again, value) && stamp.Compare(told) >= 0 {
				return true, nil
			}
		}
		if stamp.Compare(want.Stamp) >= 0 || told.Compare(want.Stamp) >= 0 {
			return false, errAhead
		}
		return false, nil
	})
}

func (s *Service) putAssignment(ctx context.Context, state *State, id lattice.ComponentID) error {
	c := state.Components[id]
	if c == nil {
		return s.assignments.remove(ctx, string(id))
	}
	want := state.assignment(c)
	value, err := wire.EncodeAssignment(want)
	if err != nil {
		return fmt.Errorf("component %q: %w", id, err)
	}
	return s.assignments.put(ctx, s.signer, s.verifier, string(id), value, func(old []byte) (bool, error) {
		have, err := wire.DecodeAssignment(old, id)
		if err != nil {
			return false, nil //nolint:nilerr // a document of no use is replaced
		}
		stamp := have.Stamp
		have.Stamp = want.Stamp
		again, err := wire.EncodeAssignment(have)
		if err == nil && bytes.Equal(again, value) {
			return true, nil
		}
		if stamp.Compare(want.Stamp) >= 0 {
			return false, errAhead
		}
		return false, nil
	})
}

// putPlain writes a document without a stamp.
func (s *Service) putPlain(ctx context.Context, at *shelf, key string, encode func() ([]byte, error)) error {
	value, err := encode()
	if err != nil {
		return err
	}
	return at.put(ctx, s.signer, s.verifier, key, value, func(have []byte) (bool, error) {
		return have != nil && bytes.Equal(have, value), nil
	})
}

// newest is the latest stamp that any document of a scheduler has, or that a host
// says it was told.
func (s *Service) newest() lattice.Stamp {
	var newest lattice.Stamp
	see := func(stamp lattice.Stamp) {
		if stamp.Term == term && stamp.Index < maxIndex && stamp.Compare(newest) > 0 {
			newest = stamp
		}
	}
	for key, have := range s.desired.seen {
		if d, err := wire.DecodeDesired(have.value, s.name, lattice.HostID(key)); err == nil {
			see(d.Stamp)
		}
	}
	for key, have := range s.assignments.seen {
		if a, err := wire.DecodeAssignment(have.value, lattice.ComponentID(key)); err == nil {
			see(a.Stamp)
		}
	}
	for id := range s.truth.state.Hosts {
		if h := s.hosts[id]; h != nil {
			see(h.told)
		}
	}
	return newest
}

// maxIndex bounds the index that a host can have the log leap to by lying about
// what it was told: there is room for as many again.
const maxIndex = 1 << 53
