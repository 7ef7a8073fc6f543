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
}

// against says what a peer does with as many clients, nil if there is none.
type against func(clients int) ([]peer, error)

// loads measures a server with one client and more, each for a time at most. It
// returns the throughput by the number of clients, and the processor time of a
// request.
func (s *session) loads(ctx context.Context, v served, n int, most time.Duration, of against) (map[int]float64, time.Duration, error) {
	var srv *server
	defer func() {
		if srv != nil {
			srv.stop()
		}
	}()
	throughput := map[int]float64{}
	spent, made := time.Duration(0), 0
	for _, clients := range clientCounts {
		name := fmt.Sprintf("%s, %d at once", v.name, clients)
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
			if of != nil {
				if r.Peers, err = of(clients); err != nil {
					return err
				}
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
			throughput[clients] = l.rps
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return throughput, spent / time.Duration(max(made, 1)), nil
}

// hellos measures small components, and a server without any.
func hellos(ctx context.Context, s *session) error {
	cache := filepath.Join(s.dir, "hello")
	most := pick(s, 300*time.Millisecond, 3*time.Second)
	page := func(path, want string) func(string) request {
		return func(url string) request { return get(strings.TrimSuffix(url, "/")+path, http.StatusOK, want) }
	}
	component := func(file string, args ...string) func() (*server, error) {
		return func() (*server, error) { return wattle(ctx, cache, file, args...) }
	}
	none := served{"net/http", func() (*server, error) { return own(ctx, "bare") }, page("/", "hello")}
	_, least, err := s.loads(ctx, none, 1<<20, most, nil)
	if err != nil {
		return err
	}
	// The peer is measured again beside each row: a machine is not always as fast.
	var bare *server
	defer func() {
		if bare != nil {
			bare.stop()
		}
	}()
	beside := func(clients int) ([]peer, error) {
		if bare == nil {
			if bare, err = none.start(); err != nil {
				return nil, err
			}
		}
		l, err := drive(ctx, clients, 1<<20, most/3, none.ask(bare.url))
		return []peer{{Name: none.name, Value: l.rps}}, err
	}
	// At least 4,000 requests for a second of a processor.
	const target = time.Second / 4000
	for _, v := range []struct {
		served
		target time.Duration
	}{
		{served{"C", component(cHello), page("/exact", "content")}, target},
		{served{"C, --preinit", component(cHello, "--preinit"), page("/exact", "content")}, target},
		{served{"Go", component(goHello), page("/", "")}, 0},
		{served{"Go, --preinit", component(goHello, "--preinit"), page("/", "")}, target},
	} {
		_, each, err := s.loads(ctx, v.served, 1<<20, most, beside)
		if err != nil {
			return err
		}
		if each == 0 {
			continue
		}
		r := row{Name: v.name + ", processor time of a request", Unit: nanoseconds, Target: float64(v.target)}
		err = s.row(r, func(r *row) error {
			r.Value = float64(each)
			if least > 0 {
				r.Peers = []peer{{Name: none.name, Value: float64(least)}}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
