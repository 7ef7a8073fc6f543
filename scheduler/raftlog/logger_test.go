package raftlog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

// What raft says with each attempt, as on a disk that is full, is a warning once a minute, and
// what is new at once.
func TestWarningsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log := raftlog.NewLogger(slog.New(slog.NewTextHandler(&b, nil)))
		warnings := func() int { return strings.Count(b.String(), "level=WARN") }
		full := errors.New("no space left on device")
		for range 59 {
			log.Error("failed to commit logs", "error", full)
			log.With("peer", "b").Info("entering follower state")
			time.Sleep(time.Second)
		}
		if n := warnings(); n != 1 {
			t.Errorf("%d warnings in a minute, want 1:\n%s", n, b.String())
		}
		log.Error("failed to commit logs", "error", errors.New("input/output error"))
		if n := warnings(); n != 2 {
			t.Errorf("%d warnings after another error, want 2:\n%s", n, b.String())
		}
		time.Sleep(time.Minute)
		log.Error("failed to commit logs", "error", errors.New("input/output error"))
		if n := warnings(); n != 3 {
			t.Errorf("%d warnings after a minute, want 3:\n%s", n, b.String())
		}
	})
}
