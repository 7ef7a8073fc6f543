package capability_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// What is behind a link is away: that is remembered until it is used with success, and
// told once, however often it is used. No secret is in it.
func TestFaults(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := memlattice.New(memlattice.Options{}).Join("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var told atomic.Int32
	env := &capability.Env{Lattice: l, Name: "test", Component: "cart", Changed: func() { told.Add(1) }}
	link := func(kind, name string, config map[string]string) lattice.Capability {
		return lattice.Capability{
			Kind: kind, Name: lattice.LinkName(name), Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"}, Config: config,
			Secrets: map[string]lattice.SecretRef{"pw": {Name: "pw", Version: 1}},
		}
	}
	g, err := capability.Open(t.Context(), env, wasi.Options{}, []lattice.Capability{
		link("keyvalue-nats", "own", nil),
		link("keyvalue-redis", "cache", map[string]string{"url": "redis://me:${secret:pw}@" + away + "/0"}),
		link("postgres", "db", map[string]string{"url": "postgres://me:${secret:pw}@" + away + "/db?sslmode=disable"}),
	}, func(lattice.SecretRef) (string, bool) { return canary, true })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	if faults := g.Faults(); len(faults) > 0 || told.Load() > 0 {
		t.Errorf("nothing was used, and %v", faults)
	}
	stores := g.WASI.KeyValue.Stores
	for range 5 {
		for _, name := range []string{"own", "cache"} {
			if _, err := stores[name].Get(t.Context(), "key"); err == nil {
				t.Errorf("%s: there is no store", name)
			}
		}
		if _, err := g.WASI.Postgres.Databases["db"].Exec(t.Context(), "SELECT 1", nil); err == nil {
			t.Error("there is no database")
		}
	}
	faults := g.Faults()
	var texts []string
	for _, f := range faults {
		texts = append(texts, string(f.Link)+" "+f.Capability)
		if f.Since.IsZero() || f.Reason == "" || strings.Contains(f.Reason, canary) || strings.Contains(f.Reason, away) {
			t.Errorf("a fault is %+v", f)
		}
	}
	if got, want := strings.Join(texts, ", "), "own keyvalue-nats, cache keyvalue-redis, db postgres"; got != want {
		t.Errorf("faults of %s, want %s", got, want)
	}
	if n := told.Load(); n == 0 || n > 3 {
		t.Errorf("told %d times of three links", n)
	}
	// Who asked and went away says nothing of the store.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = stores["own"].Get(gone, "key")
	if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: wire.Buckets{Lattice: "test"}.KeyValue()}); err != nil {
		t.Fatal(err)
	}
	if got := g.Faults(); len(got) != 3 || !got[0].Since.Equal(faults[0].Since) {
		t.Errorf("faults are %v, want those of before", got)
	}
	// That there is no such key is the store's answer.
	if _, err := stores["own"].Get(t.Context(), "key"); err == nil {
		t.Error("there is a key")
	}
	if got := g.Faults(); len(got) != 2 || got[0].Link != "cache" {
		t.Errorf("faults are %v, want none of the store that is back", got)
	}
}
