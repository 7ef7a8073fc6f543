package capability

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// openHTTPClient opens a client for each link. They follow each other in the order of
// the links.
func openHTTPClient(_ context.Context, env *Env, links []link, g *Grant) error {
	var tokens httpclient.Tokens
	if env.Requests > 0 {
		tokens = httpclient.NewTokens(env.Requests)
	}
	var next *httpclient.Client
	for _, l := range slices.Backward(links) {
		opts, err := httpOptions(&l)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		opts.Self, opts.Tokens, opts.Next = env.Self, tokens, next
		opts.MaxRequestBody, opts.MaxResponseBody = least(opts.MaxRequestBody, env.MaxSent), least(opts.MaxResponseBody, env.MaxReceived)
		next = httpclient.New(opts)
		g.onClose(func() error {
			next.Close()
			return nil
		})
	}
	g.WASI.HTTP.Client = next
	return nil
}

func httpOptions(l *link) (*httpclient.Options, error) {
	c, err := capability.ParseHTTPClient(l.config)
	if err != nil {
		return nil, err
	}
	o := &httpclient.Options{
		Rules:             c.Rules,
		ConnectTimeout:    time.Duration(c.ConnectTimeoutMillis) * time.Millisecond,
		Timeout:           time.Duration(c.TimeoutMillis) * time.Millisecond,
		MaxRequests:       c.MaxRequests,
		MaxRequestBody:    orNone(c.MaxRequestBody),
		MaxResponseBody:   orNone(c.MaxResponseBody),
		MaxResponseHeader: c.MaxResponseHeader,
	}
	for i := range c.Headers {
		h := &c.Headers[i]
		value, err := h.Value.Reveal(l.reveal)
		if err != nil {
			return nil, fmt.Errorf("header %q: %w", h.Name, err)
		}
		f := httpclient.Field{Name: h.Name, Value: value, Rule: h.Rule}
		if err := f.Check(); err != nil {
			return nil, err
		}
		o.Fields = append(o.Fields, f)
	}
	return o, nil
}

// least returns the lower of a bound of a client, of which there is none if it is
// negative, and one of the component's, of which there is none if it is zero.
func least(have, most int64) int64 {
	if most > 0 && (have < 0 || most < have) {
		return most
	}
	return have
}

// orNone returns a bound as options have it, where zero is a default.
func orNone(n int64) int64 {
	if n == 0 {
		return -1
	}
	return n
}
