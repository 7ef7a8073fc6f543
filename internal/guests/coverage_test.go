package guests_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

// packages returns WASI with all that is unstable.
func packages(t *testing.T) []*wit.Package {
	t.Helper()
	set, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	return set.Packages
}

// uncalled are functions that no guest can call, with the reason.
var uncalled = map[string]string{
	"wasi:cli/run@0.2.12 run":                  "guests export it, and all commands do",
	"wasi:http/incoming-handler@0.2.12 handle": "guests export it, and those named incoming_ do",
}

// imported returns the functions that guests import.
func imported(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*/guest.wasm")
	if err != nil {
		t.Fatal(err)
	}
	funcs := map[string]bool{}
	for _, file := range files {
		wasm, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := component.Describe(wasm)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if d.World == nil {
			t.Fatalf("%s has no world: %s", file, d.WorldError)
		}
		for _, im := range d.World.Imports {
			if im.Interface == nil {
				t.Errorf("%s imports %s, which is not an interface", file, im.Key())
				continue
			}
			for _, f := range im.Interface.Funcs {
				funcs[im.Key()+" "+f.Name] = true
			}
		}
	}
	return funcs
}

// A guest imports only what it calls: the linker leaves out the rest.
func TestEveryFunctionIsCalled(t *testing.T) {
	calls := imported(t)
	known := map[string]bool{}
	for _, pkg := range packages(t) {
		for _, iface := range pkg.Interfaces {
			for _, f := range iface.Funcs {
				name := iface.ID.String() + " " + f.Name
				known[name] = true
				_, excused := uncalled[name]
				switch {
				case excused && calls[name]:
					t.Errorf("%s is called: take it out of the list of those that are not", name)
				case !excused && !calls[name]:
					t.Errorf("%s is called by no guest", name)
				}
			}
		}
	}
	for name := range uncalled {
		if !known[name] {
			t.Errorf("%s is listed but not a function of WASI", name)
		}
	}
}

// errorCodes says of each case of the error types which guests, or which test
// in Go, "TestX of host/wasi/x", meet it, or why nothing does: "none: reason".
var errorCodes = map[string]map[string]string{
	"wasi:filesystem/types@0.2.12 error-code": filesystemErrorCodes,
	"wasi:http/types@0.2.12 error-code":       httpErrorCodes,
	"wasi:http/types@0.2.12 header-error":     headerErrors,
	"wasi:sockets/network@0.2.12 error-code":  socketsErrorCodes,
}

func TestEveryErrorCode(t *testing.T) {
	types := map[string]*wit.TypeDef{}
	for _, pkg := range packages(t) {
		for _, iface := range pkg.Interfaces {
			for _, d := range iface.Types {
				name := iface.ID.String() + " " + d.Name
				types[name] = d
				if isError := d.Name == "error-code" || d.Name == "header-error"; isError && d.Use == nil && errorCodes[name] == nil {
					t.Errorf("%s: nothing is said of its cases", name)
				}
			}
		}
	}
	for name, met := range errorCodes {
		def := types[name]
		if def == nil || def.Type == nil {
			t.Errorf("%s is not a type of WASI", name)
			continue
		}
		var cases []string
		for _, c := range def.Type.Cases() {
			cases = append(cases, c.Name)
		}
		for _, c := range cases {
			by, ok := met[c]
			reason, none := strings.CutPrefix(by, "none: ")
			switch {
			case !ok:
				t.Errorf("%s: nothing is said of %s", name, c)
			case none && reason == "", by == "":
				t.Errorf("%s: %s has no reason", name, c)
			case none:
			default:
				checkMeets(t, name, c, by)
			}
		}
		for c := range met {
			if !slices.Contains(cases, c) {
				t.Errorf("%s has no case %s", name, c)
			}
		}
	}
}

// checkMeets checks that those exist who are said to meet an error code, and that
// guests, or their tests by what they expect a guest to say, name it.
func checkMeets(t *testing.T, typ, code, by string) {
	t.Helper()
	if test, dir, ok := strings.Cut(by, " of "); ok {
		if !strings.Contains(tests(t, filepath.Join("..", "..", filepath.FromSlash(dir))), "func "+test+"(") {
			t.Errorf("%s %s: package %s has no %s", typ, code, dir, test)
		}
		return
	}
	constant := regexp.MustCompile(`(\b|_)` + strings.ToUpper(strings.ReplaceAll(code, "-", "_")) + `\b`)
	said := regexp.MustCompile(`"\w+ ` + code + `"`).MatchString(tests(t, "."))
	for g := range strings.FieldsSeq(by) {
		source, err := os.ReadFile(filepath.Join(g, "main.c"))
		switch {
		case err != nil:
			t.Errorf("%s %s: %v", typ, code, err)
		case !said && !constant.Match(source):
			t.Errorf("%s %s: guest %s does not name it", typ, code, g)
		}
	}
}

// tests returns the text of the tests in a directory.
func tests(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
