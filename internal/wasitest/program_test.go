package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadKnown(t *testing.T) {
	got, err := readKnown(strings.NewReader("# a comment\n\na/b # a reason # with a mark\n  c/d#other\n"))
	want := map[string]string{"a/b": "a reason # with a mark", "c/d": "other"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		"a/b":            `line 1: "a/b" has no reason`,
		"\na/b #  ":      `line 2: "a/b" has no reason`,
		"a b # r":        `line 1: "a b" is not one name`,
		"a # r\na # r":   `line 2: "a" is listed twice`,
		"# c\na # r\na#": `line 3: "a" has no reason`,
	} {
		if _, err := readKnown(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestKnown(t *testing.T) {
	if _, err := readKnown(strings.NewReader(known)); err != nil {
		t.Errorf("known.txt: %v", err)
	}
}

func TestFind(t *testing.T) {
	suite := t.TempDir()
	for name, text := range map[string]string{
		"tests/c/testsuite/wasm32-wasip1/b.wasm":     "",
		"tests/c/testsuite/wasm32-wasip1/b.json":     `{"args": ["x"], "root": "dir", "exit_code": 3, "stdout": ""}`,
		"tests/c/testsuite/wasm32-wasip1/dir/n.wasm": "",
		"tests/a/testsuite/wasm32-wasip1/a.wasm":     "",
		"tests/a/testsuite/wasm32-wasip1/skip.wasm":  "",
		"tests/a/testsuite/wasm32-wasip3/a.wasm":     "",
		"tests/a/wasm32-wasip1/src.wasm":             "",
	} {
		file := filepath.Join(suite, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	programs, err := find(suite, regexp.MustCompile("a/a|b"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]spec{}
	for _, p := range programs {
		got[p.name] = p.spec
	}
	empty := ""
	want := map[string]spec{"a/a": {}, "c/b": {Args: []string{"x"}, Root: "dir", ExitCode: 3, Stdout: &empty}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// What a specification asks for and is not done fails.
	if err := os.WriteFile(filepath.Join(suite, "tests/c/testsuite/wasm32-wasip1/b.json"), []byte(`{"operations": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := find(suite, regexp.MustCompile("")); err == nil || !strings.Contains(err.Error(), `c/b: json: unknown field "operations"`) {
		t.Errorf("a specification of another form: error %v", err)
	}
	if _, err := find(t.TempDir(), regexp.MustCompile("")); err == nil {
		t.Error("a suite without programs: no error")
	}
}
