package natsserver_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice/natsserver"
)

// The roles of child processes, in an environment variable with a directory.
const (
	envWriter = "NATSSERVER_TEST_WRITER"
	envDisk   = "NATSSERVER_TEST_DISK"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envWriter); dir != "" {
		if err := writer(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writer writes values until it is killed, and prints each that was acknowledged.
func writer(dir string) error {
	s, err := natsserver.Start(context.Background(), natsserver.Options{StoreDir: dir, Port: -1, Token: token})
	if err != nil {
		return err
	}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Token(token))
	if err != nil {
		return err
	}
	js, err := nc.JetStream()
	if err != nil {
		return err
	}
	kv, err := js.KeyValue("b")
	if errors.Is(err, nats.ErrBucketNotFound) {
		kv, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "b"})
	}
	if err != nil {
		return err
	}
	n := uint64(0)
	if e, err := kv.Get("last"); err == nil {
		if n, err = strconv.ParseUint(string(e.Value()), 10, 64); err != nil {
			return err
		}
	}
	for {
		n++
		if _, err := kv.Put(fmt.Sprint("k.", n), value(n)); err != nil {
			return err
		}
		if _, err := kv.PutString("last", fmt.Sprint(n)); err != nil {
			return err
		}
		fmt.Println("acknowledged", n)
	}
}

// TestKill kills a server again and again while it writes: nothing that was
// acknowledged is lost.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for round := range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), envWriter+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			text, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
			if !ok {
				t.Errorf("round %d: %s", round, lines.Text())
				continue
			}
			if last, err = strconv.ParseUint(text, 10, 64); err != nil {
				t.Fatal(err)
			}
			if n == 300+round*37 {
				// What it acknowledges until it is gone comes here too.
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
		if last < uint64(round+1)*300 {
			t.Fatalf("%d values were acknowledged after round %d", last, round)
		}
	}
	s := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	kv := bucket(t, s)
	e, err := kv.Get("last")
	if err != nil {
		t.Fatal(err)
	}
	if have, err := strconv.ParseUint(string(e.Value()), 10, 64); err != nil || have < last {
		t.Errorf("the last value is %d, %v, want %d at least", have, err, last)
	}
	for n := uint64(1); n <= last; n++ {
		if e, err := kv.Get(fmt.Sprint("k.", n)); err != nil || !bytes.Equal(e.Value(), value(n)) {
			t.Fatalf("value %d of %d that were acknowledged: %v", n, last, err)
		}
	}
}

// TestDisk runs itself in a mount namespace, where it can have a small disk and a
// read-only one.
func TestDisk(t *testing.T) {
	if dir := os.Getenv(envDisk); dir != "" {
		diskFull(t, dir)
		diskReadOnly(t, dir)
		return
	}
	probe := exec.CommandContext(t.Context(), "unshare", "-rm", "true")
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no mount namespace can be had here: %v: %s", err, out)
	}
	child := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c",
		`mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" -test.run '^TestDisk$' -test.v`, "sh", t.TempDir(), os.Args[0])
	child.Env = append(os.Environ(), envDisk+"="+child.Args[len(child.Args)-2])
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// diskFull fills the disk of a server: it says so, and keeps what it had.
func diskFull(t *testing.T, dir string) {
	s := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	kv := bucket(t, s)
	n := uint64(0)
	var err error
	for ; err == nil && n < 1<<20; n++ {
		_, err = kv.Put(fmt.Sprint("k.", n), append(value(n), make([]byte, 8<<10)...))
	}
	n-- // the last one was not acknowledged
	t.Logf("put %d: %v", n, err)
	until(t, "the server knows", func() bool { return s.Healthy() != nil })
	if err := s.Healthy(); !errors.Is(err, lattice.ErrExhausted) && !errors.Is(err, lattice.ErrUnavailable) {
		t.Errorf("Healthy: %v", err)
	} else {
		t.Log(err)
	}
	stop(t, s)
	if err := os.WriteFile(dir+"/filler", make([]byte, 8<<20), 0o600); err == nil {
		t.Error("the disk is not full")
	}
	wantStartError(t, natsserver.Options{StoreDir: dir, Port: -1}, lattice.ErrExhausted, "is full", "nothing that is kept there was lost")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=32m"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir + "/filler"); err != nil {
		t.Fatal(err)
	}
	again := start(t, natsserver.Options{StoreDir: dir, Port: -1})
	kv = bucket(t, again)
	for i := range n {
		if e, err := kv.Get(fmt.Sprint("k.", i)); err != nil || !bytes.HasPrefix(e.Value(), value(i)) {
			t.Fatalf("value %d of %d that were acknowledged: %v", i, n, err)
		}
	}
	stop(t, again)
}

// diskReadOnly has the disk be read-only.
func diskReadOnly(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	wantStartError(t, natsserver.Options{StoreDir: dir, Port: -1}, lattice.ErrDenied, dir, "read-only")
}
