package guests_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/cli"
)

// cliTests are the tests of guests of wasi:cli.
var cliTests = map[guest]func(*testing.T, guest){
	"environment_arguments": func(t *testing.T, g guest) {
		g.pass(t, args("one", "", `größe €😀 "and" spaces`, strings.Repeat("x", 100_000)))
	},
	"environment_variables": func(t *testing.T, g guest) {
		opts := args("some")
		opts.CLI.Env = []string{"HOME=/home/größe", "EMPTY=", "EQUATION=a=b=c", "NAME"}
		g.pass(t, opts)
		g.pass(t, args("none"))
	},
	"environment_cwd": func(t *testing.T, g guest) {
		opts := args("some")
		opts.CLI.Dir = "/data/here"
		g.pass(t, opts)
		g.pass(t, args("none"))
	},
	"exit_status": func(t *testing.T, g guest) {
		g.exit(t, args("ok"), 0)
		g.exit(t, args("err"), 1)
	},
	"exit_code": func(t *testing.T, g guest) {
		for _, code := range []int{0, 1, 2, 42, 127, 255} {
			g.exit(t, args(strconv.Itoa(code)), code)
		}
	},
	"run_result": func(t *testing.T, g guest) {
		for arg, want := range map[string]int{"ok": 0, "err": 1} {
			if o := g.run(t, args(arg)); o.code != want || o.err != nil {
				t.Errorf("%s: ended with %d, %v, want %d", arg, o.code, o.err, want)
			}
		}
	},
	"stdio_streams": func(t *testing.T, g guest) {
		const text = "a line\nand another\n"
		o := g.run(t, wasi.Options{CLI: cli.Options{Stdin: strings.NewReader(text)}})
		if o.code != 0 || o.err != nil || o.stdout != text+", to stdout" || o.stderr != "to stderr" {
			t.Errorf("ended with %+v, want %q and more", o, text)
		}
	},
	"terminal_streams": func(t *testing.T, g guest) {
		for _, letters := range []string{"", "i", "o", "e", "ioe"} {
			opts := args(letters)
			opts.CLI.Terminals = cli.Terminals{
				Stdin: strings.Contains(letters, "i"), Stdout: strings.Contains(letters, "o"), Stderr: strings.Contains(letters, "e"),
			}
			g.pass(t, opts)
		}
	},
}

// args are options with arguments and nothing else.
func args(a ...string) wasi.Options { return wasi.Options{CLI: cli.Options{Args: a}} }

// exit runs a guest that writes "before" and then exits.
func (g guest) exit(t *testing.T, opts wasi.Options, code int) {
	t.Helper()
	if o := g.run(t, opts); o.code != code || o.err != nil || o.stdout != "before" || o.stderr != "" {
		t.Errorf("%s %q ended with %+v, want %d and no more than %q", g, opts.CLI.Args, o, code, "before")
	}
}
