package invoke_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
)

// exchangeOf sends raw bytes to a server, and returns what comes back until the
// connection ends. between is called when the first bytes have come.
func exchangeOf(t *testing.T, addr, request string, between func(net.Conn)) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	buf := make([]byte, 4096)
	for first := true; ; first = false {
		n, err := conn.Read(buf)
		got.Write(buf[:n])
		if first && between != nil {
			between(conn)
		}
		if err != nil {
			return got.String()
		}
	}
}

// TestHTTPIsTheSame has the same requests be answered in process and through a pair,
// and compares every byte that the client gets.
func TestHTTPIsTheSame(t *testing.T) {
	get := "GET /p%20a/th?q=1&q=2 HTTP/1.1\r\nHost: example.com:80\r\nX-Two: a\r\nX-Two: b\r\nConnection: close\r\n\r\n"
	post := "POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
	read := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v", len(body), err)
	}
	tests := []struct {
		name    string
		request string
		between func(net.Conn)
		handler http.HandlerFunc
	}{
		{"request", get, nil, func(w http.ResponseWriter, r *http.Request) {
			_, port, _ := net.SplitHostPort(r.RemoteAddr)
			fmt.Fprintln(w, r.Method, r.URL, r.URL.Path, r.Host, r.Proto, r.RequestURI, r.ContentLength, r.Header["X-Two"], port != "", r.TLS, r.TransferEncoding)
		}},
		{"nothing", get, nil, func(http.ResponseWriter, *http.Request) {}},
		{"status", get, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }},
		{"status and body", get, nil, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }},
		{"redirect", get, nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }},
		{"sniffed type", get, nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html><body>") }},
		{"fields", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Two"] = []string{"a", "b"}
			w.Header().Set("X-Empty", "")
			w.Header()["Date"] = nil
			w.WriteHeader(200)
			w.Header().Set("X-Late", "1")
		}},
		{"twice", get, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(202) }},
		{"204", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("body of 204: %v", err)
			}
		}},
		{"304", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", `"1"`)
			w.WriteHeader(304)
		}},
		{"head", strings.Replace(get, "GET", "HEAD", 1), nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }},
		{"head of much", strings.Replace(get, "GET", "HEAD", 1), nil, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 300_000))
		}},
		{"length", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "hello")
		}},
		{"too short", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "hello")
		}},
		{"too long", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "he")
			if _, err := io.WriteString(w, "llo and more"); !errors.Is(err, http.ErrContentLength) {
				t.Errorf("body over its length: %v", err)
			}
		}},
		{"flushed", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 3 {
				fmt.Fprintf(w, "data: %d\n\n", i)
				_ = http.NewResponseController(w).Flush()
			}
		}},
		{"announced trailers", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum, X-None")
			_, _ = io.WriteString(w, "body")
			w.Header().Set("X-Sum", "42")
		}},
		{"trailers by name", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "body")
			_ = http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		}},
		{"early hints", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</x>")
			w.WriteHeader(103)
			w.Header().Del("Link")
			w.WriteHeader(200)
		}},
		{"much", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 100 {
				_, _ = w.Write(bytes.Repeat([]byte{byte('a' + i%26)}, 10_007))
			}
		}},
		{"body", post, nil, read},
		{"body that is not read", post, nil, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "no") }},
		{
			"chunked body with trailers", "POST / HTTP/1.1\r\nHost: h\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n", nil,
			func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				fmt.Fprintln(w, string(body), err, r.Trailer, r.ContentLength, r.TransferEncoding)
			},
		},
		{"long body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n" + strings.Repeat("y", 1_000_000), nil, read},
		{
			"broken body", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\nnonsense\r\n", nil,
			func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				fmt.Fprintln(w, len(body), err != nil)
			},
		},
		{
			"expect and read", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
			func(c net.Conn) { _, _ = io.WriteString(c, "hello") }, read,
		},
		{
			"expect and refuse", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n", nil,
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(417) },
		},
		{
			"response before the request ends", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\nConnection: close\r\n\r\nbegin", nil,
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) },
		},
		{
			"both at once", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabc",
			func(c net.Conn) { _, _ = io.WriteString(c, "def") },
			func(w http.ResponseWriter, r *http.Request) {
				rc := http.NewResponseController(w)
				_ = rc.EnableFullDuplex()
				buf := make([]byte, 3)
				for {
					n, err := r.Body.Read(buf)
					_, _ = w.Write(buf[:n])
					_ = rc.Flush()
					if err != nil {
						return
					}
				}
			},
		},
		{
			"body over a limit", "POST /limited HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 300000), nil,
			func(w http.ResponseWriter, r *http.Request) {
				n, err := io.Copy(io.Discard, r.Body)
				if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					fmt.Fprintln(w, n, large.Limit)
				}
			},
		},
		{"abort at once", get, nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"abort in the middle", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}},
		{"abort after a length", get, nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}},
		{
			"deadline for reading", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabc", nil,
			func(w http.ResponseWriter, r *http.Request) {
				_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				_, err := io.ReadAll(r.Body)
				var late net.Error
				fmt.Fprintln(w, errors.As(err, &late) && late.Timeout())
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := &handler{http: test.handler}
			p := newPair(t, h, nil)
			in := func(inv lattice.Invoker) string {
				mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/limited" {
						r.Body = http.MaxBytesReader(nil, r.Body, 100_000)
					}
					if err := inv.HTTP(w, r, call("c")); err != nil {
						t.Errorf("HTTP: %v", err)
					}
				})
				s := httptest.NewServer(mux)
				defer s.Close()
				got := exchangeOf(t, s.Listener.Addr().String(), test.request, test.between)
				return normal(got)
			}
			local := in(h)
			remote := in(invoke.NewRouter(p.client, fixed{p.host}, nil, ""))
			if diff := cmp.Diff(local, remote); diff != "" {
				t.Errorf("response (-in process +through the lattice):\n%s", diff)
			}
			if local == "" && !strings.HasPrefix(test.name, "abort at once") {
				t.Error("there is no response")
			}
		})
	}
}

// normal returns a response without its date, and with a body in chunks joined:
// where one ends is not the handler's to say.
func normal(response string) string {
	var b strings.Builder
	rest := response
	chunked := false
	for line := range strings.Lines(response) {
		rest = rest[len(line):]
		if !strings.HasPrefix(line, "Date: ") {
			b.WriteString(line)
		}
		chunked = chunked || strings.HasPrefix(line, "Transfer-Encoding: chunked")
		if line == "\r\n" && chunked {
			break
		}
	}
	for {
		size, after, ok := strings.Cut(rest, "\r\n")
		n, err := strconv.ParseInt(size, 16, 32)
		if !ok || err != nil || n == 0 || int(n)+2 > len(after) {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(after[:n])
		rest = after[n+2:]
	}
}

// fixed is a directory that knows some hosts of any component.
type fixed []lattice.HostID

// choose chooses two hosts as a directory does that knows nothing of their instances.
func choose(hosts []lattice.HostID, x uint64) directory.Choice {
	n := uint64(len(hosts))
	if n == 0 {
		return directory.Choice{}
	}
	return directory.Choice{
		First: directory.Candidate{Host: hosts[x%n], Instances: 1}, Second: directory.Candidate{Host: hosts[(x+1)%n], Instances: 1}, Hosts: hosts,
	}
}

func (f fixed) Hosts(lattice.ComponentID) []lattice.HostID { return f }
func (f fixed) Choose(_ lattice.ComponentID, x uint64) directory.Choice {
	return choose(f, x)
}
func (f fixed) Weighted(lattice.ComponentID) bool        { return false }
func (f fixed) Assigned(lattice.ComponentID) (int, bool) { return len(f), true }
func (f fixed) Synced() bool                             { return true }
func (f fixed) Said(lattice.HostID) time.Time            { return time.Time{} }

func front(t *testing.T, p *pair) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p.client.HTTP(w, r, p.host, call("c")); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestEventsFlowAtOnce reads each event before the next one is written.
func TestEventsFlowAtOnce(t *testing.T) {
	next := make(chan struct{})
	h := &handler{http: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; ; i++ {
			fmt.Fprintf(w, "data: %d\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				close(next)
				return
			}
		}
	}}
	p := newPair(t, h, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, front(t, p), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := textproto.NewReader(bufio.NewReader(resp.Body))
	for i := range 5 {
		line, err := lines.ReadLine()
		if err != nil || line != fmt.Sprintf("data: %d", i) {
			t.Fatalf("event %d: %q, error %v", i, line, err)
		}
		if i < 4 {
			next <- struct{}{}
		}
	}
	cancel() // the client goes, and the handler's context ends
	<-next
}

// TestHandlerFails has a handler return an error, which the front door answers.
func TestHandlerFails(t *testing.T) {
	p := newPair(t, &handler{}, nil)
	resp, err := http.Get(front(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusBadGateway || !strings.Contains(string(body), "no HTTP") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

func TestHopByHopFieldsStay(t *testing.T) {
	h := &handler{http: func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Connection", "Keep-Alive", "X-Mine", "Upgrade", "Te"} {
			fmt.Fprintf(w, "%s=%s;", name, r.Header.Get(name))
		}
		w.Header().Set("Upgrade", "x")
	}}
	p := newPair(t, h, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header = http.Header{"Connection": {"keep-alive, x-mine"}, "Keep-Alive": {"1"}, "X-Mine": {"1"}, "Upgrade": {"h2c"}, "Te": {"trailers, deflate"}}
	w := httptest.NewRecorder()
	if err := p.client.HTTP(w, r, p.host, call("c")); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Body.String(), "Connection=;Keep-Alive=;X-Mine=;Upgrade=;Te=trailers;"; got != want {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
	if r.Header.Get("X-Mine") == "" {
		t.Error("the request of the caller was changed")
	}
}

func TestHeaderTooLarge(t *testing.T) {
	h := &handler{http: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 65<<10)) }}
	p := newPair(t, h, nil)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	if err := p.client.HTTP(httptest.NewRecorder(), r, p.host, call("c")); !errors.Is(err, lattice.ErrExhausted) || lattice.Undelivered(err) {
		t.Errorf("large response header: %v", err)
	}
	r.Header.Set("X", strings.Repeat("x", 65<<10))
	if err := p.client.HTTP(httptest.NewRecorder(), r, p.host, call("c")); !lattice.Undelivered(err) {
		t.Errorf("large request header: %v", err)
	}
}
