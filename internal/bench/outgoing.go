package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
)

// proxyFile is a component that fetches a URL for each request.
const proxyFile = "examples/http-proxy/proxy.wasm"

// outgoingSizes are the bodies that are fetched, in bytes.
var outgoingSizes = []int{1 << 10, 1 << 20}

// outgoings measures what a component needs to fetch something, against Go's client of
// the same server. A request to the component makes an instance, has it ask, and relays
// the answer; what a request costs that asks for nothing is said beside it.
func outgoings(ctx context.Context, s *session) error {
	if !slices.ContainsFunc(outgoingSizes, func(n int) bool { return s.want(outgoingName(n)) }) {
		return nil
	}
	bodies := map[string]string{}
	for _, n := range outgoingSizes {
		bodies[fmt.Sprintf("/%d", n)] = strings.Repeat("x", n)
	}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, bodies[r.URL.Path]) }))
	defer upstream.Close()
	link := lattice.Capability{
		Kind: "httpclient", Name: lattice.DefaultLink, Namespace: "wasi", Package: "http", Interfaces: []string{"outgoing-handler"},
		Config: map[string]string{"allow": "GET " + upstream.URL},
	}
	grant, err := capability.Open(ctx, &capability.Env{Component: "proxy"}, wasi.Options{}, []lattice.Capability{link}, func(lattice.SecretRef) (string, bool) { return "", false })
	if err != nil {
		return err
	}
	comp, err := s.load(ctx, proxyFile)
	if err != nil {
		return errors.Join(err, grant.Close())
	}
	defer func() { _ = errors.Join(comp.Close(context.WithoutCancel(ctx)), grant.Close()) }()
	server, err := host.NewServer(comp, &host.Options{Name: "proxy", WASI: grant.WASI})
	if err != nil {
		return err
	}
	component := func(target string, want int) error {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/?url="+url.QueryEscape(target), nil)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != want {
			return fmt.Errorf("fetch %s: %d %.200s", target, w.Code, w.Body)
		}
		return nil
	}
	client := &http.Client{Transport: http.DefaultTransport}
	alone := func(target string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
		if err != nil {
			return err
		}
		resp, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return errors.Join(err, resp.Body.Close())
	}
	for _, n := range outgoingSizes {
		target := fmt.Sprintf("%s/%d", upstream.URL, n)
		err := s.row(row{Name: outgoingName(n), Unit: factor}, func(r *row) error {
			took, err := turns(pick(s, 5, 15), pick(s, 10, 40),
				func() error { return component(target, http.StatusOK) },
				func() error { return alone(target) },
				func() error { return component("", http.StatusBadRequest) })
			if err != nil {
				return err
			}
			r.Value = float64(took[0]) / float64(took[1])
			r.Note = fmt.Sprintf("a component %s, of which %s for a request that asks for nothing; Go's client alone %s",
				nanoseconds.format(float64(took[0])), nanoseconds.format(float64(took[2])), nanoseconds.format(float64(took[1])))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func outgoingName(n int) string { return fmt.Sprintf("GET of %d KiB", n>>10) }

// turns has several things take turns, so that all see the same machine, and returns the
// median time of each.
func turns(rounds, times int, things ...func() error) ([]time.Duration, error) {
	took := make([][]time.Duration, len(things))
	for range rounds {
		for i, f := range things {
			begin := time.Now()
			for range times {
				if err := f(); err != nil {
					return nil, err
				}
			}
			took[i] = append(took[i], time.Since(begin)/time.Duration(times))
		}
	}
	medians := make([]time.Duration, len(things))
	for i := range took {
		slices.Sort(took[i])
		medians[i] = took[i][rounds/2]
	}
	return medians, nil
}
