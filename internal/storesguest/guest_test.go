package storesguest_test

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/internal/storesguest"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

var loaded = sync.OnceValues(func() (*component.Component, error) {
	e, err := engine()
	if err != nil {
		return nil, err
	}
	var linker component.Linker
	if err := wasi.Define(&linker); err != nil {
		return nil, err
	}
	return e.Load(context.Background(), storesguest.Wasm, &linker)
})

// guest is an instance of the guest with what its links grant.
type guest struct {
	t  testing.TB
	in *component.Instance
}

// start opens links and starts the guest under them.
func start(t testing.TB, l lattice.Lattice, id string, links []lattice.Capability, secrets map[lattice.SecretName]string) *guest {
	t.Helper()
	env := &capability.Env{Lattice: l, Name: "default", Component: lattice.ComponentID(id), Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	grant, err := capability.Open(t.Context(), env, wasi.Options{}, links, func(r lattice.SecretRef) (string, bool) {
		s, ok := secrets[r.Name]
		return s, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	state := wasi.NewState(grant.WASI)
	in, err := c.Instantiate(t.Context(), state, component.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := errors.Join(state.Close(), grant.Close()); err != nil {
			t.Error(err)
		}
	})
	return &guest{t, in}
}

// call calls a function of the guest. What it says has failed is the error.
func (g *guest) call(ctx context.Context, fn string, args ...wit.Value) (wit.Value, error) {
	g.t.Helper()
	f, err := g.in.Func("", fn)
	if err != nil {
		g.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	got, err := f.Call(ctx, args...)
	if err != nil || len(got) == 0 {
		return nil, err
	}
	r, ok := got[0].(wit.ResultValue)
	if !ok {
		return got[0], nil
	}
	if r.Failed {
		return nil, errors.New(r.Value.(string))
	}
	return r.Value, nil
}

// must fails the test if a call fails.
func (g *guest) must(fn string, args ...wit.Value) wit.Value {
	g.t.Helper()
	v, err := g.call(g.t.Context(), fn, args...)
	if err != nil {
		g.t.Errorf("%s(%v): %v", fn, args, err)
	}
	return v
}

// fails fails the test if a call does not, or says something else.
func (g *guest) fails(want, fn string, args ...wit.Value) {
	g.t.Helper()
	v, err := g.call(g.t.Context(), fn, args...)
	if err == nil || !strings.Contains(err.Error(), want) {
		g.t.Errorf("%s(%v) = %v, %v, want an error with %q", fn, args, v, err, want)
	}
}

func keyvalueLink(kind, name string, config map[string]string) lattice.Capability {
	return lattice.Capability{Kind: kind, Name: lattice.LinkName(name), Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store", "atomics", "batch"}, Config: config}
}

func blobstoreLink(kind, name string, config map[string]string) lattice.Capability {
	return lattice.Capability{Kind: kind, Name: lattice.LinkName(name), Namespace: "wasi", Package: "blobstore", Interfaces: []string{"blobstore"}, Config: config}
}

// memory returns a lattice in memory with the buckets of stores.
func memory(t testing.TB) lattice.Lattice {
	t.Helper()
	m, err := memlattice.New(memlattice.Options{}).Join("host")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	create(t, m)
	return m
}

func create(t testing.TB, l lattice.Lattice) {
	t.Helper()
	b := wire.Buckets{Lattice: "default"}
	for _, name := range []string{b.KeyValue(), b.Blobs()} {
		if _, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// jetStream returns a lattice with a real server.
func jetStream(t testing.TB) (lattice.Lattice, *natsserver.Server) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := natsserver.Start(t.Context(), natsserver.Options{StoreDir: t.TempDir(), Token: "t", Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	l, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{s.ClientURL()}, Token: "t", Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	create(t, l)
	return l, s
}

func stop(t testing.TB, s *natsserver.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// redis starts a Redis server that wants a password, and returns its URL.
func redis(t testing.TB, password string) string {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("WATTLE_BACKENDS") == "required" {
			t.Fatalf("%v: install the package redis-server", err)
		}
		t.Skipf("%v: install the package redis-server to run this", err)
	}
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // the server may be another user, who cannot enter the directories of tests
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.CommandContext(t.Context(), "redis-server", "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--requirepass", password)
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // its code says which signal it was
	})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		if _, err := os.Stat(socket); err == nil {
			return "unix://" + socket
		}
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not listen")
		}
	}
}

// Everything of both interfaces, by real guests on real backends.
func TestJetStream(t *testing.T) {
	l, _ := jetStream(t)
	g := start(t, l, "cart", []lattice.Capability{
		keyvalueLink("keyvalue-nats", "default", nil),
		keyvalueLink("keyvalue-nats", "shared", map[string]string{"bucket": "sessions"}),
		blobstoreLink("blobstore-nats", "default", nil),
		blobstoreLink("blobstore-nats", "other", map[string]string{"bucket": "pictures"}),
	}, nil)
	g.must("keyvalue", "")
	g.must("keyvalue-draft", "shared")
	g.must("blobstore", "c")
	g.must("blobstore", "other/c")
}

func TestRedis(t *testing.T) {
	link := keyvalueLink("keyvalue-redis", "default", map[string]string{"url": redis(t, "let me in"), "password": "${secret:password}"})
	link.Secrets = map[string]lattice.SecretRef{"password": {Name: "redis-password", Version: 1}}
	secrets := map[lattice.SecretName]string{"redis-password": "let me in"}
	start(t, memory(t), "cart", []lattice.Capability{link}, secrets).must("keyvalue", "default")
	start(t, memory(t), "cart2", []lattice.Capability{link}, secrets).must("keyvalue-draft", "")

	// A password that is wrong is access-denied, and where the server is stays unknown.
	secrets["redis-password"] = "guess"
	g := start(t, memory(t), "cart3", []lattice.Capability{link}, secrets)
	if _, err := g.call(t.Context(), "fail", "", "k"); err == nil || err.Error() != "access-denied" {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestS3(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	defer server.Close()
	config := map[string]string{
		"endpoint": server.URL, "bucket": "bucket", "path-style": "true", "access-key": "a", "secret-key": "${secret:s3}",
		"tls-ca": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	}
	link := blobstoreLink("blobstore-s3", "default", config)
	link.Secrets = map[string]lattice.SecretRef{"s3": {Name: "s3", Version: 1}}
	g := start(t, memory(t), "cart", []lattice.Capability{link}, map[lattice.SecretName]string{"s3": "s"})
	g.must("blobstore", "pictures")
	g.must("write", "pictures", "large", uint64(20<<20), true)
	if n := g.must("read", "pictures", "large"); n != uint64(20<<20) {
		t.Errorf("read %v bytes", n)
	}
}

// A component has nothing that it was not linked to, and two components nothing of each
// other's.
func TestApart(t *testing.T) {
	l := memory(t)
	nothing := start(t, l, "nothing", nil, nil)
	nothing.fails("no-such-store", "fail", "", "k")
	nothing.fails("linked to no store", "blobstore", "c")

	own := []lattice.Capability{keyvalueLink("keyvalue-nats", "default", nil), blobstoreLink("blobstore-nats", "default", nil)}
	shared := []lattice.Capability{
		keyvalueLink("keyvalue-nats", "default", map[string]string{"bucket": "shared"}),
		blobstoreLink("blobstore-nats", "default", map[string]string{"bucket": "shared"}),
	}
	a, b := start(t, l, "a", own, nil), start(t, l, "b", own, nil)
	c, d := start(t, l, "c", shared, nil), start(t, l, "d", shared, nil)
	for _, g := range []*guest{a, c} {
		g.must("set", "k", uint32(3), uint32(1))
		g.must("write", "c", "o", uint64(1000), true)
	}
	for _, test := range []struct {
		g    *guest
		want string
	}{{a, "vvv"}, {b, "none"}, {c, "vvv"}, {d, "vvv"}} {
		if got := test.g.must("fail", "", "k"); got != test.want {
			t.Errorf("the value is %q, want %q", got, test.want)
		}
	}
	b.fails("no such object", "read", "c", "o")
	d.must("read", "c", "o")
	for _, id := range []string{"own.b", "bucket.shared", "shared", "default/x", "../b", "*", ">"} {
		a.fails("no-such-store", "fail", id, "k")
	}
	for _, container := range []string{"own.b/c", "shared/c", "../c", "*"} {
		a.fails("no such object", "read", container, "o")
	}
}

// Values and handles that a guest hoards end at bounds, and the guest goes on.
func TestBounds(t *testing.T) {
	g := start(t, memory(t), "cart", []lattice.Capability{
		keyvalueLink("keyvalue-nats", "default", map[string]string{"max-value": "100KiB"}),
		blobstoreLink("blobstore-nats", "default", map[string]string{"max-object": "1MiB"}),
	}, nil)
	if n := g.must("set", "k", uint32(100<<10+1), uint32(1)); n != uint32(1) {
		t.Errorf("a value over its bound: %v failures", n)
	}
	g.must("set", "k", uint32(100<<10), uint32(1))
	if said := g.must("hoard", "k"); !strings.Contains(said.(string), "drop some") {
		t.Errorf("hoarding handles of cas ends with %q", said)
	}
	g.must("write", "c", "o", uint64(1<<20), true)
	if said := g.must("hoard-values", "c", "o"); !strings.Contains(said.(string), "drop some") {
		t.Errorf("hoarding values ends with %q", said)
	}
	g2 := start(t, memory(t), "cart", []lattice.Capability{blobstoreLink("blobstore-nats", "default", map[string]string{"max-object": "1MiB"})}, nil)
	for _, first := range []bool{true, false} {
		g2.fails("more than 1048576 bytes", "write", "c", "o", uint64(1<<20+1), first)
	}
	g2.fails("no such object", "read", "c", "o")
	g2.must("write", "c", "o", uint64(1<<20), false)
	g2.must("abandon", "c", "o2")
	g2.fails("no such object", "read", "c", "o2")
	g2.fails("16777216 bytes at most", "write", "c", "o", uint64(17<<20), false)
}

// A backend that is away is an error in time, that names no place, or the end of the
// call; nothing of the host waits.
func TestOutage(t *testing.T) {
	l, server := jetStream(t)
	g := start(t, l, "cart", []lattice.Capability{
		keyvalueLink("keyvalue-nats", "default", map[string]string{"timeout": "300ms"}),
		blobstoreLink("blobstore-nats", "default", map[string]string{"timeout": "300ms"}),
		keyvalueLink("keyvalue-redis", "redis", map[string]string{"url": "redis://127.0.0.1:1", "timeout": "300ms"}),
		keyvalueLink("keyvalue-nats", "slow", map[string]string{"timeout": "10m"}),
	}, nil)
	g.must("set", "k", uint32(1), uint32(1))
	g.must("write", "c", "o", uint64(1), true)
	g.fails("not available", "fail", "redis", "k")
	stop(t, server)
	g.fails("the store did not answer within 300ms", "fail", "", "k")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := g.call(ctx, "fail", "slow", "k")
	if trap, ok := errors.AsType[*component.Trap](err); !ok || trap.Kind != component.TrapDeadline {
		t.Errorf("a call whose store does not answer: %v, want the end of the guest at its deadline", err)
	}
}
