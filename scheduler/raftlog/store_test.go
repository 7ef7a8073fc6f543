package raftlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

func newStore(t testing.TB, path string, create bool) raftlog.Store {
	t.Helper()
	s, err := raftlog.NewStore(path, create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func entries(from, to uint64) []*raft.Log {
	var all []*raft.Log
	for i := from; i <= to; i++ {
		all = append(all, &raft.Log{
			Index: i, Term: 1 + i/10, Type: raft.LogCommand, Data: bytes.Repeat([]byte{byte(i)}, int(i%50)*10),
			Extensions: []byte("x"), AppendedAt: time.Unix(1_800_000_000, int64(i)),
		})
	}
	return all
}

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := newStore(t, path, true)
	if _, err := raftlog.NewStore(path, true); err == nil {
		t.Error("a log was made where there is one")
	}
	bounds := func(first, last uint64) {
		t.Helper()
		f, err1 := s.FirstIndex()
		l, err2 := s.LastIndex()
		if f != first || l != last || err1 != nil || err2 != nil {
			t.Errorf("entries %d to %d (%v, %v), want %d to %d", f, l, err1, err2, first, last)
		}
	}
	bounds(0, 0)
	// raft compares this text.
	if _, err := s.GetUint64([]byte("none")); err == nil || err.Error() != "not found" {
		t.Errorf("value that there is not: %v", err)
	}
	if _, err := s.Get([]byte("none")); err == nil || err.Error() != "not found" {
		t.Errorf("value that there is not: %v", err)
	}
	if err := s.GetLog(1, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Errorf("entry that there is not: %v", err)
	}
	if err := s.StoreLogs(entries(1, 100)); err != nil {
		t.Fatal(err)
	}
	bounds(1, 100)
	if err := s.StoreLogs(entries(102, 103)); err == nil {
		t.Error("a gap was taken")
	}
	if err := s.StoreLogs(append(entries(101, 101), entries(105, 105)...)); err == nil {
		t.Error("a gap was taken")
	}
	bounds(1, 100)
	if err := s.StoreLog(&raft.Log{Index: 101, Data: make([]byte, 8<<20)}); err == nil {
		t.Error("an entry of 8 MiB was taken")
	}
	if err := s.DeleteRange(1, 40); err != nil {
		t.Fatal(err)
	}
	bounds(41, 100)
	if err := s.DeleteRange(90, 1000); err != nil {
		t.Fatal(err)
	}
	bounds(41, 89)
	if err := s.SetUint64([]byte("term"), 7); err != nil {
		t.Fatal(err)
	}
	if err := s.Set([]byte("vote"), []byte("somebody")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = newStore(t, path, false)
	bounds(41, 89)
	for _, want := range entries(41, 89) {
		var have raft.Log
		if err := s.GetLog(want.Index, &have); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(*want, have); diff != "" {
			t.Fatal(diff)
		}
	}
	if n, err := s.GetUint64([]byte("term")); n != 7 || err != nil {
		t.Errorf("term %d, %v", n, err)
	}
	if v, err := s.Get([]byte("vote")); string(v) != "somebody" || err != nil {
		t.Errorf("vote %q, %v", v, err)
	}
	if err := s.DeleteRange(41, 89); err != nil {
		t.Fatal(err)
	}
	bounds(0, 0)
	// After the state of another node: the log goes on elsewhere.
	if err := s.StoreLogs(entries(500, 510)); err != nil {
		t.Fatal(err)
	}
	bounds(500, 510)
}

// TestFlippedBytes flips bytes of a log, everywhere. Each is found, or was in a place
// that means nothing: then all entries are there.
func TestFlippedBytes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.db")
	s := newStore(t, path, true)
	// Several pages, in a tree of them.
	for i := uint64(1); i <= 150; i += 10 {
		if err := s.StoreLogs(entries(i, i+9)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.DeleteRange(1, 20), s.SetUint64([]byte("CurrentTerm"), 3), s.Set([]byte("LastVoteCand"), []byte("me")), s.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if first, last, err := raftlog.CheckLog(path); first != 21 || last != 150 || err != nil {
		t.Fatalf("entries %d to %d, %v", first, last, err)
	}
	found, step := 0, 61
	if testing.Short() {
		step *= 10
	}
	for at := 0; at < len(whole); at += step {
		for _, mask := range []byte{0x01, 0xff} {
			data := bytes.Clone(whole)
			data[at] ^= mask
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			switch first, last, err := raftlog.CheckLog(path); {
			case err == nil && (first != 21 || last != 150):
				t.Fatalf("byte %d: entries %d to %d, and no error", at, first, last)
			case err != nil:
				found++
				if _, ok := errors.AsType[*raftlog.DamageError](err); !ok {
					t.Fatalf("byte %d: %v", at, err)
				}
			}
		}
	}
	t.Logf("%d of %d flips found, the file has %d bytes", found, 2*len(whole)/step, len(whole))
	if found == 0 {
		t.Error("none was found")
	}
}

// TestCutOff cuts a log off at any byte, within and between pages.
func TestCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := newStore(t, path, true)
	if err := errors.Join(s.StoreLogs(entries(1, 60)), s.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 0; size < len(whole); size += 509 {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		first, last, err := raftlog.CheckLog(path)
		if err == nil && (first != 1 || last != 60) {
			t.Fatalf("%d bytes of %d: entries %d to %d, and no error", size, len(whole), first, last)
		}
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, len(whole)), "text": bytes.Repeat([]byte("log "), 5000),
		"twice the first page": append(bytes.Clone(whole[:4096]), whole[:4096]...),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := raftlog.CheckLog(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzLog(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "log.db")
	s := newStore(f, path, true)
	if err := errors.Join(s.StoreLogs(entries(1, 60)), s.Close()); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(8192), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		data := bytes.Clone(whole)
		copy(data[int(at)%len(data):], patch)
		path := filepath.Join(t.TempDir(), "log.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		first, last, err := raftlog.CheckLog(path)
		if err == nil && (first != 1 || last != 60) && !bytes.Equal(data, whole) {
			t.Fatal(fmt.Errorf("entries %d to %d, and no error", first, last))
		}
	})
}
