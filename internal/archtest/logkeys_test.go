package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logMethods are those of a slog.Logger that take a message and attributes, with
// the number of arguments before the attributes.
var logMethods = map[string]int{
	"Debug": 1, "Info": 1, "Warn": 1, "Error": 1,
	"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2,
	"With": 0,
}

// TestLogKeys demands that the keys of log attributes are those of the table in the
// package comment of lattice, so that an operator searches for one word.
func TestLogKeys(t *testing.T) {
	text, err := os.ReadFile("../../lattice/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?s)in all packages: (.*?)\.`).FindStringSubmatch(string(text))
	if table == nil {
		t.Fatal("lattice/doc.go has no table of keys")
	}
	keys := regexp.MustCompile(`[a-z_]+`).FindAllString(table[1], -1)
	used := map[string]bool{}
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.dir, "lattice") && !strings.HasPrefix(p.dir, "scheduler") && p.dir != "host/daemon" && p.dir != "providers/httpserver" {
			continue
		}
		for _, name := range p.names {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root(t), name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				before, ok := logMethods[method.Sel.Name]
				if !ok || len(call.Args) < before+2 || before > 0 && literal(call.Args[before-1]) == "" {
					return true
				}
				for i := before; i < len(call.Args); i += 2 {
					key := literal(call.Args[i])
					if key == "" {
						continue
					}
					used[key] = true
					if !slices.Contains(keys, key) {
						t.Errorf("%s: log key %q is not in the table of lattice/doc.go", name, key)
					}
				}
				return true
			})
		}
	}
	if len(used) < 10 {
		t.Errorf("only the keys %v were found: does this test still look at the right calls?", used)
	}
}

// literal returns the value of a literal text, or nothing.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}
