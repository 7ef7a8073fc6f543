package guests_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
)

// incomingTests are the tests of guests of wasi:http that serve requests.
var incomingTests = map[guest]func(*testing.T, guest){
	"incoming_hello":         testIncomingHello,
	"incoming_request":       testIncomingRequest,
	"incoming_echo":          testIncomingEcho,
	"incoming_informational": testIncomingInformational,
	"incoming_errors":        testIncomingErrors,
	"incoming_answers":       testIncomingAnswers,
	"incoming_lifetimes":     testIncomingLifetimes,
	"incoming_gone":          testIncomingGone,
	"incoming_clocks":        testIncomingClocks,
	"incoming_mcp":           testIncomingMCP,
}

// served is a guest that serves.
type served struct {
	*httptest.Server
	host *host.Server

	mu     sync.Mutex
	output []string
	wrote  chan string // what guests write, as much as fits
}

// serve serves a guest. What it writes fails the test, unless that waits for it.
func (g guest) serve(t *testing.T, opts host.Options) *served {
	t.Helper()
	s := &served{wrote: make(chan string, 100)}
	opts.ShowErrors = true
	opts.Output = func(l host.Line) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.output = append(s.output, l.Text)
		select {
		case s.wrote <- l.Text:
		default:
		}
	}
	var err error
	if s.host, err = host.NewServer(g.load(t), &opts); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(s.host)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(func() {
		s.Close()
		if err := s.host.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

// quiet fails the test if the guest wrote something: a check failed.
func (s *served) quiet(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.output {
		t.Error(line)
	}
}

// get makes a GET request. The error is that of the body.
func (s *served) get(t *testing.T, path string) (*http.Response, string, error) {
	t.Helper()
	resp, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// testIncomingMCP asks a server of MCP what it is, in two revisions. What it does that
// servers should not do, package host/mcp has it do.
func testIncomingMCP(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	for path, method := range map[string]string{"/modern": "server/discover", "/legacy": "initialize"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(`{"jsonrpc":"2.0","id":"x","method":"`+method+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		if path == "/modern" {
			r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		}
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(body), `"id":"x"`) || !strings.Contains(string(body), `"name":"hostile"`) {
			t.Errorf("%s: %s, %v", path, body, err)
		}
	}
	s.quiet(t)
}

// testIncomingClocks has each request see clocks that are as coarse as is said, and that
// go on from one to the next.
func testIncomingClocks(t *testing.T, g guest) {
	s := g.serve(t, host.Options{WASI: wasi.Options{Clocks: clocks.Options{Resolution: 50 * time.Millisecond}}})
	last := uint64(0)
	for range 3 {
		_, body, err := s.get(t, "/")
		var monotonic, monotonicNow, wall, wallNow uint64
		if _, scanErr := fmt.Sscanf(body, "monotonic %d %d ns\nwall %d %d ns\n", &monotonic, &monotonicNow, &wall, &wallNow); err != nil || scanErr != nil {
			t.Fatalf("the guest says %q, %v, %v", body, err, scanErr)
		}
		if monotonic != 50e6 || wall != 50e6 || monotonicNow%50e6 != 0 || wallNow%50e6 != 0 || monotonicNow < last {
			t.Errorf("after %d ns the guest says %q", last, body)
		}
		last = monotonicNow
	}
	s.quiet(t)
}

func testIncomingHello(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	resp, body, err := s.get(t, "/")
	if body != "hello" || err != nil || resp.StatusCode != 200 || resp.ContentLength != 5 || len(resp.TransferEncoding) != 0 {
		t.Errorf("response %d of %d bytes %v %q, %v", resp.StatusCode, resp.ContentLength, resp.TransferEncoding, body, err)
	}
	if got := resp.Header["Content-Type"]; !slices.Equal(got, []string{"text/plain"}) {
		t.Errorf("content type %q", got)
	}
	resp, err = s.Client().Head(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.ContentLength != 5 {
		t.Errorf("HEAD says %d bytes", resp.ContentLength)
	}
	s.quiet(t)
}

func testIncomingRequest(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	methods := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "BREW"}
	for i, method := range methods {
		if method == "HEAD" || method == "CONNECT" {
			continue // they have no body to look at
		}
		req, err := http.NewRequest(method, s.URL+"/a%20b?c=d", strings.NewReader("what is sent"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"X-B": {"1", "2"}, "A": {"\xff"}, "Connection": {"x-b"}, "Proxy-Authorization": {"x"}, "User-Agent": {""}, "Accept-Encoding": {"identity"}}
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		tag := fmt.Sprint(i)
		if method == "BREW" {
			tag = method
		}
		want := "method=" + tag + "\npath=/a%20b?c=d\nscheme=0\nauthority=" + s.Listener.Addr().String() +
			"\na=\xff\naccept-encoding=identity\ncontent-length=12\nx-b=1\nx-b=2\nbody=what is sent\n"
		if d := cmp.Diff(want, string(got)); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", method, err, d)
		}
	}
	s.quiet(t)
}

func testIncomingEcho(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	r, w := io.Pipe()
	req, err := http.NewRequest("POST", s.URL, r)
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Sum": nil}
	go func() { _, _ = io.WriteString(w, "first") }()
	resp, err := s.Client().Do(req) // returns while the request is on its way
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	back := make([]byte, 5)
	if _, err := io.ReadFull(resp.Body, back); err != nil || string(back) != "first" {
		t.Errorf("read %q, %v", back, err)
	}
	long := bytes.Repeat([]byte("the rest of it "), 100_000)
	go func() {
		_, _ = w.Write(long)
		req.Trailer.Set("X-Sum", "42")
		_ = w.Close()
	}()
	if back, err = io.ReadAll(resp.Body); err != nil || !bytes.Equal(back, long) {
		t.Errorf("%d bytes came back, %v, want %d", len(back), err, len(long))
	}
	if got := resp.Trailer.Get("X-Sum"); got != "42" {
		t.Errorf("trailer %q, want 42", got)
	}

	resp, body, err := s.get(t, "/")
	if body != "" || err != nil || len(resp.Trailer) != 0 {
		t.Errorf("an empty request is answered with %q, %v and trailers %v", body, err, resp.Trailer)
	}
	s.quiet(t)
}

func testIncomingInformational(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	var early []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		early = append(early, fmt.Sprint(code, h["Link"]))
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "final" || resp.StatusCode != 200 || len(resp.Header["Link"]) != 0 {
		t.Errorf("response %d %v %q, %v", resp.StatusCode, resp.Header, body, err)
	}
	if want := []string{"103 [</a.css>]", "199 [</b.css>]"}; !slices.Equal(early, want) {
		t.Errorf("early responses %q, want %q", early, want)
	}
	s.quiet(t)
}

func testIncomingErrors(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	statuses := map[wasihttp.ErrorCodeTag]int{
		wasihttp.ErrorCodeDNSTimeout:                   504,
		wasihttp.ErrorCodeConnectionTimeout:            504,
		wasihttp.ErrorCodeConnectionReadTimeout:        504,
		wasihttp.ErrorCodeHTTPResponseTimeout:          504,
		wasihttp.ErrorCodeHTTPRequestBodySize:          413,
		wasihttp.ErrorCodeHTTPRequestURITooLong:        414,
		wasihttp.ErrorCodeHTTPRequestHeaderSectionSize: 431,
		wasihttp.ErrorCodeHTTPRequestHeaderSize:        431,
		wasihttp.ErrorCodeLoopDetected:                 508,
		wasihttp.ErrorCodeInternalError:                500,
	}
	for tag := wasihttp.ErrorCodeDNSTimeout; tag <= wasihttp.ErrorCodeInternalError; tag++ {
		want := statuses[tag]
		if want == 0 {
			want = 502
		}
		resp, body, err := s.get(t, fmt.Sprintf("/%d", tag))
		if err != nil || resp.StatusCode != want || !strings.Contains(body, tag.String()) {
			t.Errorf("%v is answered with %d %q, %v, want %d", tag, resp.StatusCode, body, err, want)
		}
	}
	s.quiet(t)
}

func testIncomingAnswers(t *testing.T, g guest) {
	s := g.serve(t, host.Options{WASI: wasi.Options{HTTP: wasihttp.Options{MaxRequestBody: 1000}}})
	for _, tt := range []struct {
		path   string
		status int
		body   string // or a part of it, for errors
		cut    bool
	}{
		{path: "/plain", status: 203},
		{path: "/trailers", status: 200, body: "content"},
		{path: "/exact", status: 200, body: "content"},
		{path: "/other", status: 404, body: "/other"},

		{path: "/short", status: 200, body: "content", cut: true},
		{path: "/long", status: 502, body: "HTTP-response-body-size"},
		{path: "/large%20trailer", status: 200, cut: true},
		{path: "/large%20header", status: 502, body: "its header has 70008 bytes"},
		{path: "/dropped", status: 200, body: "and then", cut: true},
		{path: "/unfinished", status: 200, body: "and then", cut: true},
		{path: "/informational", status: 502, body: "status 103 is not a final one"},
		{path: "/never", status: 502, body: "without a response"},
		{path: "/nothing", status: 502, body: "without a response"},
	} {
		resp, body, err := s.get(t, tt.path)
		if resp.StatusCode != tt.status || !strings.Contains(body, tt.body) || (err != nil) != tt.cut {
			t.Errorf("%s: %d %q, %v, want %d %q", tt.path, resp.StatusCode, body, err, tt.status, tt.body)
		}
		if tt.path == "/trailers" && (resp.Trailer.Get("X-Trailer") != "3" || !slices.Equal(resp.Header["X-Header"], []string{"1", "2"})) {
			t.Errorf("%s: header %v, trailer %v", tt.path, resp.Header, resp.Trailer)
		}
	}
	resp, err := s.Client().Post(s.URL+"/too%20much", "", io.MultiReader(strings.NewReader(strings.Repeat("x", 2000))))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too long is answered with %d", resp.StatusCode)
	}
	s.quiet(t)

	// The response is complete when the guest traps for the second one.
	resp, body, err := s.get(t, "/twice")
	if resp.StatusCode != 200 || body != "once" || err != nil {
		t.Errorf("/twice: %d %q, %v, want the first response", resp.StatusCode, body, err)
	}
	if resp, body, _ := s.get(t, "/exit"); resp.StatusCode != 500 && resp.StatusCode != 502 {
		t.Errorf("/exit: %d %q", resp.StatusCode, body)
	}
	for _, line := range []string{<-s.wrote} {
		if !strings.Contains(line, "on purpose") {
			t.Errorf("the guest wrote %q", line)
		}
	}
}

func testIncomingLifetimes(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	for path, why := range map[string]string{
		"/headers":  "is dropped before 1 of its children",
		"/stream":   "is dropped before 1 of its children",
		"/finish":   "incoming-body is finished before its stream is dropped",
		"/response": "is dropped before 1 of its children",
		"/body":     "is dropped before 1 of its children",
	} {
		if resp, body, err := s.get(t, path); resp.StatusCode < 500 || !strings.Contains(body, why) || err != nil {
			t.Errorf("%s: %d %q, %v, want a trap that says %q", path, resp.StatusCode, body, err, why)
		}
	}
	if _, body, err := s.get(t, "/"); body != "in order" || err != nil {
		t.Errorf("answered with %q, %v", body, err)
	}
	s.quiet(t)
}

func testIncomingGone(t *testing.T, g guest) {
	s := g.serve(t, host.Options{})
	resp, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 100_000)); err != nil {
		t.Error(err)
	}
	_ = resp.Body.Close()
	// The guest is told, or ended with the request, whichever comes first.
	for s.host.Metrics().ClientGone.Load() == 0 || s.host.Metrics().Running.Load() != 0 {
		runtime.Gosched()
	}
	s.quiet(t)
}
