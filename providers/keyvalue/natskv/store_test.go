package natskv_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/providers/keyvalue"
	"github.com/wattle-dev/wattle/providers/keyvalue/keyvaluetest"
	"github.com/wattle-dev/wattle/providers/keyvalue/natskv"
)

const bucket = "wattle_default_keyvalue"

func create(tb testing.TB, l lattice.Lattice) {
	tb.Helper()
	if _, err := l.CreateBucket(tb.Context(), lattice.BucketConfig{Name: bucket}); err != nil {
		tb.Fatal(err)
	}
}

// server is a NATS server that can stop and start again.
type server struct {
	dir  string
	port int
	*natsserver.Server
}

func (s *server) start(tb testing.TB) {
	tb.Helper()
	started, err := natsserver.Start(tb.Context(), natsserver.Options{StoreDir: s.dir, Port: s.port, Token: "t", Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))})
	if err != nil {
		tb.Fatal(err)
	}
	s.Server = started
}

func (s *server) stop(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		tb.Error(err)
	}
}

func TestJetStream(t *testing.T) {
	keyvaluetest.Run(t, func(tb testing.TB) *keyvaluetest.Env {
		s := &server{dir: tb.TempDir(), port: 0}
		s.start(tb)
		tb.Cleanup(func() { s.stop(tb) })
		url, err := url.Parse(s.ClientURL())
		if err != nil {
			tb.Fatal(err)
		}
		if s.port, err = strconv.Atoi(url.Port()); err != nil {
			tb.Fatal(err)
		}
		join := func() lattice.Lattice {
			l, err := natslattice.Connect(tb.Context(), natslattice.Options{URLs: []string{url.String()}, Token: "t", Logger: slog.New(slog.NewTextHandler(tb.Output(), nil))})
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() { _ = l.Close() })
			return l
		}
		create(tb, join())
		return &keyvaluetest.Env{
			Open: func(_ testing.TB, name string) keyvalue.Store {
				return natskv.Open(join(), bucket, natskv.Named(name), natskv.Limits{})
			},
			Stop:  s.stop,
			Start: s.start,
		}
	})
}

func TestMemory(t *testing.T) {
	keyvaluetest.Run(t, func(tb testing.TB) *keyvaluetest.Env {
		network := memlattice.New(memlattice.Options{})
		join := func() lattice.Lattice { return member(tb, network) }
		create(tb, join())
		return &keyvaluetest.Env{
			Open: func(_ testing.TB, name string) keyvalue.Store {
				return natskv.Open(join(), bucket, natskv.Named(name), natskv.Limits{})
			},
			Stop:  func(testing.TB) { network.Sever("m") },
			Start: func(testing.TB) { network.Restore("m") },
		}
	})
}

func member(tb testing.TB, network *memlattice.Network) *memlattice.Member {
	tb.Helper()
	m, err := network.Join("m")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = m.Close() })
	return m
}

// A component's own store is none that a configuration can name.
func TestOwn(t *testing.T) {
	l := member(t, memlattice.New(memlattice.Options{}))
	create(t, l)
	own := natskv.Open(l, bucket, natskv.Own("cart"), natskv.Limits{})
	if err := own.Set(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []natskv.Name{natskv.Named("cart"), natskv.Named("own.cart"), natskv.Own("car"), natskv.Own("cart.k")} {
		if exists, err := natskv.Open(l, bucket, name, natskv.Limits{}).Exists(t.Context(), "k"); exists || err != nil {
			t.Errorf("another store has the key: %v, %v", exists, err)
		}
	}
	b, err := l.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(t.Context(), "own.cart.k"); err != nil {
		t.Error(err)
	}
}

// A store holds what it may, whoever writes, and has room again when something is deleted.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := member(t, memlattice.New(memlattice.Options{}))
		create(t, l)
		limits := natskv.Limits{Bytes: 10_000, Keys: 20}
		a := natskv.Open(l, bucket, natskv.Named("s"), limits)
		b := natskv.Open(l, bucket, natskv.Named("s"), limits)
		fill := func(s *natskv.Store, value int) int {
			t.Helper()
			for n := range 1000 {
				err := s.Set(t.Context(), fmt.Sprint("k", n), make([]byte, value))
				if e, ok := errors.AsType[*keyvalue.Error](err); ok && e.Kind == keyvalue.Full {
					return n
				} else if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second) // so that it is counted again
			}
			return 1000
		}
		if n := fill(a, 1); n != 20 {
			t.Errorf("%d keys, want 20", n)
		}
		if err := b.Set(t.Context(), "other", nil); !errors.Is(err, lattice.ErrExhausted) {
			t.Errorf("another writes to what is full: %v", err)
		}
		if err := natskv.Open(l, bucket, natskv.Named("t"), limits).Set(t.Context(), "k", nil); err != nil {
			t.Errorf("another store: %v", err)
		}
		for n := range 20 {
			if err := a.Delete(t.Context(), fmt.Sprint("k", n)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		if n := fill(b, 1000); n != 9 {
			t.Errorf("%d values of 1000 bytes, want 9", n)
		}
	})
}
