package invoke_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/wit"
)

// canary is a directory in which a tenth of the calls goes to one host.
type canary struct {
	fixed
	s *directory.Snapshot
}

// newCanary has hosts 0 and 1 have the old revision and host 2 the new one.
func newCanary(weight int) canary {
	table := directory.NewTable()
	digests := []string{"sha256:" + strings.Repeat("1", 64), "sha256:" + strings.Repeat("2", 64)}
	table.Assign(&lattice.Assignment{Component: "c", Variants: []lattice.Variant{
		{Digest: digests[0], Revision: 1, Weight: 100 - weight, Hosts: map[lattice.HostID]int{hostID(0): 1, hostID(1): 1}},
		{Digest: digests[1], Revision: 2, Weight: weight, Hosts: map[lattice.HostID]int{hostID(2): 1}},
	}})
	for i := range 3 {
		table.SetReady(&lattice.Ready{Component: "c", Host: hostID(i), Digest: digests[i/2]})
	}
	return canary{fixed{hostID(0), hostID(1), hostID(2)}, table.Snapshot()}
}

func (c canary) Choose(id lattice.ComponentID, x uint64) directory.Choice { return c.s.Choose(id, x) }

func (c canary) Weighted(id lattice.ComponentID) bool { return c.s.Weighted(id) }

// atHome runs components in this process, and refuses all calls if it drains.
type atHome struct {
	handler
	draining bool
}

func (l *atHome) Call(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	if l.draining {
		return nil, &lattice.Error{Code: lattice.CodeUnavailable, Message: "it drains", Undelivered: true}
	}
	return l.handler.Call(ctx, inv, fn, args)
}

func (l *atHome) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	if l.draining {
		return &lattice.Error{Code: lattice.CodeUnavailable, Message: "it drains", Undelivered: true}
	}
	return l.handler.HTTP(w, r, inv)
}

// TestCanary has the calls of a host that runs the component itself be shared out by
// weight all the same, function calls and requests.
func TestCanary(t *testing.T) {
	for _, self := range []int{0, 2} {
		for _, draining := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				hs := newHosts(t, 3, nil)
				local := &atHome{draining: draining}
				local.http = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }
				router := invoke.NewRouter(hs.client, newCanary(10), local, hostID(self))
				const n = 2000
				for i := range n {
					if i%2 == 0 {
						if _, err := router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil {
							t.Fatal(err)
						}
						continue
					}
					w := httptest.NewRecorder()
					r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("hello"))
					if err := router.HTTP(w, r, call("c")); err != nil || w.Body.String() != "hello" {
						t.Fatalf("%q, error %v", w.Body, err)
					}
				}
				var got [3]int64
				for i, h := range hs.handlers {
					got[i] = h.calls.Load()
				}
				if got[self] > 0 {
					t.Errorf("host %d called itself %d times through the lattice", self, got[self])
				}
				got[self] += local.calls.Load()
				if sum := got[0] + got[1] + got[2]; sum != n {
					t.Errorf("%d calls were done, want %d", sum, n)
				}
				switch {
				case draining && got[self] > 0:
					t.Errorf("host %d drains and was called %d times", self, got[self])
				case !draining && (got[2] < n/15 || got[2] > n/7):
					t.Errorf("%d of %d calls went to the canary, want about %d", got[2], n, n/10)
				}
				hs.close()
			})
		}
	}
}

// TestLocalFirst has a host that runs a component call nobody else while there are no
// weights.
func TestLocalFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 3, nil)
		local := new(atHome)
		router := invoke.NewRouter(hs.client, hs.ids, local, hostID(0))
		for range 50 {
			if _, err := router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil {
				t.Fatal(err)
			}
		}
		if n := local.calls.Load(); n != 50 {
			t.Errorf("%d of 50 calls were done here", n)
		}
		hs.close()
	})
}
