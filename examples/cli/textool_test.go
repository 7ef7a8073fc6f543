package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// These tests run the program natively; the component is built from the same
// source.

func TestTextool(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	write(t, first, "alpha\nBeta beta\n")
	write(t, second, "gamma\nlast line without end")
	missing := filepath.Join(dir, "missing")

	for _, tc := range []struct {
		name    string
		args    []string
		options string
		stdin   string
		stdout  string
		code    int
	}{
		{name: "grep stdin", args: []string{"grep", "a$"}, stdin: "za\nb\nya\n", stdout: "za\nya\n"},
		{name: "grep nothing", args: []string{"grep", "x", first}, code: exitNothing},
		{name: "grep files", args: []string{"grep", "-n", "l", first, second}, stdout: first + ":1:alpha\n" + second + ":2:last line without end\n"},
		{name: "grep case and invert", args: []string{"grep", "-i", "-v", "BETA", first}, stdout: "alpha\n"},
		{name: "grep options from the environment", args: []string{"grep", "ALPHA", first}, options: "-n -i", stdout: "1:alpha\n"},
		{name: "grep pattern like an option", args: []string{"grep", "--", "-x"}, stdin: "-x\n", stdout: "-x\n"},
		{name: "grep bad pattern", args: []string{"grep", "("}, code: exitTrouble},
		{name: "grep unknown option", args: []string{"grep", "-z", "a"}, code: exitTrouble},
		{name: "grep missing and present", args: []string{"grep", "alpha", missing, first}, stdout: first + ":alpha\n", code: exitTrouble},
		{name: "wc stdin", args: []string{"wc"}, stdin: "a b\nc\n", stdout: "       2       3       6 -\n"},
		{
			name: "wc files", args: []string{"wc", first, second},
			stdout: "       2       3      16 " + first + "\n       1       5      27 " + second + "\n       3       8      43 total\n",
		},
		{name: "no command", code: exitTrouble},
		{name: "unknown command", args: []string{"cut"}, code: exitTrouble},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			getenv := func(string) string { return tc.options }
			code := textool(append([]string{"textool"}, tc.args...), getenv, strings.NewReader(tc.stdin), &stdout, &stderr)
			if code != tc.code {
				t.Errorf("textool(%q) = %d, want %d; stderr: %s", tc.args, code, tc.code, &stderr)
			}
			if got := stdout.String(); got != tc.stdout {
				t.Errorf("textool(%q) printed %q, want %q", tc.args, got, tc.stdout)
			}
			if said := stderr.Len() > 0; said != (tc.code == exitTrouble) {
				t.Errorf("textool(%q) complained %q with exit code %d", tc.args, &stderr, code)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
