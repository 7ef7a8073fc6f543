package scheduler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// TestSharedSecret is that all hosts of a lattice are given the same secret, whatever they
// run, keep it, and that nobody can put another in its place.
func TestSharedSecret(t *testing.T) {
	l := newNATSLab(t)
	s := l.secretKeeper()
	ctx := t.Context()
	one, two := l.host(nil), l.host(nil)
	dir := t.TempDir()
	store := l.vault(one, l.join(trust.RoleHost, one.creds), dir)
	get := func(h *host, dir string) *seal.Shared {
		t.Helper()
		v, err := l.vault(h, l.join(trust.RoleHost, h.creds), dir).Shared(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want, err := store.Shared(ctx)
	if err != nil {
		t.Fatal(err)
	}
	key, err := l.creds().SecretsKey()
	if err != nil {
		t.Fatal(err)
	}
	if derived, err := key.Shared(seal.MCP); err != nil || *derived != *want || *get(two, t.TempDir()) != *want {
		t.Errorf("another secret: %v", err)
	}
	_, err = l.client.StoreSecret(ctx, l.verifier, wire.SharedSecret().Name, []byte("x"), "")
	if !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("somebody puts a secret of the name: %v", err)
	}
	other := wire.SharedSecret()
	other.Version++
	if _, err := store.Get(ctx, []lattice.SecretRef{other}); !errors.Is(err, lattice.ErrDenied) {
		t.Errorf("another version: %v", err)
	}
	// It is kept with whatever else is, while nobody answers.
	store.Keep(nil)
	s.stop()
	if *get(one, dir) != *want {
		t.Error("the host keeps another one")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := l.vault(two, l.join(trust.RoleHost, two.creds), t.TempDir()).Shared(ctx); err == nil {
		t.Error("a host that never asked has it without a scheduler")
	}
}
