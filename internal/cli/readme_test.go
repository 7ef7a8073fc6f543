package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/internal/cli"
)

// TestReadme runs the commands of README.md that show what they print: lines that
// start with "$ wattle", and up to the next one what has to come out.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	t.Chdir("../..")
	getenv := func(name string) string { return map[string]string{"WATTLE_CACHE_DIR": cache}[name] }
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
			var stdout, stderr bytes.Buffer
			code := cli.Main(t.Context(), &cli.Env{Args: shellWords(line), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: getenv})
			if got := strings.TrimSpace(stdout.String()); code != 0 || got != strings.TrimSpace(want) {
				t.Errorf("wattle %s: code %d, prints %q, README.md has %q; standard error:\n%s", line, code, got, want, stderr.String())
			}
		}
	}
	if ran < 4 {
		t.Errorf("README.md has %d commands that show what they print", ran)
	}
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
