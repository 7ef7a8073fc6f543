package guests_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/lattice/capability/httprule"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// httpTests are the tests of guests of wasi:http that are commands.
var httpTests = map[guest]func(*testing.T, guest){
	"http_fields":        passes,
	"http_fields_limit":  testFieldsLimit,
	"outgoing_request":   passes,
	"outgoing_methods":   func(t *testing.T, g guest) { g.pass(t, toServer(t, peer(t))) },
	"outgoing_stream":    func(t *testing.T, g guest) { g.pass(t, toServer(t, peer(t))) },
	"outgoing_trailers":  func(t *testing.T, g guest) { g.pass(t, toServer(t, peer(t))) },
	"outgoing_length":    func(t *testing.T, g guest) { g.pass(t, toServer(t, peer(t))) },
	"outgoing_timeouts":  func(t *testing.T, g guest) { g.pass(t, toServer(t, peer(t))) },
	"outgoing_lifetimes": testOutgoingLifetimes,
	"outgoing_errors":    testOutgoingErrors,
}

// headerErrors and httpErrorCodes say what meets each error.
var (
	headerErrors = map[string]string{
		"invalid-syntax": "http_fields",
		"forbidden":      "http_fields",
		"immutable":      "http_fields outgoing_methods outgoing_trailers incoming_request incoming_answers",
	}
	httpErrorCodes = map[string]string{
		"DNS-timeout":                        "outgoing_errors",
		"DNS-error":                          "outgoing_errors",
		"destination-not-found":              "none: of names without addresses DNS-error tells more",
		"destination-unavailable":            "none: servers that cannot be reached have codes that tell more",
		"destination-IP-prohibited":          "outgoing_errors",
		"destination-IP-unroutable":          "outgoing_errors",
		"connection-refused":                 "outgoing_errors",
		"connection-terminated":              "outgoing_errors",
		"connection-timeout":                 "outgoing_errors",
		"connection-read-timeout":            "outgoing_timeouts",
		"connection-write-timeout":           "none: only the deadline of the guest's call bounds how long a server may take to read",
		"connection-limit-reached":           "TestRequestsAreBounded of host/wasi/http",
		"TLS-protocol-error":                 "outgoing_errors",
		"TLS-certificate-error":              "outgoing_errors",
		"TLS-alert-received":                 "outgoing_errors",
		"HTTP-request-denied":                "outgoing_errors",
		"HTTP-request-length-required":       "none: it is for proxies; a server that wants a length answers 411",
		"HTTP-request-body-size":             "outgoing_length incoming_answers",
		"HTTP-request-method-invalid":        "outgoing_errors",
		"HTTP-request-URI-invalid":           "outgoing_errors",
		"HTTP-request-URI-too-long":          "outgoing_errors",
		"HTTP-request-header-section-size":   "outgoing_length",
		"HTTP-request-header-size":           "none: the header as a whole has a bound, its fields have none of their own",
		"HTTP-request-trailer-section-size":  "outgoing_length",
		"HTTP-request-trailer-size":          "none: the trailer as a whole has a bound, its fields have none of their own",
		"HTTP-response-incomplete":           "outgoing_errors outgoing_trailers",
		"HTTP-response-header-section-size":  "outgoing_errors incoming_informational",
		"HTTP-response-header-size":          "none: the header as a whole has a bound, its fields have none of their own",
		"HTTP-response-body-size":            "outgoing_errors incoming_answers",
		"HTTP-response-trailer-section-size": "outgoing_errors incoming_answers",
		"HTTP-response-trailer-size":         "none: the trailer as a whole has a bound, its fields have none of their own",
		"HTTP-response-transfer-coding":      "none: net/http reports unknown codings as faults of the protocol",
		"HTTP-response-content-coding":       "none: bodies are not decoded",
		"HTTP-response-timeout":              "TestOutgoingTimeouts of host/wasi/http",
		"HTTP-upgrade-failed":                "outgoing_errors",
		"HTTP-protocol-error":                "outgoing_errors outgoing_length incoming_informational",
		"loop-detected":                      "outgoing_errors",
		"configuration-error":                "none: a configuration with a fault is refused before anything runs",
		"internal-error":                     "incoming_informational",
	}
)

// client returns a client that may make the requests of rules.
func client(t *testing.T, opts httpclient.Options, rules ...string) *httpclient.Client {
	t.Helper()
	for _, text := range rules {
		r, err := httprule.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		opts.Rules = append(opts.Rules, r)
	}
	c := httpclient.New(&opts)
	t.Cleanup(c.Close)
	return c
}

// toServer lets a guest make requests to a server, whose authority is its first
// argument.
func toServer(t *testing.T, s *httptest.Server, args ...string) wasi.Options {
	t.Helper()
	return wasi.Options{
		CLI:  cli.Options{Args: append([]string{s.Listener.Addr().String()}, args...)},
		HTTP: wasihttp.Options{Client: client(t, httpclient.Options{}, s.URL)},
	}
}

// peer is the server that guests make requests to.
func peer(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the guest did not finish its body
		}
		h := w.Header()
		h.Set("X-Method", r.Header.Get("X-Method"))
		h.Set("X-Path", r.RequestURI)
		h.Set("X-Many", strings.Join(r.Header["X-Many"], ", "))
		h.Set("X-Body", string(body))
		h.Set("X-Length", strconv.FormatInt(r.ContentLength, 10))
		h["X-Twice"] = []string{"1", "2"}
		w.WriteHeader(299)
		_, _ = io.WriteString(w, "body of the response")
	})
	mux.Handle("/redirect", http.RedirectHandler("/echo", http.StatusTemporaryRedirect))
	mux.HandleFunc("/back", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		buf := make([]byte, 10_000)
		for {
			n, err := r.Body.Read(buf)
			_, _ = w.Write(buf[:n])
			_ = c.Flush()
			if err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Back")
		w.Header().Set("X-Received", r.Trailer.Get("X-Sum"))
		_, _ = w.Write(body)
		w.Header().Set("X-Back", "14")
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "short")
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/stall", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func testFieldsLimit(t *testing.T, g guest) {
	g.pass(t, wasi.Options{CLI: cli.Options{Args: []string{"freed"}}})
	for _, how := range []string{"append", "many", "clone"} {
		g.trap(t, wasi.Options{CLI: cli.Options{Args: []string{how}}}, "bytes of HTTP fields")
	}
}

func testOutgoingLifetimes(t *testing.T, g guest) {
	s := peer(t)
	g.pass(t, toServer(t, s, "in order"))
	for what, why := range map[string]string{
		"request before headers":           "is dropped before 1 of its children",
		"response before headers":          "is dropped before 1 of its children",
		"outgoing response before headers": "is dropped before 1 of its children",
		"body before stream":               "is dropped before 1 of its children",
		"finish before stream":             "incoming-body is finished before its stream is dropped",
		"future before trailers":           "is dropped before 1 of its children",
		"outgoing body before stream":      "is dropped before 1 of its children",
		"outgoing finish before stream":    "outgoing-body is finished before its stream is dropped",
		"after handle":                     "not wasi:http/types.outgoing-request",
		"after constructor":                "not wasi:http/types.fields",
	} {
		t.Run(what, func(t *testing.T) { g.trap(t, toServer(t, s, what), why) })
	}
}

// raw serves connections with what a function writes to them, and then closes
// them.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// answer serves connections with one response, after the head of a request.
func answer(t *testing.T, response string) string {
	t.Helper()
	return raw(t, func(c net.Conn) {
		var head []byte
		for b := make([]byte, 1000); !strings.Contains(string(head), "\r\n\r\n"); {
			n, err := c.Read(b)
			if head = append(head, b[:n]...); err != nil {
				return
			}
		}
		_, _ = io.WriteString(c, response)
	})
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func testOutgoingErrors(t *testing.T, g guest) {
	s := peer(t)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	trusting := &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	self, err := netip.ParseAddrPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here := s.Listener.Addr().String()
	failing := func(err error) func(context.Context, string, string) ([]netip.Addr, error) {
		return func(context.Context, string, string) ([]netip.Addr, error) { return nil, err }
	}
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	long := strings.Repeat("x", 5000)
	for _, tt := range []struct {
		name                            string
		method, scheme, authority, path string
		opts                            httpclient.Options
		rules                           []string
		want                            string
	}{
		{name: "nothing is wrong", authority: here, path: "/echo", want: "none"},

		{name: "no rule", authority: here, rules: []string{"https://example.com"}, want: "handle HTTP-request-denied"},
		{name: "no method for it", method: "CONNECT", authority: here, want: "handle HTTP-request-method-invalid"},
		{name: "no scheme for it", scheme: "gopher", authority: here, want: "handle HTTP-request-URI-invalid"},
		{name: "no authority", want: "handle HTTP-request-URI-invalid"},
		{name: "long path", authority: here, path: "/" + strings.Repeat("x", 20_000), want: "handle HTTP-request-URI-too-long"},

		{name: "no such name", authority: "nothing.example.com", opts: httpclient.Options{LookupNetIP: failing(&net.DNSError{IsNotFound: true})}, want: "future DNS-error"},
		{name: "slow name", authority: "slow.example.com", opts: httpclient.Options{LookupNetIP: failing(&net.DNSError{IsTimeout: true})}, want: "future DNS-timeout"},
		{
			name: "name of a metadata service", authority: "metadata.example.com", opts: httpclient.Options{
				LookupNetIP: func(context.Context, string, string) ([]netip.Addr, error) {
					return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
				},
			}, want: "future destination-IP-prohibited",
		},
		{name: "nobody listens", authority: closedPort(t), want: "future connection-refused"},
		{name: "no route", authority: here, opts: httpclient.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
		}}, want: "future destination-IP-unroutable"},
		{name: "slow connection", authority: here, opts: httpclient.Options{ConnectTimeout: time.Millisecond, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
		}}, want: "future connection-timeout"},
		{name: "this process", authority: here, path: "/echo", opts: httpclient.Options{Self: []netip.AddrPort{self}}, want: "future loop-detected"},

		{name: "no TLS there", scheme: "https", authority: here, want: "future TLS-protocol-error"},
		{name: "unknown certificate", scheme: "https", authority: secure.Listener.Addr().String(), want: "future TLS-certificate-error"},
		{name: "client without certificate", scheme: "https", authority: secure.Listener.Addr().String(), opts: httpclient.Options{TLS: trusting}, want: "future TLS-alert-received"},

		{name: "connection is closed", authority: raw(t, func(net.Conn) {}), want: "future connection-terminated"},
		{name: "no HTTP", authority: answer(t, "220 ready\r\n"), want: "future HTTP-protocol-error"},
		{name: "other protocol", authority: answer(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), want: "future HTTP-upgrade-failed"},
		{name: "large header", authority: answer(t, "HTTP/1.1 200 OK\r\nx: "+long+"\r\nContent-Length: 0\r\n\r\n"), opts: httpclient.Options{MaxResponseHeader: 4096}, want: "future HTTP-response-header-section-size"},
		{name: "large declared body", authority: answer(t, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"+long), opts: httpclient.Options{MaxResponseBody: 4096}, want: "future HTTP-response-body-size"},

		{name: "large body", authority: answer(t, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+long), opts: httpclient.Options{MaxResponseBody: 4096}, want: "body HTTP-response-body-size"},
		{name: "body is cut off", authority: here, path: "/cut", want: "body HTTP-response-incomplete"},
		{name: "chunk is cut off", authority: answer(t, chunked+"5\r\nhe"), want: "body HTTP-response-incomplete"},
		{name: "large trailer", authority: answer(t, chunked+"0\r\nx: "+strings.Repeat("x", 3000)+"\r\n\r\n"), opts: httpclient.Options{MaxResponseHeader: 1024}, want: "body HTTP-response-trailer-section-size"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method, scheme, path := orElse(tt.method, "GET"), orElse(tt.scheme, "http"), orElse(tt.path, "/")
			rules := tt.rules
			if rules == nil {
				host, _, _ := net.SplitHostPort(tt.authority)
				host = orElse(host, orElse(tt.authority, "example.com"))
				rules = []string{"http://" + host + ":*", "https://" + host + ":*"}
			}
			o := g.pass(t, wasi.Options{
				CLI:  cli.Options{Args: []string{method, scheme, tt.authority, path}},
				HTTP: wasihttp.Options{Client: client(t, tt.opts, rules...)},
			})
			got := o.stdout
			if phase, tag, ok := strings.Cut(got, " "); ok {
				n, err := strconv.Atoi(tag)
				if err != nil {
					t.Fatal(err)
				}
				got = fmt.Sprintf("%s %s", phase, wasihttp.ErrorCodeTag(n))
			}
			if got != tt.want {
				t.Errorf("%s failed with %q, want %q", tt.name, got, tt.want)
			}
		})
	}

	t.Run("denied by default", func(t *testing.T) {
		o := g.pass(t, wasi.Options{CLI: cli.Options{Args: []string{"GET", "http", here, "/echo"}}})
		if want := "handle " + strconv.Itoa(int(wasihttp.ErrorCodeHTTPRequestDenied)); o.stdout != want {
			t.Errorf("it failed with %q, want %q", o.stdout, want)
		}
	})
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
