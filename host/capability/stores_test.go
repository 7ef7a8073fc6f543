package capability

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
)

func noSecrets(lattice.SecretRef) (string, bool) { return "", false }

// Links that a guest could not tell apart are refused, and nothing stays open.
func TestStoresTwice(t *testing.T) {
	env := &Env{Name: "default", Component: "cart"}
	link := func(kind, name string, config map[string]string) lattice.Capability {
		return lattice.Capability{Kind: kind, Name: lattice.LinkName(name), Namespace: "wasi", Config: config}
	}
	redis := map[string]string{"url": "redis://redis.example.com"}
	s3 := map[string]string{"endpoint": "https://s3.example.com", "bucket": "bucket"}
	for _, links := range [][]lattice.Capability{
		{link("keyvalue-nats", "a", nil), link("keyvalue-redis", "a", redis)},
		{link("blobstore-nats", "a", nil), link("blobstore-s3", "a", s3)},
	} {
		if _, err := Open(t.Context(), env, wasi.Options{}, links, noSecrets); !errors.Is(err, lattice.ErrConflict) {
			t.Errorf("two links of one name: %v", err)
		}
	}
	g, err := Open(t.Context(), env, wasi.Options{}, []lattice.Capability{
		link("keyvalue-nats", "a", nil), link("keyvalue-redis", "b", redis), link("blobstore-nats", "a", nil), link("blobstore-s3", "b", s3),
	}, noSecrets)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.WASI.KeyValue.Stores) != 2 || len(g.WASI.Blobstore.Stores) != 2 {
		t.Errorf("stores: %v, %v", g.WASI.KeyValue.Stores, g.WASI.Blobstore.Stores)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// What a link says wrong is an error that names it, and no secret.
func TestStoresInvalid(t *testing.T) {
	env := &Env{Name: "default", Component: "cart"}
	secrets := func(lattice.SecretRef) (string, bool) { return "redis://user:hush hush@[::1", true }
	refs := map[string]lattice.SecretRef{"url": {Name: "url", Version: 1}}
	for _, c := range []lattice.Capability{
		{Kind: "keyvalue-nats", Name: "my-link", Config: map[string]string{"bucket": "*"}},
		{Kind: "keyvalue-redis", Name: "my-link", Secrets: refs},
		{Kind: "keyvalue-redis", Name: "my-link", Config: map[string]string{"url": "redis://${secret:nothing}@h"}},
		{Kind: "blobstore-nats", Name: "my-link", Config: map[string]string{"max-object": "x"}},
		{Kind: "blobstore-s3", Name: "my-link", Config: map[string]string{"endpoint": "https://s3.example.com", "bucket": "NO"}},
	} {
		_, err := Open(t.Context(), env, wasi.Options{}, []lattice.Capability{c}, secrets)
		if err == nil || !strings.Contains(err.Error(), "my-link") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s %v: %v", c.Kind, c.Config, err)
		}
	}
}

// However often a guest asks for what is away, the log has a line of it.
func TestComplaints(t *testing.T) {
	var log bytes.Buffer
	c := newComplaints(slog.New(slog.NewTextHandler(&log, nil)), "keyvalue-nats")
	for range 100 {
		c.failed("a", errors.New("away"))
		c.failed("b", errors.New("away"))
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines are logged, want one of each link:\n%s", n, log.String())
	}
	newComplaints(nil, "x").failed("a", errors.New("nobody is told"))
}
