package component_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

var update = flag.Bool("update", false, "write the golden files in testdata")

func readWorld(t testing.TB, file string) *wit.World {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ast, err := binary.Decode(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := component.World(ast)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// outline writes a world, a type by its name where it has one.
func outline(w *wit.World) string {
	var b strings.Builder
	for i := range w.Imports {
		outlineExtern(&b, "import ", &w.Imports[i])
	}
	for i := range w.Exports {
		outlineExtern(&b, "export ", &w.Exports[i])
	}
	return b.String()
}

func outlineExtern(b *strings.Builder, verb string, e *wit.Extern) {
	switch {
	case e.Func != nil:
		fmt.Fprintf(b, "%s%s\n", verb, outlineFunc(e.Func))
	case e.Type != nil:
		fmt.Fprintf(b, "%s%s\n", verb, outlineDef(e.Type))
	default:
		fmt.Fprintf(b, "%s%s", verb, e.Key())
		if e.Name != "" && e.ID.Package != "" {
			fmt.Fprintf(b, " implements %s", e.ID)
		}
		fmt.Fprintln(b)
		for _, d := range e.Interface.Types {
			fmt.Fprintf(b, "  %s\n", outlineDef(d))
		}
		for _, f := range e.Interface.Funcs {
			fmt.Fprintf(b, "  %s\n", outlineFunc(f))
		}
	}
}

func outlineDef(d *wit.TypeDef) string {
	switch {
	case d.Use != nil:
		return fmt.Sprintf("use %s.{%s as %s}", d.From.ID, d.Use.Name, d.Name)
	case d.Alias != nil:
		return fmt.Sprintf("type %s = %s", d.Name, d.Alias.Name)
	case d.Resource != nil:
		return "resource " + d.Resource.String()
	default:
		return fmt.Sprintf("type %s = %s", d.Name, outlineStructure(d.Type))
	}
}

func outlineFunc(f *wit.Func) string {
	s := f.Name + ": "
	if f.Async {
		s += "async "
	}
	s += "func(" + outlineFields(f.Params) + ")"
	if f.Result != nil {
		s += " -> " + outlineType(f.Result)
	}
	return s
}

func outlineType(t *wit.Type) string {
	switch {
	case t == nil:
		return "_"
	case t.Name == "":
		return outlineStructure(t)
	case t.Owner == nil:
		return t.Name
	}
	return t.Owner.ID.Name + "." + t.Name
}

func outlineStructure(t *wit.Type) string {
	s := t.Kind.String()
	switch t.Kind {
	case wit.Record, wit.Variant:
		return s + " {" + outlineFields(t.Fields) + "}"
	case wit.Enum, wit.Flags:
		return s + " {" + strings.Join(t.Labels, ", ") + "}"
	case wit.Own, wit.Borrow:
		return s + "<" + t.Resource.String() + ">"
	case wit.Result:
		return s + "<" + outlineType(t.Ok) + ", " + outlineType(t.Err) + ">"
	case wit.Map:
		return s + "<" + outlineType(t.Elem) + ", " + outlineType(t.Value) + ">"
	case wit.FixedList:
		return fmt.Sprintf("%s<%s, %d>", s, outlineType(t.Elem), t.Len)
	case wit.List, wit.Option, wit.Stream, wit.Future:
		return s + "<" + outlineType(t.Elem) + ">"
	case wit.Tuple:
		var elems []string
		for _, e := range t.Types {
			elems = append(elems, outlineType(e))
		}
		return s + "<" + strings.Join(elems, ", ") + ">"
	}
	return s
}

func outlineFields(fields []wit.Field) string {
	var out []string
	for _, f := range fields {
		out = append(out, f.Name+": "+outlineType(f.Type))
	}
	return strings.Join(out, ", ")
}

// lines returns the lines of the outline of a world, each with the line it stands
// under, in an order that does not depend on that of the world.
func lines(w *wit.World) []string {
	var out []string
	under := ""
	for line := range strings.Lines(outline(w)) {
		if !strings.HasPrefix(line, " ") {
			under = line
		}
		out = append(out, under+line)
	}
	slices.Sort(out)
	return out
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestWorld compares the worlds of components that other tools made with
// outlines. Read the diff of an outline before committing it.
func TestWorld(t *testing.T) {
	for _, file := range []string{
		"../../examples/hello-http/hello.wasm",
		"binary/testdata/counter.wasm",
		"testdata/world/shapes.wasm",
	} {
		name := strings.TrimSuffix(filepath.Base(file), ".wasm")
		t.Run(name, func(t *testing.T) {
			golden(t, "testdata/world/"+name+".outline", outline(readWorld(t, file)))
		})
	}
}

// TestWorldOfSource compares the world of a component with the WIT it was made
// from. Only the order differs.
func TestWorldOfSource(t *testing.T) {
	set, err := syntax.Load(os.DirFS("testdata/world"), "shapes.wit", nil)
	if err != nil {
		t.Fatal(err)
	}
	want, got := lines(set.Root.World("studio")), lines(readWorld(t, "testdata/world/shapes.wasm"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("world (-source +component):\n%s", diff)
	}
}

// TestInterfaceOfSource compares an interface that a component exports by way of
// several components inside it with the WIT it was made from.
func TestInterfaceOfSource(t *testing.T) {
	set, err := syntax.Load(os.DirFS("../../examples/calc/wit"), "calc.wit", nil)
	if err != nil {
		t.Fatal(err)
	}
	source := set.Root.Interface("ops")
	w := readWorld(t, "../../examples/calc/calc.wasm")
	i := slices.IndexFunc(w.Exports, func(e wit.Extern) bool { return e.ID == source.ID })
	if i < 0 {
		t.Fatalf("world does not export %q:\n%s", source.ID, outline(w))
	}
	want := &wit.World{Exports: []wit.Extern{{ID: source.ID, Interface: source}}}
	if diff := cmp.Diff(lines(want), lines(&wit.World{Exports: w.Exports[i : i+1]})); diff != "" {
		t.Errorf("interface (-source +component):\n%s", diff)
	}
}

// TestWorldText prints worlds and reads the text back.
func TestWorldText(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components in examples: %v", err)
	}
	for _, file := range append(files, "binary/testdata/counter.wasm", "testdata/world/shapes.wasm") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			w := readWorld(t, file)
			text := syntax.Print(w.Packages()...)
			set, err := syntax.Parse(nil, syntax.Source{{Name: "printed.wit", Text: text}})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff(lines(w), lines(set.Root.World("root"))); diff != "" {
				t.Errorf("world (-component +text):\n%s", diff)
			}
		})
	}
}

// TestWorldOfWASI compares every type and function that real components import
// from WASI with the published text.
func TestWorldOfWASI(t *testing.T) {
	set, err := deps.All(nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../examples/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components in examples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			w := readWorld(t, file)
			for _, e := range slices.Concat(w.Imports, w.Exports) {
				if e.ID.Namespace != "wasi" {
					continue
				}
				var published *wit.Interface
				for _, p := range set.Packages {
					if i := p.Interface(e.ID.Name); i != nil && i.ID.Compatible(e.ID) {
						published = i
					}
				}
				if published == nil {
					t.Errorf("no published interface for %q", e.ID)
					continue
				}
				compareInterface(t, published, e.Interface)
			}
		})
	}
}

func compareInterface(t *testing.T, want, got *wit.Interface) {
	t.Helper()
	for _, d := range got.Types {
		p := want.Type(d.Name)
		if p == nil {
			t.Errorf("%s: type %q is not published", got.ID, d.Name)
			continue
		}
		if d.Resource != nil {
			if p.Resource == nil || d.Resource.String() != p.Resource.String() {
				t.Errorf("%s: %q is resource %q, want %v", got.ID, d.Name, d.Resource, p.Resource)
			}
		} else if p.Type == nil || d.Type.Signature() != p.Type.Signature() {
			t.Errorf("%s: %q is %q, want %v", got.ID, d.Name, d.Type, p.Type)
		}
		if g, w := d.Origin().Name, p.Origin().Name; g != w {
			t.Errorf("%s: %q is a name for %q, want %q", got.ID, d.Name, g, w)
		}
	}
	for _, f := range got.Funcs {
		if p := want.Func(f.Name); p == nil || f.Signature() != p.Signature() {
			t.Errorf("%s: %q is %s, want %v", got.ID, f.Name, f.Signature(), p)
		}
	}
}
