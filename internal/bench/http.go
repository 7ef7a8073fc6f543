package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// clientCounts are how many clients ask at once.
var clientCounts = []int{1, 8, 64}

// served is a server that is measured under load.
type served struct {
	name  string
	start func() (*server, error)
	ask   func(url string) request
	// cpu is the target for the processor time of a request, zero if there is none.
	cpu time.Duration
}

// throughput is how many requests a server answered in a second, by the number of
// its clients.
type throughput map[int]float64

// peer returns a peer for as many clients.
func (t throughput) peer(name string, clients int) []peer {
	if t[clients] == 0 {
		return nil
	}
	return []peer{{Name: name, Value: t[clients]}}
}

// loads measures a server with one client and more, each for a time at most, and
// compares it with a peer.
func (s *session) loads(ctx context.Context, v served, n int, most time.Duration, peer string, of throughput) (throughput, error) {
	got := throughput{}
	var srv *server
	defer func() {
		if srv != nil {
			srv.stop()
		}
	}()
	spent, made := time.Duration(0), 0
	for _, clients := range clientCounts {
		name := fmt.Sprintf("%s, %d clients", v.name, clients)
		err := s.row(row{Name: name, Unit: perSecond}, func(r *row) (err error) {
			if srv == nil {
				if srv, err = v.start(); err != nil {
					return err
				}
			}
			ask := v.ask(srv.url)
			if _, err := drive(ctx, min(clients, 4), 2*min(clients, 4), most, ask); err != nil {
				return fmt.Errorf("%w\n%.500s", err, srv.stderr.String())
			}
			before := processorTimeOf(srv.cmd.Process.Pid)
			l, err := drive(ctx, clients, max(n, clients), most, ask)
			if err != nil {
				return err
			}
			took := processorTimeOf(srv.cmd.Process.Pid) - before
			r.Value, r.P50, r.P99 = l.rps, float64(l.p50), float64(l.p99)
			r.CPU = float64(took) / float64(l.n)
			spent, made = spent+took, made+l.n
			got[clients] = l.rps
			r.Peers = of.peer(peer, clients)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if v.cpu == 0 || made == 0 {
		return got, nil
	}
	return got, s.row(row{Name: v.name + ", processor time of a request", Unit: nanoseconds, Target: float64(v.cpu)}, func(r *row) error {
		r.Value = float64(spent) / float64(made)
		return nil
	})
}

// hellos measures small components, and a server without any.
func hellos(ctx context.Context, s *session) error {
	cache := filepath.Join(s.dir, "hello")
	var bare throughput
	// At least 4,000 requests for a second of a processor.
	const target = time.Second / 4000
	page := func(path, want string) func(string) request {
		return func(url string) request { return get(strings.TrimSuffix(url, "/")+path, http.StatusOK, want) }
	}
	component := func(file string, args ...string) func() (*server, error) {
		return func() (*server, error) { return wattle(ctx, cache, file, args...) }
	}
	for _, v := range []served{
		{"net/http", func() (*server, error) { return own(ctx, "bare") }, page("/", "hello"), 0},
		{"C", component(cHello), page("/exact", "content"), target},
		{"C, --preinit", component(cHello, "--preinit"), page("/exact", "content"), target},
		{"Go", component(goHello), page("/", ""), 0},
		{"Go, --preinit", component(goHello, "--preinit"), page("/", ""), target},
	} {
		got, err := s.loads(ctx, v, 1<<20, pick(s, 300*time.Millisecond, 3*time.Second), "net/http", bare)
		if err != nil {
			return err
		}
		if bare == nil {
			bare = got
		}
	}
	return nil
}
