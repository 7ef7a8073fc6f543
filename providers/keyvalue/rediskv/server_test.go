package rediskv_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a Redis server on a socket of its own that can stop and start again.
type server struct {
	dir  string
	args []string
	cmd  *exec.Cmd
}

// newServer starts a server with some settings beside its own. It listens on a socket
// in a directory, and on no port unless the settings say so.
func newServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("WATTLE_BACKENDS") == "required" {
			tb.Fatalf("%v: install the package redis-server", err)
		}
		tb.Skipf("%v: install the package redis-server to run this", err)
	}
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // the server may be another user, who cannot enter the directories of tests
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{dir: dir, args: args}
	s.start(tb)
	tb.Cleanup(func() { s.stop(tb) })
	return s
}

func (s *server) socket() string { return filepath.Join(s.dir, "s") }

// start starts the server and waits until it answers.
func (s *server) start(tb testing.TB) {
	tb.Helper()
	args := append([]string{
		"--port", "0", "--unixsocket", s.socket(), "--dir", s.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
	}, s.args...)
	s.cmd = exec.CommandContext(tb.Context(), "redis-server", args...)
	s.cmd.Stderr = tb.Output()
	s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		const nobody = 65534
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(s.dir, nobody, nobody); err != nil {
			tb.Fatal(err)
		}
	}
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !s.answers(); <-tick.C {
		if time.Now().After(deadline) {
			tb.Fatal("redis-server does not answer")
		}
	}
}

// answers reports whether the server answers and has loaded what it has.
func (s *server) answers() bool {
	c, err := net.Dial("unix", s.socket())
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }() // nothing is lost with it
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && !strings.HasPrefix(line, "-LOADING")
}

// stop ends the server.
func (s *server) stop(tb testing.TB) {
	tb.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Error(err)
	}
	_ = s.cmd.Wait() // its code says which signal it was
	s.cmd = nil
	_ = os.Remove(s.socket())
}
