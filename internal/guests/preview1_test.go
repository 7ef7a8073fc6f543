package guests_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// preview1Tests are the tests of guests that are programs for WASI preview 1,
// with the C library wasi-libc and an adapter between them and WASI 0.2.
var preview1Tests = map[guest]func(*testing.T, guest){
	"preview1_files":       inTempDir(map[string]string{"f": "0123xyend"}),
	"preview1_directories": inTempDir(map[string]string{"e": "/", "e/hard": "f", "e/soft": "-> hard", "h": "f"}),
	"preview1_readdir":     inTempDir(map[string]string{"a-name-of-some-length-0": ""}),
	"preview1_clocks":      passesCoarse,
	"preview1_stdio": func(t *testing.T, g guest) {
		opts := args("echo", "one", "", "größe")
		opts.CLI.Env = []string{"A=b", "EMPTY=", "EQUATION=a=b"}
		opts.CLI.Stdin = strings.NewReader(strings.Repeat("a line\n", 10_000))
		o := g.run(t, opts)
		want := outcome{
			stdout: "arg one\narg \narg größe\nenv A=b\nenv EMPTY=\nenv EQUATION=a=b\n" + strings.Repeat("A LINE\n", 10_000),
			stderr: "to stderr\n",
		}
		if diff := cmp.Diff(want, o, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("echo (-want +got):\n%s", diff)
		}
		// The adapter knows of success and failure only.
		for code, want := range map[int]int{0: 0, 1: 1, 3: 1} {
			for _, how := range []string{"return", "exit"} {
				if o := g.run(t, args(how, strconv.Itoa(code))); o.code != want || o.err != nil {
					t.Errorf("%s %d: ended with %+v, want %d", how, code, o, want)
				}
			}
		}
		g.trap(t, args("abort"), "unreachable")
	},
}
