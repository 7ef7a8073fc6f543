//go:build e2e && linux

package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wattle-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "wattle")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/wattle")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// server is a `wattle run`.
type server struct {
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
}

func serve(t *testing.T, file string, args ...string) *server {
	t.Helper()
	args = append([]string{"run", "../../examples/" + file, "--addr", "127.0.0.1:0", "-o", "json", "--cache-dir", filepath.Join(filepath.Dir(binary), "cache")}, args...)
	s := &server{cmd: exec.Command(binary, args...)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Errorf("the server has ended: %v", err)
		}
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("the server stops with %v:\n%s", err, tail(s.stderr.String()))
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server does not serve: %v\n%s", err, tail(s.stderr.String()))
	}
	var a struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatal(err)
	}
	s.url = a.URL
	return s
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// rss returns the server's resident memory in bytes.
func (s *server) rss(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

// drive has clients make n requests together and returns how long each took.
func drive(ctx context.Context, t *testing.T, clients, n int, request func(context.Context, *http.Client, int) error) []time.Duration {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer c.CloseIdleConnections()
	times := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				begin := time.Now()
				if err := request(ctx, c, i); err != nil {
					t.Errorf("request %d: %v", i, err)
				}
				times[i] = time.Since(begin)
			}
		})
	}
	wg.Wait()
	slices.Sort(times)
	return times
}

// echo calls the tool of that name with a text of its own and wants it back.
func (s *server) echo(ctx context.Context, c *http.Client, i int) error {
	text := fmt.Sprintf("text-%d-of-the-soak", i)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"echo","arguments":{"text":%q}}}`, i, text)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/mcp", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(b), text) {
		return fmt.Errorf("%s: %.300s", resp.Status, b)
	}
	return nil
}

// TestSoak makes a thousand tool calls with eight clients. None may fail, and
// the second half may not need more memory than the first.
func TestSoak(t *testing.T) {
	for _, file := range []string{"mcp-ts/server.wasm", "mcp-go/mcp.wasm"} {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			s := serve(t, file, "--concurrency", "8")
			drive(t.Context(), t, 8, 500, s.echo)
			half := s.rss(t)
			times := drive(t.Context(), t, 8, 500, s.echo)
			whole := s.rss(t)
			t.Logf("resident after 500 calls %d MiB, after 1000 %d MiB; p50 %v, p99 %v", half>>20, whole>>20, times[250], times[495])
			if whole > half+half/4+16<<20 {
				t.Errorf("memory grows from %d to %d bytes", half, whole)
			}
		})
	}
}

// TestNeighbours has guests do everything that examples/misbehave knows, all at
// once, while others are served: each of those must be answered. How long it
// takes them is printed beside what it takes them alone.
func TestNeighbours(t *testing.T) {
	s := serve(t, "misbehave/misbehave.wasm", "--timeout", "3s", "--memory", "96MiB", "--concurrency", "16")
	good := func(ctx context.Context, c *http.Client, _ int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/ok", nil)
		if err != nil {
			return err
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(b) != "ok\n" {
			return fmt.Errorf("%s %q %v", resp.Status, b, err)
		}
		return nil
	}
	alone := drive(t.Context(), t, 2, 200, good)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for _, path := range []string{"loop", "recurse", "memory", "crash", "late", "exit", "endless", "stderr", "sleep", "handles"} {
		wg.Go(func() {
			for ctx.Err() == nil {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/"+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if resp, err := http.DefaultClient.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			}
		})
	}
	beside := drive(t.Context(), t, 2, 200, good)
	cancel()
	wg.Wait()
	t.Logf("alone: p50 %v, p99 %v; beside ten that misbehave: p50 %v, p99 %v", alone[100], alone[198], beside[100], beside[198])
}
