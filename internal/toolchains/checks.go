package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// timeout ends a component that hangs. Most of it is for compiling.
const timeout = 5 * time.Minute

// wattle runs one component.
type wattle struct{ binary, file string }

// output runs a command of Wattle and compares what it prints and its exit code.
func (w *wattle) output(ctx context.Context, stdin, want string, code int, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if exit, is := errors.AsType[*exec.ExitError](err); err != nil && (!is || exit.ExitCode() != code) || err == nil && code != 0 {
		return fmt.Errorf("%q ended with %v, want exit code %d: %s", args, err, code, stderr.String())
	}
	if got := stdout.String(); got != want {
		return fmt.Errorf("%q printed %q, want %q", args, got, want)
	}
	return nil
}

// typed is a call of world typed's greet.
var typed = check{"typed export", func(ctx context.Context, w *wattle) error {
	return cmp.Or(
		w.output(ctx, "", `ok("hello Zoë and B")`+"\n", 0, "call", w.file, `greet(["Zoë", "B"])`),
		w.output(ctx, "", `err("nobody")`+"\n", 1, "call", w.file, `greet([])`),
	)
}}

// command is a run of a program with arguments, environment, input and a folder.
var command = check{"command with a folder", func(ctx context.Context, w *wattle) error {
	dir, err := os.MkdirTemp("", "toolchains-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := w.output(ctx, "B\n", "hello A and B, says C\n", 0, "run", "--env", "SPEAKER=C", "--dir", dir+"::/", w.file, "--", "A"); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "out"))
	if err == nil && string(text) != "written\n" {
		err = fmt.Errorf("it wrote %q", text)
	}
	return err
}}

// goCommand is a run of the example textool.
var goCommand = check{"command", func(ctx context.Context, w *wattle) error {
	return cmp.Or(
		w.output(ctx, "one\ntwo\nthree\n", "two\nthree\n", 0, "run", w.file, "--", "grep", "^t"),
		w.output(ctx, "one\n", "", 1, "run", w.file, "--", "grep", "^t"),
	)
}}

// served is a request to a server that says what it was asked.
var served = check{"HTTP server (fetch event)", func(ctx context.Context, w *wattle) error {
	return w.answers(ctx, "POST /some/path the body")
}}

// goServed is a request to the example hello-http.
var goServed = check{"HTTP server", func(ctx context.Context, w *wattle) error {
	return w.answers(ctx, "Hello from Go\n")
}}

// answers serves the component, sends it a request, and ends it.
func (w *wattle) answers(ctx context.Context, want string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.binary, "run", w.file, "--addr", "127.0.0.1:0", "-o", "json")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cancel()
		_ = cmd.Wait() // it ends as it is told to
		if err != nil {
			err = fmt.Errorf("%w: %s", err, stderr.String())
		}
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return err
	}
	var announced struct{ URL string }
	if err := json.Unmarshal([]byte(line), &announced); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, announced.URL+"/some/path", strings.NewReader("the body"))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && (resp.StatusCode != http.StatusOK || string(body) != want) {
		err = fmt.Errorf("it answered %s, %q, want %q", resp.Status, body, want)
	}
	return err
}
