package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/hostgroup/machine"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// The guests of these tests.
const (
	hello  = "../../internal/guests/incoming_hello/guest.wasm"
	echo   = "../../internal/guests/incoming_echo/guest.wasm"
	stdio  = "../../internal/guests/stdio_streams/guest.wasm"
	relay  = "../component/testdata/relay.wasm"
	target = "../component/testdata/target.wasm"
)

const patience = 30 * time.Second

// cache is shared by all tests, since compiling is most of the work.
var cache string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wattle-daemon-*")
	if err != nil {
		panic(err)
	}
	cache = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// world is a lattice with a scheduler that does what the test says.
type world struct {
	*testing.T
	net      *memlattice.Network             // nil if it is NATS
	connect  func() (lattice.Lattice, error) // of the host
	ring     *trust.Keyring
	l        lattice.Lattice // the scheduler's
	buckets  wire.Buckets
	signer   lattice.Signer
	verifier lattice.Verifier
	key      *trust.Key
	id       lattice.HostID
	dir      string
	log      log
	// as connects somebody to the lattice.
	as      func(trust.Role, *trust.Key) (lattice.Lattice, error)
	desired lattice.Desired
}

// newWorld makes a lattice with its buckets.
func newWorld(t *testing.T) *world {
	t.Helper()
	ring := trusttest.Keyring(t)
	key, err := trust.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := trust.NewSigner(trusttest.Creds(t, ring, lattice.DefaultName, trust.RoleScheduler))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		T: t, ring: ring, buckets: wire.Buckets{Lattice: lattice.DefaultName}, signer: signer,
		verifier: trusttest.Verifier(t, ring, lattice.DefaultName), key: key, id: key.HostID(), dir: t.TempDir(),
	}
	w.desired = lattice.Desired{Lattice: lattice.DefaultName, Host: w.id, Stamp: lattice.Stamp{Term: 1}, State: lattice.HostReady}
	w.reset()
	w.create()
	return w
}

// reset replaces the lattice by an empty one.
func (w *world) reset() {
	w.Helper()
	w.net = newNetwork()
	w.l = join(w, w.net, "scheduler")
	w.as = func(_ trust.Role, key *trust.Key) (lattice.Lattice, error) { return w.net.Join(key.User()) }
	w.connect = func() (lattice.Lattice, error) { return w.as(trust.RoleHost, w.key) }
}

// create makes the buckets, as the scheduler does when it starts.
func (w *world) create() {
	w.Helper()
	w.createBut("")
}

// createBut makes the buckets but for one.
func (w *world) createBut(without string) {
	w.Helper()
	for _, name := range []string{w.buckets.Desired(), w.buckets.Hosts(), w.buckets.Ready(), w.buckets.Components(), w.buckets.Catalogue()} {
		if name == without {
			continue
		}
		if _, err := w.l.CreateBucket(w.Context(), lattice.BucketConfig{Name: name, MaxBytes: 16 << 20, Memory: w.net != nil}); err != nil {
			w.Fatal(err)
		}
	}
	if _, err := w.l.Objects(w.Context(), w.buckets.Artifacts(), true); err != nil {
		w.Fatal(err)
	}
}

func (w *world) bucket(name string) lattice.Bucket {
	w.Helper()
	b, err := w.l.Bucket(w.Context(), name)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// upload puts a file into the object store and returns how a component of it is
// wanted.
func (w *world) upload(id lattice.ComponentID, file string) lattice.ComponentSpec {
	w.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		w.Fatal(err)
	}
	digest := digestOf(wasm)
	w.object(digest, wasm)
	return lattice.ComponentSpec{ID: id, Ref: file, Digest: digest, Revision: 1, MaxInstances: 8}
}

func (w *world) object(digest string, content []byte) {
	w.Helper()
	objects, err := w.l.Objects(w.Context(), w.buckets.Artifacts(), false)
	if err != nil {
		w.Fatal(err)
	}
	name, err := wire.ArtifactName(digest)
	if err != nil {
		w.Fatal(err)
	}
	if err := objects.Put(w.Context(), name, bytes.NewReader(content)); err != nil {
		w.Fatal(err)
	}
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// want has components be wanted, and nothing else.
func (w *world) want(specs ...lattice.ComponentSpec) {
	w.Helper()
	w.desired.Components = specs
	w.put()
}

// put puts the desired document with the next stamp.
func (w *world) put() {
	w.Helper()
	w.desired.Stamp.Index++
	w.putRaw(w.sign(&w.desired))
}

func (w *world) sign(d *lattice.Desired) []byte {
	w.Helper()
	value, err := wire.EncodeDesired(d)
	if err != nil {
		w.Fatal(err)
	}
	signed, err := w.signer.Sign(w.buckets.Desired(), string(w.id), value)
	if err != nil {
		w.Fatal(err)
	}
	return signed
}

func (w *world) putRaw(signed []byte) {
	w.Helper()
	if _, err := w.bucket(w.buckets.Desired()).Put(w.Context(), string(w.id), signed); err != nil {
		w.Fatal(err)
	}
}

// assign says in which components the host may be called for.
func (w *world) assign(spec lattice.ComponentSpec) {
	w.Helper()
	value, err := wire.EncodeAssignment(&lattice.Assignment{
		Component: spec.ID, Stamp: lattice.Stamp{Term: 1, Index: spec.Revision},
		Variants: []lattice.Variant{{Ref: spec.Ref, Digest: spec.Digest, Revision: spec.Revision, Hosts: map[lattice.HostID]int{w.id: spec.MaxInstances}}},
	})
	if err != nil {
		w.Fatal(err)
	}
	signed, err := w.signer.Sign(w.buckets.Components(), string(spec.ID), value)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.bucket(w.buckets.Components()).Put(w.Context(), string(spec.ID), signed); err != nil {
		w.Fatal(err)
	}
}

// options are those of the host.
func (w *world) options() daemon.Options {
	return daemon.Options{
		Lattice: lattice.DefaultName, ID: w.id, Signer: trust.NewHostSigner(w.key), Verifier: w.verifier, Name: "test", Group: "edge",
		Labels: map[string]string{"zone": "a"}, Version: "1.2.3", DataDir: w.dir, Engine: component.EngineOptions{CacheDir: cache},
		Heartbeat: 300 * time.Millisecond, DrainTimeout: patience, DrainGrace: 20 * time.Millisecond,
		Machine: &machine.Machine{Arch: "arm64", OS: "linux", CPUs: 2, MemoryBytes: 1 << 30, Isolation: machine.VM},
		Logger:  slog.New(slog.NewTextHandler(&w.log, nil)),
	}
}

// host is a daemon that runs.
type host struct {
	*daemon.Daemon
	l      lattice.Lattice
	cancel context.CancelFunc
	done   chan error
}

// start runs a host until the test ends, or stop is called.
func (w *world) start(change ...func(*daemon.Options)) *host {
	w.Helper()
	o := w.options()
	for _, f := range change {
		f(&o)
	}
	l, err := w.connect()
	if err != nil {
		w.Fatal(err)
	}
	d, err := daemon.New(l, o)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &host{d, l, cancel, make(chan error, 1)}
	go func() { h.done <- d.Run(ctx) }()
	w.Cleanup(func() {
		if err := h.stop(); err != nil {
			w.Errorf("the host ended with %v", err)
		}
		_ = l.Close()
		if w.Failed() {
			w.Logf("log of the host:\n%s", w.log.String())
		}
	})
	return h
}

// stop ends a host.
func (h *host) stop() error {
	h.cancel()
	err := <-h.done
	h.done <- nil
	return errors.Join(err, h.l.Close()) // another may come with its name
}

var errFound = errors.New("found")

// await waits for a report of which f is true.
func (w *world) await(what string, f func(*lattice.HostReport) bool) *lattice.HostReport {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	var last *lattice.HostReport
	err := w.bucket(w.buckets.Hosts()).Watch(ctx, string(w.id), func(e lattice.Entry) error {
		if e.Synced || e.Deleted {
			return nil
		}
		value, err := w.verifier.Host(w.id, w.buckets.Hosts(), e.Key, e.Value)
		if err != nil {
			return err
		}
		if last, err = wire.DecodeHostReport(value, lattice.DefaultName, w.id); err != nil {
			return err
		}
		if f(last) {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		w.Fatalf("%s: not reported within %v: %v; the last report is %+v", what, patience, err, last)
	}
	return last
}

// awaitComponent waits until a component is as f says.
func (w *world) awaitComponent(id lattice.ComponentID, what string, f func(*lattice.ComponentStatus) bool) *lattice.ComponentStatus {
	w.Helper()
	var found *lattice.ComponentStatus
	w.await("component "+string(id)+": "+what, func(r *lattice.HostReport) bool {
		for i := range r.Components {
			if c := &r.Components[i]; c.ID == id && f(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

func (w *world) awaitRunning(ids ...lattice.ComponentID) {
	w.Helper()
	for _, id := range ids {
		w.awaitComponent(id, "running", func(c *lattice.ComponentStatus) bool { return c.State == lattice.ComponentRunning })
	}
}

func (w *world) awaitState(s lattice.HostState) *lattice.HostReport {
	w.Helper()
	return w.await("state "+string(s), func(r *lattice.HostReport) bool { return r.State == s })
}

// awaitReady waits until the host's word for a component is there, or is not.
func (w *world) awaitReady(id lattice.ComponentID, there bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	key, now := wire.ReadyKey(w.id, id), false
	err := w.bucket(w.buckets.Ready()).Watch(ctx, key, func(e lattice.Entry) error {
		if !e.Synced {
			now = !e.Deleted
			if now {
				value, err := w.verifier.Host(w.id, w.buckets.Ready(), key, e.Value)
				if err != nil {
					return err
				}
				if _, err := wire.DecodeReady(value, w.id, id); err != nil {
					return err
				}
			}
		}
		if now == there {
			return errFound
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		w.Fatalf("ready of %q is not %v: %v", id, there, err)
	}
}

// awaitLog waits until the host has logged a text.
func (w *world) awaitLog(text string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	if err := w.log.await(ctx, text); err != nil {
		w.Fatalf("%q was not logged: %v\n%s", text, err, w.log.String())
	}
}

// log keeps what is logged.
type log struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) await(ctx context.Context, text string) error {
	for {
		l.mu.Lock()
		found := strings.Contains(l.text.String(), text)
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next waits for something to be logged.
func (l *log) next(ctx context.Context) error {
	l.mu.Lock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	changed := l.changed
	l.mu.Unlock()
	select {
	case <-changed:
		return nil
	case <-time.After(reportWait): // what was waited for may have been logged before
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

const reportWait = 50 * time.Millisecond
