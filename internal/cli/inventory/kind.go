package inventory

import (
	"slices"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Kind is a kind of thing that a lattice has.
type Kind struct {
	Name     string // "hosts"
	Singular string // "host"
	Short    string // "the hosts, and what they use"
	Things   string // what there is none of, if that is not Name
	Columns  []show.Column
	// buckets are those that rows are made of.
	buckets []bucket
	rows    func(inv *Inventory, now time.Time) []show.Row
}

// bucket is one of the buckets of a lattice.
type bucket struct {
	name  func(wire.Buckets) string
	apply applier
}

// Kinds returns all kinds.
func Kinds() []*Kind {
	return []*Kind{hostsKind, hostGroupsKind, componentsKind, serversKind, providersKind, linksKind, configKind}
}

// KindOf returns the kind of a name, in the plural or the singular, or nil.
func KindOf(name string) *Kind {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k *Kind) bool { return k.Name == name || k.Singular == name })
	if i < 0 {
		return nil
	}
	return kinds[i]
}

// Rows returns the rows of a table, in order.
func (k *Kind) Rows(inv *Inventory, now time.Time) []show.Row { return k.rows(inv, now) }
