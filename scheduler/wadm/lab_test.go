package wadm_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/state"
	"github.com/wattle-dev/wattle/scheduler/wadm"
)

const name = lattice.DefaultName

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

// at is when everything in tests happens.
var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// leader decides as the scheduler does, and keeps a state without a log or hosts.
type leader struct {
	mu    sync.Mutex
	state *state.State
	index uint64
}

// Do implements wadm.Commander.
func (l *leader) Do(_ context.Context, cmd control.Command, result any) error {
	if err := cmd.Check(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	in := decide.In{State: l.state, Hosts: func(lattice.HostID) *decide.Host { return nil }, Now: at.UnixMilli()}
	if decide.IsQuery(cmd) {
		answer, err := decide.View(in, cmd)
		if err != nil {
			return err
		}
		return convert(answer, result)
	}
	decision, err := decide.Command(in, cmd)
	if err != nil {
		return err
	}
	after := l.state
	if len(decision.Changes) > 0 {
		l.index++
		after, err = l.state.Apply(lattice.Stamp{Term: 1, Index: l.index}, &state.Entry{Base: l.state.Seq, Changes: decision.Changes})
		if err != nil {
			return err
		}
	}
	if err := decision.Settle(in, after); err != nil {
		return err
	}
	l.state = after
	return convert(decision.Result, result)
}

// convert takes an answer over the wire.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}

// tool is what of a lattice a client of wadm uses.
type tool interface {
	NewInbox() string
	Subscribe(subject, queue string, handle func(*lattice.Message)) (lattice.Subscription, error)
	Publish(*lattice.Message) error
	Flush(context.Context) error
}

// lab is a lattice with an edge.
type lab struct {
	leader *leader
	// edge is the lattice as the edge has it, other that of another scheduler.
	edge, other lattice.Lattice
	tool        tool
	// news has what is published, by the first two tokens of the subject.
	news map[string]chan *lattice.Message
}

func newLab(t *testing.T, join func(*trust.Creds) lattice.Lattice, k *trust.Keyring) *lab {
	t.Helper()
	return &lab{
		leader: &leader{state: state.New(name)},
		edge:   join(trusttest.Creds(t, k, name, trust.RoleScheduler)),
		other:  join(trusttest.Creds(t, k, name, trust.RoleScheduler)),
		tool:   join(trusttest.Creds(t, k, name, trust.RoleOperator)),
		news:   map[string]chan *lattice.Message{"wadm.status": make(chan *lattice.Message, 256), "wadm.evt": make(chan *lattice.Message, 256)},
	}
}

// overAll runs a test in memory, over NATS, and with a client that is in the account of
// wasmCloud's tools.
func overAll(t *testing.T, f func(t *testing.T, l *lab)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		n := memlattice.New(memlattice.Options{})
		f(t, newLab(t, func(c *trust.Creds) lattice.Lattice {
			m, err := n.Join(c.User())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			return m
		}, trusttest.Keyring(t)))
	})
	t.Run("nats", func(t *testing.T) {
		k := trusttest.Keyring(t)
		f(t, newLab(t, joiner(t, startServer(t, k, -1)), k))
	})
	t.Run("account", func(t *testing.T) {
		k := trusttest.Keyring(t)
		s := startServer(t, k, -1)
		l := newLab(t, joiner(t, s), k)
		l.tool = newStock(t, s, trusttest.Creds(t, k, name, trust.RoleWasmCloud))
		f(t, l)
	})
}

func joiner(t *testing.T, s *natsserver.Server) func(*trust.Creds) lattice.Lattice {
	t.Helper()
	return func(c *trust.Creds) lattice.Lattice {
		l, err := natslattice.Connect(t.Context(), natslattice.Options{InProcess: s, Credentials: c})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
}

// startServer starts a server on which each user has the permissions of its role.
func startServer(t *testing.T, k *trust.Keyring, port int) *natsserver.Server {
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
		StoreDir: t.TempDir(), Port: port, Operator: operator, Accounts: accounts, SystemAccount: k.SystemAccount(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// stock is a client of NATS as tools have it.
type stock struct{ nc *nats.Conn }

func newStock(t *testing.T, s *natsserver.Server, c *trust.Creds) *stock {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tool.creds")
	if err := c.Write(file); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.UserCredentials(file),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return &stock{nc}
}

func (s *stock) NewInbox() string { return s.nc.NewInbox() }

func (s *stock) Subscribe(subject, _ string, handle func(*lattice.Message)) (lattice.Subscription, error) {
	sub, err := s.nc.Subscribe(subject, func(m *nats.Msg) {
		handle(&lattice.Message{Subject: m.Subject, Data: m.Data, Header: lattice.Header(m.Header)})
	})
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(done) })
	return &subscription{sub, done}, nil
}

// subscription is a subscription that says when it has ended.
type subscription struct {
	*nats.Subscription
	done chan struct{}
}

func (s *subscription) Done() <-chan struct{} { return s.done }

func (s *stock) Publish(m *lattice.Message) error {
	return s.nc.PublishMsg(&nats.Msg{Subject: m.Subject, Reply: m.Reply, Data: m.Data, Header: nats.Header(m.Header)})
}

func (s *stock) Flush(context.Context) error { return s.nc.FlushTimeout(patience) }

// start runs an edge until the test ends, and hears what it publishes.
func (l *lab) start(t *testing.T) {
	t.Helper()
	for prefix, news := range l.news {
		if _, err := l.tool.Subscribe(prefix+".default.*", "", func(m *lattice.Message) { news <- m }); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.tool.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	edge := wadm.New(l.edge, name, l.leader, &wadm.Options{
		Interval: time.Hour, NewID: func() string { return "id" }, Now: func() time.Time { return at },
	})
	run(t, edge)
}

func run(t *testing.T, edge *wadm.Edge) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- edge.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	select {
	case <-edge.Ready():
	case err := <-done:
		done <- err
		t.Fatalf("Run: %v", err)
	}
}

// ask sends a request and returns the answer.
func (l *lab) ask(t *testing.T, op string, header lattice.Header, body string) string {
	t.Helper()
	answers := make(chan *lattice.Message, 1)
	inbox := l.tool.NewInbox()
	sub, err := l.tool.Subscribe(inbox, "", func(m *lattice.Message) { answers <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := l.tool.Publish(&lattice.Message{Subject: "wadm.api.default." + op, Reply: inbox, Header: header, Data: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-answers:
		return string(m.Data)
	case <-time.After(patience):
		t.Fatalf("%s: no answer", op)
		return ""
	}
}

// next returns what was published next: with "wadm.status" of statuses, with
// "wadm.evt" of events.
func (l *lab) next(t *testing.T, prefix string) string {
	t.Helper()
	select {
	case m := <-l.news[prefix]:
		return m.Subject + " " + string(m.Data)
	case <-time.After(patience):
		t.Fatalf("%s: nothing is published", prefix)
		return ""
	}
}
