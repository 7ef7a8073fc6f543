package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// neighbours measures requests of a good guest alone and beside guests that spin.
func neighbours(ctx context.Context, s *session) error {
	const clients = 4
	var srv *server
	defer func() {
		if srv != nil {
			srv.stop()
		}
	}()
	alone := peer{Name: "alone"}
	for _, spinning := range []int{0, 1, 8, 64} {
		name := fmt.Sprintf("p99 beside %d", spinning)
		err := s.row(row{Name: name, Unit: nanoseconds}, func(r *row) (err error) {
			if srv == nil {
				if srv, err = own(ctx, "neighbours", s.keep); err != nil {
					return err
				}
			}
			stop, err := spin(ctx, srv.url, spinning)
			if err != nil {
				return err
			}
			l, err := drive(ctx, clients, pick(s, 200, 4000), pick(s, 2*time.Second, 10*time.Second), get(srv.url+"/exact", http.StatusOK, "content"))
			stop()
			if err != nil {
				return err
			}
			r.Value, r.P50 = float64(l.p99), float64(l.p50)
			r.Note = fmt.Sprintf("%d requests of %d clients, %.0f /s", l.n, clients, l.rps)
			if spinning == 0 {
				alone.Value = r.Value
			} else if alone.Value != 0 {
				r.Peers = []peer{alone}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// spin keeps as many guests spinning until the function that it returns is called.
// They spin when it returns: each has been stopped once, and started again.
func spin(ctx context.Context, url string, guests int) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	client := newClient(guests)
	ask := get(url+"/loop", http.StatusGatewayTimeout, "")
	var wg sync.WaitGroup
	stopped := make(chan error, guests)
	for range guests {
		wg.Go(func() {
			err := ask(ctx, client)
			stopped <- err
			for err == nil && ctx.Err() == nil {
				err = ask(ctx, client)
			}
		})
	}
	stop = func() {
		cancel()
		wg.Wait()
		client.CloseIdleConnections()
	}
	for range guests {
		if err := <-stopped; err != nil {
			stop()
			return nil, fmt.Errorf("a guest that spins: %w", err)
		}
	}
	return stop, nil
}
