package sim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/scheduler/sim"
)

var update = flag.Bool("update", false, "write what scripts print into them")

// TestScripts runs the scripts in scheduler/testdata: a script is blocks of commands,
// each followed by a line of dashes and what the commands print. If one fails, run it with
// -update, read the difference, and keep it only if you understand it.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// play returns the script with what it prints.
func play(t *testing.T, text string) string {
	t.Helper()
	var b, printed strings.Builder
	var w *sim.World
	skip := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "----":
			out := printed.String()
			if out == "" {
				out = "ok\n"
			}
			fmt.Fprintf(&b, "----\n%s", out)
			printed.Reset()
			skip = true
			continue
		case line == "":
			skip = false
		case skip:
			continue
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "world "):
			opts := sim.Options{Script: true}
			if _, err := fmt.Sscanf(line, "world schedulers=%d hosts=%d seed=%d", &opts.Schedulers, &opts.Hosts, &opts.Seed); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			w = sim.New(opts)
		case w == nil:
			t.Fatalf("%q: there is no world yet", line)
		default:
			out, err := w.Script(line)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			printed.WriteString(out)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
