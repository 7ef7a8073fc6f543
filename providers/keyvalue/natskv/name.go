package natskv

import (
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/token"
)

// Name is a store in the bucket of a lattice.
type Name struct{ prefix string }

// Own is the store that only a component has.
func Own(c lattice.ComponentID) Name { return Name{"own." + token.Encode(string(c)) + "."} }

// Named is the store that configurations call by a name.
func Named(name string) Name { return Name{"bucket." + token.Encode(name) + "."} }

// key returns the key of the bucket for one of the store.
func (n Name) key(key string) string { return n.prefix + token.Encode(key) }

// pattern matches all keys of the store.
func (n Name) pattern() string { return n.prefix + "*" }
