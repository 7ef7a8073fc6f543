package decide

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// MaxSecrets is how many secrets there are, and MaxSecretBytes bounds what is stored of all
// their versions.
const (
	MaxSecrets     = 2048
	MaxSecretBytes = 64 << 20
)

func (d *decider) putSecret(c *control.PutSecret) error {
	result := &control.SecretResult{Secret: c.Secret}
	d.d.Result = result
	next := &state.Secret{Name: c.Secret}
	number := uint64(1)
	if old := d.s.Secret(c.Secret); old != nil {
		newest := old.Newest()
		if bytes.Equal(newest.Sealed, c.Sealed) {
			result.Version = newest.Number // the same command again
			return nil
		}
		number = newest.Number + 1
		next.Versions = slices.Clone(old.Versions)
	} else if n := d.s.Len(state.KindSecret); n >= MaxSecrets {
		return fmt.Errorf("secret %q: %w: there are %d; delete one that is not needed with `wattle secret delete`", c.Secret, lattice.ErrExhausted, n)
	}
	if err := d.makeRoom(next); err != nil {
		return err
	}
	total := len(c.Sealed)
	for s := range d.s.Secrets() {
		for i := range s.Versions {
			total += len(s.Versions[i].Sealed)
		}
	}
	if total > MaxSecretBytes {
		return fmt.Errorf("secret %q: %w: all secrets with their versions would have %d bytes, the limit is %d", c.Secret, lattice.ErrExhausted, total, MaxSecretBytes)
	}
	next.Versions = append(next.Versions, state.SecretVersion{Number: number, Sealed: c.Sealed, At: d.Now, By: c.By})
	result.Version = number
	if n := len(d.askers(c.Secret, 0)); n > 0 && number > 1 {
		result.Notes = []string{count(n, "user is", "users are") + " given the new value, unless they name a version"}
	}
	d.put(state.Record{Secret: next})
	d.happens(lattice.EventSecretPut, string(c.Secret), map[string]any{"secret": c.Secret, "version": number})
	return nil
}

// makeRoom takes the oldest version from a secret that has as many as are kept. One that
// is named stays.
func (d *decider) makeRoom(s *state.Secret) error {
	if len(s.Versions) < state.MaxSecretVersions {
		return nil
	}
	named := d.versionsNamed(s.Name)
	i := slices.IndexFunc(s.Versions[:len(s.Versions)-1], func(v state.SecretVersion) bool { return !named[v.Number] })
	if i < 0 {
		return fmt.Errorf("secret %q: %w: %d versions are kept, and all of them are named: %s", s.Name, lattice.ErrExhausted, len(s.Versions), strings.Join(d.askers(s.Name, maxUsers), ", "))
	}
	s.Versions = slices.Delete(s.Versions, i, i+1)
	return nil
}

// versionsNamed are the versions of a secret that something names.
func (d *decider) versionsNamed(name lattice.SecretName) map[uint64]bool {
	named := map[uint64]bool{}
	add := func(secrets map[string]lattice.SecretRef) {
		for _, ref := range secrets {
			if ref.Name == name {
				named[ref.Version] = true
			}
		}
	}
	for k := range d.s.AskersOf(name) {
		r := d.s.Record(k)
		switch {
		case r.Provider != nil:
			add(r.Provider.Secrets)
		case r.Link != nil:
			add(r.Link.Secrets)
		case r.Component != nil:
			for i := range r.Component.Revisions {
				add(r.Component.Revisions[i].Secrets)
				for j := range r.Component.Revisions[i].Links {
					add(r.Component.Revisions[i].Links[j].Secrets)
				}
			}
		}
	}
	return named
}

func (d *decider) deleteSecret(c *control.DeleteSecret) error {
	result := &control.SecretResult{Secret: c.Secret}
	d.d.Result = result
	if d.s.Secret(c.Secret) == nil {
		result.Notes = []string{"there was none"}
		return nil
	}
	if users := d.askers(c.Secret, maxUsers); len(users) > 0 {
		return fmt.Errorf("secret %q: %w: %s may ask for it; take it from them first", c.Secret, lattice.ErrDenied, strings.Join(users, ", "))
	}
	d.remove(state.SecretKey(c.Secret))
	d.happens(lattice.EventSecretDeleted, string(c.Secret), map[string]any{"secret": c.Secret})
	return nil
}

// askers are what names a secret, for people: the first ones, or all if most is zero.
func (d *decider) askers(name lattice.SecretName, most int) []string {
	return keysText(d.s.AskersOf(name), most)
}

// refsOf returns the secrets of a manifest by the names that their users have for them.
// Those of another backend nobody is given.
func refsOf(lists ...[]manifest.Secret) map[string]lattice.SecretRef {
	var refs map[string]lattice.SecretRef
	for _, list := range lists {
		for i := range list {
			ref, ok := list[i].Ref()
			if !ok {
				continue
			}
			if refs == nil {
				refs = map[string]lattice.SecretRef{}
			}
			refs[list[i].Name] = ref
		}
	}
	return refs
}

// secretList answers which secrets there are.
func (v *viewer) secretList() *control.SecretList {
	list := &control.SecretList{Secrets: []control.SecretSummary{}}
	for s := range v.s.Secrets() {
		newest := s.Newest()
		users := 0
		for range v.s.AskersOf(s.Name) {
			users++
		}
		list.Secrets = append(list.Secrets, control.SecretSummary{
			Secret: s.Name, Version: newest.Number, Versions: len(s.Versions), Changed: control.Time(newest.At), By: newest.By, Users: users,
		})
	}
	return list
}

// secretHistory answers which versions of a secret there are.
func (v *viewer) secretHistory(q *control.SecretHistoryOf) (*control.SecretHistory, error) {
	s := v.s.Secret(q.Secret)
	if s == nil {
		return nil, fmt.Errorf("secret %q: %w: `wattle secret list` lists those that are", q.Secret, lattice.ErrNotFound)
	}
	h := &control.SecretHistory{Secret: s.Name, Versions: []control.SecretVersion{}, Users: keysText(v.s.AskersOf(s.Name), maxUsers)}
	for i := range s.Versions {
		h.Versions = append(h.Versions, control.SecretVersion{Version: s.Versions[i].Number, At: control.Time(s.Versions[i].At), By: s.Versions[i].By})
	}
	return h, nil
}
