package natsobjects_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/memlattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/blobstore/blobstoretest"
	"github.com/wattle-dev/wattle/providers/blobstore/natsobjects"
)

const bucket = "wattle_default_blobs"

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
	blobstoretest.Run(t, func(tb testing.TB) *blobstoretest.Env {
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
		return &blobstoretest.Env{
			Open: func(_ testing.TB, name string) blobstore.Store {
				return natsobjects.Open(join(), bucket, natsobjects.Named(name), natsobjects.Limits{})
			},
			Stop:  s.stop,
			Start: s.start,
		}
	})
}

func TestMemory(t *testing.T) {
	blobstoretest.Run(t, func(tb testing.TB) *blobstoretest.Env {
		network := memlattice.New(memlattice.Options{})
		join := func() lattice.Lattice { return member(tb, network) }
		create(tb, join())
		return &blobstoretest.Env{
			Open: func(_ testing.TB, name string) blobstore.Store {
				return natsobjects.Open(join(), bucket, natsobjects.Named(name), natsobjects.Limits{})
			},
			Stop:  func(testing.TB) { network.Sever("m") },
			Start: func(testing.TB) { network.Restore("m") },
			Holds: true,
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

// A store holds what it may: what does not fit leaves nothing behind, and other stores
// have room.
func TestQuota(t *testing.T) {
	l := member(t, memlattice.New(memlattice.Options{}))
	create(t, l)
	limits := natsobjects.Limits{Bytes: 1 << 20, Keys: 100}
	s := natsobjects.Open(l, bucket, natsobjects.Named("s"), limits)
	put := func(s *natsobjects.Store, name string, size int64) error {
		return s.Put(t.Context(), blobstore.ID{Container: "c", Object: name}, io.LimitReader(zeroes{}, size))
	}
	if err := s.CreateContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	if err := put(s, "fits", 512<<10); err != nil {
		t.Fatal(err)
	}
	if err := put(s, "large", 600<<10); !errors.Is(err, lattice.ErrExhausted) {
		t.Errorf("Put of more than fits: %v", err)
	}
	other := natsobjects.Open(l, bucket, natsobjects.Named("t"), limits)
	if err := other.CreateContainer(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	if err := put(other, "o", 900<<10); err != nil {
		t.Errorf("another store: %v", err)
	}
	b, err := l.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	keys, _, err := b.Keys(t.Context(), "bucket.s.>", 0, 1000)
	if err != nil || len(keys) != 6 { // the container, the object, and four parts
		t.Errorf("%d keys are there, %v, want 6: %v", len(keys), err, keys)
	}
	for _, s := range []*natsobjects.Store{s, other} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
