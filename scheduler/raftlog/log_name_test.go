package raftlog_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// exported makes a snapshot of a node and returns it.
func exported(t testing.TB, n *raftlog.Node) []byte {
	t.Helper()
	if err := n.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	x, err := n.Export()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Close() }()
	data := make([]byte, x.Size)
	if _, err := x.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLeftBehind restores a snapshot on one of three nodes. Another one was forgotten: it
// still has what was before, and an empty one votes for it. It must not make the restored
// one forget what that has acknowledged since.
func TestLeftBehind(t *testing.T) {
	w := newNetwork(t)
	all := w.cluster(t, 3)
	l, _ := leader(t, all...)
	meta := &state.Meta{Lattice: "default", Cluster: "one"}
	if _, err := l.Propose(t.Context(), &state.Entry{Changes: []state.Change{state.Put(state.Record{Meta: meta})}}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		acknowledged(t, i, all...)
	}
	for _, m := range all {
		wait(t, m.Node, "to follow", has(6))
	}
	snapshot := exported(t, l.Node)
	for i := 5; i < 9; i++ {
		acknowledged(t, i, all...)
	}
	restored, empty, forgotten := all[0], all[1], all[2]
	wait(t, forgotten.Node, "to follow", has(10))
	for _, m := range all {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}

	s, err := raftlog.RestoreDir(restored.o.Dir, "default", restored.o.Advertise, bytes.NewReader(snapshot))
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Meta(); m.Cluster != "one" || m.Restored == "" {
		t.Errorf("restored: %+v", m)
	}
	restored.start(t)
	acknowledged(t, 20, restored)
	empty.o.Dir, empty.o.Peers, empty.o.Join = t.TempDir(), nil, true
	empty.start(t)
	forgotten.start(t)
	leader(t, empty, forgotten)
	wait(t, empty.Node, "to follow the wrong one", has(10))

	s = acknowledged(t, 21, restored)
	for _, name := range []lattice.ConfigName{"config-4", "config-20", "config-21"} {
		if s.Config(name) == nil {
			t.Errorf("%s is lost", name)
		}
	}
	if s.Config("config-8") != nil || len(restored.Members()) != 1 {
		t.Errorf("the restored one has what came after the snapshot, or members: %+v", restored.Members())
	}
	if _, err := restored.Add(t.Context(), empty.o.Advertise); !errors.Is(err, lattice.ErrConflict) {
		t.Errorf("add one that keeps another log: %v", err)
	}

	// What is to be done then.
	for _, m := range []*member{empty, forgotten} {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		m.o.Dir, m.o.Peers, m.o.Join = t.TempDir(), nil, true
		m.start(t)
		if _, err := restored.Add(t.Context(), m.o.Advertise); err != nil {
			t.Fatal(err)
		}
		wait(t, m.Node, "to have the state", has(s.Seq))
	}
	// All start again, and know which log is theirs before they have read it.
	for _, m := range all {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range all {
		m.start(t)
	}
	acknowledged(t, 22, all...)
}
