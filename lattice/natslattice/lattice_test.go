package natslattice_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/latticetest"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

const token = "token of the tests"

func testLog(t testing.TB) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// startServer starts a server that is stopped with the test.
func startServer(t testing.TB, o natsserver.Options) *natsserver.Server {
	t.Helper()
	if o.StoreDir == "" {
		o.StoreDir = t.TempDir()
	}
	if o.Operator == "" {
		o.Token = token
	}
	o.Logger = testLog(t)
	s, err := natsserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopServer(t, s) })
	return s
}

func stopServer(t testing.TB, s *natsserver.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// connect connects to a server and closes the connection with the test.
func connect(t testing.TB, o natslattice.Options) *natslattice.Lattice {
	t.Helper()
	if o.Token == "" && o.Credentials == nil {
		o.Token = token
	}
	if o.Logger == nil {
		o.Logger = testLog(t)
	}
	l, err := natslattice.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// proxy is a way to a server that can be cut.
type proxy struct {
	t      testing.TB
	target string
	at     string

	mu    sync.Mutex
	l     net.Listener
	conns map[net.Conn]bool
	all   sync.WaitGroup
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	p := &proxy{t: t, target: target, at: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	p.open()
	t.Cleanup(func() {
		p.cut()
		p.all.Wait()
	})
	return p
}

func (p *proxy) open() {
	p.t.Helper()
	l, err := net.Listen("tcp", p.at)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.l = l.Addr().String(), l
	p.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.all.Go(func() { p.carry(l, c) })
		}
	})
}

func (p *proxy) carry(l net.Listener, c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	if p.l != l {
		p.mu.Unlock()
		return
	}
	p.conns[c] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(s, c)
		_ = s.Close()
	})
	_, _ = io.Copy(c, s)
	_ = c.Close()
	both.Wait()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.l != nil {
		_ = p.l.Close()
		p.l = nil
	}
	for c := range p.conns {
		_ = c.Close()
	}
}

func TestContract(t *testing.T) {
	latticetest.Run(t, func(t testing.TB) *latticetest.Env {
		server := startServer(t, natsserver.Options{})
		address := server.ClientURL()[len("nats://"):]
		var mu sync.Mutex
		proxies := map[lattice.Lattice]*proxy{}
		of := func(member lattice.Lattice) *proxy {
			mu.Lock()
			defer mu.Unlock()
			return proxies[member]
		}
		return &latticetest.Env{
			Join: func(t testing.TB, user string) lattice.Lattice {
				p := newProxy(t, address)
				l := connect(t, natslattice.Options{URLs: []string{"nats://" + p.at}, Name: user, ReconnectBuffer: 1 << 20})
				mu.Lock()
				defer mu.Unlock()
				proxies[l] = p
				return l
			},
			Sever: func(t testing.TB, member lattice.Lattice) {
				t.Helper()
				of(member).cut()
				until(t, "the connection is lost", func() bool { return !member.Connected() })
			},
			Restore: func(_ testing.TB, member lattice.Lattice) { of(member).open() },
			Damage:  func(t testing.TB, store, name string) { damage(t, server.ClientURL(), store, name) },
			// The server is in this process.
			HoldsObjects: true,
		}
	})
}

// until waits for something that must happen.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it did not happen that %s", what)
		}
	}
}

// damage changes a byte of an object with the tools of NATS.
func damage(t testing.TB, at, store, name string) {
	t.Helper()
	nc, err := nats.Connect(at, nats.Token(token))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	meta, err := js.GetLastMsg("OBJ_"+store, "$O."+store+".M."+base64.URLEncoding.EncodeToString([]byte(name)))
	if err != nil {
		t.Fatal(err)
	}
	var info struct{ NUID string }
	if err := json.Unmarshal(meta.Data, &info); err != nil {
		t.Fatal(err)
	}
	subject := "$O." + store + ".C." + info.NUID
	sub, err := js.SubscribeSync(subject, nats.OrderedConsumer())
	if err != nil {
		t.Fatal(err)
	}
	var chunks [][]byte
	for {
		m, err := sub.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, m.Data)
		if d, err := m.Metadata(); err != nil || d.NumPending == 0 {
			break
		}
	}
	chunks[0][0] ^= 1
	if err := js.PurgeStream("OBJ_"+store, &nats.StreamPurgeRequest{Subject: subject}); err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		if _, err := js.Publish(subject, c); err != nil {
			t.Fatal(err)
		}
	}
}

var errTest = errors.New("of the test")
