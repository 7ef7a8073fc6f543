//go:build unix

package mcp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/mcp"
)

// echo answers calls with their arguments. It is as fast as a server can be.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	from := bytes.Index(body, []byte(`"text":"`)) + len(`"text":`)
	to := from + 1 + bytes.IndexByte(body[from+1:], '"') + 1
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[{"type":"text","text":%s}]}}`, body[from:to])
}

// BenchmarkRelay compares a call through the gateway with one through httputil's
// ReverseProxy, and with none between. The component is behind HTTP in all of them.
func BenchmarkRelay(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(echo))
	defer backend.Close()
	target, err := url.Parse(backend.URL)
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		FlushInterval: -1, Transport: transport,
	})
	defer proxy.Close()
	forward := func(w http.ResponseWriter, r *http.Request, _ *lattice.Invocation) error {
		out := r.Clone(r.Context())
		out.URL, out.RequestURI = target, ""
		response, err := transport.RoundTrip(out)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		maps.Copy(w.Header(), response.Header)
		w.WriteHeader(response.StatusCode)
		_, err = io.Copy(w, response.Body)
		return err
	}
	contents := catalogue.Contents{Tools: []json.RawMessage{tool("echo")}}
	g := start(b, &mcp.Options{Local: true, Logger: slog.New(slog.DiscardHandler)}, server{mcp: lattice.MCP{Name: "echo"}, contents: contents, component: forward},
		server{mcp: lattice.MCP{Name: "inside"}, contents: contents, component: serving(http.HandlerFunc(echo))})
	for size, n := range map[string]int{"64B": 64, "16KiB": 16 << 10, "1MiB": 1 << 20} {
		body := []byte(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"text":"%s"},"_meta":%s}}`, strings.Repeat("x", n), meta))
		for _, through := range []struct{ name, url string }{
			{"direct", backend.URL + "/mcp/echo"}, {"proxy", proxy.URL + "/mcp/echo"}, {"gateway", g.url + "/mcp/echo"}, {"inside", g.url + "/mcp/inside"},
		} {
			b.Run(size+"/"+through.name, func(b *testing.B) {
				b.ReportAllocs()
				before := processorTime(b)
				b.RunParallel(func(pb *testing.PB) {
					client := &http.Client{Transport: &http.Transport{}}
					for pb.Next() {
						if err := post(client, through.url, body, n); err != nil {
							b.Error(err)
							return
						}
					}
					client.CloseIdleConnections()
				})
				b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// processorTime returns how much processor time this process has used. It does not matter
// to it what else runs on the machine.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// post makes a call, and checks its result.
func post(client *http.Client, url string, body []byte, n int) error {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = modernHeader("tools/call", "echo")
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || bytes.Count(text, []byte("x")) < n {
		return fmt.Errorf("%d %.200s: %w", response.StatusCode, text, err)
	}
	return nil
}

// BenchmarkList lists 1,000 tools.
func BenchmarkList(b *testing.B) {
	var contents catalogue.Contents
	for i := range 1000 {
		contents.Tools = append(contents.Tools, tool(fmt.Sprintf("tool%04d", i), `"description":"`+strings.Repeat("what it does ", 15)+`"`))
	}
	g := start(b, &mcp.Options{Local: true, Logger: slog.New(slog.DiscardHandler)}, server{mcp: lattice.MCP{Name: "big"}, contents: contents})
	for _, path := range []string{"/mcp/big", "/mcp"} {
		b.Run(path[1:], func(b *testing.B) {
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":%s}}`, meta)
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
				r.Host = "localhost"
				r.Header = modernHeader("tools/list", "")
				w := &counting{header: http.Header{}}
				g.ServeHTTP(w, r)
				if w.n < 200_000 {
					b.Fatal(w.n)
				}
			}
		})
	}
}

// counting counts the bytes of a response.
type counting struct {
	header http.Header
	n      int
}

func (c *counting) Header() http.Header { return c.header }
func (c *counting) WriteHeader(int)     {}
func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}

// BenchmarkFind searches 1,000 tools.
func BenchmarkFind(b *testing.B) {
	var contents catalogue.Contents
	for i := range 1000 {
		contents.Tools = append(contents.Tools, tool(fmt.Sprintf("tool%04d_get_user", i), `"description":"reads a user of the directory number `+fmt.Sprint(i)+`"`))
	}
	g := start(b, &mcp.Options{Local: true, Logger: slog.New(slog.DiscardHandler)}, server{mcp: lattice.MCP{Name: "big"}, contents: contents})
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"find_tool","arguments":{"query":"user 77"},"_meta":%s}}`, meta)
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/mcp?tools=search", strings.NewReader(body))
		r.Host = "localhost"
		r.Header = modernHeader("tools/call", "find_tool")
		w := &counting{header: http.Header{}}
		g.ServeHTTP(w, r)
		if w.n < 500 {
			b.Fatal(w.n)
		}
	}
}
