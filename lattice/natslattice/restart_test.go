package natslattice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

func port(t testing.TB, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRestart stops the server and starts it again, with the same directory and
// port: subscriptions, watches and what is kept are all there again.
func TestRestart(t *testing.T) {
	o := natsserver.Options{StoreDir: t.TempDir()}
	s := startServer(t, o)
	o.Port = port(t, s.ClientURL())
	l := connect(t, natslattice.Options{URLs: []string{s.ClientURL()}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bucket, err := l.CreateBucket(ctx, lattice.BucketConfig{Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"gone", "kept", "changed"} {
		if _, err := bucket.Put(ctx, key, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	objects, err := l.Objects(ctx, "o", true)
	if err != nil {
		t.Fatal(err)
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := objects.Put(ctx, "large", bytes.NewReader(large)); err != nil {
		t.Fatal(err)
	}
	got := make(chan *lattice.Message, 1)
	if _, err := l.Subscribe("s", "", func(m *lattice.Message) { got <- m }); err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 100)
	watching, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- bucket.Watch(watching, ">", func(e lattice.Entry) error {
			seen <- fmt.Sprintf("%s=%s %v %v", e.Key, e.Value, e.Deleted, e.Synced)
			return nil
		})
	}()
	want := func(lines ...string) {
		t.Helper()
		var have []string
		for range lines {
			select {
			case line := <-seen:
				have = append(have, line)
			case <-ctx.Done():
				t.Fatalf("after %q: %v", have, ctx.Err())
			}
		}
		if diff := cmp.Diff(lines, have); diff != "" {
			t.Errorf("the watch saw (-want +got):\n%s", diff)
		}
	}
	want("gone=1 false false", "kept=1 false false", "changed=1 false false", "= false true")
	half, err := objects.Open(ctx, "large")
	if err != nil {
		t.Fatal(err)
	}
	begin := make([]byte, 1000)
	if _, err := io.ReadFull(half, begin); err != nil {
		t.Fatal(err)
	}

	stopServer(t, s)
	until(t, "the connection is lost", func() bool { return !l.Connected() })
	// While nobody can see it, things change.
	o.Port = -1
	hidden := startServer(t, o)
	other := connect(t, natslattice.Options{InProcess: hidden})
	theirs, err := other.Bucket(ctx, "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Delete(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Put(ctx, "changed", []byte("2")); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	stopServer(t, hidden)
	o.Port = port(t, s.ClientURL())
	startServer(t, o)

	until(t, "the connection is back", l.Connected)
	want("gone= true false", "changed=2 false false")
	if _, err := bucket.Put(ctx, "new", []byte("3")); err != nil {
		t.Error(err)
	}
	want("new=3 false false")
	if err := l.Publish(&lattice.Message{Subject: "s", Data: []byte("x")}); err != nil {
		t.Error(err)
	}
	select {
	case <-got:
	case <-ctx.Done():
		t.Error("the subscription is gone")
	}
	rest, err := io.ReadAll(half)
	if err != nil || !bytes.Equal(append(begin, rest...), large) {
		t.Errorf("the object that was being read has %d bytes, %v, want %d", len(begin)+len(rest), err, len(large))
	}
	if err := half.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Watch: %v", err)
	}
}

// TestRecreated has a bucket be made anew while a watch cannot see it.
func TestRecreated(t *testing.T) {
	o := natsserver.Options{StoreDir: t.TempDir()}
	s := startServer(t, o)
	o.Port = port(t, s.ClientURL())
	l := connect(t, natslattice.Options{URLs: []string{s.ClientURL()}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bucket, err := l.CreateBucket(ctx, lattice.BucketConfig{Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		if _, err := bucket.Put(ctx, key, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	events := make(chan lattice.Entry, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- bucket.Watch(ctx, ">", func(e lattice.Entry) error {
			events <- e
			if e.Key == "c" {
				return errTest
			}
			return nil
		})
	}()
	for e := range events {
		if e.Synced {
			break
		}
	}
	stopServer(t, s)
	until(t, "the connection is lost", func() bool { return !l.Connected() })
	o.StoreDir = t.TempDir()
	startServer(t, o)
	until(t, "the connection is back", l.Connected)
	again, err := l.CreateBucket(ctx, lattice.BucketConfig{Name: "b"})
	if err != nil {
		t.Fatal(err)
	}
	// It has the revision that a had.
	if _, err := again.Put(ctx, "b", []byte("2")); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Put(ctx, "c", []byte("3")); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, errTest) {
		t.Fatal(err)
	}
	state := map[string]string{}
	for len(events) > 0 {
		if e := <-events; e.Deleted {
			state[e.Key] = "deleted"
		} else {
			state[e.Key] = string(e.Value)
		}
	}
	if diff := cmp.Diff(map[string]string{"b": "2", "c": "3"}, state); diff != "" && state["a"] != "deleted" {
		t.Errorf("the watch saw (-want +got):\n%s", diff)
	}
}

// TestLameDuck is that a server which is about to stop is left for another.
func TestLameDuck(t *testing.T) {
	var routes []string
	var ports []int
	for range 2 {
		p := newProxy(t, "127.0.0.1:1")
		p.cut()
		routes = append(routes, "nats://"+p.at)
		ports = append(ports, port(t, "nats://"+p.at))
	}
	var servers []*natsserver.Server
	var urls []string
	for i, p := range ports {
		s := startServer(t, natsserver.Options{
			Name:    fmt.Sprint("s", i),
			Cluster: &natsserver.Cluster{Name: "c", Port: p, Routes: routes},
		})
		servers = append(servers, s)
		urls = append(urls, s.ClientURL())
	}
	var log safeBuffer
	l := connect(t, natslattice.Options{URLs: urls[:1], Logger: slog.New(slog.NewTextHandler(&log, nil))})
	until(t, "the servers have found each other", func() bool {
		_, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: "b", Replicas: 2})
		return err == nil
	})
	got := make(chan *lattice.Message, 1)
	if _, err := l.Subscribe("s", "", func(m *lattice.Message) { got <- m }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := servers[0].LameDuck(ctx); err != nil {
		t.Error(err)
	}
	until(t, "the connection is to the other server", func() bool { return l.Connected() && strings.Contains(log.String(), "restored") })
	if err := l.Publish(&lattice.Message{Subject: "s"}); err != nil {
		t.Error(err)
	}
	select {
	case <-got:
	case <-ctx.Done():
		t.Error("the subscription is gone")
	}
}

// TestGoroutines is that Close leaves none.
func TestGoroutines(t *testing.T) {
	s := startServer(t, natsserver.Options{})
	for _, in := range []natslattice.InProcess{nil, s} {
		l := connect(t, natslattice.Options{URLs: []string{s.ClientURL()}, InProcess: in})
		bucket, err := l.CreateBucket(t.Context(), lattice.BucketConfig{Name: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bucket.List(t.Context(), ">"); err != nil {
			t.Fatal(err)
		}
		sub, err := l.Subscribe("a", "", func(*lattice.Message) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Subscribe("b", "", func(*lattice.Message) {}); err != nil {
			t.Fatal(err)
		}
		if err := sub.Unsubscribe(); err != nil {
			t.Fatal(err)
		}
		synced, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- bucket.Watch(context.Background(), ">", func(e lattice.Entry) error {
				close(synced)
				return nil
			})
		}()
		<-synced
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, lattice.ErrUnavailable) {
			t.Errorf("Watch after Close: %v", err)
		}
	}
	var left []string
	until(t, "the goroutines end", func() bool {
		stacks := make([]byte, 1<<20)
		left = slices.DeleteFunc(strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n"), func(stack string) bool {
			return !strings.Contains(stack, "/nats.go@") && !strings.Contains(stack, "natslattice.(")
		})
		return len(left) == 0
	})
}

// TestPartition is that messages can be published while what takes connections
// says nothing.
func TestPartition(t *testing.T) {
	s := startServer(t, natsserver.Options{})
	p := newProxy(t, s.ClientURL()[len("nats://"):])
	l := connect(t, natslattice.Options{URLs: []string{"nats://" + p.at}})
	p.cut()
	until(t, "the connection is lost", func() bool { return !l.Connected() })
	silent, err := net.Listen("tcp", p.at) // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := l.Publish(&lattice.Message{Subject: "s"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = silent.Close()
	p.open()
	until(t, "the connection is back", l.Connected)
}
