package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The call that the MCP servers are asked to make.
const echo = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`

// request is a request of a client, with its answer checked.
type request func(context.Context, *http.Client) error

func newClient(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}, Timeout: 5 * time.Minute}
}

// tool returns a request that makes one tool call.
func tool(url string) request {
	return func(ctx context.Context, c *http.Client) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/mcp", strings.NewReader(echo))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		return do(c, req, http.StatusOK, "hello")
	}
}

// get returns a request for a page that is answered in this way.
func get(url string, status int, want string) request {
	return func(ctx context.Context, c *http.Client) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		return do(c, req, status, want)
	}
}

func do(c *http.Client, req *http.Request, status int, want string) error {
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != status || !strings.Contains(string(b), want) {
		return fmt.Errorf("%s: %.200s", resp.Status, b)
	}
	return nil
}

// load is what a closed loop of clients measured.
type load struct {
	n        int
	rps      float64
	p50, p99 time.Duration
}

// drive has clients make n requests together, or as many as the time allows.
func drive(ctx context.Context, clients, n int, most time.Duration, ask request) (load, error) {
	c := newClient(clients)
	defer c.CloseIdleConnections()
	return loop(clients, n, most, func() error { return ask(ctx, c) })
}

// loop has clients do something n times together, or as often as the time allows.
func loop(clients, n int, most time.Duration, do func() error) (load, error) {
	var (
		mu    sync.Mutex
		times []time.Duration
		errs  []error
		next  atomic.Int64
		wg    sync.WaitGroup
	)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			for next.Add(1) <= int64(n) && time.Since(begin) < most {
				t := time.Now()
				err := do()
				took := time.Since(t)
				mu.Lock()
				times = append(times, took)
				if err != nil {
					errs = append(errs, err)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	total := time.Since(begin)
	if len(errs) > 0 {
		return load{}, errors.Join(errs[:min(3, len(errs))]...)
	}
	slices.Sort(times)
	done := len(times)
	if done == 0 {
		return load{}, errors.New("no request was made in time")
	}
	return load{n: done, rps: float64(done) / total.Seconds(), p50: times[done/2], p99: times[done*99/100]}, nil
}
