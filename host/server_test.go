package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/lattice/capability/httprule"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// The guests of these tests.
const (
	hello  = "../examples/hello-http/hello.wasm"
	proxy  = "../examples/http-proxy/proxy.wasm"
	mcp    = "../examples/mcp-ts/server.wasm"
	tool   = "../examples/cli/textool.wasm"
	faulty = "testdata/faulty/faulty.wasm"
	worse  = "../examples/misbehave/misbehave.wasm"
)

// engine is shared by all tests, and so are the components: compiling them is
// most of the work.
var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

var components sync.Map // path to a func() (*component.Component, error)

func load(t testing.TB, path string) *component.Component {
	t.Helper()
	once, _ := components.LoadOrStore(path, sync.OnceValues(func() (*component.Component, error) {
		e, err := engine()
		if err != nil {
			return nil, err
		}
		wasm, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var l component.Linker
		if err := wasi.Define(&l); err != nil {
			return nil, err
		}
		return e.Load(context.Background(), wasm, &l)
	}))
	c, err := once.(func() (*component.Component, error))()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start serves a guest on a port of its own.
func start(t *testing.T, path string, opts host.Options) (*host.Server, *httptest.Server) {
	t.Helper()
	s, err := host.NewServer(load(t, path), &opts)
	if err != nil {
		t.Fatal(err)
	}
	return s, expose(t, s)
}

// expose gives a server a port of its own.
func expose(t *testing.T, s *host.Server) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(s)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		if err := s.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		if n := s.Metrics().Running.Load(); n != 0 {
			t.Errorf("%d instances run after the server has ended", n)
		}
	})
	return srv
}

// do makes a request and returns the response with its whole body.
func do(t *testing.T, srv *httptest.Server, method, path, body string, header ...string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

// want makes a GET request and fails unless it is answered like this.
func want(t *testing.T, srv *httptest.Server, path string, status int, body string) {
	t.Helper()
	resp, got, err := do(t, srv, "GET", path, "")
	if err != nil || resp.StatusCode != status || !strings.HasPrefix(got, body) {
		t.Errorf("GET %s: %v %q %v, want %d %q", path, resp, got, err, status, body)
	}
}

// idle waits until no instance runs: a client has its response a little earlier.
func idle(s *host.Server) {
	for s.Metrics().Running.Load() != 0 {
		runtime.Gosched()
	}
}

func allow(t *testing.T, opts httpclient.Options, rules ...string) host.Options {
	t.Helper()
	for _, s := range rules {
		r, err := httprule.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		opts.Rules = append(opts.Rules, r)
	}
	c := httpclient.New(&opts)
	t.Cleanup(c.Close)
	return host.Options{WASI: wasi.Options{HTTP: wasihttp.Options{Client: c}}}
}

func TestHello(t *testing.T) {
	_, srv := start(t, hello, host.Options{})
	want(t, srv, "/", 200, "Hello from Go\n")
	resp, body, err := do(t, srv, "HEAD", "/", "")
	if err != nil || resp.StatusCode != 200 || body != "" || resp.Header.Get("Content-Length") != "14" {
		t.Errorf("HEAD: %v %q %v", resp, body, err)
	}
}

func TestProxy(t *testing.T) {
	next := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stream":
			w.Header().Set("Trailer", "Sum")
			for i := range 3 {
				fmt.Fprintf(w, "part %d\n", i)
				_ = http.NewResponseController(w).Flush()
				<-next
			}
			w.Header().Set("Sum", "3")
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "short")
		case "/large":
			_, _ = w.Write(make([]byte, 4<<20))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(upstream.Close)
	_, srv := start(t, proxy, allow(t, httpclient.Options{}, "GET "+upstream.URL))
	at := func(path string) string { return "/?url=" + url.QueryEscape(upstream.URL+path) }

	t.Run("streams", func(t *testing.T) {
		resp, err := srv.Client().Get(srv.URL + at("/stream"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		br := bufio.NewReader(resp.Body)
		for i := range 3 { // each part arrives before the next is made
			if line, err := br.ReadString('\n'); err != nil || line != fmt.Sprintf("part %d\n", i) {
				t.Fatalf("line %q, %v", line, err)
			}
			next <- struct{}{}
		}
		if rest, err := io.ReadAll(br); err != nil || len(rest) != 0 || resp.Trailer.Get("Sum") != "3" {
			t.Errorf("rest %q, %v, trailers %v", rest, err, resp.Trailer)
		}
	})
	t.Run("relays status", func(t *testing.T) { want(t, srv, at("/none"), 404, "404 page not found") })
	t.Run("large", func(t *testing.T) {
		if resp, body, err := do(t, srv, "GET", at("/large"), ""); err != nil || resp.StatusCode != 200 || len(body) != 4<<20 {
			t.Errorf("%v, %d bytes, %v", resp, len(body), err)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		if resp, body, err := do(t, srv, "GET", at("/cut"), ""); err == nil {
			t.Errorf("%v %q: a response that was cut off seems whole", resp, body)
		}
	})
	t.Run("denied method", func(t *testing.T) {
		if resp, _, err := do(t, srv, "HEAD", at("/none"), ""); err != nil || resp.StatusCode != 403 {
			t.Errorf("%v %v, want 403", resp, err)
		}
	})
	t.Run("denied host", func(t *testing.T) { want(t, srv, "/?url=https://example.com/", 403, "fetch https://example.com/") })
}

func TestDeniedRequestIsLogged(t *testing.T) {
	var buf strings.Builder
	s, srv := start(t, proxy, host.Options{Name: "p", Logger: slog.New(slog.NewTextHandler(&buf, nil))})
	want(t, srv, "/?url=https://example.com/x%3Fsecret", 403, "")
	idle(s)
	for _, s := range []string{`component=p`, `instance=1`, `the rule \"https://example.com\" would`} {
		if !strings.Contains(buf.String(), s) {
			t.Errorf("log %q does not contain %q", buf.String(), s)
		}
	}
	if strings.Contains(buf.String(), "secret") {
		t.Errorf("log %q holds the query", buf.String())
	}
}

func TestLoops(t *testing.T) {
	var current atomic.Pointer[host.Server]
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { current.Load().ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	for _, tt := range []struct {
		name string
		opts httpclient.Options
	}{
		{"own address", httpclient.Options{Self: []netip.AddrPort{netip.MustParseAddrPort(s.Listener.Addr().String())}}},
		{"too many hops", httpclient.Options{MaxHops: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := allow(t, tt.opts, s.URL)
			server, err := host.NewServer(load(t, proxy), &opts)
			if err != nil {
				t.Fatal(err)
			}
			current.Store(server)
			target := "/"
			for range 8 {
				target = "/?url=" + url.QueryEscape(s.URL+target)
			}
			resp, err := s.Client().Get(s.URL + target)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			most := int64(tt.opts.MaxHops + 1)
			if n := server.Metrics().Requests.Load(); resp.StatusCode != 502 || !strings.Contains(string(body), "loop-detected") || n > most {
				t.Errorf("%d %q after %d requests, want 502 for a loop within %d", resp.StatusCode, body, n, most)
			}
		})
	}
	_, srv := start(t, hello, host.Options{})
	if resp, _, err := do(t, srv, "GET", "/", "", httpclient.HopHeader, "9"); err != nil || resp.StatusCode != http.StatusLoopDetected {
		t.Errorf("request after 9 hops: %v %v, want 508", resp, err)
	}
}

// rpc makes a JSON-RPC request and returns its result as JSON.
func rpc(t *testing.T, srv *httptest.Server, method, params string) string {
	t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params)
	resp, text, err := do(t, srv, "POST", "/mcp", body, "Content-Type", "application/json",
		"Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2025-06-18")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %v %q %v", method, resp, text, err)
	}
	if _, data, ok := strings.Cut(text, "data: "); ok { // the one event of a stream
		text, _, _ = strings.Cut(data, "\n")
	}
	var msg struct{ Result, Error json.RawMessage }
	if err := json.Unmarshal([]byte(text), &msg); err != nil {
		t.Fatalf("%s: %q: %v", method, text, err)
	}
	if msg.Error != nil {
		t.Fatalf("%s: error %s", method, msg.Error)
	}
	return string(msg.Result)
}

func TestMCPServer(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from upstream") }))
	t.Cleanup(upstream.Close)
	s, srv := start(t, mcp, allow(t, httpclient.Options{}, upstream.URL))
	for _, tt := range []struct{ method, params, want string }{
		{"initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`, `"protocolVersion":"2025-06-18"`},
		{"tools/list", `{}`, `"name":"text-stats"`},
		{"tools/call", `{"name":"echo","arguments":{"text":"grüße"}}`, `"text":"grüße"`},
		{"tools/call", `{"name":"add","arguments":{"a":1,"b":2}}`, `3`},
		{"tools/call", fmt.Sprintf(`{"name":"fetch","arguments":{"url":%q}}`, upstream.URL), `"from upstream"`},
		{"tools/call", `{"name":"fetch","arguments":{"url":"http://example.com/"}}`, `"isError":true`},
	} {
		if got := rpc(t, srv, tt.method, tt.params); !strings.Contains(got, tt.want) {
			t.Errorf("%s %s: %s, want %s in it", tt.method, tt.params, got, tt.want)
		}
	}
	large := strings.Repeat("x", 1<<20)
	if got := rpc(t, srv, "tools/call", `{"name":"echo","arguments":{"text":"`+large+`"}}`); !strings.Contains(got, large) {
		t.Errorf("echo of 1 MiB: %d bytes", len(got))
	}
	for method, status := range map[string]int{"GET": 405, "DELETE": 405, "PUT": 405} {
		if resp, body, err := do(t, srv, method, "/mcp", ""); err != nil || resp.StatusCode != status {
			t.Errorf("%s /mcp: %v %q %v, want %d", method, resp, body, err, status)
		}
	}
	want(t, srv, "/healthz", 200, `{"status":"ok"}`)
	want(t, srv, "/none", 404, "")
	if n := s.Metrics().Failed.Load() + s.Metrics().Aborted.Load() + s.Metrics().Traps.Load(); n != 0 {
		t.Errorf("%d requests failed", n)
	}
}

func TestFaults(t *testing.T) {
	var logged strings.Builder
	s, srv := start(t, faulty, host.Options{
		Limits: component.Limits{Memory: 64 << 20},
		Output: func(host.Line) {},
		Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	for _, tt := range []struct {
		path   string
		status int // 0 when the response is cut off
		body   string
		log    string
	}{
		{"/ok", 200, "ok 1\n", ""},
		{"/panic", 502, "the component failed\n", "about to panic"},
		{"/trap", 502, "the component failed\n", "handle 1048576 does not exist"},
		{"/trap-late", 200, "whole", "handle 1048576 does not exist"},
		{"/trap-partly", 0, "part", "handle 1048576 does not exist"},
		{"/memory", 502, "the component exceeded its limit of memory\n", "mallocgc"},
		{"/nothing", 502, "the component failed\n", "without a response"},
		{"/error", 500, "the component answered with an error\n", `a reason`},
		{"/ok", 200, "ok 1\n", ""}, // nobody else is hurt
	} {
		logged.Reset()
		resp, body, err := do(t, srv, "GET", tt.path, "")
		if tt.status == 0 {
			if err == nil || body != tt.body {
				t.Errorf("GET %s: %v %q %v, want it cut off after %q", tt.path, resp, body, err, tt.body)
			}
		} else if err != nil || resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("GET %s: %v %q %v, want %d %q", tt.path, resp, body, err, tt.status, tt.body)
		}
		// The log is complete when the request is over.
		idle(s)
		if !strings.Contains(logged.String(), tt.log) || tt.log == "" && logged.Len() > 0 {
			t.Errorf("GET %s: log %q, want %q in it", tt.path, logged.String(), tt.log)
		}
	}
	m := s.Metrics()
	got := map[string]int64{"requests": m.Requests.Load(), "failed": m.Failed.Load(), "aborted": m.Aborted.Load(), "traps": m.Traps.Load()}
	if d := cmp.Diff(map[string]int64{"requests": 9, "failed": 5, "aborted": 1, "traps": 5}, got); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]int64{component.LimitMemory: 1}, m.Exceeded.Counts()); d != "" {
		t.Errorf("limits that were exceeded (-want +got):\n%s", d)
	}
}

// misbehaviour is a path of the guest that does nothing good, and what a client
// sees of it. The status is 0 when the response is cut off.
type misbehaviour struct {
	path   string
	status int
	body   string
}

// misbehave has all of them happen at once, beside requests that are answered.
func misbehave(t *testing.T, srv *httptest.Server, all []misbehaviour) {
	t.Helper()
	var wg sync.WaitGroup
	for _, tt := range all {
		wg.Go(func() {
			resp, body, err := do(t, srv, "GET", tt.path, "")
			if tt.status == 0 {
				if err == nil || body != tt.body {
					t.Errorf("GET %s: %q %v, want it cut off after %q", tt.path, body, err, tt.body)
				}
				return
			}
			if err != nil || resp.StatusCode != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("GET %s: %v %q %v, want %d with %q", tt.path, resp, body, err, tt.status, tt.body)
			}
		})
	}
	wg.Wait()
	want(t, srv, "/ok", 200, "ok\n")
}

func TestMisbehaviour(t *testing.T) {
	_, srv := start(t, worse, host.Options{Limits: component.Limits{Memory: 64 << 20}, ShowErrors: true, Output: func(host.Line) {}})
	misbehave(t, srv, []misbehaviour{
		{"/recurse", 502, "trap"},
		{"/memory", 502, "trap: unreachable"},
		{"/crash", 502, "misbehave: crash"},
		{"/exit", 502, "guest exited with code 1"}, // the adapter of preview 1 knows no other
		{"/handles", 502, "at most 16384 handles"},
		{"/late", 0, "half of it"},
		{"/ok", 200, "ok\n"},
	})
}

func TestUnreadRequest(t *testing.T) {
	// A guest that does not read what it is sent changes neither its answer nor
	// what the next request on the connection gets.
	_, srv := start(t, faulty, host.Options{})
	for range 5 {
		for path, status := range map[string]int{"/ok": 200, "/trap": 502, "/nothing": 502, "/error": 500} {
			resp, body, err := do(t, srv, "POST", path, strings.Repeat("x", 100_000))
			if err != nil || resp.StatusCode != status {
				t.Errorf("POST %s: %v %q %v, want %d", path, resp, body, err, status)
			}
		}
	}
}

func TestEndlessMisbehaviour(t *testing.T) {
	var written atomic.Int64
	const rate = 100_000
	s, srv := start(t, worse, host.Options{
		Timeout: 500 * time.Millisecond, ShowErrors: true, OutputRate: rate,
		Output: func(l host.Line) { written.Add(int64(len(l.Text))) },
	})
	begun := time.Now()
	misbehave(t, srv, []misbehaviour{
		{"/loop", 504, "took too long"},
		{"/sleep", 504, "took too long"},
		{"/stderr", 504, "la la la"},
	})
	if n, most := written.Load(), int64(2+time.Since(begun)/time.Second)*rate; n > most || s.Metrics().OutputDropped.Load() == 0 {
		t.Errorf("%d bytes of output came through, at most %d should, and %d were dropped", n, most, s.Metrics().OutputDropped.Load())
	}
}

func TestNeighbourOfATrap(t *testing.T) {
	_, srv := start(t, faulty, host.Options{})
	pr, pw := io.Pipe()
	done := make(chan string)
	go func() {
		resp, err := srv.Client().Post(srv.URL+"/wait", "", pr)
		if err != nil {
			done <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		done <- string(b)
	}()
	_, _ = io.WriteString(pw, "x") // it runs
	for range 3 {
		want(t, srv, "/trap", 502, "")
		want(t, srv, "/panic", 502, "")
	}
	_ = pw.Close()
	if got := <-done; got != "waited" {
		t.Errorf("the neighbour answered %q", got)
	}
}

func TestTimeout(t *testing.T) {
	s, srv := start(t, faulty, host.Options{Timeout: 200 * time.Millisecond})
	want(t, srv, "/loop", 504, "the component took too long")
	// A client that does not read holds nothing up for longer either.
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
	for s.Metrics().Timeouts.Load() < 2 {
		runtime.Gosched()
	}
	idle(s)
	// Whether its head is out by then is a matter of the machine's speed.
	if over := s.Metrics().Failed.Load() + s.Metrics().Aborted.Load(); s.Metrics().Timeouts.Load() != 2 || over != 2 {
		t.Errorf("%d timeouts and %d requests failed or aborted, want 2 and 2", s.Metrics().Timeouts.Load(), over)
	}
}

func TestClientGone(t *testing.T) {
	s, srv := start(t, faulty, host.Options{})
	for range 5 {
		resp, err := srv.Client().Get(srv.URL + "/endless")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadFull(resp.Body, make([]byte, 100_000))
		resp.Body.Close()
	}
	if err := s.Shutdown(t.Context()); err != nil { // waits for all of them
		t.Fatal(err)
	}
	if n := s.Metrics().ClientGone.Load(); n != 5 || s.Metrics().Traps.Load() != 0 {
		t.Errorf("%d clients have gone and %d guests trapped, want 5 and 0", n, s.Metrics().Traps.Load())
	}
}

func TestBusy(t *testing.T) {
	s, srv := start(t, faulty, host.Options{MaxConcurrent: 1, MaxQueue: -1})
	pr, pw := io.Pipe()
	first := make(chan error)
	go func() {
		resp, err := srv.Client().Post(srv.URL+"/wait", "", pr)
		if err == nil {
			err = resp.Body.Close()
		}
		first <- err
	}()
	_, _ = io.WriteString(pw, "x")
	for s.Metrics().Running.Load() == 0 {
		runtime.Gosched()
	}
	resp, _, err := do(t, srv, "GET", "/ok", "")
	if err != nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("GET beside it: %v %v, want 503 with Retry-After", resp, err)
	}
	_ = pw.Close()
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestShutdown(t *testing.T) {
	s, srv := start(t, faulty, host.Options{})
	pr, pw := io.Pipe()
	first := make(chan string)
	go func() {
		resp, err := srv.Client().Post(srv.URL+"/wait", "", pr)
		if err != nil {
			first <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		first <- string(b)
	}()
	_, _ = io.WriteString(pw, "x")
	for s.Metrics().Running.Load() == 0 {
		runtime.Gosched()
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown while a request runs: %v, want that it was cancelled", err)
	}
	want(t, srv, "/ok", 503, "the server is shutting down")
	_ = pw.Close()
	if got := <-first; got != "waited" {
		t.Errorf("the request under way was answered %q", got)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestServe(t *testing.T) {
	s, err := host.NewServer(load(t, hello), &host.Options{MaxRequestHeader: 8 << 10})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l, time.Minute) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for header, status := range map[string]int{"x": 200, strings.Repeat("x", 1<<20): 431} {
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+l.Addr().String(), nil)
		r.Header.Set("X", header)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("status %d with a header of %d bytes, want %d", resp.StatusCode, len(header), status)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestRequestTooLarge(t *testing.T) {
	s, srv := start(t, hello, host.Options{WASI: wasi.Options{HTTP: wasihttp.Options{MaxRequestBody: 10}}})
	resp, _, err := do(t, srv, "POST", "/", "more than ten bytes")
	if err != nil || resp.StatusCode != 413 || s.Metrics().Refused.Load() != 1 {
		t.Errorf("%v %v, want 413", resp, err)
	}
}

func TestOutput(t *testing.T) {
	var mu sync.Mutex
	var lines []host.Line
	s, srv := start(t, faulty, host.Options{Name: "f", ShowErrors: true, OutputRate: 10_000, Output: func(l host.Line) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, l)
	}})
	want(t, srv, "/lines", 200, "written")
	idle(s)
	got := map[host.Stream][]host.Line{}
	for _, l := range lines {
		got[l.Stream] = append(got[l.Stream], l)
	}
	line := func(stream host.Stream, text string) host.Line {
		return host.Line{Component: "f", Instance: 1, Stream: stream, Text: text}
	}
	wantLines := map[host.Stream][]host.Line{
		host.Stdout: {line(host.Stdout, "one"), line(host.Stdout, "two"), line(host.Stdout, "without end")},
		host.Stderr: {line(host.Stderr, "err")},
	}
	if d := cmp.Diff(wantLines, got); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	want(t, srv, "/flood", 200, "flooded")
	if n := s.Metrics().OutputDropped.Load(); n < 900_000 {
		t.Errorf("%d bytes of output were dropped, want most of 1,000,000", n)
	}
	// With a trap comes the end of what was written.
	resp, body, err := do(t, srv, "GET", "/panic", "")
	if err != nil || resp.StatusCode != 502 || !strings.Contains(body, "about to panic") || !strings.Contains(body, "trap: unreachable") {
		t.Errorf("%v %q %v, want the reason and standard error", resp, body, err)
	}
}

func TestNoHandler(t *testing.T) {
	if _, err := host.NewServer(load(t, tool), &host.Options{Name: "tool"}); err == nil || !strings.Contains(err.Error(), `"wasi:cli/run`) {
		t.Errorf("NewServer of a command: %v, want an error that names its exports", err)
	}
}

func TestManyClients(t *testing.T) {
	const clients, each = 8, 200
	s, srv := start(t, faulty, host.Options{MaxConcurrent: 4})
	srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = clients
	round := func(n int) {
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range n {
					resp, err := srv.Client().Get(srv.URL + "/ok")
					if err != nil {
						t.Error(err)
						return
					}
					b, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if string(b) != "ok 1\n" || err != nil {
						t.Errorf("%d %q %v", resp.StatusCode, b, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	used := func() (heap uint64, goroutines int) {
		idle(s)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	round(each / 10)
	heap, goroutines := used()
	round(each)
	heap2, goroutines2 := used()
	t.Logf("heap %d KiB, then %d KiB; goroutines %d, then %d", heap>>10, heap2>>10, goroutines, goroutines2)
	if heap2 > heap+4<<20 || goroutines2 > goroutines+clients {
		t.Error("what requests use is not given back")
	}
	if n := s.Metrics().Requests.Load(); n != clients*(each+each/10) {
		t.Errorf("%d requests", n)
	}
}

// A request whose target is no path reaches no guest.
func TestTargetWithoutPath(t *testing.T) {
	s, srv := start(t, hello, host.Options{})
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET a:b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || s.Metrics().Refused.Load() != 1 {
		t.Errorf("got %q %v, want 400", answer, err)
	}
}
