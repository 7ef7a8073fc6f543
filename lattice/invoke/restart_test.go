package invoke_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

// restarting calls restart when it has got some bytes.
type restarting struct {
	counter
	got     bytes.Buffer
	at      int
	restart func()
}

func (w *restarting) Write(p []byte) (int, error) {
	w.got.Write(p)
	if w.restart != nil && w.got.Len() >= w.at {
		w.restart()
		w.restart = nil
	}
	return len(p), nil
}

// TestRestartOfNATS has the only server be restarted in the middle of a response,
// of a request and of calls: none of them fails.
func TestRestartOfNATS(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	o := natsserver.Options{StoreDir: t.TempDir(), Token: secret}
	server, err := natsserver.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Shutdown(ctx) }()
	u, err := url.Parse(server.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	if o.Port, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatal(err)
	}
	text := []byte(body("download", 8<<20))
	under, release := make(chan struct{}, 8), make(chan struct{})
	h := &handler{
		http: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) },
		call: func(_ context.Context, _ *lattice.Invocation, text string) (string, error) {
			under <- struct{}{}
			<-release
			return text, nil
		},
	}
	p := natsPair(t, server.ClientURL(), h)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var calls sync.WaitGroup
	for range cap(under) {
		calls.Go(func() {
			if got, err := p.echo(ctx, "x"); err != nil || got != "x" {
				t.Errorf("call: %q, error %v", got, err)
			}
		})
	}
	for range cap(under) {
		<-under
	}
	w := &restarting{counter: counter{header: http.Header{}}, at: 1 << 20, restart: func() {
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		close(release) // the results are published while there is no server
		next, err := natsserver.Start(ctx, o)
		if err != nil {
			t.Errorf("restart: %v", err)
			return
		}
		server = next
	}}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(body("upload", 4<<20)))
	if err := p.client.HTTP(w, r, p.host, call("c")); err != nil {
		t.Errorf("HTTP: %v", err)
	}
	if !bytes.Equal(w.got.Bytes(), text) {
		t.Errorf("%d bytes came, which are not the %d that were sent", w.got.Len(), len(text))
	}
	calls.Wait()
	if n := h.calls.Load(); n != int64(cap(under))+1 {
		t.Errorf("the handler was called %d times", n)
	}
}
