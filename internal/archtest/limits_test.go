package archtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// limitRow is a row of the table of limits: where the limit is, and its tests.
var limitRow = regexp.MustCompile("^\\| [^|]+ \\| [^|]+ \\| `([a-z0-9/]+) ([A-Za-z]+)` \\| (Test[A-Za-z]+(?:, Test[A-Za-z]+)*) \\|$")

// TestLimitTable checks that what SECURITY.md says of limits can be found.
func TestLimitTable(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| --- | --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	tests, rows := source(t, "../..", "_test.go"), 0
	for line := range strings.SplitSeq(table, "\n") {
		if strings.HasPrefix(line, "| **") {
			continue // what the next rows are about
		}
		row := limitRow.FindStringSubmatch(line)
		if row == nil {
			t.Errorf("%s: want a limit, its value, where it is, and its tests", line)
			continue
		}
		rows++
		dir, name := row[1], row[2]
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(source(t, "../../"+dir, ".go")) {
			t.Errorf("package %s has no %s", dir, name)
		}
		for test := range strings.SplitSeq(row[3], ", ") {
			if !strings.Contains(tests, "func "+test+"(") {
				t.Errorf("%s %s: there is no %s", dir, name, test)
			}
		}
	}
	if rows < 80 {
		t.Errorf("SECURITY.md has %d limits", rows)
	}
}

// source returns the files of a directory, or of the folders of the product with all
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
	for _, top := range []string{"host", "hostgroup", "internal/webserver", "lattice", "providers", "scheduler", "wit"} {
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
