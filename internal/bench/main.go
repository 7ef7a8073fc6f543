// Command bench measures Wattle against peers and limits on the same machine in
// the same run, and prints ratios: absolute times say little about another
// machine.
//
//	go run ./internal/bench [-jco=false] [-n 400]
//
// It needs bin/wattle (make build). The JavaScript peer is the same component
// under jco with a fresh instance for each request, which is what Wattle does;
// it needs Node and npm.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

const (
	tsServer = "examples/mcp-ts/server.wasm"
	goServer = "examples/mcp-go/mcp.wasm"
	hello    = "examples/hello-http/hello.wasm"
	call     = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`
)

func main() {
	jco := flag.Bool("jco", true, "measure the JavaScript peer too")
	n := flag.Int("n", 400, "requests of each measurement")
	flag.Parse()
	if err := run(context.Background(), *jco, *n); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, jco bool, n int) error {
	work, err := os.MkdirTemp("", "wattle-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	fmt.Printf("%s, %d CPUs, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)

	if err := starts(ctx, jco, work); err != nil {
		return err
	}
	if err := calls(ctx, jco, work, n); err != nil {
		return err
	}
	return hellos(ctx, work, 10*n)
}

// server is a process that serves a component.
type server struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

// start runs a server whose first line on standard output names its URL.
func start(ctx context.Context, url func(line string) (string, error), name string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, name, args...)}
	var stderr bytes.Buffer
	s.cmd.Stderr = &stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = in
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err == nil {
		s.url, err = url(strings.TrimSpace(line))
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%s", name, err, stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return s, nil
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// cpu returns the processor time that a stopped server has used.
func (s *server) cpu() time.Duration {
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

func wattle(ctx context.Context, cache, file string, args ...string) (*server, error) {
	args = append([]string{"run", file, "--addr", "127.0.0.1:0", "--cache-dir", cache, "-o", "json"}, args...)
	return start(ctx, func(line string) (string, error) {
		var out struct {
			URL string `json:"url"`
		}
		err := json.Unmarshal([]byte(line), &out)
		return out.URL, err
	}, "bin/wattle", args...)
}

func jcoServer(ctx context.Context, file string) (*server, error) {
	dir := "internal/bench/jco"
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		install.Dir = dir
		if out, err := install.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm ci: %w\n%s", err, out)
		}
	}
	return start(ctx, func(line string) (string, error) { return line, nil }, "node", filepath.Join(dir, "serve.mjs"), file)
}

func newClient(conns int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}, Timeout: 5 * time.Minute}
}

// ask makes one tool call and checks the answer.
func ask(ctx context.Context, c *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+"/mcp", strings.NewReader(call))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	return do(c, req, "hello")
}

func do(c *http.Client, req *http.Request, want string) error {
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(b), want) {
		return fmt.Errorf("%s: %.200s", resp.Status, b)
	}
	return nil
}

// starts measures the time from the start of a process to its first answer.
func starts(ctx context.Context, jco bool, work string) error {
	fmt.Println("\nstart of the TypeScript MCP server, to its first tools/call")
	first := func(s *server, begin time.Time, err error) (time.Duration, error) {
		if err != nil {
			return 0, err
		}
		defer s.stop()
		if err := ask(ctx, newClient(1), s.url); err != nil {
			return 0, err
		}
		return time.Since(begin), nil
	}
	cache := filepath.Join(work, "cache")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var cold time.Duration
	for _, what := range []string{"wattle, nothing cached", "wattle, from the cache"} {
		begin := time.Now()
		s, err := wattle(ctx, cache, tsServer)
		d, err := first(s, begin, err)
		if err != nil {
			return err
		}
		if cold == 0 {
			cold = d
		}
		fmt.Fprintf(w, "  %s\t%v\t%.3f of the first\n", what, d.Round(time.Millisecond), float64(d)/float64(cold))
	}
	if jco {
		begin := time.Now()
		s, err := jcoServer(ctx, tsServer)
		d, err := first(s, begin, err)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  jco\t%v\t%.3f of the first\n", d.Round(time.Millisecond), float64(d)/float64(cold))
	}
	return w.Flush()
}

// load is what a closed loop of clients measured.
type load struct {
	rps      float64
	p50, p99 time.Duration
}

// drive has clients make n requests together.
func drive(clients, n int, request func(*http.Client) error) (load, error) {
	c := newClient(clients)
	defer c.CloseIdleConnections()
	times := make([]time.Duration, n)
	var next atomic.Int64
	errs := make([]error, clients)
	var wg sync.WaitGroup
	begin := time.Now()
	for k := range clients {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				t := time.Now()
				if err := request(c); err != nil {
					errs[k] = err
					return
				}
				times[i] = time.Since(t)
			}
		})
	}
	wg.Wait()
	total := time.Since(begin)
	slices.Sort(times)
	return load{rps: float64(n) / total.Seconds(), p50: times[n/2], p99: times[n*99/100]}, errors.Join(errs...)
}

// calls measures tools/call on the example servers, a fresh instance each.
func calls(ctx context.Context, jco bool, work string, n int) error {
	fmt.Println("\ntools/call echo, a fresh instance for each request")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "server\tclients\treq/s\tp50\tp99\tCPU/req\treq/s against jco\t")
	peer := map[int]float64{}
	measure := func(name string, s *server, err error, n int) error {
		if err != nil {
			return err
		}
		total := 0
		rows := map[int]load{}
		counts := []int{1, 8, 64}
		for _, clients := range counts {
			if _, err := drive(min(clients, 4), min(clients, 8), func(c *http.Client) error { return ask(ctx, c, s.url) }); err != nil {
				return err
			}
			m := max(n, clients)
			l, err := drive(clients, m, func(c *http.Client) error { return ask(ctx, c, s.url) })
			if err != nil {
				return err
			}
			total += m + min(clients, 8)
			rows[clients] = l
		}
		s.stop()
		for _, clients := range counts {
			l := rows[clients]
			ratio := "-"
			if p := peer[clients]; p > 0 {
				ratio = fmt.Sprintf("%.1f×", l.rps/p)
			}
			fmt.Fprintf(w, "%s\t%d\t%.1f\t%v\t%v\t%v\t%s\t\n", name, clients, l.rps, l.p50.Round(10*time.Microsecond), l.p99.Round(10*time.Microsecond),
				(s.cpu() / time.Duration(total)).Round(10*time.Microsecond), ratio)
			if name == "jco, TypeScript" {
				peer[clients] = l.rps
			}
		}
		return nil
	}
	if jco {
		s, err := jcoServer(ctx, tsServer)
		if err := measure("jco, TypeScript", s, err, n/4); err != nil {
			return err
		}
	}
	cache := filepath.Join(work, "cache")
	s, err := wattle(ctx, cache, tsServer, "--concurrency", "64")
	if err := measure("wattle, TypeScript", s, err, n); err != nil {
		return err
	}
	s, err = wattle(ctx, cache, goServer, "--concurrency", "64")
	if err := measure("wattle, Go", s, err, n); err != nil {
		return err
	}
	return w.Flush()
}

// hellos measures the smallest wasi:http component against net/http alone, in a
// process of this machine each.
func hellos(ctx context.Context, work string, n int) error {
	fmt.Println("\nhello world over wasi:http, a fresh instance for each request, against net/http without a guest")
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	bare := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	})}
	go func() { _ = bare.Serve(ln) }()
	defer func() { _ = bare.Close() }()
	get := func(url string) func(*http.Client) error {
		return func(c *http.Client) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			return do(c, req, "")
		}
	}
	s, err := wattle(ctx, filepath.Join(work, "cache"), hello, "--concurrency", "64")
	if err != nil {
		return err
	}
	defer s.stop()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "clients\tnet/http req/s\twattle req/s\twattle p50\twattle p99\tof net/http\t")
	for _, clients := range []int{1, 8, 64} {
		limit, err := drive(clients, n, get("http://"+ln.Addr().String()+"/"))
		if err != nil {
			return err
		}
		l, err := drive(clients, n, get(s.url))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%.0f\t%.0f\t%v\t%v\t%.3f\t\n", clients, limit.rps, l.rps, l.p50.Round(10*time.Microsecond), l.p99.Round(10*time.Microsecond), l.rps/limit.rps)
	}
	return w.Flush()
}
