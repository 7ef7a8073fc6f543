package host_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
)

// pipes is a listener whose connections are in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (p pipes) Close() error   { close(p); return nil }

// FuzzServe sends what the fuzzer chooses to a server with a real guest, as the
// bytes of one connection in pieces. The server survives, answers what it
// understands, and then has nothing under way any more.
func FuzzServe(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: 127.0.0.1:80\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nWattle-Hops: 99\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HEAD / HTTP/1.0\r\n\r\n", "\x16\x03\x01", "\r\n", "",
	} {
		f.Add([]byte(s), byte(0))
		f.Add([]byte(s), byte(7))
	}
	load(f, hello) // which compiles it: longer than an execution may take
	f.Fuzz(func(t *testing.T, request []byte, piece byte) {
		if len(request) > 64<<10 {
			return
		}
		var log bytes.Buffer // read when the server has ended
		s, err := host.NewServer(load(t, hello), &host.Options{
			MaxRequestHeader: 4 << 10, LocalOnly: true, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			WASI:   wasi.Options{HTTP: wasihttp.Options{MaxRequestBody: 1 << 10}},
			Limits: component.Limits{Memory: 32 << 20},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := make(pipes, 1)
		served := make(chan error, 1)
		go func() { served <- s.Serve(ctx, l, time.Minute) }()
		client, server := net.Pipe()
		l <- server
		got := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(client)
			got <- b
		}()
		for b := request; len(b) > 0; {
			n := len(b)
			if piece > 0 {
				n = min(n, int(piece))
			}
			if _, err := client.Write(b[:n]); err != nil {
				break // the server has had enough
			}
			b = b[n:]
		}
		cancel() // what is under way goes on
		if err := errors.Join(client.Close(), <-served); err != nil {
			t.Error(err)
		}
		if strings.Contains(log.String(), "panic") || strings.Contains(log.String(), "superfluous") {
			t.Errorf("log:\n%s", log.String())
		}
		if m := s.Metrics(); m.Running.Load() != 0 || m.Waiting.Load() != 0 || m.Traps.Load() != 0 {
			t.Errorf("running %d, waiting %d, traps %d", m.Running.Load(), m.Waiting.Load(), m.Traps.Load())
		}
		checkResponses(t, s, <-got)
	})
}

// checkResponses checks that a client can read what it gets, up to where it left.
func checkResponses(t *testing.T, s *host.Server, b []byte) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(b))
	for n := int64(0); ; n++ {
		resp, err := http.ReadResponse(r, nil)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return
		case err != nil:
			t.Errorf("response %d: %v\n%q", n, err, b)
			return
		}
		if n > s.Metrics().Requests.Load()+2 { // and one that was not understood, and one to go on
			t.Errorf("more responses than requests: %q", b)
			return
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Close {
			return
		}
	}
}

// A client that is slow to say what it wants loses its connection, and so does one
// that wants nothing more.
func TestServeSlowClients(t *testing.T) {
	c := load(t, hello)
	for name, tt := range map[string]struct {
		sends string
		after time.Duration // it is cut off
	}{
		"says nothing":             {"", 10 * time.Second},
		"half of a request line":   {"GET / HT", 10 * time.Second},
		"half of a header":         {"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", 10 * time.Second},
		"idle after a bad request": {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 0},
		"idle after a request":     {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 2 * time.Minute},
		"half of the next request": {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\nGET ", 10 * time.Second},
		// The body of a request that is refused is not waited for.
		"asks to go on":   {"POST / HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", time.Second},
		"half of a body":  {"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhe", time.Second},
		"half of a chunk": {"POST / HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := host.NewServer(c, &host.Options{LocalOnly: true})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				l := make(pipes, 1)
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx, l, time.Minute) }()
				client, server := net.Pipe()
				l <- server
				go func() { _, _ = io.WriteString(client, tt.sends) }()
				began := time.Now()
				_, _ = io.Copy(io.Discard, client)
				if took := time.Since(began); took < tt.after || took > tt.after+time.Second/2 {
					t.Errorf("cut off after %v, want %v", took, tt.after)
				}
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
