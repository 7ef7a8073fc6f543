package capability

import (
	"fmt"
	"io"
	"maps"

	"github.com/wattle-dev/wattle/lattice"
)

// addStore gives a store to the instances, under the name of its link. It is closed with the
// grant. stores and failed are what the package has of stores: what goes wrong with this one
// is complained of.
func addStore[S io.Closer](g *Grant, l *link, pkg string, c *complaints, stores *map[string]S, failed *func(string, error), store S) error {
	g.onClose(store.Close)
	name := string(l.name)
	if _, twice := (*stores)[name]; twice {
		return errLinkTwice(l.name, pkg)
	}
	all := maps.Clone(*stores) // others may have the old one
	if all == nil {
		all = map[string]S{}
	}
	all[name] = store
	*stores = all
	before := *failed
	*failed = func(store string, err error) {
		if store == name || before == nil {
			c.failed(store, err)
			return
		}
		before(store, err)
	}
	return nil
}

// errLinkTwice is that two links to capabilities have one name, and a guest could not
// say which it means.
func errLinkTwice(name lattice.LinkName, pkg string) error {
	return fmt.Errorf("link %q: %w: another link of %s to another capability has the name: give one of them another", name, lattice.ErrConflict, pkg)
}
