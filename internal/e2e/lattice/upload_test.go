//go:build e2e && linux

package lattice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// most is how much more memory a process may have while 1 GiB goes through it than
// it had while 64 MiB did. Windows and buffers are the same for both; what differs
// is how much garbage there is when the collector comes.
const most = 8 << 20

// TestUpload sends a gibibyte through the front door to a guest on another host,
// and back: neither process keeps it. A client that does not read stops the whole
// way back to itself.
func TestUpload(t *testing.T) {
	l := startLattice(t)
	l.on(t, l.hosts[0])
	remote := l.hosts[0]
	url := l.front.url + "/echo"
	idle := [2]int{l.front.p.rss(t), remote.p.rss(t)}
	few, _ := highest(t, url, 64<<20, l.front.p, remote.p)
	many, took := highest(t, url, 1<<30, l.front.p, remote.p)
	t.Logf("1 GiB there and back in %v (%.0f MiB/s each way)", took.Round(time.Millisecond), 1024/took.Seconds())
	for i, name := range []string{"front door", "host"} {
		t.Logf("resident memory of the %s: %.1f MiB idle, %.1f MiB at most with 64 MiB, %.1f MiB at most with 1 GiB",
			name, mib(idle[i]), mib(few[i]), mib(many[i]))
		if many[i]-few[i] > most {
			t.Errorf("the %s had %.1f MiB more than with 64 MiB, want at most %.0f", name, mib(many[i]-few[i]), mib(most))
		}
	}
}

// highest sends a body there and back, and returns the most memory that two
// processes had meanwhile.
func highest(t *testing.T, url string, n int64, of ...*process) (highest [2]int, took time.Duration) {
	t.Helper()
	watch, done := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for watch.Err() == nil {
			for i, p := range of {
				highest[i] = max(highest[i], p.rss(t))
			}
			<-tick.C
		}
	})
	begin := time.Now()
	err := send(t.Context(), url, n, io.Discard)
	took = time.Since(begin)
	done()
	wg.Wait()
	if err != nil {
		t.Fatalf("%.0f MiB: after %v: %v", mib(int(n)), took, err)
	}
	return highest, took
}

// ours is how much of a body may be on its way there and back besides what is in
// the buffers of TCP: a window of 256 KiB and a chunk on each way, twice where
// either side holds one, and what the guest has read.
const ours = 1 << 20

// TestSlowReader has a client that does not read what the guest sends back: it can
// send no more than fits the buffers on the way, and all is there when it reads.
// The buffers of TCP between the client and the front door are small, so that what
// fits is nearly all the lattice's.
func TestSlowReader(t *testing.T) {
	const tcp = 64 << 10
	n := newNetwork(t)
	front := n.machine(t, "front")
	for _, name := range []string{"tcp_rmem", "tcp_wmem"} {
		// All sockets of the front door have small buffers, NATS's too.
		setting := fmt.Sprintf("net.ipv4.%s=4096 %d %d", name, tcp/2, tcp)
		run(t, front.command("sysctl", "-q", "-w", setting))
	}
	l := startLatticeOn(t, n, 3)
	l.on(t, l.hosts[0])
	const size = 64 << 20
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error { // before the window is agreed upon
			var err1, err2 error
			err := c.Control(func(fd uintptr) {
				err1 = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, tcp)
				err2 = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, tcp)
			})
			return errors.Join(err, err1, err2)
		}}
		return d.DialContext(ctx, network, address)
	}}}
	t.Cleanup(client.CloseIdleConnections)
	sent := &counted{r: io.LimitReader(pattern{}, size)}
	r, err := http.NewRequestWithContext(t.Context(), "POST", l.front.url+"/echo", sent)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = size
	answer, err := client.Do(r)
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
	t.Logf("the writer stalls after %.2f MiB, within %v", mib(int(last)), took.Round(time.Millisecond))
	// Linux gives twice what is asked for to the sockets of the client, and each
	// way has one of either side.
	if limit := int64(ours + 2*2*tcp + 2*tcp); last > limit {
		t.Errorf("%.2f MiB were sent though nobody read, want at most %.2f", mib(int(last)), mib(int(limit)))
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
