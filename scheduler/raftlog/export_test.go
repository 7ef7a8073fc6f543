package raftlog

import (
	"log/slog"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// NewLogger returns what raft logs to.
func NewLogger(log *slog.Logger) hclog.Logger { return &logger{log: log, said: new(said)} }

// CheckLog opens a log as a node does, and returns its first and last entry.
func CheckLog(path string) (first, last uint64, err error) {
	s, err := openStore(path, false)
	if err != nil {
		return 0, 0, err
	}
	first, last, _ = s.numbers()
	return first, last, s.Close()
}

// Store is a log with what raft calls.
type Store interface {
	raft.LogStore
	raft.StableStore
	raft.MonotonicLogStore
	Close() error
}

// NewStore makes a log, or opens one.
func NewStore(path string, create bool) (Store, error) { return openStore(path, create) }

// LogPath is where the log of a directory is.
func LogPath(dir string) string { return dir + "/" + logFile }

// ApplyRaw puts something into the log that is no entry, and returns what comes of it.
func ApplyRaw(n *Node, data []byte) error {
	f := n.raft.Load().Apply(data, 0)
	if err := f.Error(); err != nil {
		return err
	}
	return f.Response().(applied).err
}

// BreakOffRestore leaves a directory as a restore does that does not come to its end.
func BreakOffRestore(dir string) error {
	return writeIdentity(dir, identity{Lattice: "default", ID: lone, Phase: phaseRestoring})
}

// HoldPages keeps all pages of a log from being used again until the function that it
// returns is called: whatever is written needs room on the disk.
func HoldPages(s Store) (release func() error, err error) {
	tx, err := s.(*store).db.Begin(false)
	if err != nil {
		return nil, err
	}
	return tx.Rollback, nil
}

// Patient has a store wait for room until done is closed.
func Patient(s Store, done <-chan struct{}) { s.(*store).done = done }

// Trouble is why a store could not write the last time.
func Trouble(s Store) error {
	if err := s.(*store).trouble.Load(); err != nil {
		return *err
	}
	return nil
}

// MaxInFlight is a bound that tests go beyond.
const MaxInFlight = maxInFlight

// OnFail has f be told when a store cannot keep what raft may not forget.
func OnFail(s Store, f func(error)) { s.(*store).fail = f }
