//go:build e2e && linux

package lattice_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// How much load there is. The rate is kept whether or not requests are answered.
const (
	rate         = 200 // small requests a second
	deadline     = 8 * time.Second
	streams      = 4 // at a time
	streamChunks = 100
	streamPause  = 50 * time.Millisecond
	streamWithin = 30 * time.Second
)

// sample is what became of a request or a stream.
type sample struct {
	kind       string
	begin, end time.Time
	answer     string // of a request
	err        error  // nil if it was answered well
	late       bool   // it was still going on after its deadline
}

// load is clients that send requests until they are stopped.
type load struct {
	stop    context.CancelFunc
	wg      sync.WaitGroup
	mu      sync.Mutex
	samples []sample
	// underWay has when those began that have not ended, by a number each has.
	underWay map[int]time.Time
	begun    int
}

// startLoad begins to send requests: small ones to hello, streams to echo. Its
// clients connect anew as often as clients do that are many.
func startLoad(t *testing.T, hello, echo string) *load {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &load{stop: stop, underWay: map[int]time.Time{}}
	t.Cleanup(func() { l.end() })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	t.Cleanup(client.CloseIdleConnections)
	l.wg.Go(func() {
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.wg.Go(func() {
					l.sample("request", deadline, func(ctx context.Context) (string, error) { return small(ctx, client, hello) })
				})
			}
		}
	})
	for i := range streams {
		l.wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				l.sample("stream", streamWithin, func(ctx context.Context) (string, error) { return "", stream(ctx, client, echo, i<<16|n) })
			}
		})
	}
	return l
}

// sample does one thing, and keeps what became of it.
func (l *load) sample(kind string, within time.Duration, do func(context.Context) (string, error)) {
	// The client waits longer than the deadline that the lattice keeps, to see
	// whether it does.
	ctx, cancel := context.WithTimeout(context.Background(), within+5*time.Second)
	defer cancel()
	s := sample{kind: kind, begin: time.Now()}
	l.mu.Lock()
	l.begun++
	n := l.begun
	l.underWay[n] = s.begin
	l.mu.Unlock()
	s.answer, s.err = do(ctx)
	s.end = time.Now()
	s.late = s.end.Sub(s.begin) > within
	l.mu.Lock()
	delete(l.underWay, n)
	l.samples = append(l.samples, s)
	l.mu.Unlock()
}

// end stops the load and waits for what is under way.
func (l *load) end() { l.stop(); l.wg.Wait() }

// from returns the samples of what was under way at begin or began later.
func (l *load) from(begin time.Time) []sample {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []sample
	for _, s := range l.samples {
		if s.end.After(begin) {
			all = append(all, s)
		}
	}
	return all
}

// answers counts the answers to requests that began after a moment, by what they say.
func (l *load) answers(begin time.Time) map[string]int {
	n := map[string]int{}
	for _, s := range l.from(begin) {
		if s.kind == "request" && s.err == nil && s.begin.After(begin) {
			n[s.answer]++
		}
	}
	return n
}

// small is a request that the guest answers with "hello", or another version of it with
// another vowel.
func small(ctx context.Context, c *http.Client, url string) (answer string, err error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return "", err
	}
	err = answered(c, r, func(in io.Reader) error {
		b, err := io.ReadAll(in)
		answer = string(b)
		if err == nil && (len(b) != 5 || b[0] != 'h' || string(b[2:]) != "llo") {
			err = fmt.Errorf("the answer is %.100q, want hello", b)
		}
		return err
	})
	return answer, err
}

// answered sends a request and has the body of an answer of status 200 be read.
func answered(c *http.Client, r *http.Request, read func(io.Reader) error) error {
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return fmt.Errorf("%d: %s", answer.StatusCode, bytes.TrimSpace(b))
	}
	return read(answer.Body)
}

// stream sends chunks to a guest that sends back what it reads, some time apart,
// and wants every one of them back, in order and whole.
func stream(ctx context.Context, c *http.Client, url string, id int) error {
	in, out := io.Pipe()
	go func() {
		tick := time.NewTicker(streamPause)
		defer tick.Stop()
		for i := range streamChunks {
			if _, err := out.Write(chunk(id, i)); err != nil {
				return
			}
			<-tick.C
		}
		_ = out.Close()
	}()
	defer in.Close()
	r, err := http.NewRequestWithContext(ctx, "POST", url, in)
	if err != nil {
		return err
	}
	return answered(c, r, func(body io.Reader) error {
		for i := range streamChunks {
			want := chunk(id, i)
			got := make([]byte, len(want))
			if n, err := io.ReadFull(body, got); err != nil {
				return fmt.Errorf("chunk %d ends after %d bytes: %w", i, n, err)
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("chunk %d is not what was sent", i)
			}
		}
		if n, err := io.Copy(io.Discard, body); n != 0 || err != nil {
			return fmt.Errorf("after the end there are %d bytes more, %v", n, err)
		}
		return nil
	})
}

// chunk is 8 KiB that are like those of no other stream or place.
func chunk(id, i int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(id)<<32|uint64(i))
	return bytes.Repeat(b, 1024)
}

// reason is an error without what differs from one request to the next.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer at all"
	}
	text := err.Error()
	if i := strings.LastIndex(text, `": `); i >= 0 {
		text = text[i+3:] // behind the method and URL
	}
	return text[:min(len(text), 160)]
}
