package component_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// FuzzWorld checks that the world of whatever decodes is closed and within the
// limits of package wit, and that the rest of a description is made as well.
func FuzzWorld(f *testing.F) {
	for _, pattern := range []string{"testdata/world/*.wasm", "binary/testdata/*.wasm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no components in %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := component.Describe(data)
		if err != nil {
			return
		}
		if d.World != nil {
			checkWorld(t, d.World)
		} else if d.WorldError == "" {
			t.Error("no world, and no reason why")
		}
		if got := d.Services(nil); len(got) != len(d.Imports) {
			t.Errorf("%d services for %d imports", len(got), len(d.Imports))
		}
	})
}

// checkWorld checks that each type, function and name of a world is one, and
// that every type which is mentioned by name has that name where it is mentioned.
func checkWorld(t *testing.T, w *wit.World) {
	t.Helper()
	var root []*wit.TypeDef
	for _, externs := range [][]wit.Extern{w.Imports, w.Exports} {
		names := map[string]bool{}
		for i := range externs {
			e := &externs[i]
			if names[e.Key()] {
				t.Errorf("%q appears twice", e.Key())
			}
			names[e.Key()] = true
			switch {
			case e.Interface != nil:
				checkScope(t, e.Interface, e.Interface.Types, e.Interface.Funcs)
			case e.Func != nil:
				checkScope(t, nil, root, []*wit.Func{e.Func})
			case e.Type != nil:
				root = append(root, e.Type)
				checkScope(t, nil, root, nil)
			default:
				t.Errorf("%q is nothing", e.Key())
			}
		}
	}
}

func checkScope(t *testing.T, in *wit.Interface, defs []*wit.TypeDef, funcs []*wit.Func) {
	t.Helper()
	known := map[any]bool{}
	for _, d := range defs {
		if (d.Type == nil) == (d.Resource == nil) || !wit.IsLabel(d.Name) {
			t.Errorf("%q is no definition: %+v", d.Name, d)
		}
		if d.Use != nil && (d.From == nil || d.Use.Name == "" || d.From.Type(d.Use.Name) != d.Use) {
			t.Errorf("%q is used from where it is not", d.Name)
		}
		if o := d.Origin(); o.Use != nil || o.Alias != nil {
			t.Errorf("%q has origin %+v", d.Name, o)
		}
		if d.Type != nil {
			known[d.Type] = true
			if err := d.Type.Check(); err != nil {
				t.Errorf("%q: %v", d.Name, err)
			}
		} else {
			known[d.Resource] = true
		}
	}
	for _, d := range defs {
		if d.Type != nil && d.Use == nil && d.Alias == nil {
			if d.Type.Owner != in || d.Type.Name != d.Name {
				t.Errorf("%q is named %q and of %v", d.Name, d.Type.Name, d.Type.Owner)
			}
			checkMentions(t, known, d.Type)
		}
	}
	for _, f := range funcs {
		if err := f.Check(); err != nil {
			t.Errorf("%q: %v", f.Name, err)
			continue
		}
		for _, p := range f.Params {
			checkMention(t, known, p.Type)
		}
		checkMention(t, known, f.Result)
	}
}

func checkMention(t *testing.T, known map[any]bool, typ *wit.Type) {
	t.Helper()
	if typ == nil || known[typ] {
		return
	}
	switch typ.Kind {
	case wit.Record, wit.Variant, wit.Enum, wit.Flags:
		t.Errorf("mention of %q, a %s without a name here", typ.Name, typ.Kind)
	}
	if typ.Name != "" {
		t.Errorf("mention of %q, which is no name here", typ.Name)
	}
	if typ.Resource != nil && !known[typ.Resource] {
		t.Errorf("mention of resource %q, which is no name here", typ.Resource)
	}
	known[typ] = true
	checkMentions(t, known, typ)
}

func checkMentions(t *testing.T, known map[any]bool, typ *wit.Type) {
	t.Helper()
	for _, f := range typ.Fields {
		checkMention(t, known, f.Type)
	}
	for _, e := range typ.Types {
		checkMention(t, known, e)
	}
	for _, e := range []*wit.Type{typ.Elem, typ.Value, typ.Ok, typ.Err} {
		checkMention(t, known, e)
	}
}

// TestWorldClosed checks the worlds of large components.
func TestWorldClosed(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components in examples: %v", err)
	}
	for _, file := range files {
		checkWorld(t, readWorld(t, file))
	}
}
