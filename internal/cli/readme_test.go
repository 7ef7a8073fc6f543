package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/internal/cli"
)

// TestReadme runs the commands of README.md that show what they print: lines that
// start with "$ wattle", and up to the next one what has to come out, where …
// stands for anything. `wattle up` runs until the end, on ports that are free. What
// commands read is "a secret".
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir("../..")
	r := &readme{ports: strings.NewReplacer(), getenv: func(name string) string {
		return map[string]string{"WATTLE_CACHE_DIR": filepath.Join(dir, "cache"), "WATTLE_DATA_DIR": filepath.Join(dir, "data")}[name]
	}}
	ran := 0
	for i, block := range strings.Split(string(text), "\n```") {
		if i%2 == 0 {
			continue // between the blocks
		}
		for command := range strings.SplitSeq("\n"+strings.TrimSpace(block), "\n$ wattle ") {
			line, want, _ := strings.Cut(command, "\n")
			if line == "" || !strings.Contains(block, "$ wattle "+line) {
				continue
			}
			ran++
			run := r.run
			if strings.HasPrefix(line, "up ") {
				run = r.up
			}
			got, code, stderr := run(t, shellWords(line))
			got = strings.TrimSpace(r.ports.Replace(got))
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(want)), "…", ".*")
			if code != 0 || !regexp.MustCompile("^"+pattern+"$").MatchString(got) {
				t.Errorf("wattle %s: code %d, prints %q, README.md has %q; standard error:\n%s", line, code, got, want, stderr)
			}
		}
	}
	if ran < 10 {
		t.Errorf("README.md has %d commands that show what they print", ran)
	}
}

// readme runs commands.
type readme struct {
	getenv func(string) string
	ports  *strings.Replacer // makes ports those that README.md has
}

func (r *readme) run(t *testing.T, args []string) (out string, code int, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Main(t.Context(), &cli.Env{Args: args, Stdin: strings.NewReader("a secret\n"), Stdout: &o, Stderr: &e, Getenv: r.getenv})
	return o.String(), code, e.String()
}

// natsPort is the port in a URL of NATS.
var natsPort = regexp.MustCompile(`:\d+$`)

// up starts a lattice that runs until the end of the test, and returns what it
// prints when it is up.
func (r *readme) up(t *testing.T, args []string) (out string, code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	var e lockedBuffer
	ended := make(chan int, 1)
	args = append(args, "--addr", "127.0.0.1:0", "--nats-addr", "127.0.0.1:0")
	go func() {
		ended <- cli.Main(ctx, &cli.Env{Args: args, Stdin: strings.NewReader(""), Stdout: write, Stderr: &e, Getenv: r.getenv})
		_ = write.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("wattle up ends with code %d:\n%s", code, e.String())
		}
	})
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		line := lines.Text()
		if at, ok := strings.CutPrefix(line, "  URL    "); ok {
			u, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			r.ports = strings.NewReplacer(":"+u.Port(), ":8000")
		}
		if strings.HasPrefix(line, "  NATS ") {
			line = natsPort.ReplaceAllString(line, ":4222")
		}
		out += line + "\n"
		if strings.HasPrefix(line, "Ctrl-C ") {
			break
		}
	}
	return out, 0, e.String()
}

// shellWords splits a command at spaces that are not in single quotes.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}
