//go:build e2e && linux

package lattice_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// most is how much more memory a process may have after a large body went through
// it: windows, buffers, and what the collector has not given back.
const most = 24 << 20

// TestUpload sends a gibibyte through the front door to a guest on another host,
// and back: neither process keeps it. A client that does not read stops the whole
// way back to itself.
func TestUpload(t *testing.T) {
	l := startLattice(t)
	l.on(t, l.hosts[0])
	remote := l.hosts[0]
	url := l.front.url + "/echo"
	if err := send(t.Context(), url, 4<<20, io.Discard); err != nil { // what is made once
		t.Fatal(err)
	}
	before := [2]int{l.front.p.rss(t), remote.p.rss(t)}
	highest := before
	watch, done := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for watch.Err() == nil {
			highest[0] = max(highest[0], l.front.p.rss(t))
			highest[1] = max(highest[1], remote.p.rss(t))
			<-tick.C
		}
	})
	begin := time.Now()
	err := send(t.Context(), url, 1<<30, io.Discard)
	took := time.Since(begin)
	done()
	wg.Wait()
	if err != nil {
		t.Fatalf("after %v: %v", took, err)
	}
	for i, name := range []string{"front door", "host"} {
		t.Logf("1 GiB there and back in %v (%.0f MiB/s each way): resident memory of the %s %.1f MiB before, %.1f MiB at most",
			took.Round(time.Millisecond), 1024/took.Seconds(), name, mib(before[i]), mib(highest[i]))
		if highest[i]-before[i] > most {
			t.Errorf("the %s had %.1f MiB more than before, want at most %.0f", name, mib(highest[i]-before[i]), mib(most))
		}
	}
}

// TestSlowReader has a client that does not read what the guest sends back: it can
// send no more than fits the buffers on the way, and all is there when it reads.
func TestSlowReader(t *testing.T) {
	l := startLattice(t)
	l.on(t, l.hosts[0])
	const size = 64 << 20
	sent := &counted{r: io.LimitReader(pattern{}, size)}
	r, err := http.NewRequestWithContext(t.Context(), "POST", l.front.url+"/echo", sent)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	// It has stalled when nothing was sent for a while.
	last, since := int64(0), time.Now()
	took := eventually(t, time.Minute, "the writer stalls", func() bool {
		if n := sent.n.Load(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
	t.Logf("the writer stalls after %.1f MiB, within %v", mib(int(last)), took.Round(time.Millisecond))
	if last > size/2 {
		t.Errorf("%.1f MiB were sent though nobody read, want a fraction of %.0f", mib(int(last)), mib(size))
	}
	if n, err := io.Copy(io.Discard, answer.Body); n != size || err != nil {
		t.Errorf("%d bytes came back, %v, want %d", n, err, size)
	}
}

func mib(n int) float64 { return float64(n) / (1 << 20) }

// counted counts what is read.
type counted struct {
	r io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// pattern is an endless body.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// send sends a body of n bytes and wants as many back.
func send(ctx context.Context, url string, n int64, to io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", url, io.LimitReader(pattern{}, n))
	if err != nil {
		return err
	}
	r.ContentLength = n
	return answered(http.DefaultClient, r, func(body io.Reader) error {
		got, err := io.Copy(to, body)
		if err == nil && got != n {
			err = fmt.Errorf("%d bytes came back, want %d", got, n)
		}
		return err
	})
}
