package scheduler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Change sets a record of the state.
type Change struct {
	// Key is that of the bucket: the kind, a dot, and the name.
	Key string `json:"key"`
	Record
}

// Record is what the state has under a key: of the kind that the key says, or
// nothing if it was deleted.
type Record struct {
	Component *Component    `json:"component,omitempty"`
	Link      *lattice.Link `json:"link,omitempty"`
	Config    *ConfigValues `json:"config,omitempty"`
	Host      *HostWish     `json:"host,omitempty"`
	Ref       *Ref          `json:"ref,omitempty"`
}

// ConfigValues is a configuration with its name.
type ConfigValues struct {
	Name   lattice.ConfigName `json:"name"`
	Values lattice.Config     `json:"values"`
}

// stored is a record as its key has it.
type stored struct {
	Stamp lattice.Stamp `json:"stamp"`
	Record
}

// entry is an entry of the log.
type entry struct {
	Stamp   lattice.Stamp `json:"stamp"`
	Changes []Change      `json:"changes,omitempty"`
}

// The kinds of records, which begin their keys, and the key of the log.
const (
	kindComponent = "component"
	kindLink      = "link"
	kindConfig    = "config"
	kindHost      = "host"
	kindRef       = "ref"
	logKey        = "log"
)

func componentKey(id lattice.ComponentID) string { return kindComponent + "." + string(id) }
func linkKey(l *lattice.Link) string             { return kindLink + "." + wire.LinkKey(l) }
func configKey(name lattice.ConfigName) string   { return kindConfig + "." + string(name) }
func hostKey(id lattice.HostID) string           { return kindHost + "." + string(id) }

// refKey is the key of a ref, which itself cannot be one.
func refKey(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return kindRef + "." + hex.EncodeToString(sum[:])
}

func setComponent(c *Component) Change {
	return Change{componentKey(c.Spec.ID), Record{Component: c}}
}
func setHost(h *HostWish) Change { return Change{hostKey(h.Host), Record{Host: h}} }

// split returns the kind and the name that a key has.
func (c *Change) split() (kind, name string) {
	kind, name, _ = strings.Cut(c.Key, ".")
	return kind, name
}

// check reports what is wrong with a change: a record that is not of its key.
func (c *Change) check() error {
	r, n, key := &c.Record, 0, ""
	if r.Component != nil {
		n, key = n+1, componentKey(r.Component.Spec.ID)
		if len(r.Component.Hosts) == 0 {
			return bad("component %.80q is on no host", r.Component.Spec.ID)
		}
	}
	if r.Link != nil {
		n, key = n+1, linkKey(r.Link)
	}
	if r.Config != nil {
		n, key = n+1, configKey(r.Config.Name)
	}
	if r.Host != nil {
		n, key = n+1, hostKey(r.Host.Host)
	}
	if r.Ref != nil {
		n, key = n+1, refKey(r.Ref.Ref)
	}
	if n > 1 || n == 1 && key != c.Key {
		return bad("key %.80q has what belongs under %.80q", c.Key, key)
	}
	switch kind, name := c.split(); kind {
	case kindComponent:
		_, err := lattice.ParseComponentID(name)
		return err
	case kindConfig:
		_, err := lattice.ParseConfigName(name)
		return err
	case kindHost:
		_, err := lattice.ParseHostID(name)
		return err
	case kindLink, kindRef:
		if name != "" {
			return nil
		}
	}
	return bad("key %.80q is of no kind", c.Key)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %w", lattice.ErrInvalid, fmt.Errorf(format, args...))
}

func encodeEntry(e *entry) ([]byte, error) { return encode("log entry", e) }

func decodeEntry(data []byte) (*entry, error) {
	e := new(entry)
	if err := decode("log entry", data, e); err != nil {
		return nil, err
	}
	for i := range e.Changes {
		if err := e.Changes[i].check(); err != nil {
			return nil, fmt.Errorf("log entry %d: change %d: %w", e.Stamp.Index, i, err)
		}
	}
	return e, nil
}

func encodeRecord(stamp lattice.Stamp, r Record) ([]byte, error) {
	return encode("record", &stored{stamp, r})
}

// decodeRecord returns the record that is under a key.
func decodeRecord(key string, data []byte) (lattice.Stamp, Change, error) {
	var s stored
	if err := decode("record", data, &s); err != nil {
		return lattice.Stamp{}, Change{}, err
	}
	c := Change{key, s.Record}
	if err := c.check(); err != nil {
		return lattice.Stamp{}, Change{}, fmt.Errorf("record: %w", err)
	}
	return s.Stamp, c, nil
}

func encode(what string, v any) ([]byte, error) {
	return wire.EncodeObject(what, v, wire.MaxDocument)
}

func decode(what string, data []byte, v any) error {
	return wire.DecodeObject(what, data, wire.MaxDocument, v, "labels", "annotations", "values")
}

// happening is an event of a decision, before it has an ID and a time.
type happening struct {
	kind    string
	subject string
	data    any
}

// Decision is what a command comes to.
type Decision struct {
	// Changes are of the state. If there are none, all is so already.
	Changes []Change
	// Result is the answer: exactly one of them is set.
	Component *control.ComponentResult
	Other     *control.Result
	// Digest is of a binary that must be in the lattice, if not empty.
	Digest string

	events []happening
}
