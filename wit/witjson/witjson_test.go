package witjson_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
	"github.com/wattle-dev/wattle/wit/witjson"
)

var update = flag.Bool("update", false, "write the expected documents anew")

// TestGolden compares a package with all shapes with its document, which was
// compared by hand with what wasm-tools writes.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/docs.wit")
	if err != nil {
		t.Fatal(err)
	}
	set, err := syntax.Parse(nil, syntax.Source{{Name: "docs.wit", Text: string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	got := witjson.Marshal(set.Packages...)
	const golden = "testdata/docs.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// TestIndices checks, over all of WASI, that every index is one of an item that
// exists, and that types stand after those they mention.
func TestIndices(t *testing.T) {
	set, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Worlds     []struct{ Package int }
		Interfaces []struct {
			Package int
			Types   map[string]int
		}
		Types []struct {
			Name  *string
			Kind  any
			Owner map[string]int
		}
		Packages []struct {
			Name               string
			Interfaces, Worlds map[string]int
		}
	}
	if err := json.Unmarshal(witjson.Marshal(set.Packages...), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Packages) != len(set.Packages) {
		t.Errorf("%d packages, want %d", len(doc.Packages), len(set.Packages))
	}
	for i, p := range doc.Packages {
		for name, n := range p.Interfaces {
			if doc.Interfaces[n].Package != i {
				t.Errorf("interface %q is in package %d, listed in %d", name, doc.Interfaces[n].Package, i)
			}
		}
		for name, n := range p.Worlds {
			if doc.Worlds[n].Package != i {
				t.Errorf("world %q is in package %d, listed in %d", name, doc.Worlds[n].Package, i)
			}
		}
	}
	for i, iface := range doc.Interfaces {
		for name, n := range iface.Types {
			if typ := doc.Types[n]; typ.Name == nil || *typ.Name != name || typ.Owner["interface"] != i {
				t.Errorf("type %q of interface %d is item %d: %+v", name, i, n, typ)
			}
		}
	}
	for i, typ := range doc.Types {
		for _, n := range mentions(typ.Kind, nil) {
			if n >= i {
				t.Errorf("type %d mentions type %d, which does not stand before it", i, n)
			}
		}
	}
}

// mentions returns the indices in a kind of type.
func mentions(v any, to []int) []int {
	switch v := v.(type) {
	case float64:
		to = append(to, int(v))
	case []any:
		for _, e := range v {
			to = mentions(e, to)
		}
	case map[string]any:
		if list, ok := v["fixed-length-list"].([]any); ok {
			return mentions(list[0], to) // the other is a length
		}
		for _, e := range v {
			to = mentions(e, to)
		}
	}
	return to
}
