//go:build unix

package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
)

// benchGuests are what BenchmarkServe serves with, and what they are asked.
var benchGuests = []struct {
	name, file string
	preinit    bool
	request    string
}{
	{name: "C", file: "../internal/guests/incoming_hello/guest.wasm", request: benchGet},
	{name: "Go", file: hello, request: benchGet},
	{name: "Go-preinit", file: hello, preinit: true, request: benchGet},
	{name: "TypeScript", file: mcp, request: benchCall},
	{name: "TypeScript-preinit", file: mcp, preinit: true, request: benchCall},
}

const (
	benchGet  = "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
	benchTool = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`
	benchCall = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
		"Accept: application/json, text/event-stream\r\nContent-Length: 100\r\n\r\n" + benchTool
)

// BenchmarkServe measures what a request costs the process that serves it, with
// an instance that was reset or made for it: cpu-ns/op is the processor time of all
// threads. "direct" calls ServeHTTP, without connections; "loopback" has another
// process ask over eight connections.
func BenchmarkServe(b *testing.B) {
	b.Run("net-http/loopback", func(b *testing.B) {
		benchLoopback(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "hello")
		}), benchGet)
	})
	for _, g := range benchGuests {
		b.Run(g.name, func(b *testing.B) {
			for _, mode := range []struct {
				name string
				idle int
			}{{"reset", 0}, {"fresh", -1}} {
				b.Run(mode.name, func(b *testing.B) {
					s := benchServer(b, g.file, g.preinit, mode.idle)
					b.Run("direct", func(b *testing.B) { benchDirect(b, s, g.request) })
					b.Run("loopback", func(b *testing.B) { benchLoopback(b, s, g.request) })
				})
			}
		})
	}
}

func benchServer(b *testing.B, file string, preinit bool, idle int) *host.Server {
	b.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	e, err := component.NewEngine(b.Context(), &component.EngineOptions{MaxIdle: idle})
	if err != nil {
		b.Fatal(err)
	}
	var l component.Linker
	if err := wasi.Define(&l); err != nil {
		b.Fatal(err)
	}
	c, err := e.Load(b.Context(), wasm, &l)
	if err != nil {
		b.Fatal(err)
	}
	s, err := host.NewServer(c, &host.Options{Name: "bench", Output: func(host.Line) {}})
	if err != nil {
		b.Fatal(err)
	}
	if preinit {
		if err := s.Preinitialize(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.Cleanup(func() {
		ctx := context.Background()
		if err := errors.Join(s.Shutdown(ctx), c.Close(ctx), e.Close(ctx)); err != nil {
			b.Error(err)
		}
	})
	return s
}

// cpuTime returns the processor time of the process in nanoseconds.
func cpuTime() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// benchWriter is a response that is looked at and thrown away.
type benchWriter struct {
	header http.Header
	status int
	bytes  int
}

func (w *benchWriter) Header() http.Header     { return w.header }
func (w *benchWriter) WriteHeader(status int)  { w.status = status }
func (w *benchWriter) EnableFullDuplex() error { return nil }
func (w *benchWriter) Flush()                  {}
func (w *benchWriter) Write(p []byte) (int, error) {
	w.bytes += len(p)
	return len(p), nil
}

func benchDirect(b *testing.B, h http.Handler, request string) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.Fatal(err)
	}
	r = r.WithContext(b.Context())
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		if len(body) > 0 {
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		} else {
			r.Body = http.NoBody
		}
		w := &benchWriter{header: http.Header{}}
		h.ServeHTTP(w, r)
		if w.status != http.StatusOK || w.bytes == 0 {
			b.Fatalf("status %d with %d bytes", w.status, w.bytes)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// The environment of the process that asks.
const (
	benchAddr    = "WATTLE_BENCH_ADDR"
	benchCount   = "WATTLE_BENCH_COUNT"
	benchRequest = "WATTLE_BENCH_REQUEST"
)

func benchLoopback(b *testing.B, h http.Handler, request string) {
	srv := httptest.NewServer(h)
	defer srv.Close()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	client := exec.CommandContext(b.Context(), exe, "-test.run=^TestBenchClient$", "-test.count=1")
	client.Env = append(os.Environ(), benchAddr+"="+srv.Listener.Addr().String(), benchCount+"="+strconv.Itoa(b.N), benchRequest+"="+request)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	if out, err := client.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// TestBenchClient is the process that asks.
func TestBenchClient(t *testing.T) {
	addr, request := os.Getenv(benchAddr), os.Getenv(benchRequest)
	if addr == "" {
		t.Skip("it is a part of BenchmarkServe")
	}
	n, err := strconv.Atoi(os.Getenv(benchCount))
	if err != nil {
		t.Fatal(err)
	}
	const connections = 8
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			if err := benchAsk(addr, request, (n+i)/connections); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// benchAsk makes n requests over one connection.
func benchAsk(addr, request string, n int) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for range n {
		if _, err := io.WriteString(conn, request); err != nil {
			return err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		got, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || got == 0 {
			return fmt.Errorf("status %d with %d bytes: %w", resp.StatusCode, got, err)
		}
	}
	return nil
}
