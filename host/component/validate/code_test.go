package validate_test

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/validate"
)

var update = flag.Bool("update", false, "write the texts of components into testdata; assemble them with \"make wast\"")

// example is one line of the comment on a code.
type example struct {
	name, text string
	opts       validate.Options
}

var featureNames = map[string]validate.Features{
	"Maps": validate.Maps, "Async": validate.Async, "FixedLists": validate.FixedLists, "ErrorContext": validate.ErrorContext,
	"Attributes": validate.Attributes, "Threads": validate.Threads, "AsyncBuiltins": validate.AsyncBuiltins, "StackfulLift": validate.StackfulLift,
}

// codeExamples reads the examples from the comments in code.go, by code.
func codeExamples(t testing.TB) map[validate.Code][]example {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[validate.Code][]example{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		name, code := spec.Names[0].Name, validate.Code(value)
		if !strings.HasPrefix(spec.Doc.Text(), name+": ") {
			t.Errorf("the comment on %s does not start with its name", name)
		}
		out[code] = nil
		for line := range strings.Lines(spec.Doc.Text()) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "Example: "); ok {
				ex := parseExample(t, text)
				ex.name = fmt.Sprintf("%s-%d", code, len(out[code])+1)
				out[code] = append(out[code], ex)
			}
		}
		return true
	})
	return out
}

func parseExample(t testing.TB, text string) example {
	t.Helper()
	ex := example{text: text}
	words, body, _ := strings.Cut(text, "(")
	ex.text = "(" + body
	without := false
	for word := range strings.FieldsSeq(words) {
		work, isWork := strings.CutPrefix(word, "MaxWork=")
		switch {
		case isWork:
			n, err := strconv.Atoi(work)
			if err != nil {
				t.Fatal(err)
			}
			ex.opts.MaxWork = n
		case word == "without":
			without = true
		case without && featureNames[word] != 0:
			ex.opts.Features = validate.DefaultFeatures &^ featureNames[word]
		default:
			t.Fatalf("example %q: bad word %q", text, word)
		}
	}
	return ex
}

// decode reads a component.
func decode(t testing.TB, file string) *binary.Component {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := binary.Decode(data, nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// assembled returns the component with a body in the text format. Its binary
// form is in testdata, beside the text of which it was made.
func assembled(t testing.TB, dir, name, body string) *binary.Component {
	t.Helper()
	file := filepath.Join(dir, name+".wat")
	text := "(component\n  " + body + ")\n"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return nil
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != text {
		t.Errorf("%s is not %q: run this test with -update, and \"make wast\"", file, body)
		return nil
	}
	return decode(t, filepath.Join(dir, name+".wasm"))
}

// checkLeftovers checks that a directory has a number of components.
func checkLeftovers(t testing.TB, dir string, want int) {
	t.Helper()
	have, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil || len(have) != want && !*update {
		t.Errorf("%s has %d components, want %d: remove what is left over (%v)", dir, len(have), want, err)
	}
}

// TestCodeExamples validates the examples in the comments on the codes.
func TestCodeExamples(t *testing.T) {
	dir := filepath.Join("testdata", "codes")
	all := codeExamples(t)
	if len(all) < 30 {
		t.Fatalf("found %d codes, which cannot be right", len(all))
	}
	files := 0
	for want, examples := range all {
		if len(examples) == 0 {
			t.Errorf("%s has no example", want)
		}
		for _, ex := range examples {
			files++
			c := assembled(t, dir, ex.name, ex.text)
			if c == nil {
				continue
			}
			err := validate.Component(c, &ex.opts)
			e, ok := errors.AsType[*validate.Error](err)
			switch {
			case !ok:
				t.Errorf("%s: example %q: got error %v", want, ex.text, err)
			case e.Code != want:
				t.Errorf("%s: example %q: got %v", want, ex.text, err)
			case e.Offset < 0 || e.Offset >= c.Size || e.Msg == "":
				t.Errorf("%s: example %q: offset %d of %d, message %q", want, ex.text, e.Offset, c.Size, e.Msg)
			}
		}
	}
	checkLeftovers(t, dir, files)
}
