package webserver_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/internal/webserver"
)

// slow answers when it is told to, and says that a request has come.
type slow struct {
	came chan struct{}
	goOn chan struct{}
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.came <- struct{}{}
	select {
	case <-s.goOn:
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}

// serve starts a server with a request under way; stop ends it.
func serve(t *testing.T, grace time.Duration) (h *slow, stop context.CancelFunc, served, asked chan error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	h = &slow{make(chan struct{}, 1), make(chan struct{})}
	served, asked = make(chan error, 1), make(chan error, 1)
	go func() { served <- webserver.Serve(ctx, l, h, webserver.Options{Grace: grace}) }()
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err == nil {
			err = resp.Body.Close()
		}
		asked <- err
	}()
	<-h.came
	return h, stop, served, asked
}

func TestServeLetsRequestsFinish(t *testing.T) {
	h, stop, served, asked := serve(t, time.Minute)
	stop()
	close(h.goOn)
	if err := <-asked; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeCutsOffAfterGrace(t *testing.T) {
	_, stop, served, asked := serve(t, time.Millisecond)
	stop()
	if err := <-served; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve: %v, want the deadline", err)
	}
	if err := <-asked; err == nil {
		t.Error("a request that was cut off got an answer")
	}
}
