package cli_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// envDisk has TestFullDisk run in a mount namespace.
const envDisk = "WATTLE_TEST_DISK"

// TestFullDisk fills the disks of a lattice and of a host, and has one be read-only:
// what is wrong and what to do is said, what was acknowledged is there afterwards.
// It runs itself in a mount namespace, where it can have small disks.
func TestFullDisk(t *testing.T) {
	if os.Getenv(envDisk) != "" {
		t.Run("keyring", fullKeyring)
		t.Run("lattice", fullLattice)
		t.Run("host", fullHost)
		return
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "-rm", "true").CombinedOutput(); err != nil {
		if os.Getenv("E2E_REQUIRED") == "1" {
			t.Fatalf("no mount namespace can be had here: %v: %s", err, out)
		}
		t.Skipf("no mount namespace can be had here (E2E_REQUIRED=1 makes this a failure): %v: %s", err, out)
	}
	child := exec.CommandContext(t.Context(), "unshare", "-rm", "--fork", "--kill-child", os.Args[0], "-test.run", "^TestFullDisk$", "-test.v", "-test.timeout", "1m") //nolint:gosec // this test
	child.Env = append(os.Environ(), envDisk+"=1", "WATTLE_CACHE_DIR="+filepath.Join(t.TempDir(), "cache"))
	out, err := child.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

// disk mounts a disk of some size and returns where.
func disk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill takes all room that a disk has, and returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range []int{1 << 20, 4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, block))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	_ = f.Close()
	return func() {
		t.Helper()
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// wattle runs a command and returns what it writes, and its exit code.
func wattle(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	p := start(t, args...)
	out := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(p.stdout)
		out <- string(b)
	}()
	b, err := io.ReadAll(p.stderr)
	if err != nil {
		t.Fatal(err)
	}
	stdout = <-out
	_ = p.Wait()
	return stdout, string(b), p.ProcessState.ExitCode()
}

// works runs a command that must succeed.
func works(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := wattle(t, args...)
	if code != 0 {
		t.Fatalf("wattle %q: exit code %d:\n%s", args, code, stderr)
	}
	return stdout
}

// fails runs a command that must fail and say all of the texts.
func fails(t *testing.T, texts []string, args ...string) {
	t.Helper()
	_, stderr, code := wattle(t, args...)
	t.Logf("wattle %q: exit code %d: %s", args, code, stderr)
	if code == 0 {
		t.Errorf("wattle %q: exit code 0", args)
	}
	for _, text := range texts {
		if !strings.Contains(stderr, text) {
			t.Errorf("wattle %q does not say %q", args, text)
		}
	}
}

// fullKeyring makes keys on a full disk.
func fullKeyring(t *testing.T) {
	dir := disk(t, "1m")
	free := fill(t, dir)
	fails(t, []string{"no space left", "make room"}, "lattice", "init", "--dir", dir+"/keys")
	fails(t, []string{"no space left", "make room"}, "up", "--data-dir", dir+"/data", "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0")
	free()
	works(t, "lattice", "init", "--dir", dir+"/keys")
	works(t, "lattice", "creds", "host", "--dir", dir+"/keys", "-o", dir+"/one.creds")
	free = fill(t, dir)
	fails(t, []string{"no space left", "make room"}, "lattice", "creds", "host", "--dir", dir+"/keys", "-o", dir+"/two.creds")
	if _, err := os.Stat(dir + "/two.creds"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half of the credentials: %v", err)
	}
	free()
	works(t, "lattice", "creds", "host", "--dir", dir+"/keys", "-o", dir+"/two.creds")
}

// up runs a lattice.
func up(t *testing.T, dir string) (p *process, nats string) {
	t.Helper()
	p = start(t, "up", "--data-dir", dir, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0", "-o", "json")
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		stderr, _ := p.end(t)
		t.Fatalf("wattle up: %v:\n%s", err, stderr)
	}
	var running struct{ NATS string }
	if err := json.Unmarshal([]byte(line), &running); err != nil {
		t.Fatal(err)
	}
	return p, running.NATS
}

// stop ends a process in good order.
func stop(t *testing.T, p *process) (stderr string) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	stderr, status := p.end(t)
	t.Logf("%s", stderr)
	if !status.Exited() {
		t.Errorf("status %#x", status)
	}
	return stderr
}

// fullLattice fills the disk of a lattice that runs.
func fullLattice(t *testing.T) {
	dir := disk(t, "32m")
	data := dir + "/data"
	p, _ := up(t, data)
	works(t, "config", "put", "--data-dir", data, "kept", "a=1")
	works(t, "component", "start", "--data-dir", data, "hello", "../../examples/hello-http/hello.wasm")
	free := fill(t, dir)
	// The write that finds the disk full may be another's: this is refused, or the
	// next is.
	refused := false
	for n := 0; n < 20 && !refused; n++ {
		_, stderr, code := wattle(t, "config", "put", "--data-dir", data, "big", "v="+strings.Repeat("x", 4000+n))
		refused = code != 0
		t.Logf("exit code %d: %s", code, stderr)
	}
	if !refused {
		t.Error("configurations are kept on a full disk")
	}
	fails(t, []string{"no scheduler leads"}, "config", "put", "--data-dir", data, "more", "a=1")
	stderr := stop(t, p)
	if !strings.Contains(stderr, "no space left") {
		t.Error("wattle up does not say that the disk is full")
	}
	// It tries again each second, and says so when the reason is another one.
	if n := strings.Count(stderr, "the lead is begun again"); n > 3 {
		t.Errorf("wattle up says %d times that the lead is begun again", n)
	}
	fails(t, []string{"full", "nothing that is kept there was lost"}, "up", "--data-dir", data, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0")
	free()
	p, _ = up(t, data)
	if got := works(t, "get", "config", "--data-dir", data, "-o", "json"); !strings.Contains(got, `"kept"`) {
		t.Errorf("configurations are %s", got)
	}
	if got := works(t, "get", "components", "--data-dir", data); !strings.Contains(got, "hello") {
		t.Errorf("components are %s", got)
	}
	works(t, "config", "put", "--data-dir", data, "more", "a=1")
	stop(t, p)

	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"read-only", "--data-dir"}, "up", "--data-dir", data, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0")
}

// fullHost fills the disk of a host: it runs what it is told all the same, says that
// it could not keep it, and keeps what it had.
func fullHost(t *testing.T) {
	data := t.TempDir()
	p, nats := up(t, data)
	creds := t.TempDir() + "/host.creds"
	works(t, "lattice", "creds", "host", "--dir", data+"/keys", "-o", creds)
	own := disk(t, "4m")
	run := func() *process {
		t.Helper()
		h := start(t, "hostgroup", "run", "--join", nats, "--creds", creds, "--data-dir", own, "--name", "small")
		until(t, h.stdout, "host small")
		return h
	}
	h := run()
	works(t, "component", "start", "--data-dir", data, "--host", "small", "before", "../../examples/hello-http/hello.wasm")
	free := fill(t, own)
	works(t, "component", "start", "--data-dir", data, "--host", "small", "--wait", "20s", "after", "../../internal/guests/incoming_echo/guest.wasm")
	if got := works(t, "get", "hosts", "--data-dir", data); !strings.Contains(got, "small") {
		t.Errorf("hosts are %s", got)
	}
	stderr := stop(t, h)
	for _, text := range []string{"desired document not stored", "make room"} {
		if !strings.Contains(stderr, text) {
			t.Errorf("the host does not say %q", text)
		}
	}
	free()
	h = run()
	works(t, "component", "start", "--data-dir", data, "--host", "small", "before", "../../examples/hello-http/hello.wasm")
	stop(t, h)
	if err := syscall.Mount("", own, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	fails(t, []string{"read-only", "--data-dir"}, "hostgroup", "run", "--join", nats, "--creds", creds, "--data-dir", own)
	stop(t, p)
}
