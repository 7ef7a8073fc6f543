package natslattice_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/lattice/trust/trusttest"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// safeBuffer is a buffer for logs.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestDenied has each call that lacks a permission fail with it, and not wait for
// its deadline, which is that of the test.
func TestDenied(t *testing.T) {
	k, o := newKeyring(t)
	s := startServer(t, o)
	buckets := wire.Buckets{Lattice: lattice.DefaultName}
	scheduler := connect(t, natslattice.Options{InProcess: s, Credentials: trusttest.Creds(t, k, lattice.DefaultName, trust.RoleScheduler)})
	for _, name := range []string{buckets.Desired(), buckets.Ready(), buckets.Links()} {
		if _, err := scheduler.CreateBucket(t.Context(), lattice.BucketConfig{Name: name, MaxBytes: 1 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	var log safeBuffer
	creds := trusttest.Creds(t, k, lattice.DefaultName, trust.RoleHost)
	host := connect(t, natslattice.Options{InProcess: s, Credentials: creds, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()

	desired, err := host.Bucket(ctx, buckets.Desired())
	if err != nil {
		t.Fatal(err)
	}
	own := string(creds.HostID())
	if _, err := desired.Get(ctx, own); !errors.Is(err, lattice.ErrNotFound) {
		t.Errorf("Get of what it may read: %v, want ErrNotFound", err)
	}
	if entries, err := desired.List(ctx, own); err != nil || len(entries) != 0 {
		t.Errorf("List of what it may read: %v, %v", entries, err)
	}
	ready, err := host.Bucket(ctx, buckets.Ready())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ready.Put(ctx, wire.ReadyKey(creds.HostID(), "c"), nil); err != nil {
		t.Errorf("Put of what it may write: %v", err)
	}

	other := "N" + strings.Repeat("A", 55)
	denied := func(what, subject string, err error) {
		t.Helper()
		if !errors.Is(err, lattice.ErrDenied) || !strings.Contains(err.Error(), subject) {
			t.Errorf("%s: %v, want ErrDenied with %q", what, err, subject)
		}
	}
	_, err = desired.Get(ctx, other)
	denied("Get", "$KV."+buckets.Desired()+"."+other, err)
	_, err = desired.Put(ctx, own, nil)
	denied("Put", "$KV."+buckets.Desired()+"."+own, err)
	_, err = desired.Create(ctx, own, nil)
	denied("Create", own, err)
	_, err = desired.Update(ctx, own, nil, 1)
	denied("Update", own, err)
	denied("Delete", own, desired.Delete(ctx, own))
	_, err = desired.List(ctx, ">")
	denied("List", "CONSUMER.CREATE", err)
	denied("Watch", "CONSUMER.CREATE", desired.Watch(ctx, "*", func(lattice.Entry) error { return nil }))
	_, err = host.Bucket(ctx, buckets.Links())
	denied("Bucket", "STREAM.INFO", err)
	_, err = host.CreateBucket(ctx, lattice.BucketConfig{Name: "mine"})
	denied("CreateBucket", "KV_mine", err)
	_, err = host.Objects(ctx, "mine", true)
	denied("Objects", "OBJ_mine", err)
	denied("CreateStream", "mine", host.CreateStream(ctx, lattice.StreamConfig{Name: "mine", Subjects: []string{"x"}, MaxAge: 1, MaxBytes: 1, MaxMessages: 1}))
	denied("Replay", "CONSUMER.CREATE", host.Replay(ctx, buckets.Events(), ">", time.Time{}, func(*lattice.Message) error { return nil }))
	_, err = host.Request(ctx, &lattice.Message{Subject: "secret"})
	denied("Request", "secret", err)
	for range 2 {
		_, err = host.Subscribe("secret.>", "", func(*lattice.Message) {})
		denied("Subscribe", "secret.>", err)
		_, err = host.Subscribe("secret.>", "q", func(*lattice.Message) {})
		denied("Subscribe with a queue", "secret.>", err)
	}
	// Of what is published there is only the log to tell.
	for range 3 {
		if err := host.Publish(&lattice.Message{Subject: "published.secretly"}); err != nil {
			t.Error(err)
		}
	}
	until(t, "the log has it", func() bool { return strings.Contains(log.String(), "published.secretly") })
	if err := host.Flush(ctx); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "subject=published.secretly"); n != 1 {
		t.Errorf("it was logged %d times, want once:\n%s", n, &log)
	}
}
