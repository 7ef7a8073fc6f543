//go:build unix

package invoke_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

// asServer is set in the environment of a child that is a NATS server.
const asServer = "INVOKE_TEST_NATS_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asServer); dir != "" {
		s, err := natsserver.Start(context.Background(), natsserver.Options{StoreDir: dir, Token: secret})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.ClientURL())
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
		_ = s.Shutdown(context.Background())
		return
	}
	os.Exit(m.Run())
}

// startProcess starts a NATS server in a process of its own, so that its work is
// not taken for ours, and returns its URL.
func startProcess(b *testing.B) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asServer+"="+b.TempDir())
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		b.Fatal(err)
	}
	return url
}

// way is one way to make a call.
type way struct {
	name string
	ask  func() error
}

// figures are of one turn of a way.
type figures struct{ p50, p99, cpu float64 }

// turn has n callers ask for a while.
func turn(b *testing.B, n int, long time.Duration, ask func() error) figures {
	times := make([][]time.Duration, n)
	before, begin := processorTime(), time.Now()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for {
				start := time.Now()
				if start.Sub(begin) > long {
					return
				}
				if err := ask(); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	cpu := processorTime() - before
	all := slices.Sorted(slices.Values(slices.Concat(times...)))
	if len(all) == 0 {
		b.Fatal("nothing was asked")
	}
	return figures{float64(all[len(all)/2]), float64(all[len(all)*99/100]), float64(cpu) / float64(len(all))}
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func middle(all []figures, of func(figures) float64) float64 {
	v := make([]float64, len(all))
	for i := range all {
		v[i] = of(all[i])
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// last is a lattice that remembers how long its last message was.
type last struct {
	lattice.Lattice
	n atomic.Int64
}

func (l *last) Publish(m *lattice.Message) error {
	l.n.Store(int64(len(m.Data)))
	return l.Lattice.Publish(m)
}

// BenchmarkAgainstRaw compares calls with requests of nats.go whose messages have
// as many bytes, and the same options: the ways take turns, and medians of the
// turns are compared. Of nats.go there are a service that answers in the callback
// of its subscription, and one that has a goroutine for each request. Try it with
// -benchtime 15x.
func BenchmarkAgainstRaw(b *testing.B) {
	url := startProcess(b)
	here, there := &last{Lattice: connect(b, url)}, &last{Lattice: connect(b, url)}
	p := &pair{host: hostID(0)}
	p.server = serve(b, there, p.host, &handler{}, nil)
	p.client = dial(b, here, nil)
	var conns [2]*nats.Conn
	for i := range conns {
		var err error
		conns[i], err = nats.Connect(url, nats.Token(secret), func(o *nats.Options) error { o.SkipSubjectValidation = true; return nil })
		if err != nil {
			b.Fatal(err)
		}
		defer conns[i].Close()
	}
	var answer []byte
	_, err1 := conns[0].Subscribe("raw.inline", func(m *nats.Msg) { _ = m.Respond(answer) })
	_, err2 := conns[0].Subscribe("raw.spawn", func(m *nats.Msg) { go func() { _ = m.Respond(answer) }() })
	if err1 != nil || err2 != nil || conns[0].Flush() != nil {
		b.Fatal(err1, err2)
	}
	for _, size := range []int{64, 1 << 10, 16 << 10} {
		for _, n := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("bytes=%d/callers=%d", size, n), func(b *testing.B) {
				text := strings.Repeat("x", size)
				ours := func() error {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					_, err := p.echo(ctx, text)
					return err
				}
				if err := ours(); err != nil {
					b.Fatal(err)
				}
				ask := make([]byte, here.n.Load())
				answer = make([]byte, there.n.Load())
				if len(ask) < size || len(answer) < size {
					b.Fatal(len(ask), len(answer))
				}
				raw := func(subject string) func() error {
					return func() error {
						ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
						defer cancel()
						_, err := conns[1].RequestWithContext(ctx, subject, ask)
						return err
					}
				}
				ways := []way{{"inline", raw("raw.inline")}, {"spawn", raw("raw.spawn")}, {"invoke", ours}}
				all := make([][]figures, len(ways))
				for b.Loop() {
					for i, w := range ways {
						all[i] = append(all[i], turn(b, n, 100*time.Millisecond, w.ask))
					}
				}
				for _, f := range []struct {
					name string
					of   func(figures) float64
				}{
					{"p50", func(f figures) float64 { return f.p50 }},
					{"p99", func(f figures) float64 { return f.p99 }},
					{"cpu", func(f figures) float64 { return f.cpu }},
				} {
					inline, spawn, ours := middle(all[0], f.of), middle(all[1], f.of), middle(all[2], f.of)
					b.ReportMetric(ours/inline, f.name+"-x")
					b.ReportMetric(ours/spawn, f.name+"-x-spawn")
					b.ReportMetric(ours/1000, f.name+"-µs")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkCall is for profiles and allocations.
func BenchmarkCall(b *testing.B) {
	p := natsPair(b, startProcess(b), &handler{})
	for _, size := range []int{64, 1 << 10, 16 << 10} {
		for _, n := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("bytes=%d/callers=%d", size, n), func(b *testing.B) {
				text := strings.Repeat("x", size)
				b.ReportAllocs()
				var wg sync.WaitGroup
				for i := range n {
					wg.Go(func() {
						for k := i; k < b.N; k += n {
							ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
							if _, err := p.echo(ctx, text); err != nil {
								b.Error(err)
							}
							cancel()
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

func BenchmarkStream(b *testing.B) {
	const size = 64 << 20
	url := startProcess(b)
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
