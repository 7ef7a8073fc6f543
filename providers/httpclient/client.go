package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
)

// Defaults of Options.
const (
	DefaultConnectTimeout    = 10 * time.Second
	DefaultTimeout           = 5 * time.Minute
	DefaultMaxRequests       = 256
	DefaultMaxRequestBody    = 64 << 20
	DefaultMaxResponseHeader = 64 << 10
	DefaultMaxResponseBody   = 1 << 30

	maxIdlePerHost            = 16
	idleTimeout               = 30 * time.Second
	maxURLLength              = 16 << 10
	headerSlack               = 4 // see Options.MaxResponseHeader
	headerOverhead            = 4 // ": " and CRLF, for each header line
	expectContinueGracePeriod = time.Second
)

// Options configure a Client. The zero value allows nothing.
type Options struct {
	// Rules are what is allowed. If empty, every request is denied.
	Rules []httprule.Rule
	// Self are the addresses that this process listens on, which must not be
	// called. An unspecified address stands for all of the machine's.
	Self []netip.AddrPort
	// MaxHops is how many requests may lead to one another. If zero,
	// DefaultMaxHops.
	MaxHops int
	// ConnectTimeout is the time to connect. If zero, DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// Timeout bounds a request, with its response body, whose context has no
	// deadline. If zero, DefaultTimeout.
	Timeout time.Duration
	// MaxRequests is how many requests may be under way at once, until their
	// response bodies are closed. If zero, DefaultMaxRequests.
	MaxRequests int
	// Tokens bounds the requests under way of all clients that share them. It may be
	// nil.
	Tokens Tokens
	// Fields are added to the header of requests, in place of those of the same names.
	Fields []Field
	// Next makes the requests that no rule of this client allows, if its own do. What
	// this client has for all requests, as Fields and limits, is not for those. It may
	// be nil, and is not closed with this client.
	Next *Client
	// MaxRequestBody is the size of a request body in bytes. If zero,
	// DefaultMaxRequestBody; if negative, there may be none.
	MaxRequestBody int64
	// MaxResponseHeader is the size of a response's header in bytes. If zero,
	// DefaultMaxResponseHeader. Responses that exceed it by far are cut off
	// and look like a protocol error.
	MaxResponseHeader int64
	// MaxResponseBody is the size of a response body in bytes. If zero,
	// DefaultMaxResponseBody; if negative, there may be none.
	MaxResponseBody int64
	// TLS is the configuration of TLS connections. If nil, the default.
	TLS *tls.Config
	// LookupNetIP resolves names. If nil, the system's resolver.
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// DialContext connects to an address, which it is given as IP and port. If
	// nil, the system's.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (o Options) withDefaults() Options {
	or := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	or(&o.ConnectTimeout, DefaultConnectTimeout)
	or(&o.Timeout, DefaultTimeout)
	if o.MaxHops == 0 {
		o.MaxHops = DefaultMaxHops
	}
	if o.MaxRequests == 0 {
		o.MaxRequests = DefaultMaxRequests
	}
	if o.MaxResponseHeader == 0 {
		o.MaxResponseHeader = DefaultMaxResponseHeader
	}
	bound := func(n *int64, def int64) {
		if *n == 0 {
			*n = def
		}
		*n = max(*n, 0)
	}
	bound(&o.MaxRequestBody, DefaultMaxRequestBody)
	bound(&o.MaxResponseBody, DefaultMaxResponseBody)
	if o.LookupNetIP == nil {
		o.LookupNetIP = net.DefaultResolver.LookupNetIP
	}
	if o.DialContext == nil {
		o.DialContext = (&net.Dialer{}).DialContext
	}
	o.Rules = slices.Clone(o.Rules)
	o.Self = slices.Clone(o.Self)
	o.Fields = slices.Clone(o.Fields)
	return o
}

// Client makes requests that its rules allow. It is safe for concurrent use.
type Client struct {
	opts      Options
	transport *http.Transport
	requests  Tokens
}

// Tokens are the places of requests that may be under way at once.
type Tokens chan struct{}

// NewTokens returns n places.
func NewTokens(n int) Tokens { return make(Tokens, n) }

// take takes a place, and reports whether there was one. A nil Tokens has no end of them.
func (t Tokens) take() bool {
	if t == nil {
		return true
	}
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

// put gives a place back.
func (t Tokens) put() {
	if t != nil {
		<-t
	}
}

// New returns a client. opts may be nil, which denies everything.
func New(opts *Options) *Client {
	c := &Client{}
	if opts != nil {
		c.opts = *opts
	}
	c.opts = c.opts.withDefaults()
	c.requests = NewTokens(c.opts.MaxRequests)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	c.transport = &http.Transport{
		DialContext:            c.dial,
		TLSClientConfig:        c.opts.TLS.Clone(),
		TLSHandshakeTimeout:    c.opts.ConnectTimeout,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  expectContinueGracePeriod,
		MaxResponseHeaderBytes: headerSlack * c.opts.MaxResponseHeader,
		Protocols:              protocols,
	}
	return c
}

// Close closes idle connections. Requests under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// MaxHops returns how many requests may lead to one another.
func (c *Client) MaxHops() int { return c.opts.MaxHops }

// Timeouts bound the phases of one request. Zero sets no bound of its own.
type Timeouts struct {
	Connect   time.Duration
	FirstByte time.Duration // from the connection to the response's header
	Read      time.Duration // of each read of the body
}

// Check says whether rules allow a request, without making it: nil, a
// *RequestError or a *DeniedError.
func (c *Client) Check(method string, u *url.URL) error {
	_, _, err := c.find(method, u)
	return err
}

// find returns the client that makes a request, this one or one of those after it.
func (c *Client) find(method string, u *url.URL) (*Client, httprule.Target, error) {
	switch {
	case !httprule.IsToken(method):
		return nil, httprule.Target{}, &RequestError{Field: FieldMethod, Reason: "it is not a token"}
	case method == http.MethodConnect:
		return nil, httprule.Target{}, &RequestError{Field: FieldMethod, Reason: "CONNECT makes tunnels, which are not offered"}
	case len(u.Path)+len(u.RawQuery) > maxURLLength:
		return nil, httprule.Target{}, &RequestError{Field: FieldURLLength, Reason: "it is longer than " + strconv.Itoa(maxURLLength) + " bytes"}
	}
	t, err := httprule.NewTarget(method, u)
	if err != nil {
		return nil, t, &RequestError{Field: FieldURL, Reason: err.Error()}
	}
	for at := c; at != nil; at = at.opts.Next {
		for i := range at.opts.Rules {
			if at.opts.Rules[i].Matches(&t) {
				return at, t, at.checkTrace(&t)
			}
		}
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	suggest := httprule.Rule{Scheme: t.Scheme, Host: t.Host, Port: t.Port}
	return nil, t, &DeniedError{Method: method, URL: shown.String(), Suggest: suggest.String()}
}

// Do makes a request. hops is how many requests led to it. The response's body
// must be closed. The request's body is read until the response's body is
// closed at the latest, and closed.
//
// Errors are a *DeniedError, *AddressError, *LoopError, *TimeoutError,
// *LimitError, *RequestError or *UpgradeError, or those of package net and its
// kin, in a *ProtocolError if they came up after the connection was made.
func (c *Client) Do(req *http.Request, t Timeouts, hops int) (*http.Response, error) {
	resp, err := c.do(req, t, hops)
	if err != nil && req.Body != nil {
		_ = req.Body.Close() // the transport has, if it saw it
	}
	return resp, err
}

func (c *Client) do(req *http.Request, t Timeouts, hops int) (*http.Response, error) {
	at, to, err := c.find(req.Method, req.URL)
	if err != nil {
		return nil, err
	}
	if hops >= c.opts.MaxHops {
		return nil, &LoopError{Host: to.Host, Hops: hops}
	}
	return at.send(req, &to, t, hops)
}

// acquire takes the places that a request needs.
func (c *Client) acquire() (release func(), err error) {
	if !c.requests.take() {
		return nil, &LimitError{What: LimitRequests, Max: int64(c.opts.MaxRequests)}
	}
	if !c.opts.Tokens.take() {
		c.requests.put()
		return nil, &LimitError{What: LimitRequests, Max: int64(cap(c.opts.Tokens))}
	}
	return sync.OnceFunc(func() {
		c.requests.put()
		c.opts.Tokens.put()
	}), nil
}

// send makes a request that a rule of this client allows.
func (c *Client) send(req *http.Request, to *httprule.Target, t Timeouts, hops int) (*http.Response, error) {
	host := to.Host
	if req.ContentLength > c.opts.MaxRequestBody {
		return nil, &LimitError{What: LimitRequestBody, Max: c.opts.MaxRequestBody}
	}
	release, err := c.acquire()
	if err != nil {
		return nil, err
	}

	ctx, stop := context.WithCancelCause(req.Context())
	cancelTimeout := func() {}
	if _, ok := ctx.Deadline(); !ok {
		ctx, cancelTimeout = context.WithTimeout(ctx, c.opts.Timeout)
	}
	end := func() {
		stop(context.Canceled)
		cancelTimeout()
		release()
	}
	w := &watchdog{host: host, stop: stop}
	connect := c.opts.ConnectTimeout
	if t.Connect > 0 {
		connect = min(connect, t.Connect)
	}
	w.expect(PhaseConnect, connect)
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			w.expect(PhaseFirstByte, t.FirstByte)
		},
	})

	req = req.WithContext(ctx)
	u := *req.URL
	u.Host = to.Authority() // dial sees the host as the rules saw it
	req.URL = &u
	req.Header = req.Header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header["User-Agent"] = []string{""} // or the transport sends its own
	}
	c.addFields(req.Header, to)
	req.Header.Set(HopHeader, strconv.Itoa(hops+1))
	req.Host = ""
	if req.Body != nil && req.Body != http.NoBody && req.ContentLength < 0 {
		req.Body = &requestBody{ReadCloser: req.Body, left: c.opts.MaxRequestBody, most: c.opts.MaxRequestBody}
	}

	resp, err := c.transport.RoundTrip(req)
	w.rest()
	if limit := limitOf(err); limit != nil {
		err = limit
	} else if err != nil && connected.Load() {
		err = &ProtocolError{Host: host, Err: err}
	}
	if err == nil {
		err = c.checkResponse(resp, host)
	}
	if err != nil {
		err = causeOf(ctx, err)
		end()
		return nil, err
	}
	resp.Body = &body{rc: resp.Body, resp: resp, ctx: ctx, watch: w, timeout: t.Read, end: end, client: c, left: c.opts.MaxResponseBody}
	return resp, nil
}

// checkResponse judges the head of a response, and closes it if it must be.
func (c *Client) checkResponse(resp *http.Response, host string) error {
	var err error
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		err = &UpgradeError{Host: host}
	case headerSize(resp.Header) > c.opts.MaxResponseHeader:
		err = &LimitError{What: LimitHeader, Max: c.opts.MaxResponseHeader}
	case resp.Request.Method != http.MethodHead && resp.ContentLength > c.opts.MaxResponseBody:
		err = &LimitError{What: LimitBody, Max: c.opts.MaxResponseBody}
	default:
		return nil
	}
	_ = resp.Body.Close()
	return err
}

func headerSize(h http.Header) int64 {
	var n int64
	for name, values := range h {
		for _, v := range values {
			n += int64(len(name) + len(v) + headerOverhead)
		}
	}
	return n
}

// causeOf returns why the context of a request ended, if this package ended it.
func causeOf(ctx context.Context, err error) error {
	var timeout *TimeoutError
	if cause := context.Cause(ctx); errors.As(cause, &timeout) {
		return timeout
	}
	return err
}

// watchdog ends a request of which a phase takes too long.
type watchdog struct {
	host string
	stop context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
}

// expect starts a phase and ends the one before it.
func (w *watchdog) expect(p Phase, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if d > 0 {
		w.timer = time.AfterFunc(d, func() { w.stop(&TimeoutError{Host: w.host, Phase: p}) })
	}
}

// rest ends a phase.
func (w *watchdog) rest() { w.expect("", 0) }

// body is the body of a response.
type body struct {
	rc      io.ReadCloser
	resp    *http.Response
	ctx     context.Context //nolint:containedctx // it is the request's, which the body is part of
	watch   *watchdog
	timeout time.Duration
	end     func()
	client  *Client
	left    int64
	err     error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.left < int64(len(p)) {
		p = p[:b.left+1] // one more byte than is allowed tells
	}
	if b.timeout > 0 {
		b.watch.expect(PhaseRead, b.timeout)
	}
	n, err := b.rc.Read(p)
	if b.timeout > 0 {
		b.watch.rest()
	}
	if int64(n) > b.left {
		n = int(b.left)
		err = &LimitError{What: LimitBody, Max: b.client.opts.MaxResponseBody}
	}
	b.left -= int64(n)
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF: //nolint:errorlint // readers return it as it is
		err = causeOf(b.ctx, err)
	case headerSize(b.resp.Trailer) > b.client.opts.MaxResponseHeader:
		err = &LimitError{What: LimitTrailer, Max: b.client.opts.MaxResponseHeader}
	}
	b.err = err
	return n, err
}

// Close implements io.Closer. It may be called while Read runs, and makes that
// return.
func (b *body) Close() error {
	b.end()
	return b.rc.Close()
}
