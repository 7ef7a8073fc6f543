package manifest_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/manifest"
	"github.com/wattle-dev/wattle/scheduler/control"
)

var update = flag.Bool("update", false, "write the golden files")

// good returns the manifests of testdata/good by the names of their files.
func good(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/good/*.*")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{}
	for _, file := range files {
		if filepath.Ext(file) == ".golden" {
			continue
		}
		if texts[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(texts) == 0 {
		t.Fatal("no manifests")
	}
	return texts
}

// TestGood reads manifests of every form, and compares what they say.
func TestGood(t *testing.T) {
	for file, text := range good(t) {
		m, err := manifest.Parse(filepath.Base(file), text)
		if err != nil {
			t.Errorf("Parse %s: %v", file, err)
			continue
		}
		back, err := m.JSON("made-up")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, w := range m.Warnings {
			fmt.Fprintln(&b, w)
		}
		m.Warnings = nil
		for _, part := range []any{m, json.RawMessage(back)} {
			pretty, err := json.MarshalIndent(part, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(pretty, '\n'))
		}
		golden := file + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}

		again, err := manifest.Parse("", back)
		if err != nil {
			t.Errorf("Parse what JSON of %s returned: %v", file, err)
			continue
		}
		if twice, err := again.JSON(""); err != nil || string(twice) != string(back) {
			t.Errorf("JSON of JSON of %s = %s, %v, want %s", file, twice, err, back)
		}
	}
}

// TestErrors compares what is said of manifests that are wrong.
func TestErrors(t *testing.T) {
	const file = "testdata/errors.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		t.Run(in.Name, func(t *testing.T) {
			_, err := manifest.Parse(in.Name, in.Data)
			if err == nil {
				t.Fatal("no error")
			}
			if !errors.Is(err, lattice.ErrInvalid) {
				t.Error("the error is not ErrInvalid")
			}
			if *update {
				out.Data = []byte(err.Error() + "\n")
			}
			if diff := cmp.Diff(string(out.Data), err.Error()+"\n"); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBounds(t *testing.T) {
	laughs := "a0: &a0 [" + strings.Repeat("x, ", 9) + "x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	long := "a: &a \"" + strings.Repeat("x", 1<<16) + "\"\nb: [" + strings.Repeat("*a, ", 100) + "*a]\n"
	for name, test := range map[string]struct{ text, want string }{
		"laughs":  {laughs, "more than 262144 values"},
		"long":    {long, "aliases expanded"},
		"itself":  {"a: &a [*a]\n", "deep"},
		"deep":    {strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "deep"},
		"deepest": {strings.Repeat("[", 200_000), ""},
		"json":    {"{\"a\":" + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}", "deep"},
		"size":    {strings.Repeat("#", manifest.MaxBytes+1), "the limit is"},
		"utf-8":   {"a: \xff", "not UTF-8"},
		"empty":   {"", "is empty"},
		"comment": {"# nothing\n", "is empty"},
		"two":     {"a: 1\n---\nb: 1\n", "second document"},
		"many":    {strings.Repeat("x: 1\n", 2000), "more errors"},
	} {
		_, err := manifest.Parse(name, []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %.300v, want %q", name, err, test.want)
			continue
		}
		if n := len(fmt.Sprint(err)); n > 64<<10 {
			t.Errorf("%s: the error has %d bytes", name, n)
		}
	}
}

// The bounds that package control has of the same things.
func TestSameBounds(t *testing.T) {
	if manifest.MaxBytes != control.MaxManifest {
		t.Errorf("MaxBytes = %d, want %d", manifest.MaxBytes, control.MaxManifest)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range good(f) {
		f.Add(text)
	}
	archive, err := txtar.ParseFile("testdata/errors.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := manifest.Parse("fuzz", text)
		if err != nil {
			if n := len(err.Error()); n > 256<<10 {
				t.Errorf("the error has %d bytes", n)
			}
			return
		}
		back, err := m.JSON("")
		if err != nil {
			t.Fatal(err)
		}
		again, err := manifest.Parse("back", back)
		if err != nil {
			t.Fatalf("%s: %v", back, err)
		}
		if len(again.Components) != len(m.Components) || len(again.Providers) != len(m.Providers) || again.Name != m.Name {
			t.Errorf("another manifest: %s", back)
		}
	})
}

// TestExamples reads the manifests of the examples: the files that they name are
// there, and nothing is to be warned of.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/wattle.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d manifests, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := manifest.Parse(file, text)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range m.Warnings {
			t.Error(w)
		}
		for _, c := range m.Components {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), c.Image)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
