package raftlog_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// patience bounds what a test waits for something that takes no time.
const patience = 30 * time.Second

func put(n int) []state.Change {
	return []state.Change{state.Put(state.Record{Config: &state.Config{
		Name: lattice.ConfigName(fmt.Sprintf("config-%d", n)), Values: lattice.Config{"n": fmt.Sprint(n)},
	}})}
}

// propose puts a configuration into the log of whoever of the nodes leads. What comes
// back was acknowledged.
func propose(t testing.TB, n *raftlog.Node, number int) *state.State {
	t.Helper()
	s, err := n.Propose(t.Context(), &state.Entry{Base: n.State().Seq, At: 1, By: "test", Changes: put(number)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wait waits until ok holds of what a watch tells.
func wait(t testing.TB, n *raftlog.Node, what string, ok func(raftlog.Update) bool) {
	t.Helper()
	w := n.Watch()
	defer w.Close()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for !ok(w.Take()) {
		select {
		case <-w.C:
		case <-n.Done():
			t.Fatalf("%s: %v", what, n.Err())
		case <-timer.C:
			t.Fatalf("%s: nothing for %v; %+v", what, patience, n.Status())
		}
	}
}

func leads(u raftlog.Update) bool { return u.Leader.Self }

func has(seq uint64) func(raftlog.Update) bool {
	return func(u raftlog.Update) bool { return u.State.Seq >= seq }
}

// single opens the only node of a lattice.
func single(t testing.TB, dir string, change ...func(*raftlog.Options)) *raftlog.Node {
	t.Helper()
	o := raftlog.Options{Dir: dir, Lattice: "default", Heartbeat: 100 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	n, err := raftlog.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, n) })
	wait(t, n, "to lead", leads)
	return n
}

func shut(t testing.TB, n *raftlog.Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// verified is the state with all that was acknowledged.
func verified(t testing.TB, n *raftlog.Node) *state.State {
	t.Helper()
	s, err := n.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSingle(t *testing.T) {
	dir := t.TempDir()
	n := single(t, dir)
	w := n.Watch()
	defer w.Close()
	if u := w.Take(); !u.All || u.State.Seq != 0 {
		t.Errorf("first update: all %v, seq %d", u.All, u.State.Seq)
	}
	for i := range 10 {
		s := propose(t, n, i)
		if s.Seq != uint64(i+1) || s.Config(lattice.ConfigName(fmt.Sprintf("config-%d", i))) == nil {
			t.Fatalf("entry %d: seq %d", i, s.Seq)
		}
	}
	if u := w.Take(); u.All || len(u.Changes) != 10 || u.State.Seq != 10 {
		t.Errorf("update: all %v, %d changes, seq %d", u.All, len(u.Changes), u.State.Seq)
	}
	_, err := n.Propose(t.Context(), &state.Entry{Base: 3, Changes: put(1)})
	if !errors.Is(err, lattice.ErrConflict) {
		t.Errorf("entry of an old state: %v", err)
	}
	_, err = n.Propose(t.Context(), &state.Entry{Base: 10})
	if !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("entry without a change: %v", err)
	}
	before := n.State()
	shut(t, n)
	if _, err := n.Propose(t.Context(), &state.Entry{Base: 10, Changes: put(1)}); !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("propose to a closed node: %v", err)
	}

	n = single(t, dir)
	after, err := n.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if after.Seq != before.Seq || after.Stamp != before.Stamp {
		t.Errorf("after a restart: seq %d, stamp %v; before: %d, %v", after.Seq, after.Stamp, before.Seq, before.Stamp)
	}
}

func TestPipeline(t *testing.T) {
	n := single(t, t.TempDir())
	would := n.State()
	var all []*raftlog.Proposal
	for i := range 200 {
		e := &state.Entry{Base: would.Seq, Changes: put(i)}
		p, err := n.Submit(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
		if would, err = would.Apply(lattice.Stamp{}, e); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range all {
		s, err := p.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Seq != uint64(i+1) {
			t.Fatalf("proposal %d: seq %d", i, s.Seq)
		}
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	single(t, dir)
	_, err := raftlog.Open(t.Context(), raftlog.Options{Dir: dir, Lattice: "default"})
	if !errors.Is(err, lattice.ErrExists) {
		t.Errorf("second node of a directory: %v", err)
	}
}

func TestOtherLattice(t *testing.T) {
	dir := t.TempDir()
	shut(t, single(t, dir))
	_, err := raftlog.Open(t.Context(), raftlog.Options{Dir: dir, Lattice: "other"})
	if !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("directory of another lattice: %v", err)
	}
}

func TestSnapshotAndRestore(t *testing.T) {
	dir := t.TempDir()
	n := single(t, dir)
	if _, err := n.Export(); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("export without a snapshot: %v", err)
	}
	for i := range 5 {
		propose(t, n, i)
	}
	if err := n.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := n.State()
	propose(t, n, 5)
	x, err := n.Export()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, x.Size)
	if _, err := x.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "snapshot")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	if _, err := raftlog.RestoreDir(dir, "default", "", open()); !errors.Is(err, lattice.ErrExists) {
		t.Errorf("restore under a running node: %v", err)
	}
	shut(t, n)
	if _, err := raftlog.RestoreDir(dir, "other", "", open()); !errors.Is(err, lattice.ErrInvalid) {
		t.Errorf("restore of another lattice: %v", err)
	}
	for _, where := range []string{dir, t.TempDir()} {
		if _, err := raftlog.RestoreDir(where, "default", "", open()); err != nil {
			t.Fatal(err)
		}
		n = single(t, where)
		s := n.State()
		if s.Seq != kept.Seq || s.Stamp != kept.Stamp || s.Config("config-5") != nil || s.Config("config-4") == nil {
			t.Errorf("restored seq %d, stamp %v, want %d, %v", s.Seq, s.Stamp, kept.Seq, kept.Stamp)
		}
		if s = propose(t, n, 6); s.Stamp.Compare(kept.Stamp) <= 0 {
			t.Errorf("stamp %v after restoring one of %v", s.Stamp, kept.Stamp)
		}
		shut(t, n)
	}
}

// network is what the nodes of a test are connected by. It can be cut.
type network struct {
	mu    sync.Mutex
	cut   map[string]bool
	conns map[string][]net.Conn
	ca    tls.Certificate
}

func newNetwork(t testing.TB) *network {
	return &network{cut: map[string]bool{}, conns: map[string][]net.Conn{}, ca: certificate(t)}
}

// certificate is the one of all nodes of a test, which know each other by it.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func (w *network) verify(c *x509.Certificate) error {
	if string(c.Raw) != string(w.ca.Certificate[0]) {
		return errors.New("it is not of this test")
	}
	return nil
}

// dial connects a node to another, unless one of them is cut off.
func (w *network) dial(from string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, kind, to string) (net.Conn, error) {
		w.mu.Lock()
		cut := w.cut[from] || w.cut[to]
		w.mu.Unlock()
		if cut {
			return nil, errors.New("cut off")
		}
		c, err := new(net.Dialer).DialContext(ctx, kind, to)
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.conns[from] = append(w.conns[from], c)
		w.conns[to] = append(w.conns[to], c)
		return c, nil
	}
}

// sever cuts a node off from the others, or connects it again.
func (w *network) sever(node string, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[node] = cut
	if cut {
		for _, c := range w.conns[node] {
			_ = c.Close()
		}
		w.conns[node] = nil
	}
}

// member is a node of a cluster, which can be started again.
type member struct {
	*raftlog.Node
	o raftlog.Options
}

func listen(t testing.TB, address string) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (w *network) options(t testing.TB) raftlog.Options {
	l := listen(t, "127.0.0.1:0")
	at := l.Addr().String()
	return raftlog.Options{
		Dir: t.TempDir(), Lattice: "default", Listener: l, Advertise: at, Certificate: w.ca, VerifyPeer: w.verify, Dial: w.dial(at),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// start opens a node, at the address that it had.
func (m *member) start(t testing.TB) {
	t.Helper()
	if m.o.Listener == nil {
		m.o.Listener = listen(t, m.o.Advertise)
	}
	n, err := raftlog.Open(t.Context(), m.o)
	if err != nil {
		t.Fatal(err)
	}
	m.Node, m.o.Listener = n, nil
	t.Cleanup(func() { shut(t, n) })
}

// cluster starts nodes that begin together.
func (w *network) cluster(t testing.TB, size int, change ...func(*raftlog.Options)) []*member {
	t.Helper()
	var all []*member
	var peers []string
	for range size {
		m := &member{o: w.options(t)}
		peers = append(peers, m.o.Advertise)
		all = append(all, m)
	}
	var wg sync.WaitGroup
	for _, m := range all {
		m.o.Peers = peers
		for _, f := range change {
			f(&m.o)
		}
		wg.Go(func() {
			n, err := raftlog.Open(t.Context(), m.o)
			if err != nil {
				t.Error(err)
				return
			}
			m.Node, m.o.Listener = n, nil
			t.Cleanup(func() { shut(t, n) })
		})
	}
	if wg.Wait(); t.Failed() {
		t.FailNow()
	}
	return all
}

// leader waits for one that leads and is verified, and returns it and the others.
func leader(t testing.TB, all ...*member) (*member, []*member) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	ready := make(chan struct{}, len(all))
	for _, m := range all {
		w := m.Watch()
		defer w.Close()
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			for {
				select {
				case <-w.C:
				case <-ended:
					return
				}
				select {
				case ready <- struct{}{}:
				default:
				}
			}
		}()
	}
	for {
		for i, m := range all {
			if !m.Leader().Self {
				continue
			}
			if _, err := m.Verify(t.Context()); err == nil {
				return m, append(append([]*member{}, all[:i]...), all[i+1:]...)
			}
		}
		select {
		case <-ready:
		case <-timer.C:
			t.Fatalf("nobody leads after %v", patience)
		}
	}
}
