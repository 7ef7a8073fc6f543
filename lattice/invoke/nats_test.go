package invoke_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/wit"
)

const secret = "for tests"

// startNATS starts a server and returns its URL.
func startNATS(t testing.TB) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	s, err := natsserver.Start(ctx, natsserver.Options{StoreDir: t.TempDir(), Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Shutdown(ctx) })
	return s.ClientURL()
}

func connect(t testing.TB, url string) lattice.Lattice {
	t.Helper()
	l, err := natslattice.Connect(t.Context(), natslattice.Options{URLs: []string{url}, Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func natsPair(t testing.TB, url string, h lattice.Handler) *pair {
	t.Helper()
	p := &pair{host: hostID(0)}
	p.server = serve(t, connect(t, url), p.host, h, nil)
	p.client = dial(t, connect(t, url), nil)
	return p
}

func TestNATS(t *testing.T) {
	h := &handler{}
	url := startNATS(t)
	p := natsPair(t, url, h)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, size := range []int{0, 64, 64 << 10, 5 << 20} {
		text := strings.Repeat("x", size)
		if got, err := p.echo(ctx, text); err != nil || got != text {
			t.Fatalf("%d bytes: %d came back, error %v", size, len(got), err)
		}
	}
	start := time.Now()
	_, err := p.client.Call(ctx, hostID(5), call("c"), echo, []wit.Value{"x"})
	if !lattice.Undelivered(err) || time.Since(start) > 400*time.Millisecond {
		t.Errorf("call of a host that is not there: %v after %v", err, time.Since(start))
	}
	_ = p.server.Close()
	if _, err := p.echo(ctx, "x"); !lattice.Undelivered(err) {
		t.Errorf("call of a host that has left: %v", err)
	}
}

// callers runs f in n goroutines until the benchmark ends, and reports the
// percentiles of how long it took.
func callers(b *testing.B, n int, f func() error) {
	b.ReportAllocs()
	times := make([][]time.Duration, n)
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range n {
		mine := b.N / n
		if i < b.N%n {
			mine++
		}
		times[i] = make([]time.Duration, 0, mine)
		wg.Go(func() {
			for range mine {
				start := time.Now()
				if err := f(); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(times...)))
	if len(all) > 0 {
		b.ReportMetric(float64(all[len(all)/2].Nanoseconds())/1000, "p50-µs")
		b.ReportMetric(float64(all[len(all)*99/100].Nanoseconds())/1000, "p99-µs")
	}
}

func BenchmarkCall(b *testing.B) {
	url := startNATS(b)
	p := natsPair(b, url, &handler{})
	var conns [2]*nats.Conn
	for i := range conns {
		var err error
		if conns[i], err = nats.Connect(url, nats.Token(secret)); err != nil {
			b.Fatal(err)
		}
		defer conns[i].Close()
	}
	if _, err := conns[0].Subscribe("raw", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
		b.Fatal(err)
	}
	if err := conns[0].Flush(); err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{64, 1 << 10} {
		text := strings.Repeat("x", size)
		for _, n := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("raw/bytes=%d/callers=%d", size, n), func(b *testing.B) {
				callers(b, n, func() error {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					_, err := conns[1].RequestWithContext(ctx, "raw", []byte(text))
					return err
				})
			})
			b.Run(fmt.Sprintf("invoke/bytes=%d/callers=%d", size, n), func(b *testing.B) {
				callers(b, n, func() error {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					_, err := p.echo(ctx, text)
					return err
				})
			})
		}
	}
}

func BenchmarkStream(b *testing.B) {
	const size = 64 << 20
	url := startNATS(b)
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	p := natsPair(b, url, &handler{http: func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		for range size / len(chunk) {
			_, _ = w.Write(chunk)
		}
	}})
	b.Run("raw", func(b *testing.B) {
		from, err := nats.Connect(url, nats.Token(secret))
		if err != nil {
			b.Fatal(err)
		}
		defer from.Close()
		to, err := nats.Connect(url, nats.Token(secret))
		if err != nil {
			b.Fatal(err)
		}
		defer to.Close()
		got := make(chan struct{}, size/len(chunk))
		if _, err := to.Subscribe("raw", func(*nats.Msg) { got <- struct{}{} }); err != nil {
			b.Fatal(err)
		}
		_ = to.Flush()
		b.SetBytes(size)
		for b.Loop() {
			for range size / len(chunk) {
				_ = from.Publish("raw", chunk)
			}
			for range size / len(chunk) {
				<-got
			}
		}
	})
	b.Run("download", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			w := &counter{header: http.Header{}}
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody)
			if err := p.client.HTTP(w, r, p.host, call("c")); err != nil || w.n != size {
				b.Fatal(w.n, err)
			}
		}
	})
	b.Run("upload", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			w := &counter{header: http.Header{}}
			r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/", io.LimitReader(zeros{}, size))
			if err := p.client.HTTP(w, r, p.host, call("c")); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// counter is an http.ResponseWriter that counts.
type counter struct {
	header http.Header
	status int
	n      int
}

func (c *counter) Header() http.Header         { return c.header }
func (c *counter) WriteHeader(status int)      { c.status = status }
func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
