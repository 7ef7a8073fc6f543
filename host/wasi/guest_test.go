package wasi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/wit"
)

// engine and linker are shared by the tests: compiling takes most of their time.
var engine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

// load loads an example with everything of WASI linked.
func load(t *testing.T, file string) *component.Component {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join("..", "..", "examples", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	var linker component.Linker
	if err := wasi.Define(&linker); err != nil {
		t.Fatal(err)
	}
	c, err := e.Load(t.Context(), wasm, &linker)
	if err != nil {
		t.Fatalf("load %s: %v", file, err)
	}
	return c
}

// run runs a command and returns its exit code.
func run(t *testing.T, c *component.Component, timeout time.Duration, opts wasi.Options) (int, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	state := wasi.NewState(opts)
	defer func() {
		if err := errors.Join(state.Drain(t.Context()), state.Close()); err != nil {
			t.Errorf("close the state: %v", err)
		}
	}()
	in, err := c.Instantiate(ctx, state, component.Limits{})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	f, err := in.Func("wasi:cli/run@0.2.12", "run")
	if err != nil {
		return 0, err
	}
	results, err := f.Call(ctx)
	var exit *component.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.Code, nil
	case err != nil:
		return 0, err
	}
	if result, ok := results[0].(wit.ResultValue); !ok || result.Failed {
		return 1, nil
	}
	return 0, nil
}

func TestCommand(t *testing.T) {
	c := load(t, "cli/textool.wasm")
	root := t.TempDir()
	poem := []byte("so much depends\nupon\n\na red wheel\nbarrow\n")
	if err := errors.Join(
		os.WriteFile(filepath.Join(root, "poem"), poem, 0o666),
		os.Mkdir(filepath.Join(root, "sub"), 0o777),
		os.WriteFile(filepath.Join(root, "sub", "poem"), poem, 0o666),
		os.Symlink("/etc/passwd", filepath.Join(root, "out")),
	); err != nil {
		t.Fatal(err)
	}
	dir, err := hostdir.Open(root, hostdir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()

	tests := []struct {
		name           string
		args, env      []string
		stdin          string
		stdout, stderr string
		code           int
	}{
		{name: "count stdin", args: []string{"wc"}, stdin: "hello\nbig world\n", stdout: "       2       3      16 -\n"},
		{name: "count a file", args: []string{"wc", "/data/poem"}, stdout: "       5       8      41 /data/poem\n"},
		{name: "count nothing", args: []string{"wc"}, stdout: "       0       0       0 -\n"},
		{
			name: "search several files", args: []string{"grep", "-n", "^.o", "/data/poem", "/data/sub/poem"},
			stdout: "/data/poem:1:so much depends\n/data/sub/poem:1:so much depends\n",
		},
		{name: "environment", args: []string{"grep", "RED"}, env: []string{"TEXTOOL_OPTIONS=-i -n"}, stdin: "a\nred\n", stdout: "2:red\n"},
		{name: "run fails", args: []string{"grep", "blue", "/data/poem"}, code: 1},
		{
			name: "no such file", args: []string{"wc", "/data/nothing"}, code: 2,
			stderr: "textool: open /data/nothing: No such file or directory\n",
		},
		{
			name: "file that was not given", args: []string{"wc", "/etc/passwd"}, code: 2,
			stderr: "textool: open /etc/passwd: Bad file number\n",
		},
		{
			name: "link that leaves", args: []string{"wc", "/data/out"}, code: 2,
			stderr: "textool: open /data/out: Operation not permitted\n",
		},
		{name: "long output", args: []string{"grep", "."}, stdin: strings.Repeat("all of it\n", 50_000), stdout: strings.Repeat("all of it\n", 50_000)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, err := run(t, c, time.Minute, wasi.Options{
				CLI: cli.Options{
					Args: append([]string{"textool"}, test.args...), Env: test.env,
					Stdin: strings.NewReader(test.stdin), Stdout: &stdout, Stderr: &stderr,
				},
				Filesystem: filesystem.Options{Preopens: []filesystem.Preopen{{Path: "/data", Dir: dir}}},
			})
			if err != nil || code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
				t.Errorf("%q returned %d, %v, want %d\nstdout %.1000q, want %.1000q\nstderr %q, want %q",
					test.args, code, err, test.code, stdout.String(), test.stdout, stderr.String(), test.stderr)
			}
		})
	}
}

// The zero Options give nothing, and a command runs with that.
func TestCommandWithNothing(t *testing.T) {
	c := load(t, "cli/textool.wasm")
	if code, err := run(t, c, time.Minute, wasi.Options{}); code != 2 || err != nil {
		t.Errorf("returned %d, %v, want 2, as without arguments", code, err)
	}
}

// A guest that waits for input is ended at its deadline.
func TestDeadlineEndsWaiting(t *testing.T) {
	c := load(t, "cli/textool.wasm")
	r, w := io.Pipe()
	defer func() { _ = w.Close() }() // ends the read of the standard input
	_, err := run(t, c, 200*time.Millisecond, wasi.Options{CLI: cli.Options{Args: []string{"textool", "wc"}, Stdin: r}})
	var trap *component.Trap
	if !errors.As(err, &trap) || trap.Kind != component.TrapDeadline || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("run = %v, want a trap for the deadline", err)
	}
}

// The examples that speak HTTP link to what is offered.
func TestExamplesLink(t *testing.T) {
	for _, name := range []string{"hello-http/hello.wasm", "http-proxy/proxy.wasm"} {
		load(t, name)
	}
}
