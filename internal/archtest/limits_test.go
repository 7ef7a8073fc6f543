package archtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// limitRow is a row of the table of limits: where the limit is, and its test.
var limitRow = regexp.MustCompile("(?m)^\\| [^|]+ \\| [^|]+ \\| `([a-z0-9/]+) ([A-Za-z]+)` \\| (Test[A-Za-z]+) \\|$")

// TestLimitTable checks that what SECURITY.md says of limits can be found.
func TestLimitTable(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := limitRow.FindAllStringSubmatch(string(text), -1)
	if len(rows) < 50 {
		t.Errorf("SECURITY.md has %d limits", len(rows))
	}
	tests := source(t, "../..", "_test.go")
	for _, row := range rows {
		dir, name, test := row[1], row[2], row[3]
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(source(t, "../../"+dir, ".go")) {
			t.Errorf("package %s has no %s", dir, name)
		}
		if !strings.Contains(tests, "func "+test+"(") {
			t.Errorf("%s %s: there is no %s", dir, name, test)
		}
	}
}

// source returns the files of a directory, or of host, lattice, providers and wit with all
// below them if it is the root, that end like this.
func source(t *testing.T, dir, end string) string {
	t.Helper()
	var b strings.Builder
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	if dir != "../.." {
		files, err := filepath.Glob(filepath.Join(dir, "*"+end))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			add(f)
		}
		return b.String()
	}
	for _, top := range []string{"host", "lattice", "providers", "wit"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, end) {
				add(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
