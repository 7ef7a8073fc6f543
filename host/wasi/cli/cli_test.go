package cli_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

func TestEnvironment(t *testing.T) {
	s := cli.NewState(cli.Options{Args: []string{"tool", "-v"}, Env: []string{"A=1", "B=x=y", "C", "=D"}, Dir: "/data"})
	args, _ := s.GetArguments(nil)
	env, _ := s.GetEnvironment(nil)
	dir, _ := s.InitialCWD(nil)
	type pair = component.Tuple2[string, string]
	if diff := cmp.Diff([]pair{{V0: "A", V1: "1"}, {V0: "B", V1: "x=y"}, {V0: "C"}, {V1: "D"}}, env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"tool", "-v"}, args); diff != "" || dir != component.Some("/data") {
		t.Errorf("initial-cwd %v, arguments (-want +got):\n%s", dir, diff)
	}
}

func TestZeroOptionsGiveNothing(t *testing.T) {
	s := cli.NewState(cli.Options{})
	args, _ := s.GetArguments(nil)
	env, _ := s.GetEnvironment(nil)
	dir, _ := s.InitialCWD(nil)
	if len(args) != 0 || len(env) != 0 || dir.Some {
		t.Errorf("arguments %q, environment %v, initial-cwd %v", args, env, dir)
	}
	in, _ := s.GetStdin(nil)
	closed(t, "read of stdin", second(in.Read(nil, 1)))
	out, _ := s.GetStdout(nil)
	if n, err := out.CheckWrite(nil); n == 0 || err != nil {
		t.Errorf("check-write of stdout = %d, %v", n, err)
	}
	if err := errors.Join(out.Write(nil, []byte("lost")), s.Drain(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
	for what, is := range terminals(s) {
		if is {
			t.Errorf("%s is a terminal", what)
		}
	}
}

func terminals(s *cli.State) map[string]bool {
	in, _ := s.GetTerminalStdin(nil)
	out, _ := s.GetTerminalStdout(nil)
	err, _ := s.GetTerminalStderr(nil)
	return map[string]bool{"stdin": in.Some, "stdout": out.Some, "stderr": err.Some}
}

func TestTerminals(t *testing.T) {
	s := cli.NewState(cli.Options{Terminals: cli.Terminals{Stdout: true}})
	if diff := cmp.Diff(map[string]bool{"stdin": false, "stdout": true, "stderr": false}, terminals(s)); diff != "" {
		t.Errorf("terminals (-want +got):\n%s", diff)
	}
}

func second[T any](_ T, err error) error { return err }

func closed(t *testing.T, what string, err error) {
	t.Helper()
	var e *wasiio.StreamError
	if !errors.As(err, &e) || e.Tag != wasiio.StreamErrorClosed {
		t.Errorf("%s = %v, want closed", what, err)
	}
}

// Streams of one name share what is behind them, and dropping one leaves it.
func TestStreamsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := cli.NewState(cli.Options{Stdin: strings.NewReader("onetwo"), Stdout: &out})
		a, _ := s.GetStdin(nil)
		if b, err := a.Read(nil, 3); len(b) != 0 || err != nil {
			t.Errorf("first read = %q, %v, want nothing yet", b, err)
		}
		synctest.Wait()
		if b, err := a.Read(nil, 3); string(b) != "one" || err != nil {
			t.Errorf("read = %q, %v, want one", b, err)
		}
		a.Drop(t.Context())
		b, _ := s.GetStdin(nil)
		if got, err := b.Read(nil, 10); string(got) != "two" || err != nil {
			t.Errorf("read of another = %q, %v, want two", got, err)
		}
		closed(t, "read at the end", second(b.Read(nil, 10)))
		for _, text := range []string{"a", "b"} {
			o, _ := s.GetStdout(nil)
			if _, err := o.CheckWrite(nil); err != nil {
				t.Fatal(err)
			}
			if err := o.Write(nil, []byte(text)); err != nil {
				t.Fatal(err)
			}
			o.Drop(t.Context())
		}
		if err := errors.Join(s.Drain(t.Context()), s.Close()); err != nil || out.String() != "ab" {
			t.Errorf("stdout got %q, %v, want ab", out.String(), err)
		}
		o, _ := s.GetStdout(nil)
		closed(t, "check-write after the state is closed", second(o.CheckWrite(nil)))
	})
}

// What the host gave is the host's to close.
func TestNothingGivenIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		s := cli.NewState(cli.Options{Stdin: r})
		in, _ := s.GetStdin(nil)
		if _, err := in.Read(nil, 1); err != nil {
			t.Error(err)
		}
		in.Drop(t.Context())
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Errorf("stdin was closed: %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}
