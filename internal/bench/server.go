package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// server is a process that serves a component.
type server struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	url    string
	nats   string // of a lattice
	stderr bytes.Buffer
}

// start runs a server whose first line on standard output names its URL.
func start(ctx context.Context, url func(line string) (string, error), name string, args ...string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, name, args...)}
	s.cmd.Stderr = &s.stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	s.stdin = in
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err == nil {
		s.url, err = url(strings.TrimSpace(line))
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s: %w\n%.500s", name, err, s.stderr.String())
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // ends with the process
	return s, nil
}

func (s *server) stop() {
	_ = s.stdin.Close()
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// cpu returns the processor time that a stopped server has used.
func (s *server) cpu() time.Duration {
	return s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
}

// theLine is for a server whose first line is its URL.
func theLine(line string) (string, error) { return line, nil }

// wattle serves a component with the program that is measured.
func wattle(ctx context.Context, cache, file string, args ...string) (*server, error) {
	args = append([]string{"run", file, "--addr", "127.0.0.1:0", "--cache-dir", cache, "-o", "json", "--concurrency", "64"}, args...)
	return start(ctx, func(line string) (string, error) {
		var out struct {
			URL string `json:"url"`
		}
		err := json.Unmarshal([]byte(line), &out)
		return out.URL, err
	}, "bin/wattle", args...)
}

// program runs the program that is measured.
func program(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "bin/wattle", args...)
}

// announced starts a lattice, or a part of one, of the program that is measured.
func announced(ctx context.Context, args ...string) (*server, error) {
	var out struct{ HTTP, NATS string }
	s, err := start(ctx, func(line string) (string, error) {
		err := json.Unmarshal([]byte(line), &out)
		return out.HTTP, err
	}, "bin/wattle", args...)
	if err == nil {
		s.nats = out.NATS
	}
	return s, err
}

// jcoDir is where the peer's program is.
const jcoDir = "internal/bench/jco"

// installJco has jco be there, or says why that cannot be.
func installJco(ctx context.Context) error {
	if _, err := exec.LookPath("node"); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(jcoDir, "node_modules")); err == nil {
		return nil
	}
	install := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = jcoDir
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %.300s", err, out)
	}
	return nil
}

// jcoServer serves a component with jco.
func jcoServer(ctx context.Context, file string) (*server, error) {
	return start(ctx, theLine, "node", filepath.Join(jcoDir, "serve.mjs"), file)
}

// own runs this program as a server.
func own(ctx context.Context, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, theLine, self, append([]string{"-child"}, args...)...)
}
