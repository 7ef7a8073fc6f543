package natslattice_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

// BenchmarkRequest compares a request and its answer through Messenger with one
// through nats.go, each between two connections.
func BenchmarkRequest(b *testing.B) {
	s := startServer(b, natsserver.Options{})
	data := make([]byte, 256)
	for _, way := range []string{"tcp", "in-process"} {
		var in natslattice.InProcess
		raw := []nats.Option{nats.Token(token)}
		if way == "in-process" {
			in = s
			raw = append(raw, nats.InProcessServer(s))
		}
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d/nats.go", way, callers), func(b *testing.B) {
				server, client := rawConnect(b, s.ClientURL(), raw), rawConnect(b, s.ClientURL(), raw)
				if _, err := server.Subscribe("echo", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
					b.Fatal(err)
				}
				_ = server.Flush()
				measure(b, callers, func(ctx context.Context) error {
					_, err := client.RequestWithContext(ctx, "echo", data)
					return err
				})
			})
			b.Run(fmt.Sprintf("%s/%d/natslattice", way, callers), func(b *testing.B) {
				o := natslattice.Options{URLs: []string{s.ClientURL()}, InProcess: in}
				server, client := connect(b, o), connect(b, o)
				if _, err := server.Subscribe("echo", "", func(m *lattice.Message) {
					_ = server.Publish(&lattice.Message{Subject: m.Reply, Data: m.Data})
				}); err != nil {
					b.Fatal(err)
				}
				measure(b, callers, func(ctx context.Context) error {
					_, err := client.Request(ctx, &lattice.Message{Subject: "echo", Data: data})
					return err
				})
			})
		}
	}
}

func rawConnect(b *testing.B, at string, o []nats.Option) *nats.Conn {
	b.Helper()
	nc, err := nats.Connect(at, o...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	return nc
}

// measure reports the median and the 99th percentile of f by callers at a time.
func measure(b *testing.B, callers int, f func(context.Context) error) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	var all []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			var took []time.Duration
			for n := i; n < b.N; n += callers {
				begin := time.Now()
				if err := f(ctx); err != nil {
					b.Error(err)
					return
				}
				took = append(took, time.Since(begin))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	group.Wait()
	b.StopTimer()
	slices.Sort(all)
	if len(all) > 0 {
		b.ReportMetric(float64(all[len(all)/2])/1e3, "p50-µs")
		b.ReportMetric(float64(all[len(all)*99/100])/1e3, "p99-µs")
	}
}

// BenchmarkPublish compares publishing alone.
func BenchmarkPublish(b *testing.B) {
	s := startServer(b, natsserver.Options{})
	data := make([]byte, 256)
	b.Run("nats.go", func(b *testing.B) {
		nc := rawConnect(b, s.ClientURL(), []nats.Option{nats.Token(token)})
		b.ReportAllocs()
		for b.Loop() {
			if err := nc.Publish("wattle.default.host.x.invoke", data); err != nil {
				b.Fatal(err)
			}
		}
		_ = nc.Flush()
	})
	b.Run("natslattice", func(b *testing.B) {
		l := connect(b, natslattice.Options{URLs: []string{s.ClientURL()}})
		b.ReportAllocs()
		for b.Loop() {
			if err := l.Publish(&lattice.Message{Subject: "wattle.default.host.x.invoke", Data: data}); err != nil {
				b.Fatal(err)
			}
		}
		_ = l.Flush(b.Context())
	})
}

// BenchmarkPut measures a put into a bucket with and without a write through to
// the disk.
func BenchmarkPut(b *testing.B) {
	for _, always := range []bool{false, true} {
		b.Run(fmt.Sprintf("always=%v", always), func(b *testing.B) {
			s := startServer(b, natsserver.Options{SyncAlways: always})
			l := connect(b, natslattice.Options{URLs: []string{s.ClientURL()}})
			bucket, err := l.CreateBucket(b.Context(), lattice.BucketConfig{Name: "b"})
			if err != nil {
				b.Fatal(err)
			}
			value := make([]byte, 1024)
			measure(b, 1, func(ctx context.Context) error {
				_, err := bucket.Put(ctx, "k", value)
				return err
			})
		})
	}
}
