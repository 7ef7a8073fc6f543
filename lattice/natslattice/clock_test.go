package natslattice_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

// The leap is four years, a number of days that leaves every date one that there is.
const (
	leapYears = 4
	leap      = leapYears*365*24*time.Hour + 24*time.Hour
)

var (
	saidNow   = regexp.MustCompile(`"(?:ts|opt_start_time)":"(\d{4})-`)
	delivered = regexp.MustCompile(`\$JS\.ACK\.\w+\.\w+\.\d+\.\d+\.\d+\.(\d{19})\.`)
)

// TestClock has JetStream be on a machine whose clock is years off: what is read has
// the time that it was here, and messages are asked for by the time there.
func TestClock(t *testing.T) {
	s := startServer(t, natsserver.Options{})
	direct := connect(t, natslattice.Options{URLs: []string{s.ClientURL()}})
	made, err := direct.CreateBucket(t.Context(), lattice.BucketConfig{Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Put(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []int{-1, 0, 1} {
		t.Run(fmt.Sprintf("%d years", ahead*leapYears), func(t *testing.T) {
			l := connect(t, natslattice.Options{URLs: []string{shifted(t, s.ClientURL(), ahead)}})
			b, err := l.Bucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			entries, err := b.List(t.Context(), ">")
			if err != nil || len(entries) != 1 {
				t.Fatalf("List: %v, %v", entries, err)
			}
			if age := time.Since(entries[0].Time); age.Abs() > time.Minute {
				t.Errorf("the value is %v old", age)
			}
			for ago, want := range map[time.Duration]int{time.Hour: 1, -time.Hour: 0} {
				got := 0
				err := l.Replay(t.Context(), "KV_b", ">", time.Now().Add(-ago), func(m *lattice.Message) error {
					got++
					if age := time.Since(m.Time); age.Abs() > time.Minute {
						t.Errorf("the message is %v old", age)
					}
					return nil
				})
				if err != nil || got != want {
					t.Errorf("%d messages since %v ago, want %d: %v", got, ago, want, err)
				}
			}
		})
	}
}

// shifted returns the address of a proxy to a server, which makes it seem that its
// clock is ahead by leaps.
func shifted(t *testing.T, server string, leaps int) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", u.Host)
			if err != nil {
				_ = c.Close()
				return
			}
			go shift(c, to, leaps)
			go shift(to, c, -leaps)
		}
	}()
	return "nats://" + l.Addr().String()
}

// shift copies lines with the times in them moved, which leaves them as long as they
// were.
func shift(to io.WriteCloser, from io.Reader, leaps int) {
	defer func() { _ = to.Close() }()
	r := bufio.NewReader(from)
	for {
		line, err := r.ReadBytes('\n')
		line = replace(line, saidNow, func(year int64) int64 { return year + int64(leaps)*leapYears })
		line = replace(line, delivered, func(nanos int64) int64 { return nanos + int64(leaps)*int64(leap) })
		if _, werr := to.Write(line); err != nil || werr != nil {
			return
		}
	}
}

// replace changes the numbers that a pattern captures, which keep their length.
func replace(line []byte, pattern *regexp.Regexp, f func(int64) int64) []byte {
	for _, m := range pattern.FindAllSubmatchIndex(line, -1) {
		if n, err := strconv.ParseInt(string(line[m[2]:m[3]]), 10, 64); err == nil {
			copy(line[m[2]:m[3]], strconv.FormatInt(f(n), 10))
		}
	}
	return line
}
