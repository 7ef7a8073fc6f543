package raftlog_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// A log of few entries that are large is cut by their bytes, and nothing is lost.
func TestSnapshotBytes(t *testing.T) {
	const most = 1 << 20
	dir := t.TempDir()
	n := single(t, dir, func(o *raftlog.Options) { o.SnapshotBytes, o.SnapshotInterval = most, 10*time.Millisecond })
	const count = 12
	s := n.State()
	for i := range count {
		c := put(i)
		for j := range 4 {
			c[0].Config.Values[fmt.Sprint("k", j)] = strings.Repeat("x", 50<<10)
		}
		var err error
		if s, err = n.Propose(t.Context(), &state.Entry{Base: s.Seq, Changes: c}); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.After(patience)
	for st := n.Status(); st.LogBytes > most || st.Snapshot == 0; st = n.Status() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the log has %d bytes, and a snapshot up to %d; the limit is %d", st.LogBytes, st.Snapshot, most)
		}
	}
	shut(t, n)
	n = single(t, dir)
	complete(t, verified(t, n), count)
}

// A node that is for itself has nothing to warn of when it starts.
func TestQuietStart(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writer(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(b)
	}), &slog.HandlerOptions{Level: slog.LevelInfo}))
	n := single(t, t.TempDir(), func(o *raftlog.Options) { o.Logger = logger })
	propose(t, n, 1)
	mu.Lock()
	defer mu.Unlock()
	if log.Len() > 0 {
		t.Errorf("it says %s", log.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// Proposals beyond the bound wait, and one that waits for too long is certainly not in the
// log.
func TestManyProposals(t *testing.T) {
	n := single(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused := 0
	for range 2 * raftlog.MaxInFlight {
		if _, err := n.Submit(ctx, &state.Entry{Base: 1 << 40, Changes: put(1)}); err != nil {
			if !lattice.Undelivered(err) {
				t.Fatalf("error %v, want that it is not in the log", err)
			}
			refused++
		}
	}
	if refused == 0 {
		t.Error("none is refused")
	}
	if s := verified(t, n); s.Seq != 0 {
		t.Errorf("%d entries, want none", s.Seq)
	}
}

// A term that cannot be kept ends the node with what to do: raft must not go on, and would
// panic.
func TestTermIsNotKept(t *testing.T) {
	s, err := raftlog.NewStore(raftlog.LogPath(t.TempDir()), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var failed error
	raftlog.OnFail(s, func(err error) { failed = err })
	went := make(chan bool, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.SetUint64([]byte("CurrentTerm"), 7)
		went <- true
	})
	wg.Wait()
	if len(went) > 0 || failed == nil || !strings.Contains(failed.Error(), "start it again") {
		t.Errorf("goes on: %v, error %v", len(went) > 0, failed)
	}
}
