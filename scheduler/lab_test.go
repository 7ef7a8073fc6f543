package scheduler_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

const name = lattice.DefaultName

// digest returns a digest.
func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

func link(source, target string) lattice.Link {
	return lattice.Link{
		Source: lattice.ComponentID(source), Target: target, Name: lattice.DefaultLink,
		Namespace: "wasi", Package: "keyvalue", Interfaces: []string{"store"},
	}
}

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

// lab is a lattice with schedulers and with hosts that report and do nothing else.
type lab struct {
	tb       testing.TB
	lattice  lattice.Lattice // of an operator, and of the test
	join     func(role trust.Role, c *trust.Creds) lattice.Lattice
	keyring  *trust.Keyring
	verifier lattice.Verifier
	buckets  wire.Buckets
	client   *control.Client
	// privy may read what only schedulers may.
	privy lattice.Lattice
	// dir is where the log of a scheduler is that is alone.
	dir string
	// files is where the lattice keeps its files, empty if it has none, and logged is what
	// schedulers log, if it is there.
	files  string
	logged io.Writer
}

// newLab returns a lab in memory.
func newLab(tb testing.TB) *lab {
	tb.Helper()
	n := memlattice.New(memlattice.Options{})
	return labOn(tb, trusttest.Keyring(tb), func(_ trust.Role, c *trust.Creds) lattice.Lattice {
		m, err := n.Join(c.User())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { m.Close() })
		return m
	})
}

func labOn(tb testing.TB, k *trust.Keyring, join func(trust.Role, *trust.Creds) lattice.Lattice) *lab {
	tb.Helper()
	l := join(trust.RoleOperator, trusttest.Creds(tb, k, name, trust.RoleOperator))
	return &lab{
		tb: tb, lattice: l, join: join, keyring: k, verifier: trusttest.Verifier(tb, k, name),
		buckets: wire.Buckets{Lattice: name}, client: &control.Client{Messenger: l, Lattice: name}, dir: tb.TempDir(),
	}
}

// running is a scheduler that runs.
type running struct {
	*scheduler.Service
	lattice lattice.Lattice
	signer  lattice.Signer
	node    *raftlog.Node
	stop    func()
	// dies says that its node of the log ends before it does.
	dies bool
}

// schedule starts a scheduler that is alone, with the log that the one before it had, and
// waits until it serves.
func (l *lab) schedule() *running {
	l.tb.Helper()
	return l.scheduleOn(l.creds(), nil, nil)
}

func (l *lab) creds() *trust.Creds {
	l.tb.Helper()
	return trusttest.Creds(l.tb, l.keyring, name, trust.RoleScheduler)
}

// scheduleOn is schedule with other options.
func (l *lab) scheduleOn(creds *trust.Creds, log *raftlog.Options, o *scheduler.Options) *running {
	l.tb.Helper()
	return l.run(creds, l.join(trust.RoleScheduler, creds), log, o, true)
}

// run starts a scheduler.
func (l *lab) run(creds *trust.Creds, on lattice.Lattice, log *raftlog.Options, o *scheduler.Options, wait bool) *running {
	l.tb.Helper()
	logger := slog.New(slog.NewTextHandler(l.tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if l.logged != nil {
		logger = slog.New(slog.NewTextHandler(l.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if log == nil {
		log = &raftlog.Options{Dir: l.dir}
	}
	log.Lattice, log.Logger, log.Heartbeat = name, logger, cmp.Or(log.Heartbeat, 50*time.Millisecond)
	node, err := raftlog.Open(l.tb.Context(), *log)
	if err != nil {
		l.tb.Fatal(err)
	}
	if o == nil {
		o = &scheduler.Options{}
	}
	// Hosts of tests report when they are told to.
	o.Logger, o.Lease, o.LeadsEdge = logger, cmp.Or(o.Lease, time.Hour), func() bool { return true }
	r := &running{lattice: on, signer: trusttest.Signer(l.tb, creds), node: node}
	r.Service = scheduler.New(r.lattice, name, r.signer, l.verifier, node, o)
	l.privy = r.lattice
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !r.dies {
			l.tb.Errorf("scheduler: %v", err)
		}
		if err := node.Close(); err != nil {
			l.tb.Errorf("log: %v", err)
		}
	})
	l.tb.Cleanup(r.stop)
	if !wait {
		return r
	}
	select {
	case <-r.Ready():
	case <-time.After(patience):
		l.tb.Fatal("the scheduler does not serve")
	}
	return r
}

// host is a host that reports.
type host struct {
	id     lattice.HostID
	creds  *trust.Creds
	signer lattice.Signer
	report lattice.HostReport
	bucket lattice.Bucket
}

// host has a host join and report, and waits until the scheduler can place
// something there.
func (l *lab) host(labels map[string]string) *host {
	l.tb.Helper()
	creds := trusttest.Creds(l.tb, l.keyring, name, trust.RoleHost)
	h := &host{id: creds.HostID(), creds: creds, signer: trusttest.Signer(l.tb, creds)}
	var err error
	if h.bucket, err = l.join(trust.RoleHost, creds).Bucket(l.tb.Context(), l.buckets.Hosts()); err != nil {
		l.tb.Fatal(err)
	}
	now := time.Now().UTC()
	h.report = lattice.HostReport{
		ID: h.id, Name: "test-host", Lattice: name, Group: lattice.DefaultGroup, Version: "0.1.0", Labels: labels,
		State: lattice.HostReady, Started: now, Time: now, Every: time.Minute.Milliseconds(),
		Capacity: lattice.Capacity{CPUs: 2, MemoryBytes: 1 << 30}, Load: lattice.Load{AvailableBytes: 1 << 30},
	}
	l.says(h)
	return h
}

// says has a host report what is in it.
func (l *lab) says(h *host) {
	l.tb.Helper()
	value, err := wire.EncodeHostReport(&h.report)
	if err != nil {
		l.tb.Fatal(err)
	}
	signed, err := h.signer.Sign(l.buckets.Hosts(), string(h.id), value)
	if err != nil {
		l.tb.Fatal(err)
	}
	if _, err := h.bucket.Put(l.tb.Context(), string(h.id), signed); err != nil {
		l.tb.Fatal(err)
	}
}

// obeys has a host run what it is told, and say so if that is news.
func (l *lab) obeys(h *host) {
	l.tb.Helper()
	d := l.desired(h)
	if d == nil || d.Stamp == h.report.Applied {
		return
	}
	h.report.Applied, h.report.Components = d.Stamp, nil
	for _, c := range d.Components {
		h.report.Components = append(h.report.Components, lattice.ComponentStatus{
			ID: c.ID, Ref: c.Ref, Digest: c.Digest, Revision: c.Revision, State: lattice.ComponentRunning,
			Since: h.report.Started, MaxInstances: c.MaxInstances,
		})
	}
	l.says(h)
}

// store puts a binary into the lattice and returns its digest.
func (l *lab) store(n int) string {
	l.tb.Helper()
	objects, err := l.lattice.Objects(l.tb.Context(), l.buckets.Artifacts(), false)
	if err != nil {
		l.tb.Fatal(err)
	}
	artifact, err := wire.ArtifactName(digest(n))
	if err != nil {
		l.tb.Fatal(err)
	}
	if err := objects.Put(l.tb.Context(), artifact, strings.NewReader("binary")); err != nil {
		l.tb.Fatal(err)
	}
	return digest(n)
}

// do sends a command.
func (l *lab) do(ctx context.Context, cmd control.Command) (*control.Result, error) {
	result := new(control.Result)
	return result, l.client.Do(ctx, cmd, result)
}

// start starts a component, again while the scheduler has not heard of the hosts.
func (l *lab) start(cmd *control.StartComponent) *control.ComponentResult {
	l.tb.Helper()
	for deadline := time.Now().Add(patience); ; {
		result := new(control.ComponentResult)
		err := l.client.Do(l.tb.Context(), cmd, result)
		if err == nil {
			return result
		}
		if !errors.Is(err, lattice.ErrUnavailable) && !errors.Is(err, lattice.ErrNotFound) || time.Now().After(deadline) {
			l.tb.Fatalf("start %q: %v", cmd.ID, err)
		}
		runtimeYield(l.tb)
	}
}

// runtimeYield waits for a moment in which others get on.
func runtimeYield(tb testing.TB) {
	select {
	case <-time.After(5 * time.Millisecond):
	case <-tb.Context().Done():
	}
}

// eventually waits until what f returns is empty.
func (l *lab) eventually(what string, f func() string) {
	l.tb.Helper()
	for deadline := time.Now().Add(patience); ; {
		wrong := f()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			l.tb.Fatalf("%s: %s", what, wrong)
		}
		runtimeYield(l.tb)
	}
}

// bucket opens a bucket of the scheduler's.
func (l *lab) bucket(at lattice.Lattice, bucket string) lattice.Bucket {
	l.tb.Helper()
	b, err := at.Bucket(l.tb.Context(), bucket)
	if err != nil {
		l.tb.Fatal(err)
	}
	return b
}

// value returns what a scheduler signed under a key, or nil.
func (l *lab) value(bucket, key string) []byte {
	l.tb.Helper()
	e, err := l.bucket(l.privy, bucket).Get(l.tb.Context(), key)
	if err != nil {
		return nil
	}
	value, err := l.verifier.Scheduler(bucket, key, e.Value)
	if err != nil {
		return nil
	}
	return value
}

func (l *lab) desired(h *host) *lattice.Desired {
	l.tb.Helper()
	d, err := wire.DecodeDesired(l.value(l.buckets.Desired(), string(h.id)), name, h.id)
	if err != nil {
		return nil
	}
	return d
}

func (l *lab) assignment(id lattice.ComponentID) *lattice.Assignment {
	l.tb.Helper()
	a, err := wire.DecodeAssignment(l.value(l.buckets.Components(), string(id)), id)
	if err != nil {
		return nil
	}
	return a
}

// same reports whether two texts that must be there are the same.
func same(a, b []byte) bool { return len(a) > 0 && bytes.Equal(a, b) }
