package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/lattice/capability/httprule"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// newClient returns a client that may call the given URLs.
func newClient(t *testing.T, opts httpclient.Options, urls ...string) *httpclient.Client {
	t.Helper()
	for _, u := range urls {
		r, err := httprule.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		opts.Rules = append(opts.Rules, r)
	}
	c := httpclient.New(&opts)
	t.Cleanup(c.Close)
	return c
}

// newGuest returns the state of a guest, closed with the test.
func newGuest(t *testing.T, opts Options) *State {
	t.Helper()
	s := NewState(opts)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func serve(t *testing.T, h nethttp.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func fieldsOf(t *testing.T, s *State, pairs ...string) *Fields {
	t.Helper()
	f, _ := s.NewFields(nil)
	for i := 0; i < len(pairs); i += 2 {
		if err := f.Append(nil, pairs[i], []byte(pairs[i+1])); err != nil {
			t.Fatalf("append %q: %v", pairs[i], err)
		}
	}
	return f
}

// newRequest returns a request as a guest makes it.
func newRequest(t *testing.T, s *State, method, url string, header ...string) *OutgoingRequest {
	t.Helper()
	r, _ := s.NewOutgoingRequest(nil, fieldsOf(t, s, header...))
	scheme, rest, _ := strings.Cut(url, "://")
	authority, path, ok := strings.Cut(rest, "/")
	tag := SchemeHTTP
	if scheme == "https" {
		tag = SchemeHTTPS
	}
	err := errors.Join(r.SetMethod(nil, methodOf(method)), r.SetScheme(nil, component.Some(Scheme{Tag: tag})), r.SetAuthority(nil, component.Some(authority)))
	if ok {
		err = errors.Join(err, r.SetPathWithQuery(nil, component.Some("/"+path)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start makes a request and returns its future.
func start(t *testing.T, s *State, r *OutgoingRequest) (*FutureIncomingResponse, error) {
	t.Helper()
	return s.handle(t.Context(), r, nil)
}

// response waits for the response of a future.
func response(t *testing.T, f *FutureIncomingResponse) (*IncomingResponse, error) {
	t.Helper()
	if err := wasiio.Wait(t.Context(), &f.out.done); err != nil {
		t.Fatal(err)
	}
	o, _ := f.Get(nil)
	if !o.Some || o.Value.Failed {
		t.Fatalf("get of a future that is done: %+v", o)
	}
	if again, _ := f.Get(nil); !again.Some || !again.Value.Failed {
		t.Errorf("second get: %+v, want an error", again)
	}
	if o.Value.OK.Failed {
		return nil, &o.Value.OK.Err
	}
	return o.Value.OK.OK, nil
}

// do makes a request and waits for its response.
func do(t *testing.T, s *State, r *OutgoingRequest) (*IncomingResponse, error) {
	t.Helper()
	f, err := start(t, s, r)
	if err != nil {
		return nil, err
	}
	return response(t, f)
}

// readAll reads a body up to its end, as a guest does, and returns the code of
// its failure.
func readAll(t *testing.T, s *State, b *IncomingBody) (string, *ErrorCode) {
	t.Helper()
	in, err := b.Stream(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stream(nil); !errors.Is(err, component.ErrResult) {
		t.Errorf("second stream: %v, want an error", err)
	}
	var got []byte
	for {
		p, err := in.Read(nil, 1<<20)
		got = append(got, p...)
		if e, ok := errors.AsType[*wasiio.StreamError](err); ok {
			in.Drop(t.Context())
			if e.Tag == wasiio.StreamErrorClosed {
				return string(got), nil
			}
			code, _ := s.HTTPErrorCode(nil, e.LastOperationFailed)
			if !code.Some {
				t.Fatalf("no code for %v", e.LastOperationFailed.Err)
			}
			return string(got), &code.Value
		}
		if len(p) == 0 {
			if err := wasiio.Wait(t.Context(), in.Event()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// writeAll writes to a body and drops its stream.
func writeAll(t *testing.T, b *OutgoingBody, p string) error {
	t.Helper()
	out, err := b.Write(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Drop(t.Context())
	for p != "" {
		n, err := out.CheckWrite(nil)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := wasiio.Wait(t.Context(), b.pipe.Sink()); err != nil {
				return err
			}
			continue
		}
		part := p[:min(int(n), len(p))]
		if err := out.Write(nil, []byte(part)); err != nil {
			return err
		}
		p = p[len(part):]
	}
	return nil
}

// trailers waits for the trailers after a body.
func trailers(t *testing.T, s *State, b *IncomingBody) (*Fields, *ErrorCode) {
	t.Helper()
	f, err := s.IncomingBodyFinish(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Drop(t.Context())
	if _, err := f.Subscribe(nil); err != nil {
		t.Fatal(err)
	}
	if err := wasiio.Wait(t.Context(), &f.done); err != nil {
		t.Fatal(err)
	}
	o, _ := f.Get(nil)
	if again, _ := f.Get(nil); !again.Some || !again.Value.Failed {
		t.Errorf("second get of trailers: %+v, want an error", again)
	}
	r := o.Value.OK
	if r.Failed {
		return nil, &r.Err
	}
	return r.OK.Value, nil
}

// wantCode fails unless err is the given error-code.
func wantCode(t *testing.T, err error, want ErrorCodeTag) {
	t.Helper()
	code, ok := errors.AsType[*ErrorCode](err)
	if !ok || code.Tag != want {
		t.Errorf("error %v, want code %v", err, want)
	}
}

func TestOutgoingBothWays(t *testing.T) {
	srv := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_ = nethttp.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Trailer", "Sum")
		w.Header().Set("X", r.Header.Get("X")+" "+r.Method+" "+r.RequestURI+" "+r.Host)
		w.WriteHeader(201)
		n, err := io.Copy(w, r.Body)
		w.Header().Set("Sum", fmt.Sprint(n, " ", err, " ", r.Trailer.Get("Declared"), " ", r.Trailer.Get("Undeclared")))
	})
	s := newGuest(t, Options{Client: newClient(t, httpclient.Options{}, srv.URL), Buffer: 1000})
	r := newRequest(t, s, "PUT", srv.URL+"/a%2Fb?c=%zz", "x", "y", "trailer", "declared, content-length, ,")
	body, err := r.Body(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Body(nil); !errors.Is(err, component.ErrResult) {
		t.Errorf("second body: %v, want an error", err)
	}
	f, err := start(t, s, r)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing of this fits into the buffers at once.
	sent := strings.Repeat("0123456789", 30_000)
	written := make(chan error, 1)
	go func() {
		err := writeAll(t, body, sent)
		written <- errors.Join(err, s.OutgoingBodyFinish(nil, body, component.Some(fieldsOf(t, NewState(Options{}), "Declared", "1", "Undeclared", "2"))))
	}()
	resp, err := response(t, f)
	if err != nil {
		t.Fatal(err)
	}
	status, _ := resp.Status(nil)
	h, _ := resp.Headers(nil)
	x, _ := h.Get(nil, "x")
	if want := "y PUT /a%2Fb?c=%zz " + strings.TrimPrefix(srv.URL, "http://"); status != 201 || len(x) != 1 || string(x[0]) != want {
		t.Errorf("response %d with x %q, want 201 and %q", status, x, want)
	}
	in, err := resp.Consume(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Consume(nil); !errors.Is(err, component.ErrResult) {
		t.Errorf("second consume: %v, want an error", err)
	}
	got, code := readAll(t, s, in)
	if err := <-written; err != nil {
		t.Error(err)
	}
	if got != sent || code != nil {
		t.Errorf("read %d bytes and %v, want the %d that were sent", len(got), code, len(sent))
	}
	tr, code := trailers(t, s, in)
	if code != nil || tr == nil {
		t.Fatalf("trailers %v, %v", tr, code)
	}
	if sum, _ := tr.Get(nil, "sum"); len(sum) != 1 || string(sum[0]) != "300000 <nil> 1 2" {
		t.Errorf("trailer %q, want that both of the request's came", sum)
	}
}

func TestTrailersWithoutReading(t *testing.T) {
	srv := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Trailer", "T")
		_, _ = w.Write(make([]byte, 1<<20))
		w.Header().Set("T", "v")
	})
	s := newGuest(t, Options{Client: newClient(t, httpclient.Options{}, srv.URL)})
	resp, err := do(t, s, newRequest(t, s, "GET", srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := resp.Consume(nil)
	tr, code := trailers(t, s, b)
	if code != nil || tr == nil {
		t.Fatalf("trailers %v, %v, want T", tr, code)
	}
}

func TestOutgoingErrors(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	refuse, noName, slowName := closed.URL, "http://no.test", "http://slow.test"
	resolve := func(_ context.Context, _, host string) ([]netip.Addr, error) {
		switch host {
		case "no.test":
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		case "slow.test":
			return nil, &net.DNSError{Err: "timeout", Name: host, IsTimeout: true}
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	raw := func(response string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				buf := make([]byte, 4096)
				_, _ = c.Read(buf)
				_, _ = io.WriteString(c, response)
				_ = c.Close()
			}
		}()
		t.Cleanup(func() {
			_ = l.Close()
			<-done
		})
		return "http://" + l.Addr().String()
	}
	garbage, nothing, cut, upgrade := raw("SSH-2.0-x\r\n\r\n"), raw(""), raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"), raw("HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
	big := raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2000) + "\r\n\r\n")
	long := raw("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := strings.Replace(cut, "http:", "https:", 1)

	client := newClient(t, httpclient.Options{LookupNetIP: resolve, MaxResponseHeader: 1000, MaxResponseBody: 1000},
		refuse, noName, slowName, garbage, nothing, cut, upgrade, big, long, secure.URL, plain, "http://*.wild.test")
	s := newGuest(t, Options{Client: client})
	for _, tt := range []struct {
		name, url string
		want      ErrorCodeTag
	}{
		{"refused", refuse, ErrorCodeConnectionRefused},
		{"no name", noName, ErrorCodeDNSError},
		{"slow name", slowName, ErrorCodeDNSTimeout},
		{"not HTTP", garbage, ErrorCodeHTTPProtocolError},
		{"no response", nothing, ErrorCodeConnectionTerminated},
		{"cut off", cut, ErrorCodeHTTPResponseIncomplete},
		{"upgrade", upgrade, ErrorCodeHTTPUpgradeFailed},
		{"large header", big, ErrorCodeHTTPResponseHeaderSectionSize},
		{"large body", long, ErrorCodeHTTPResponseBodySize},
		{"unknown authority", secure.URL, ErrorCodeTLSCertificateError},
		{"not TLS", plain, ErrorCodeTLSProtocolError},
		{"private address", "http://a.wild.test", ErrorCodeDestinationIPProhibited},
		{"denied", "http://example.com", ErrorCodeHTTPRequestDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := do(t, s, newRequest(t, s, "GET", tt.url))
			if err == nil {
				b, _ := resp.Consume(nil)
				if _, code := readAll(t, s, b); code != nil {
					err = code
				}
				b.Drop(t.Context())
			}
			wantCode(t, err, tt.want)
		})
	}
	if len(s.outgoing) != 0 {
		t.Errorf("%d requests remain under way", len(s.outgoing))
	}
}

func TestOutgoingTimeouts(t *testing.T) {
	stop := make(chan struct{})
	srv := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(200)
			_ = nethttp.NewResponseController(w).Flush()
		}
		<-stop
	})
	defer close(stop)
	s := newGuest(t, Options{Client: newClient(t, httpclient.Options{}, srv.URL)})
	o, _ := s.NewRequestOptions(nil)
	short := component.Some(uint64(time.Millisecond))
	if err := errors.Join(o.SetFirstByteTimeout(nil, short)); err != nil {
		t.Fatal(err)
	}
	f, err := s.handle(t.Context(), newRequest(t, s, "GET", srv.URL+"/head"), o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = response(t, f)
	wantCode(t, err, ErrorCodeConnectionReadTimeout)

	o, _ = s.NewRequestOptions(nil)
	if err := o.SetBetweenBytesTimeout(nil, short); err != nil {
		t.Fatal(err)
	}
	if f, err = s.handle(t.Context(), newRequest(t, s, "GET", srv.URL+"/body"), o); err != nil {
		t.Fatal(err)
	}
	resp, err := response(t, f)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := resp.Consume(nil)
	_, code := readAll(t, s, b)
	wantCode(t, code, ErrorCodeConnectionReadTimeout)

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if f, err = s.handle(ctx, newRequest(t, s, "GET", srv.URL+"/head"), nil); err != nil {
		t.Fatal(err)
	}
	_, err = response(t, f)
	wantCode(t, err, ErrorCodeHTTPResponseTimeout)
}

func TestInvalidRequests(t *testing.T) {
	s := newGuest(t, Options{Client: newClient(t, httpclient.Options{}, "*"), MaxHeader: 100})
	r, _ := s.NewOutgoingRequest(nil, fieldsOf(t, s))
	for _, tt := range []struct {
		what string
		err  error
		ok   bool
	}{
		{"method with space", r.SetMethod(nil, Method{Tag: MethodOther, Other: "A B"}), false},
		{"empty method", r.SetMethod(nil, Method{Tag: MethodOther}), false},
		{"own method", r.SetMethod(nil, Method{Tag: MethodOther, Other: "PURGE"}), true},
		{"scheme", r.SetScheme(nil, component.Some(Scheme{Tag: SchemeOther, Other: "1x"})), false},
		{"own scheme", r.SetScheme(nil, component.Some(Scheme{Tag: SchemeOther, Other: "svn+ssh"})), true},
		{"empty authority", r.SetAuthority(nil, component.Some("")), false},
		{"authority with user", r.SetAuthority(nil, component.Some("u@h")), false},
		{"authority with path", r.SetAuthority(nil, component.Some("h/p")), false},
		{"authority with space", r.SetAuthority(nil, component.Some("a b")), false},
		{"authority with letters for port", r.SetAuthority(nil, component.Some("h:x")), false},
		{"authority", r.SetAuthority(nil, component.Some("[::1]:80")), true},
		{"path with space", r.SetPathWithQuery(nil, component.Some("/a b")), false},
		{"path with newline", r.SetPathWithQuery(nil, component.Some("/a\r\nHost: b")), false},
		{"path with fragment", r.SetPathWithQuery(nil, component.Some("/a#b")), false},
		{"relative path", r.SetPathWithQuery(nil, component.Some("a")), false},
		{"bad escape", r.SetPathWithQuery(nil, component.Some("/%zz")), false},
		{"long path", r.SetPathWithQuery(nil, component.Some("/"+strings.Repeat("x", 1<<20))), false},
		{"query alone", r.SetPathWithQuery(nil, component.Some("?q")), true},
		{"two slashes", r.SetPathWithQuery(nil, component.Some("//x/y")), true},
		{"no path", r.SetPathWithQuery(nil, component.Option[string]{}), true},
	} {
		if (tt.err == nil) != tt.ok {
			t.Errorf("%s: %v, want accepted %v", tt.what, tt.err, tt.ok)
		}
	}
	_, err := start(t, s, r)
	wantCode(t, err, ErrorCodeHTTPRequestURIInvalid) // the scheme

	r, _ = s.NewOutgoingRequest(nil, fieldsOf(t, s))
	_, err = start(t, s, r)
	wantCode(t, err, ErrorCodeHTTPRequestURIInvalid) // no authority

	_, err = start(t, s, newRequest(t, s, "CONNECT", "http://example.com"))
	wantCode(t, err, ErrorCodeHTTPRequestMethodInvalid)
	_, err = start(t, s, newRequest(t, s, "GET", "http://example.com", "x", strings.Repeat("x", 200)))
	wantCode(t, err, ErrorCodeHTTPRequestHeaderSectionSize)
	_, err = start(t, s, newRequest(t, s, "GET", "http://example.com", "content-length", "x"))
	wantCode(t, err, ErrorCodeHTTPProtocolError)
	_, err = start(t, s, newRequest(t, s, "POST", "http://example.com", "content-length", "5"))
	wantCode(t, err, ErrorCodeHTTPRequestBodySize)
	if s.fields != 0 {
		t.Errorf("%d bytes of fields remain charged", s.fields)
	}
}

func TestRequestBodyLength(t *testing.T) {
	failed := make(chan error, 10)
	srv := serve(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		_, err := io.ReadAll(r.Body)
		failed <- err
	})
	s := newGuest(t, Options{Client: newClient(t, httpclient.Options{}, srv.URL)})
	for _, tt := range []struct {
		name, length, body string
		finish             bool
		write, end         ErrorCodeTag // zero, which is no outcome here, for none
	}{
		{"right", "3", "abc", true, 0, 0},
		{"short", "3", "ab", true, 0, ErrorCodeHTTPRequestBodySize},
		{"long", "3", "abcd", false, ErrorCodeHTTPRequestBodySize, 0},
		{"dropped", "", "abc", false, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.length != "" {
				header = []string{"content-length", tt.length}
			}
			r := newRequest(t, s, "POST", srv.URL, header...)
			b, _ := r.Body(nil)
			f, err := start(t, s, r)
			if err != nil {
				t.Fatal(err)
			}
			err = writeAll(t, b, tt.body)
			if tt.write != 0 {
				e, ok := errors.AsType[*wasiio.StreamError](err)
				if !ok || e.Tag != wasiio.StreamErrorLastOperationFailed {
					t.Fatalf("write: %v, want a failure", err)
				}
				wantCode(t, e.LastOperationFailed.Err, tt.write)
			}
			if tt.finish {
				err := s.OutgoingBodyFinish(nil, b, component.Option[*Fields]{})
				if tt.end != 0 {
					wantCode(t, err, tt.end)
				} else if err != nil {
					t.Error(err)
				}
			} else {
				b.Drop(t.Context())
			}
			_, err = response(t, f)
			serverErr := <-failed
			whole := tt.name == "right"
			if (err == nil) != whole || (serverErr == nil) != whole {
				t.Errorf("response: %v, the server read: %v, want both to fail: %v", err, serverErr, !whole)
			}
		})
	}
}

func TestFinishWithOpenStream(t *testing.T) {
	s := newGuest(t, Options{})
	r := newRequest(t, s, "POST", "http://example.com")
	b, _ := r.Body(nil)
	if _, err := b.Write(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Write(nil); !errors.Is(err, component.ErrResult) {
		t.Errorf("second write: %v, want an error", err)
	}
	err := s.OutgoingBodyFinish(nil, b, component.Option[*Fields]{})
	if _, ok := errors.AsType[*ErrorCode](err); err == nil || ok {
		t.Errorf("finish with an open stream: %v, want a trap", err)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	stop := make(chan struct{})
	srv := serve(t, func(nethttp.ResponseWriter, *nethttp.Request) { <-stop })
	defer close(stop)
	var exceeded []string
	s := newGuest(t, Options{
		Client: newClient(t, httpclient.Options{}, srv.URL), MaxRequests: 2,
		Exceeded: func(limit string) { exceeded = append(exceeded, limit) },
	})
	var futures []*FutureIncomingResponse
	for range 3 {
		f, err := start(t, s, newRequest(t, s, "GET", srv.URL))
		if err != nil {
			t.Fatal(err)
		}
		futures = append(futures, f)
	}
	_, err := response(t, futures[2])
	wantCode(t, err, ErrorCodeConnectionLimitReached)
	if len(exceeded) != 1 || exceeded[0] != limitConnections {
		t.Errorf("limits that were exceeded: %q", exceeded)
	}
	// What is dropped ends, and makes room.
	futures[0].Drop(t.Context())
	if err := wasiio.Wait(t.Context(), &futures[0].out.done); err != nil {
		t.Fatal(err)
	}
	if n := len(s.outgoing); n != 1 {
		t.Errorf("%d requests are under way, want 1", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !futures[1].out.done.Ready() {
		t.Error("a request is under way after Close")
	}
}

func TestHopsAreCounted(t *testing.T) {
	got := make(chan string, 1)
	srv := serve(t, func(_ nethttp.ResponseWriter, r *nethttp.Request) { got <- r.Header.Get(httpclient.HopHeader) })
	client := newClient(t, httpclient.Options{MaxHops: 3}, srv.URL)
	s := newGuest(t, Options{Client: client, Hops: 2})
	if _, err := do(t, s, newRequest(t, s, "GET", srv.URL)); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n != "3" {
		t.Errorf("hops %q, want 3", n)
	}
	s = newGuest(t, Options{Client: client, Hops: 3})
	_, err := do(t, s, newRequest(t, s, "GET", srv.URL))
	wantCode(t, err, ErrorCodeLoopDetected)
}
