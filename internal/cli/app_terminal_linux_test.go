package cli_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/wattle-dev/wattle/internal/cli"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// terminal returns the two ends of a terminal: what a program has, and what a person
// sees.
func terminal(t *testing.T) (program, person *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(filepath.Join("/dev/pts", fmt.Sprint(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return program, person
}

// TestProgressOnTerminal demands that progress is shown in its place, and taken away at
// the end.
func TestProgressOnTerminal(t *testing.T) {
	d := newDesk(t)
	put := &control.AppResult{Result: control.Result{Changed: true}, App: "shop", Version: "2.0.0", Number: 2, Deployed: "2.0.0"}
	d.answers = map[string][]any{"app.scale": {put}, "app.status": {
		deskStatus("2.0.0", control.AppProgressing, "it \x1b[31mcompiles", 0), deskStatus("2.0.0", control.AppReady, "", 2),
	}}
	program, person := terminal(t)
	var out strings.Builder
	code := cli.Main(t.Context(), &cli.Env{
		Args:  append([]string{"app", "scale", "shop", "--instances", "2"}, d.as...),
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: program, Getenv: func(string) string { return "" },
	})
	if err := program.Close(); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(person) // the end of a terminal is an error
	seen := string(text)
	if code != 0 || out.String() != "shop version 2.0.0 scaled: 1 component ready\n" {
		t.Fatalf("exit code %d, %q, %q", code, out.String(), seen)
	}
	const first = "\x1b[?7lshop (0s)\r\n  component cart: 0 of 2 ready: it �[31mcompiles\r\n\x1b[?7h"
	for _, want := range []string{first, "\r\x1b[2A\x1b[J", "component cart: 2 of 2 ready\r\n"} {
		if !strings.Contains(seen, want) {
			t.Errorf("no %q in %q", want, seen)
		}
	}
	if !strings.HasSuffix(seen, "\r\x1b[2A\x1b[J") {
		t.Errorf("it is not taken away: %q", seen)
	}
}
