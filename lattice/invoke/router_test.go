package invoke_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/wit"
)

// hosts are hosts on a network, and a router that knows all of them.
type hosts struct {
	network  *memlattice.Network
	handlers []*handler
	servers  []*invoke.Server
	ids      fixed
	client   *invoke.Client
	router   *invoke.Router
}

func newHosts(t testing.TB, n int, local invoke.Local) *hosts {
	hs := &hosts{network: memlattice.New(memlattice.Options{})}
	for i := range n {
		h := &handler{http: func(w http.ResponseWriter, r *http.Request) {
			body := make([]byte, 1<<20)
			n, _ := r.Body.Read(body)
			_, _ = w.Write(body[:n])
		}}
		hs.handlers = append(hs.handlers, h)
		hs.ids = append(hs.ids, hostID(i))
		hs.servers = append(hs.servers, serve(t, join(t, hs.network, fmt.Sprint("host", i)), hostID(i), h, nil))
	}
	hs.client = dial(t, join(t, hs.network, "caller"), nil)
	hs.router = invoke.NewRouter(hs.client, hs.ids, local, "")
	return hs
}

func (hs *hosts) close() {
	hs.client.Close()
	for _, s := range hs.servers {
		_ = s.Close()
	}
}

func TestRouterGoesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 3, nil)
		if err := hs.servers[0].Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		hs.network.Sever("host1")
		for range 20 {
			if _, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("hello"))
			if err := hs.router.HTTP(w, r, call("c")); err != nil || w.Body.String() != "hello" {
				t.Fatalf("%q, error %v", w.Body, err)
			}
		}
		if n := hs.handlers[2].calls.Load(); n != 40 {
			t.Errorf("the host that is left was called %d times", n)
		}
		if err := hs.servers[2].Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"})
		for i, said := range []string{"draining", "not connected", "draining"} {
			if want := "host " + hostID(i).Short() + ": it is " + said; !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
		if !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) || time.Since(start) > 4*time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		hs.close()
	})
}

// TestRouterTriesNobodyTwice has a host die with a call that may have had effects.
func TestRouterDoesNotRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		for _, h := range hs.handlers {
			h.call = func(ctx context.Context, _ *lattice.Invocation, _ string) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			}
		}
		time.AfterFunc(time.Second, func() { hs.network.Partition([]string{"caller"}, []string{"host0", "host1"}) })
		_, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"})
		if n := hs.handlers[0].calls.Load() + hs.handlers[1].calls.Load(); n != 1 || err == nil || lattice.Undelivered(err) {
			t.Errorf("%d calls, error %v", n, err)
		}
		hs.close()
	})
}

func TestRouterShuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 2, nil)
		hs.network.Partition([]string{"caller", "host1"}, []string{"host0"})
		begin, slow := time.Now(), 0
		for range 200 {
			start := time.Now()
			if _, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil || time.Since(start) > time.Second {
				slow++
			}
			<-time.After(10 * time.Millisecond)
		}
		if slow > 2 {
			t.Errorf("%d of 200 calls in %v met the host that is not there", slow, time.Since(begin))
		}
		hs.close()
	})
}

func TestRouterBalances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(t, 4, nil)
		release := make(chan struct{})
		for _, h := range hs.handlers {
			h.call = func(context.Context, *lattice.Invocation, string) (string, error) {
				<-release
				return "", nil
			}
		}
		for range 40 {
			go func() { _, _ = hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}) }()
			synctest.Wait()
		}
		for i, h := range hs.handlers {
			if n := h.calls.Load(); n < 8 || n > 12 {
				t.Errorf("host %d has %d of 40 calls", i, n)
			}
		}
		close(release)
		synctest.Wait()
		hs.close()
	})
}

type nobody struct {
	assigned int
	known    bool
	synced   bool
}

func (nobody) Hosts(lattice.ComponentID) []lattice.HostID          { return nil }
func (nobody) Choose(lattice.ComponentID, uint64) directory.Choice { return directory.Choice{} }
func (nobody) Weighted(lattice.ComponentID) bool                   { return false }
func (n nobody) Assigned(lattice.ComponentID) (int, bool)          { return n.assigned, n.known }
func (n nobody) Synced() bool                                      { return n.synced }
func (nobody) Said(lattice.HostID) time.Time                       { return time.Time{} }

func TestRouterSaysWhy(t *testing.T) {
	c := dial(t, join(t, memlattice.New(memlattice.Options{}), "caller"), nil)
	for _, test := range []struct {
		d    nobody
		code lattice.Code
		want string
	}{
		{nobody{}, lattice.CodeUnavailable, "not known yet"},
		{nobody{synced: true}, lattice.CodeNotFound, "is not on the lattice"},
		{nobody{synced: true, known: true}, lattice.CodeUnavailable, "is assigned to no host"},
		{nobody{synced: true, known: true, assigned: 3}, lattice.CodeUnavailable, "none of the 3 hosts"},
	} {
		r := invoke.NewRouter(c, test.d, nil, "")
		_, err := r.Call(t.Context(), call("cart"), echo, []wit.Value{"x"})
		if lattice.CodeOf(err) != test.code || !lattice.Undelivered(err) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "cart") {
			t.Errorf("%+v: %v", test.d, err)
		}
	}
}

// refusing runs nothing although it says so.
type refusing struct{ handler }

func (*refusing) Call(context.Context, *lattice.Invocation, *wit.Func, []wit.Value) ([]wit.Value, error) {
	return nil, &lattice.Error{Code: lattice.CodeExhausted, Message: "full", Undelivered: true}
}

func TestRouterLocal(t *testing.T) {
	local := &handler{}
	r := invoke.NewRouter(nil, nobody{}, local, hostID(0))
	if _, err := r.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil || local.calls.Load() != 1 {
		t.Errorf("error %v, %d calls", err, local.calls.Load())
	}
	hs := newHosts(t, 1, &refusing{})
	if _, err := hs.router.Call(t.Context(), call("c"), echo, []wit.Value{"x"}); err != nil || hs.handlers[0].calls.Load() != 1 {
		t.Errorf("a call that was refused here: error %v, %d calls elsewhere", err, hs.handlers[0].calls.Load())
	}
	inv, args := call("c"), []wit.Value{"x"}
	plain := testing.AllocsPerRun(100, func() { _, _ = local.Call(t.Context(), inv, echo, args) })
	routed := testing.AllocsPerRun(100, func() { _, _ = r.Call(t.Context(), inv, echo, args) })
	if routed > plain {
		t.Errorf("the router allocates %v times more than the component", routed-plain)
	}
}

func BenchmarkLocal(b *testing.B) {
	local := &handler{}
	r := invoke.NewRouter(nil, nobody{}, local, hostID(0))
	inv, args := call("c"), []wit.Value{"x"}
	b.Run("component", func(b *testing.B) {
		for b.Loop() {
			_, _ = local.Call(b.Context(), inv, echo, args)
		}
	})
	b.Run("router", func(b *testing.B) {
		for b.Loop() {
			_, _ = r.Call(b.Context(), inv, echo, args)
		}
	})
}
