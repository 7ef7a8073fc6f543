package binary_test

import (
	"encoding/hex"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// code returns the code of a decoding error, or "".
func code(err error) binary.Code {
	if e, ok := errors.AsType[*binary.Error](err); ok {
		return e.Code
	}
	return ""
}

// example is one line of the comment on a code.
type example struct {
	text string
	data []byte
	opts binary.Options
}

// codeExamples reads the examples from the comments in error.go, by code.
func codeExamples(t testing.TB) map[binary.Code][]example {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[binary.Code][]example{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		name := spec.Names[0].Name
		if !strings.HasPrefix(spec.Doc.Text(), name+": ") {
			t.Errorf("the comment on %s does not start with its name", name)
		}
		out[binary.Code(value)] = nil
		for line := range strings.Lines(spec.Doc.Text()) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "Example: "); ok {
				out[binary.Code(value)] = append(out[binary.Code(value)], parseExample(t, text))
			}
		}
		return true
	})
	return out
}

func parseExample(t testing.TB, text string) example {
	t.Helper()
	ex := example{text: text, data: component()}
	options := map[string]*int{
		"MaxSize": &ex.opts.MaxSize, "MaxDepth": &ex.opts.MaxDepth, "MaxTypeDepth": &ex.opts.MaxTypeDepth,
		"MaxItems": &ex.opts.MaxItems, "MaxName": &ex.opts.MaxName,
	}
	for word := range strings.FieldsSeq(text) {
		if word == "file" {
			ex.data = nil
			continue
		}
		if key, value, ok := strings.Cut(word, "="); ok {
			n, err := strconv.Atoi(value)
			if options[key] == nil || err != nil {
				t.Fatalf("example %q: bad option %q", text, word)
			}
			*options[key] = n
			continue
		}
		h, err := hex.DecodeString(word)
		if err != nil {
			t.Fatalf("example %q: %v", text, err)
		}
		ex.data = append(ex.data, h...)
	}
	return ex
}

// TestCodeExamples decodes the examples in the comments on the codes.
func TestCodeExamples(t *testing.T) {
	all := codeExamples(t)
	if len(all) < 20 {
		t.Fatalf("found %d codes, which cannot be right", len(all))
	}
	for want, examples := range all {
		if len(examples) == 0 {
			t.Errorf("%s has no example", want)
		}
		for _, ex := range examples {
			c, err := binary.Decode(ex.data, &ex.opts)
			e, ok := errors.AsType[*binary.Error](err)
			switch {
			case !ok:
				t.Errorf("%s: example %q: got error %v", want, ex.text, err)
			case e.Code != want || c != nil:
				t.Errorf("%s: example %q: got %v, %v", want, ex.text, c, err)
			case e.Offset < 0 || e.Offset > len(ex.data):
				t.Errorf("%s: example %q: offset %d of %d", want, ex.text, e.Offset, len(ex.data))
			}
		}
	}
}

// TestErrorOffset checks that an offset is the place of the fault in the file,
// also within nested components.
func TestErrorOffset(t *testing.T) {
	tests := map[string]struct {
		data   []byte
		code   binary.Code
		offset int
	}{
		"unknown type":        {component(section(secType, list(b(0x73), b(0x5f)))), binary.CodeUnknownType, 12},
		"nested":              {component(section(secComponent, component(section(secType, list(b(0x5f)))))), binary.CodeUnknownType, 21},
		"nested core module":  {component(section(secComponent, emptyModule)), binary.CodeCoreModule, 10},
		"left over":           {component(section(secType, list(b(0x73)), b(0x00))), binary.CodeSectionSize, 12},
		"version":             {[]byte("\x00asm\x0e\x00\x01\x00"), binary.CodeVersion, 4},
		"layer":               {[]byte("\x00asm\x0d\x00\x02\x00"), binary.CodeVersion, 6},
		"cut inside a name":   {component(section(secCustom, b(0x05), []byte("ab"))), binary.CodeSectionSize, 13},
		"cut inside a header": {component(b(0x07, 0x80)), binary.CodeTruncated, 10},
		"count":               {component(section(secImport, b(0x05), b(0x00))), binary.CodeCount, 10},
		"negative index":      {component(section(secType, list(b(0x70, 0xff, 0x7f)))), binary.CodeUnknownType, 12},
		"long index":          {component(section(secType, list(b(0x70, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)))), binary.CodeIntegerTooLong, 12},
		"large index":         {component(section(secType, list(b(0x70, 0x80, 0x80, 0x80, 0x80, 0x20)))), binary.CodeIntegerTooLarge, 12},
	}
	for what, test := range tests {
		_, err := binary.Decode(test.data, nil)
		e, ok := errors.AsType[*binary.Error](err)
		if !ok || e.Code != test.code || e.Offset != test.offset {
			t.Errorf("%s: Decode(% x) = %v, want %s at offset %#x", what, test.data, err, test.code, test.offset)
		}
	}
}

func TestCoreModuleSaysWhatToDo(t *testing.T) {
	_, err := binary.Decode(emptyModule, nil)
	if err == nil || !strings.Contains(err.Error(), "wasm-tools component new") {
		t.Errorf("Decode of a core module = %v, want it to name a tool", err)
	}
}
