package raftlog_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// envDisk has TestFullDisk run in a mount namespace.
const envDisk = "WATTLE_TEST_DISK"

// TestFullDisk has no room for a snapshot, then none for an entry: it is said, and
// nothing is lost. It runs itself in a mount namespace, where it can have a small disk.
func TestFullDisk(t *testing.T) {
	if os.Getenv(envDisk) != "" {
		t.Run("entries", fullDisk)
		t.Run("term", fullTerm)
		return
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "-rm", "true").CombinedOutput(); err != nil {
		if os.Getenv("E2E_REQUIRED") == "1" {
			t.Fatalf("no mount namespace can be had here: %v: %s", err, out)
		}
		t.Skipf("no mount namespace can be had here (E2E_REQUIRED=1 makes this a failure): %v: %s", err, out)
	}
	child := exec.CommandContext(t.Context(), "unshare", "-rm", "--fork", "--kill-child", os.Args[0], "-test.run", "^TestFullDisk$", "-test.v", "-test.timeout", "1m") //nolint:gosec // this test
	child.Env = append(os.Environ(), envDisk+"=1")
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// large is a change of half a mebibyte.
func large(n int) []state.Change {
	c := put(n)
	for i := range 8 {
		c[0].Config.Values[string(rune('a'+i))] = strings.Repeat("x", 60<<10)
	}
	return c
}

func fullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=40m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	data := filepath.Join(dir, "data")
	n := single(t, data)
	count := 0
	for ; count < 8; count++ {
		if _, err := n.Propose(t.Context(), &state.Entry{Base: n.State().Seq, Changes: large(count)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := n.Export()
	if err != nil {
		t.Fatal(err)
	}
	_ = before.Close()

	// Fill the disk up to a mebibyte, which is less than the next snapshot needs.
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = filler.Write(make([]byte, 64<<10))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	info, err := filler.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(filler.Truncate(info.Size()-1<<20), filler.Close()); err != nil {
		t.Fatal(err)
	}
	propose(t, n, count)
	count++
	if err := n.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("snapshot on a full disk: %v", err)
	}
	after, err := n.Export()
	if err != nil || after.Name != before.Name {
		t.Fatalf("the last snapshot afterwards: %+v, %v", after, err)
	}
	_ = after.Close()
	if left, err := filepath.Glob(filepath.Join(data, "snapshots", "*.new")); err != nil || len(left) > 0 {
		t.Errorf("left of the snapshot: %v, %v", left, err)
	}

	// Entries until there is no room for them.
	for refused := error(nil); refused == nil; {
		if _, refused = n.Propose(t.Context(), &state.Entry{Base: n.State().Seq, Changes: large(count)}); refused == nil {
			count++
			continue
		}
		t.Logf("refused: %v", refused)
		if !errors.Is(refused, lattice.ErrUnavailable) || !strings.Contains(refused.Error(), "no space left") {
			t.Errorf("entry on a full disk: %v", refused)
		}
	}
	if st := n.Status(); !strings.Contains(st.Err, "no space left") {
		t.Errorf("status on a full disk: %+v", st)
	}
	// It leads again when there is room.
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	acknowledged(t, count, &member{Node: n})
	count++
	if st := n.Status(); st.Err != "" || n.Err() != nil {
		t.Errorf("status when there is room again: %+v", st)
	}
	_ = n.Close()
	n, err = raftlog.Open(t.Context(), raftlog.Options{Dir: data, Lattice: "default"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, n) })
	wait(t, n, "to lead", leads)
	complete(t, verified(t, n), count)
	propose(t, n, 9999)
	if err := n.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// fullTerm has no room for a term: it is waited for, until there is room or the node ends.
func fullTerm(t *testing.T) {
	for _, ends := range []bool{false, true} {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
		s, err := raftlog.NewStore(filepath.Join(dir, "log"), true)
		if err != nil {
			t.Fatal(err)
		}
		raftlog.OnFail(s, func(err error) { t.Errorf("it fails: %v", err) })
		done := make(chan struct{})
		raftlog.Patient(s, done)
		release, err := raftlog.HoldPages(s)
		if err != nil {
			t.Fatal(err)
		}
		filler := filepath.Join(dir, "filler")
		if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		kept := make(chan bool, 1)
		go func() {
			defer close(kept) // also if the goroutine ends
			kept <- s.SetUint64([]byte("CurrentTerm"), 7) == nil
		}()
		for raftlog.Trouble(s) == nil {
			runtime.Gosched()
		}
		if err := raftlog.Trouble(s); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("trouble %v", err)
		}
		if ends {
			close(done)
		} else if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if <-kept == ends {
			t.Errorf("the node ends %v, and the term was kept: %v", ends, !ends)
		}
		if term, err := s.GetUint64([]byte("CurrentTerm")); !ends && (err != nil || term != 7) {
			t.Errorf("term %d, %v", term, err)
		}
		if err := errors.Join(release(), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
