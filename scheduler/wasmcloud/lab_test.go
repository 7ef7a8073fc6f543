package wasmcloud_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

const name = lattice.DefaultName

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

// began is when the hosts of tests were started, by their clocks.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// lab is a lattice with a scheduler, edges, and hosts that report and do nothing
// else.
type lab struct {
	tb       testing.TB
	join     func(c *trust.Creds) lattice.Lattice
	keyring  *trust.Keyring
	operator lattice.Lattice
	edges    lattice.Lattice // of the scheduler and the edges
	tool     tool            // sends requests and hears events
	verifier lattice.Verifier
	buckets  wire.Buckets
	service  *scheduler.Service
	hosts    map[string]*host
	vars     map[string]string
	events   chan *lattice.Message
}

// tool is what of a lattice the tools of wasmCloud use.
type tool interface {
	NewInbox() string
	Subscribe(subject, queue string, handle func(*lattice.Message)) (lattice.Subscription, error)
	Publish(*lattice.Message) error
	Flush(context.Context) error
}

type host struct {
	id     lattice.HostID
	signer lattice.Signer
	bucket lattice.Bucket
	report lattice.HostReport
}

// overAll runs a test in memory, over NATS, and over NATS with a tool that is in an
// account of its own.
func overAll(t *testing.T, f func(t *testing.T, l *lab)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		f(t, newLab(t, trusttest.Keyring(t), func(c *trust.Creds) lattice.Lattice {
			m, err := n.Join(c.User())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			return m
		}))
	})
	overNATS := func(t *testing.T, k *trust.Keyring, s *natsserver.Server) *lab {
		t.Helper()
		return newLab(t, k, func(c *trust.Creds) lattice.Lattice {
			l, err := natslattice.Connect(t.Context(), natslattice.Options{InProcess: s, Credentials: c})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return l
		})
	}
	t.Run("nats", func(t *testing.T) {
		k := trusttest.Keyring(t)
		f(t, overNATS(t, k, startServer(t, k)))
	})
	t.Run("account", func(t *testing.T) {
		k := trusttest.Keyring(t)
		s := startServer(t, k)
		l := overNATS(t, k, s)
		l.use(newStock(t, s, trusttest.Creds(t, k, name, trust.RoleWasmCloud)))
		f(t, l)
	})
}

// startServer starts a server on which each user has the permissions of its role.
func startServer(t *testing.T, k *trust.Keyring) *natsserver.Server {
	t.Helper()
	operator, err := k.OperatorJWT()
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := k.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	server, err := natsserver.Start(t.Context(), natsserver.Options{
		StoreDir: t.TempDir(), Port: -1, Operator: operator, Accounts: accounts, SystemAccount: k.SystemAccount(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

func newLab(t *testing.T, k *trust.Keyring, join func(*trust.Creds) lattice.Lattice) *lab {
	t.Helper()
	creds := trusttest.Creds(t, k, name, trust.RoleScheduler)
	l := &lab{
		tb: t, join: join, keyring: k, edges: join(creds), operator: join(trusttest.Creds(t, k, name, trust.RoleOperator)),
		verifier: trusttest.Verifier(t, k, name), buckets: wire.Buckets{Lattice: name},
		hosts: map[string]*host{}, vars: map[string]string{}, events: make(chan *lattice.Message, 1024),
	}
	node, err := raftlog.Open(t.Context(), raftlog.Options{Dir: t.TempDir(), Lattice: name, Heartbeat: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := node.Close(); err != nil {
			t.Error(err)
		}
	})
	// Hosts of tests report when they are told to.
	l.service = scheduler.New(l.edges, name, trusttest.Signer(t, creds), l.verifier, node, &scheduler.Options{Logger: l.logger(), Lease: time.Hour})
	l.run(l.service.Run, l.service.Ready())
	l.use(l.operator)
	return l
}

// use has another send requests and hear events from now on.
func (l *lab) use(other tool) {
	l.tb.Helper()
	events := make(chan *lattice.Message, cap(l.events))
	_, err := other.Subscribe("wasmbus.evt."+string(name)+".*", "", func(m *lattice.Message) { events <- m })
	if err == nil {
		err = other.Flush(l.tb.Context())
	}
	if err != nil {
		l.tb.Fatal(err)
	}
	l.tool, l.events = other, events
}

func (l *lab) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l.tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// run runs something until the test, or what it returns is called.
func (l *lab) run(f func(context.Context) error, ready <-chan struct{}) (stop func()) {
	l.tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			l.tb.Error(err)
		}
		done <- nil
	}
	l.tb.Cleanup(stop)
	select {
	case <-ready:
	case err := <-done:
		done <- nil
		l.tb.Fatalf("ended: %v", err)
	case <-time.After(patience):
		l.tb.Fatal("not ready")
	}
	return stop
}

// edge runs an edge.
func (l *lab) edge(o *wasmcloud.Options) (stop func()) {
	l.tb.Helper()
	o.Logger = l.logger()
	e := wasmcloud.New(l.edges, name, l.verifier, l.service, o)
	return l.run(e.Run, e.Ready())
}

// says has a host report, and join if it is new.
func (l *lab) says(letter string, change func(*lattice.HostReport)) *host {
	l.tb.Helper()
	h := l.hosts[letter]
	if h == nil {
		creds := trusttest.Creds(l.tb, l.keyring, name, trust.RoleHost)
		for slices.ContainsFunc(slices.Collect(maps.Keys(l.hosts)), func(other string) bool {
			return (other < letter) != (l.hosts[other].id < creds.HostID())
		}) {
			// Hosts are answered for by their IDs: let those be in the order of the
			// letters.
			creds = trusttest.Creds(l.tb, l.keyring, name, trust.RoleHost)
		}
		h = &host{id: creds.HostID(), signer: trusttest.Signer(l.tb, creds)}
		var err error
		if h.bucket, err = l.join(creds).Bucket(l.tb.Context(), l.buckets.Hosts()); err != nil {
			l.tb.Fatal(err)
		}
		h.report = lattice.HostReport{
			ID: h.id, Name: "host-" + letter, Lattice: name, Group: lattice.DefaultGroup, Version: "0.1.0",
			State: lattice.HostReady, Started: began, Time: began, Every: time.Minute.Milliseconds(),
			Capacity: lattice.Capacity{CPUs: 2, MemoryBytes: 1 << 30},
		}
		l.hosts[letter], l.vars[letter] = h, string(h.id)
	}
	change(&h.report)
	h.report.Time = h.report.Time.Add(time.Second)
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
	return h
}

// store puts a binary into the lattice.
func (l *lab) store(variable string, binary []byte) {
	l.tb.Helper()
	sum := sha256.Sum256(binary)
	objects, err := l.operator.Objects(l.tb.Context(), l.buckets.Artifacts(), false)
	if err != nil {
		l.tb.Fatal(err)
	}
	if err := objects.Put(l.tb.Context(), hex.EncodeToString(sum[:]), bytes.NewReader(binary)); err != nil {
		l.tb.Fatal(err)
	}
	l.vars[variable] = "sha256:" + hex.EncodeToString(sum[:])
}

// command carries out a command that did not come through an edge.
func (l *lab) command(cmd control.Command) {
	l.tb.Helper()
	l.eventually(cmd.Name(), func() string {
		err := l.service.Do(l.tb.Context(), cmd, &control.ComponentResult{})
		// The scheduler may not have heard of a host that has just come.
		if errors.Is(err, lattice.ErrNotFound) || errors.Is(err, lattice.ErrUnavailable) {
			return err.Error()
		}
		if err != nil {
			l.tb.Fatalf("%s: %v", cmd.Name(), err)
		}
		return ""
	})
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
		select {
		case <-time.After(5 * time.Millisecond):
		case <-l.tb.Context().Done():
		}
	}
}

// gathering is a request whose answers come to an inbox.
type gathering struct {
	l       *lab
	answers chan []byte
	sub     lattice.Subscription
}

// send sends a request and gathers its answers.
func (l *lab) send(tail string, body []byte) *gathering {
	l.tb.Helper()
	inbox := l.tool.NewInbox()
	g := &gathering{l: l, answers: make(chan []byte, 64)}
	var err error
	if g.sub, err = l.tool.Subscribe(inbox, "", func(m *lattice.Message) { g.answers <- m.Data }); err != nil {
		l.tb.Fatal(err)
	}
	if err := l.tool.Publish(&lattice.Message{Subject: "wasmbus.ctl.v1." + string(name) + "." + tail, Reply: inbox, Data: body}); err != nil {
		l.tb.Fatal(err)
	}
	return g
}

// next returns the next answer.
func (g *gathering) next() []byte {
	g.l.tb.Helper()
	select {
	case data := <-g.answers:
		return data
	case <-time.After(patience):
		g.l.tb.Fatal("no answer comes")
		return nil
	}
}

// done asserts that there are no more answers: requests are answered in turn, and
// the next one has been.
func (g *gathering) done() {
	g.l.tb.Helper()
	if got := g.l.ask("no.such.subject.as.this", ""); !strings.Contains(got, "unsupported subject") {
		g.l.tb.Fatalf("answer %s, want unsupported subject", got)
	}
	select {
	case data := <-g.answers:
		g.l.tb.Fatalf("one answer too many: %s", data)
	default:
	}
	if err := g.sub.Unsubscribe(); err != nil {
		g.l.tb.Fatal(err)
	}
}

// ask sends a request and returns its one answer.
func (l *lab) ask(tail, body string) string {
	l.tb.Helper()
	g := l.send(tail, []byte(body))
	defer g.sub.Unsubscribe()
	return string(g.next())
}

// parse returns JSON as values, for comparison.
func parse(tb testing.TB, text []byte) any {
	tb.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		tb.Fatalf("%q: %v", text, err)
	}
	return v
}
