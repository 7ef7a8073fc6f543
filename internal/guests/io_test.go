package guests_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
)

// ioTests are the tests of guests of wasi:io.
var ioTests = map[guest]func(*testing.T, guest){
	"streams_read": func(t *testing.T, g guest) {
		in := io.MultiReader(strings.NewReader("hello world"), iotest.HalfReader(strings.NewReader(strings.Repeat("x", 200_000))))
		g.pass(t, wasi.Options{CLI: cli.Options{Stdin: in}})
	},
	"streams_skip": func(t *testing.T, g guest) {
		g.pass(t, wasi.Options{CLI: cli.Options{Stdin: strings.NewReader("abc" + strings.Repeat("x", 149_997))}})
	},
	"streams_write": func(t *testing.T, g guest) {
		want := pattern(300_000)
		if o := g.pass(t, wasi.Options{}); len(o.stdout) != len(want)+4096 || !strings.HasPrefix(o.stdout, want) {
			t.Errorf("the guest wrote %d bytes that begin %.100q, want %d that begin %.100q", len(o.stdout), o.stdout, len(want)+4096, want)
		}
	},
	"streams_zeroes": func(t *testing.T, g guest) {
		want := "a" + strings.Repeat("\x00", 5000) + "b" + strings.Repeat("\x00", 4096) + "c"
		if o := g.pass(t, wasi.Options{}); o.stdout != want {
			t.Errorf("the guest wrote %d bytes, want %d, or others", len(o.stdout), len(want))
		}
	},
	"streams_splice": func(t *testing.T, g guest) {
		in := pattern(200_000)
		if o := g.pass(t, wasi.Options{CLI: cli.Options{Stdin: strings.NewReader(in)}}); o.stdout != in+"." {
			t.Errorf("the guest wrote %d bytes, want %d, or others", len(o.stdout), len(in)+1)
		}
	},
	"streams_failed": func(t *testing.T, g guest) {
		o := g.run(t, wasi.Options{CLI: cli.Options{
			Stdin:  io.MultiReader(strings.NewReader("before"), iotest.ErrReader(errors.New("the cable is cut"))),
			Stdout: failing{errors.New("the disk is full")},
		}})
		if o.code != 0 || o.err != nil {
			t.Errorf("ended with %+v, want 0", o)
		}
	},
	"streams_flush": func(t *testing.T, g guest) {
		out := &gate{opened: make(chan struct{})}
		o := g.run(t, wasi.Options{CLI: cli.Options{Stdout: out, Stderr: signal(func() { close(out.opened) })}})
		if o.code != 0 || o.err != nil || o.stderr != "" || o.drained != nil || !bytes.HasSuffix(out.got.Bytes(), []byte("\x00end")) {
			t.Errorf("ended with %+v, having written %d bytes that end %.20q", o, out.got.Len(), out.got.Bytes()[max(0, out.got.Len()-20):])
		}
	},
	"streams_wait": func(t *testing.T, g guest) {
		in, w := io.Pipe()
		lines := []string{"one\n", "two\n", "three\n"}
		next := signal(func() {
			if len(lines) == 0 {
				_ = w.Close() // never fails
				return
			}
			if _, err := io.WriteString(w, lines[0]); err != nil {
				t.Error(err)
			}
			lines = lines[1:]
		})
		o := g.run(t, wasi.Options{CLI: cli.Options{Stdin: in, Stderr: next}})
		if o.code != 0 || o.err != nil || o.stdout != "three\n" || o.drained != nil {
			t.Errorf("ended with %+v, want %q", o, "three\n")
		}
	},
	"streams_splice_failed": func(t *testing.T, g guest) {
		opts := args("input")
		opts.CLI.Stdin = io.MultiReader(strings.NewReader("before"), iotest.ErrReader(errors.New("the cable is cut")))
		if o := g.pass(t, opts); o.stdout != "before, after" {
			t.Errorf("the guest wrote %q, want %q", o.stdout, "before, after")
		}
		opts = args("output")
		opts.CLI.Stdin, opts.CLI.Stdout = strings.NewReader("before"), failing{errors.New("the disk is full")}
		if o := g.run(t, opts); o.code != 0 || o.err != nil || o.stderr != "" {
			t.Errorf("ended with %+v, want 0", o)
		}
	},
	"streams_closed": func(t *testing.T, g guest) {
		if o := g.run(t, wasi.Options{CLI: cli.Options{Stdout: failing{io.ErrClosedPipe}}}); o.code != 0 || o.err != nil {
			t.Errorf("ended with %+v, want 0", o)
		}
	},
	"streams_children": func(t *testing.T, g guest) {
		if o := g.pass(t, wasi.Options{CLI: cli.Options{Stdin: strings.NewReader("input")}}); o.stdout != "output" {
			t.Errorf("the guest wrote %q, want %q", o.stdout, "output")
		}
	},
	"streams_traps": func(t *testing.T, g guest) {
		for what, text := range map[string]string{
			"write without a check":         "write of 1 bytes, but check-write permitted 0",
			"write more than permitted":     ", but check-write permitted ",
			"write a permit twice":          "write of 1 bytes, but check-write permitted 0",
			"write after a flush":           "write of 1 bytes, but check-write permitted 0",
			"more zeroes than permitted":    ", but check-write permitted ",
			"all zeroes there are":          "write of 18446744073709551615 bytes, but check-write permitted 0",
			"blocking write of 4097 bytes":  "blocking write of 4097 bytes, at most 4096 are allowed",
			"blocking write of 4097 zeroes": "blocking write of 4097 zeroes, at most 4096 are allowed",
			"stream that was dropped":       "handle",
			"stream dropped twice":          "handle",
			"input as output":               "handle",
		} {
			g.trap(t, args(what), text)
		}
	},
	"poll_ready": func(t *testing.T, g guest) { g.pass(t, wasi.Options{CLI: cli.Options{Stdin: silence(t)}}) },
	"poll_many":  func(t *testing.T, g guest) { g.pass(t, wasi.Options{CLI: cli.Options{Stdin: silence(t)}}) },
	"poll_traps": func(t *testing.T, g guest) {
		for what, text := range map[string]string{
			"empty list":       "poll of an empty list",
			"too many":         "poll of 65537 pollables, at most 65536 are allowed",
			"dropped pollable": "handle",
			"no pollable":      "handle",
		} {
			g.trap(t, args(what), text)
		}
	},
	"poll_cancelled": func(t *testing.T, g guest) {
		c := g.load(t)
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		defer cancel()
		state := wasi.NewState(wasi.Options{CLI: cli.Options{Stdin: silence(t), Stderr: signal(cancel)}})
		_, err := call(ctx, c, state)
		if trap, ok := errors.AsType[*component.Trap](err); !ok || trap.Kind != component.TrapDeadline || !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v, want a trap for the cancelled call", err)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	},
}

// pattern is what streams_write writes.
func pattern(n int) string {
	return strings.Repeat("abcdefghijklmnopqrstuvwxyz", n/26+1)[:n]
}

// failing is a writer that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// gate is a writer that takes nothing before it is opened.
type gate struct {
	opened chan struct{}
	got    bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.opened
	return g.got.Write(p)
}

// signal is a writer that calls a function when it is told "go", and else fails.
type signal func()

func (s signal) Write(p []byte) (int, error) {
	if string(p) != "go" {
		return 0, fmt.Errorf("guest says %q", p)
	}
	s()
	return len(p), nil
}

// silence is a reader that is open and has nothing until the test ends.
func silence(t *testing.T) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() }) // never fails
	return r
}
