package invoke_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/wit"
)

const secret = "for tests"

// startNATS starts a server and returns its URL.
func startNATS(t testing.TB) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	s, err := natsserver.Start(ctx, natsserver.Options{StoreDir: t.TempDir(), Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	return s.ClientURL()
}

func connect(t testing.TB, url string) lattice.Lattice {
	t.Helper()
	l, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{url}, Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func natsPair(t testing.TB, url string, h lattice.Handler) *pair {
	t.Helper()
	p := &pair{host: hostID(0)}
	p.server = serve(t, connect(t, url), p.host, h, nil)
	p.client = dial(t, connect(t, url), nil)
	return p
}

func TestNATS(t *testing.T) {
	h := &handler{}
	url := startNATS(t)
	p := natsPair(t, url, h)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, size := range []int{0, 64, 64 << 10, 5 << 20} {
		text := strings.Repeat("x", size)
		if got, err := p.echo(ctx, text); err != nil || got != text {
			t.Fatalf("%d bytes: %d came back, error %v", size, len(got), err)
		}
	}
	start := time.Now()
	_, err := p.client.Call(ctx, hostID(5), call("c"), echo, []wit.Value{"x"})
	if !lattice.Undelivered(err) || time.Since(start) > 400*time.Millisecond {
		t.Errorf("call of a host that is not there: %v after %v", err, time.Since(start))
	}
	_ = p.server.Close()
	if _, err := p.echo(ctx, "x"); !lattice.Undelivered(err) {
		t.Errorf("call of a host that has left: %v", err)
	}
}

// counter is an http.ResponseWriter that counts.
type counter struct {
	header http.Header
	status int
	n      int
}

func (c *counter) Header() http.Header         { return c.header }
func (c *counter) WriteHeader(status int)      { c.status = status }
func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
