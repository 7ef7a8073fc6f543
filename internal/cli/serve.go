package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
)

// serveFlags are the flags for components that are served.
type serveFlags struct {
	addr        string
	concurrency int
	queue       int
	preinit     bool
	output      string
}

func (s *serveFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&s.addr, "addr", defaultAddr, "serve on `HOST:PORT`; port 0 takes a free one")
	fs.IntVar(&s.concurrency, "concurrency", host.DefaultMaxConcurrent, "run `N` requests at once")
	fs.IntVar(&s.queue, "queue", host.DefaultMaxQueue, "have `N` requests wait for their turn; further ones are answered with 503")
	fs.BoolVar(&s.preinit, "preinit", false,
		"start the instance of each request from the state after initialization; what the component drew then, such as random seeds, the instances share")
	fs.StringVarP(&s.output, "output", "o", "text", "announce the server as `FORMAT`: text or json")
}

// check refuses what makes no sense, before anything takes time.
func (s *serveFlags) check() error {
	switch {
	case s.concurrency < 1:
		return &usageError{errors.New("--concurrency must be positive")}
	case s.queue < 0:
		return &usageError{errors.New("--queue must not be negative")}
	}
	return checkOutput(s.output)
}

// graceful is how long requests under way may take when the server stops.
const graceful = 10 * time.Second

// announcement is what `wattle run` says of a server, and its JSON form.
type announcement struct {
	File    string   `json:"file"`
	Size    int      `json:"size"`
	URL     string   `json:"url"`
	MCPURL  string   `json:"mcp_url,omitempty"`
	Exports []string `json:"exports"`
	Imports []string `json:"imports"`
	Denied  []denied `json:"denied"`
	World   string   `json:"world"`
}

type denied struct {
	Interface string `json:"interface"`
	What      string `json:"what"`
}

// serveHTTP serves a component until ctx ends.
func (f *runFlags) serveHTTP(ctx context.Context, env *Env, p *program) error {
	s := &f.serve
	l, err := listen(ctx, s.addr)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	addr, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return err
	}
	g, err := f.grants.open(env, addr)
	if err != nil {
		return err
	}
	defer func() { _ = g.close() }()
	component.SpareProcessor()
	c, unload, err := f.load(ctx, env, p)
	if err != nil {
		return err
	}
	defer unload()

	log := newLog(env.Stderr, f.quiet)
	defer log.close()
	queue := s.queue
	if queue == 0 {
		queue = -1 // none, where zero is the default
	}
	srv, err := host.NewServer(c, &host.Options{
		WASI:          f.options(g),
		Limits:        component.Limits{Memory: uint64(f.memory)},
		MaxConcurrent: s.concurrency,
		MaxQueue:      queue,
		Timeout:       f.timeout,
		Output:        log.line,
		ShowErrors:    addr.Addr().IsLoopback(),
		LocalOnly:     addr.Addr().IsLoopback(),
		Logger:        log.logger(),
	})
	if err != nil {
		return err
	}
	if s.preinit {
		if err := srv.Preinitialize(ctx); err != nil {
			return fmt.Errorf("--preinit: %w", err)
		}
	}
	serving, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(serving, l, graceful) }()
	if err := f.announce(ctx, env, addr, p); err != nil {
		cancel()
		return errors.Join(err, <-served)
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	if n := srv.Metrics().Running.Load() + srv.Metrics().Waiting.Load(); n > 0 {
		log.note("stopping; %s under way, given %v; Ctrl-C again stops at once", count(int(n), "request"), graceful)
	}
	if err := <-served; errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stopped; requests that were still under way after %v were cut off", graceful)
	} else if err != nil {
		return err
	}
	log.note("stopped")
	return nil
}

// listen opens the address, and says whose mistake it is when that fails.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	return listenOn(ctx, "--addr", addr)
}

// free says whether an address could be listened on.
func free(ctx context.Context, flag, addr string) error {
	l, err := listenOn(ctx, flag, addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// listenOn opens the address that a flag names.
func listenOn(ctx context.Context, flag, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use; choose another with %s, or port 0 for any", addr, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("address %s needs privileges; choose a port above 1023 with %s", addr, flag)
	}
	return nil, fmt.Errorf("%s %q: %w", flag, addr, err)
}

// announce says where the server is and what it may do.
func (f *runFlags) announce(ctx context.Context, env *Env, addr netip.AddrPort, p *program) error {
	a := &announcement{
		File: p.file, Size: len(p.wasm), URL: "http://" + reachable(addr).String(),
		Exports: p.exports(), Imports: p.imports(), World: worldText(p.about),
	}
	a.Denied = f.grants.denials(a.Imports)
	a.MCPURL = findMCP(ctx, a.URL)
	select {
	case <-ctx.Done(): // the server has been stopped meanwhile
		return nil
	default:
	}
	switch {
	case f.serve.output == "json":
		return json.NewEncoder(env.Stdout).Encode(a)
	case !f.quiet:
		_, err := io.WriteString(env.Stdout, a.text())
		return err
	}
	return nil
}

// reachable returns an address at which a server can be called that listens on
// all of them.
func reachable(addr netip.AddrPort) netip.AddrPort {
	switch ip := addr.Addr(); {
	case !ip.IsUnspecified():
		return addr
	case ip.Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port())
	default:
		return netip.AddrPortFrom(netip.IPv6Loopback(), addr.Port())
	}
}

func (a *announcement) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "serving %s (%s)\n", a.File, formatSize(uint64(a.Size)))
	if a.MCPURL != "" {
		fmt.Fprintf(&b, "  MCP URL   %s\n", a.MCPURL)
	} else {
		fmt.Fprintf(&b, "  URL       %s\n", a.URL)
	}
	b.WriteString("\n")
	for line := range strings.Lines(a.World) {
		if line != "\n" {
			line = "  " + line
		}
		b.WriteString(line)
	}
	if len(a.Denied) > 0 {
		b.WriteString("\ndenied\n")
		width := 0
		for _, d := range a.Denied {
			width = max(width, len(d.Interface))
		}
		for _, d := range a.Denied {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, d.Interface, d.What)
		}
	}
	b.WriteString("\nCtrl-C stops the server.\n")
	return b.String()
}

// findMCP asks the component for its MCP endpoint, at the paths that MCP servers
// use, and returns its URL, or nothing when it has none. It is a request as any
// other, so that it also shows whether the component works.
func findMCP(ctx context.Context, url string) string {
	const hello = `{"jsonrpc":"2.0","id":"wattle","method":"initialize","params":{"protocolVersion":"2025-11-25",` +
		`"capabilities":{},"clientInfo":{"name":"wattle","version":"0"}}}`
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, path := range []string{"/mcp", "/v1/mcp"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader(hello))
		if err != nil {
			return ""
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK && bytes.Contains(b, []byte(`"jsonrpc"`)) {
			return url + path
		}
	}
	return ""
}
