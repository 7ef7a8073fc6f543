package memlattice_test

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/latticetest"
	"github.com/wattle-dev/wattle/lattice/memlattice"
)

func open(t testing.TB) *latticetest.Env {
	n := memlattice.New(memlattice.Options{})
	return &latticetest.Env{
		Join:    func(t testing.TB, user string) lattice.Lattice { return join(t, n, user) },
		Sever:   func(_ testing.TB, m lattice.Lattice) { n.Sever(m.User()) },
		Restore: func(_ testing.TB, m lattice.Lattice) { n.Restore(m.User()) },
		Damage: func(t testing.TB, store, name string) {
			if err := n.Damage(store, name); err != nil {
				t.Fatal(err)
			}
		},
		HoldsObjects: true,
	}
}

func join(t testing.TB, n *memlattice.Network, user string) *memlattice.Member {
	t.Helper()
	m, err := n.Join(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestContract(t *testing.T) { latticetest.RunInBubble(t, open) }

// TestContractInRealTime is without a bubble, where goroutines meet otherwise.
func TestContractInRealTime(t *testing.T) { latticetest.Run(t, open) }
