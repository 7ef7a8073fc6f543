package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
)

// child is what this program does when it has started itself: what has to be
// measured in a process of its own, whose memory nothing else has touched.
func child(name string, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), maxRun)
	defer cancel()
	switch name {
	case "compile":
		return component.ServeCompiler(os.Stdin, os.Stdout)
	case "bare":
		return serveBare(ctx)
	case "neighbours":
		return serveNeighbours(ctx, args[0])
	case "density":
		return density(ctx, args)
	case "deployments":
		return deployments(ctx, args[0])
	case "mcp-native":
		return serveHere(ctx, native())
	case "mcp-proxy":
		return serveProxy(ctx, args[0])
	case "mcp-relay":
		return serveRelay(ctx, args[0], args[1])
	}
	return fmt.Errorf("no such child: %q", name)
}

// listen listens on a port of the loopback interface.
func listen(ctx context.Context) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
}

// serveBare serves without any component until its standard input ends.
func serveBare(ctx context.Context) error {
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	})}
	fmt.Printf("http://%s\n", l.Addr())
	return untilEOF(func() error { return s.Serve(l) }, func() { _ = s.Close() })
}

// untilEOF runs serve until the standard input ends, which is when the parent has, or wants
// it to. An interrupt is for the parent.
func untilEOF(serve func() error, stop func()) error {
	signal.Ignore(os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- serve() }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// spinTime is how long a guest spins until its time is up.
const spinTime = 2 * time.Second

// serveNeighbours serves a good component and one that spins, the latter below
// /spin.
func serveNeighbours(ctx context.Context, keep string) error {
	component.SpareProcessor() // as wattle does
	e, l, err := newEngine(ctx, keep, 0)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close(context.Background()) }()
	open := func(file string, opts host.Options) (*host.Server, error) {
		wasm, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, err := e.Load(ctx, wasm, l)
		if err != nil {
			return nil, err
		}
		return host.NewServer(c, &opts)
	}
	good, err := open(cHello, host.Options{Name: "good"})
	if err != nil {
		return err
	}
	bad, err := open(misbehave, host.Options{Name: "bad", MaxConcurrent: 64, Timeout: spinTime})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", good)
	mux.Handle("/loop", bad)
	ln, err := listen(ctx)
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: mux}
	fmt.Printf("http://%s\n", ln.Addr())
	return untilEOF(func() error { return s.Serve(ln) }, func() { _ = s.Close() })
}
