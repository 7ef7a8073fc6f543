// Package trusttest makes keys and credentials for tests of other packages.
package trusttest

import (
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// Keyring makes a keyring that ends with the test, with the lattices named, or
// else with lattice.DefaultName.
func Keyring(tb testing.TB, names ...lattice.Name) *trust.Keyring {
	tb.Helper()
	if len(names) == 0 {
		names = []lattice.Name{lattice.DefaultName}
	}
	dir := tb.TempDir() + "/keys"
	var k *trust.Keyring
	for _, l := range names {
		var err error
		if k, err = trust.OpenOrInit(dir, l); err != nil {
			tb.Fatal(err)
		}
	}
	return k
}

// Creds makes the credentials of a new user.
func Creds(tb testing.TB, k *trust.Keyring, l lattice.Name, role trust.Role) *trust.Creds {
	tb.Helper()
	c, err := k.Issue(l, role, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Verifier makes a verifier that believes the schedulers of a lattice.
func Verifier(tb testing.TB, k *trust.Keyring, l lattice.Name) lattice.Verifier {
	tb.Helper()
	account, err := k.Account(l)
	if err != nil {
		tb.Fatal(err)
	}
	v, err := trust.NewVerifier(l, account)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// Signer makes the signer of a user's documents.
func Signer(tb testing.TB, c *trust.Creds) lattice.Signer {
	tb.Helper()
	s, err := trust.NewSigner(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
