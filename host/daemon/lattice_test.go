package daemon_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
)

// newNetwork returns the servers of a lattice.
func newNetwork() *memlattice.Network { return memlattice.New(memlattice.Options{}) }

// join returns a connection to a lattice that ends with the test.
func join(t testing.TB, n *memlattice.Network, user string) lattice.Lattice {
	t.Helper()
	l, err := n.Join(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
