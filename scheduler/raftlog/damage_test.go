package raftlog_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// change rewrites a file.
func change(t *testing.T, path string, f func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamage opens directories with which something has happened: there is an error
// that names the file and the next step, and never a start without what was there.
func TestDamage(t *testing.T) {
	whole := t.TempDir()
	n := single(t, whole, func(o *raftlog.Options) { o.Trailing = 3 })
	for i := range 20 {
		propose(t, n, i)
		if i == 9 || i == 15 {
			if err := n.Snapshot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	shut(t, n)
	snaps, err := filepath.Glob(filepath.Join(whole, "snapshots", "*.snapshot"))
	if err != nil || len(snaps) != 2 {
		t.Fatal(snaps, err)
	}
	older, newest := filepath.Join("snapshots", filepath.Base(snaps[0])), filepath.Join("snapshots", filepath.Base(snaps[1]))
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			b[(len(b)+at)%len(b)] ^= 0xff
			return b
		}
	}
	half := func(b []byte) []byte { return b[:len(b)/2] }
	none := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		file string // that the error names; empty if it is done without
		do   func(t *testing.T, dir string)
	}{
		"nothing":     {"", func(*testing.T, string) {}},
		"log gone":    {"log.db", func(t *testing.T, dir string) { remove(t, dir, "log.db") }},
		"log empty":   {"log.db", func(t *testing.T, dir string) { change(t, filepath.Join(dir, "log.db"), none) }},
		"log cut off": {"log.db", func(t *testing.T, dir string) { change(t, filepath.Join(dir, "log.db"), half) }},
		"log zeros": {"log.db", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "log.db"), func(b []byte) []byte { return make([]byte, len(b)) })
		}},
		"log's first page":  {"log.db", func(t *testing.T, dir string) { change(t, filepath.Join(dir, "log.db"), flip(30)) }},
		"log's second page": {"log.db", func(t *testing.T, dir string) { change(t, filepath.Join(dir, "log.db"), flip(4096+30)) }},
		"log and node gone": {"node.json", func(t *testing.T, dir string) { remove(t, dir, "log.db", "node.json") }},
		"node gone":         {"node.json", func(t *testing.T, dir string) { remove(t, dir, "node.json") }},
		"node changed": {"node.json", func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "node.json"), func(b []byte) []byte { return []byte(strings.Replace(string(b), "begun", "new", 1)) })
		}},
		"node empty":             {"node.json", func(t *testing.T, dir string) { change(t, filepath.Join(dir, "node.json"), none) }},
		"snapshots gone":         {"snapshots", func(t *testing.T, dir string) { remove(t, dir, newest, older) }},
		"no snapshots":           {"snapshots", func(t *testing.T, dir string) { remove(t, dir, newest, older, "snapshots") }},
		"newest snapshot's end":  {newest, func(t *testing.T, dir string) { change(t, filepath.Join(dir, newest), flip(-1)) }},
		"newest snapshot's head": {newest, func(t *testing.T, dir string) { change(t, filepath.Join(dir, newest), flip(60)) }},
		"newest cut off":         {newest, func(t *testing.T, dir string) { change(t, filepath.Join(dir, newest), half) }},
		"newest empty":           {newest, func(t *testing.T, dir string) { change(t, filepath.Join(dir, newest), none) }},
		"older snapshot":         {"", func(t *testing.T, dir string) { change(t, filepath.Join(dir, older), half) }},
		"half a snapshot":        {"", func(t *testing.T, dir string) { write(t, filepath.Join(dir, "snapshots", "x.snapshot.new")) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, whole)
			c.do(t, dir)
			if c.file == "" {
				complete(t, verified(t, single(t, dir)), 20)
				return
			}
			n, err := raftlog.Open(t.Context(), raftlog.Options{Dir: dir, Lattice: "default"})
			if err == nil {
				shut(t, n)
				t.Fatal("it starts")
			}
			e, ok := errors.AsType[*raftlog.DamageError](err)
			if !ok || e.File != filepath.Join(dir, c.file) || !strings.Contains(err.Error(), "wattle scheduler restore") {
				t.Errorf("%v; want %s named", err, c.file)
			}
		})
	}
}

// TestOlderSnapshot does without the newest snapshot, because the log has what it had.
func TestOlderSnapshot(t *testing.T) {
	dir := t.TempDir()
	n := single(t, dir)
	for i := range 10 {
		propose(t, n, i)
		if i == 3 || i == 6 {
			if err := n.Snapshot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	shut(t, n)
	snaps, err := filepath.Glob(filepath.Join(dir, "snapshots", "*.snapshot"))
	if err != nil || len(snaps) != 2 {
		t.Fatal(snaps, err)
	}
	change(t, snaps[1], func(b []byte) []byte { return b[:100] })
	complete(t, verified(t, single(t, dir)), 10)
}

// TestCutOffWhileOpen cuts the log off under a node that runs. What it reads is mapped
// from the file, so without care that is the end of the process.
func TestCutOffWhileOpen(t *testing.T) {
	dir := t.TempDir()
	n := single(t, dir)
	for i := range 20 {
		propose(t, n, i)
	}
	if err := os.Truncate(raftlog.LogPath(dir), 4096); err != nil {
		t.Fatal(err)
	}
	_, err := n.Propose(t.Context(), &state.Entry{Base: n.State().Seq, Changes: put(20)})
	if !errors.Is(err, lattice.ErrUnavailable) && !errors.Is(err, lattice.ErrInternal) {
		t.Errorf("propose: %v", err)
	}
	<-n.Done()
	e, ok := errors.AsType[*raftlog.DamageError](n.Err())
	if !ok || e.File != raftlog.LogPath(dir) {
		t.Errorf("it ended for %v", n.Err())
	}
}

// TestUnreadableEntry has an entry in the log that no version wrote.
func TestUnreadableEntry(t *testing.T) {
	dir := t.TempDir()
	n := single(t, dir)
	propose(t, n, 0)
	if err := raftlog.ApplyRaw(n, []byte{9, 1, 2, 3, 4, 5}); err == nil {
		t.Error("it was applied")
	}
	<-n.Done()
	if _, ok := errors.AsType[*raftlog.DamageError](n.Err()); !ok || !strings.Contains(n.Err().Error(), "entry") {
		t.Errorf("it ended for %v", n.Err())
	}
	if n.State().Seq != 1 {
		t.Errorf("seq %d", n.State().Seq)
	}
	shut(t, n)
	// It is not skipped after a restart either.
	n, err := raftlog.Open(t.Context(), raftlog.Options{Dir: dir, Lattice: "default"})
	if err != nil {
		return
	}
	defer shut(t, n)
	<-n.Done()
	if _, ok := errors.AsType[*raftlog.DamageError](n.Err()); !ok {
		t.Errorf("it ended for %v", n.Err())
	}
}

func remove(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreBrokenOff has no node start on half of a restored state.
func TestRestoreBrokenOff(t *testing.T) {
	dir := t.TempDir()
	shut(t, single(t, dir))
	if err := raftlog.BreakOffRestore(dir); err != nil {
		t.Fatal(err)
	}
	n, err := raftlog.Open(t.Context(), raftlog.Options{Dir: dir, Lattice: "default"})
	if err == nil {
		shut(t, n)
	}
	if !errors.Is(err, lattice.ErrConflict) || !strings.Contains(err.Error(), "wattle scheduler restore") {
		t.Errorf("open: %v", err)
	}
}

// TestRestoreAgain has a restore begin that an earlier one has not brought to its end, which
// was broken off before and after it had put the old log away: that is kept.
func TestRestoreAgain(t *testing.T) {
	other := single(t, t.TempDir())
	propose(t, other, 99)
	if err := other.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, err := other.Export()
	if err != nil {
		t.Fatal(err)
	}
	snapshot := make([]byte, e.Size)
	if _, err := e.ReadAt(snapshot, 0); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	n := single(t, dir)
	for i := range 5 {
		propose(t, n, i)
	}
	shut(t, n)
	_, want, err := raftlog.CheckLog(raftlog.LogPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := raftlog.BreakOffRestore(dir); err != nil {
			t.Fatal(err)
		}
		s, err := raftlog.RestoreDir(dir, "default", "", bytes.NewReader(snapshot))
		if err != nil {
			t.Fatal(err)
		}
		if s.Config("config-99") == nil {
			t.Error("the snapshot was not restored")
		}
		if _, last, err := raftlog.CheckLog(raftlog.LogPath(filepath.Join(dir, "replaced"))); err != nil || last != want {
			t.Fatalf("the log that was there has entries up to %d, %v; want %d", last, err, want)
		}
	}
	n = single(t, dir)
	if s := verified(t, n); s.Config("config-99") == nil || s.Config("config-1") != nil {
		t.Error("the state is not that of the snapshot")
	}
}
