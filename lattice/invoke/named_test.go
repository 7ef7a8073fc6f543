package invoke_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/wit"
)

// TestNamed has invocations name their host: they are carried out there or nowhere.
func TestNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := &handler{http: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }}
		hs := newHosts(t, 3, nil)
		mine := invoke.NewRouter(hs.client, hs.ids, own, "own")
		both := func(r *invoke.Router, id lattice.HostID) error {
			inv := call("c")
			inv.Host = id
			_, err := r.Call(t.Context(), inv, echo, []wit.Value{"x"})
			w := httptest.NewRecorder()
			again := r.HTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("hello")), inv)
			if (err == nil) != (again == nil) || err == nil && w.Body.String() != "hello" {
				t.Errorf("host %s: %v, and %q, %v", id.Short(), err, w.Body, again)
			}
			return err
		}
		for range 10 {
			if err := both(mine, hostID(1)); err != nil { // though it runs here
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := both(mine, "own"); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []int64{0, 20, 0} {
			if n := hs.handlers[i].calls.Load(); n != want {
				t.Errorf("host %d was called %d times, want %d", i, n, want)
			}
		}
		if n := own.calls.Load(); n != 6 {
			t.Errorf("the own host was called %d times, want 6", n)
		}
		begin := time.Now()
		for _, id := range []lattice.HostID{hostID(7), "own"} { // that is not in the directory, and this one, which runs nothing
			if err := both(hs.router, id); !errors.Is(err, lattice.ErrUnavailable) || !lattice.Undelivered(err) || !strings.Contains(err.Error(), "is not ready for it") {
				t.Errorf("host %s: %v", id.Short(), err)
			}
		}
		if err := hs.servers[1].Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := both(mine, hostID(1)); !lattice.Undelivered(err) {
			t.Errorf("a host that takes no calls: %v", err)
		}
		if d := time.Since(begin); d > time.Second {
			t.Errorf("that took %v", d)
		}
		if hs.handlers[0].calls.Load()+hs.handlers[2].calls.Load() > 0 {
			t.Error("other hosts were called")
		}
		hs.close()
	})
}
