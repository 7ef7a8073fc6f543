package component_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/deps"
	"github.com/wattle-dev/wattle/wit/syntax"
)

func decodeWIT(t *testing.T, file string) *component.WIT {
	t.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := component.DecodeWIT(wasm)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return w
}

func decode(t *testing.T, file string) *binary.Component {
	t.Helper()
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ast
}

// TestPackages reads packages that wasm-tools 1.230.0 wrote, with `component wit
// --wasm`, and compares them with what their text means.
func TestPackages(t *testing.T) {
	text, err := os.ReadFile("testdata/package/docs.wit")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := syntax.Parse(nil, syntax.Source{{Name: "docs.wit", Text: string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	stable, err := deps.Packages(nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := deps.Packages(&syntax.Options{AllFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	find := func(s *syntax.Set, name string) *wit.Package {
		p := s.Package(wit.PackageID{Namespace: "wasi", Name: name, Version: "0.2.12"})
		if p == nil {
			t.Fatalf("no package wasi:%s", name)
		}
		return p
	}
	for file, want := range map[string]*wit.Package{
		"docs.wasm": docs.Root,
		"io.wasm":   find(stable, "io"),
		"http.wasm": find(all, "http"),
		"cli.wasm":  find(all, "cli"),
	} {
		decoded := decodeWIT(t, "testdata/package/"+file)
		got := decoded.Packages
		if decoded.World != nil || decoded.Notes != nil {
			t.Errorf("%s: world %v, notes %q", file, decoded.World, decoded.Notes)
		}
		if diff := cmp.Diff(syntax.Print(want), syntax.Print(got[0])); diff != "" {
			t.Errorf("%s (-text +binary):\n%s", file, diff)
		}
		// What is printed with all it mentions can be read back.
		all := syntax.Print(got...)
		again, err := syntax.Parse(&syntax.Options{AllFeatures: true}, syntax.Source{{Name: file, Text: all}})
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, all)
		} else if diff := cmp.Diff(syntax.Print(got[0]), syntax.Print(again.Root)); diff != "" {
			t.Errorf("%s (-once +twice):\n%s", file, diff)
		}
	}
}

// TestNoPackages checks that a component that runs is not taken for a package.
func TestNoPackages(t *testing.T) {
	for _, file := range []string{"binary/testdata/counter.wasm", "testdata/flat.wasm", "testdata/names.wasm"} {
		ast := decode(t, file)
		if component.IsPackage(ast) {
			t.Errorf("%s is a package", file)
		}
		if w := decodeWIT(t, file); w.World == nil || w.Packages[0].Worlds[0] != w.World {
			t.Errorf("%s: %+v", file, w)
		}
	}
}

// TestPackagesOfMiddleware prints a component that imports and exports the same
// interface: it is one interface, with all that either has.
func TestPackagesOfMiddleware(t *testing.T) {
	text := syntax.Print(decodeWIT(t, "testdata/middleware.wasm").Packages...)
	const want = `package root:component;

world root {
  import a:b/types@1.0.0;

  export a:b/types@1.0.0;
}

package a:b@1.0.0 {
  interface types {
    resource r {
      x: func() -> u32;
      y: func() -> u32;
    }
  }
}
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if _, err := syntax.Parse(nil, syntax.Source{{Name: "x.wit", Text: text}}); err != nil {
		t.Error(err)
	}
}

// FuzzDecodeWIT checks that whatever decodes is closed, as FuzzWorld does, and
// can be printed.
func FuzzDecodeWIT(f *testing.F) {
	for _, pattern := range []string{"testdata/package/*.wasm", "testdata/world/*.wasm", "testdata/middleware.wasm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no binaries in %s: %v", pattern, err)
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
		w, err := component.DecodeWIT(data)
		if err != nil {
			return
		}
		for _, p := range w.Packages {
			for _, i := range p.Interfaces {
				checkScope(t, i, i.Types, i.Funcs)
			}
			for _, world := range p.Worlds {
				checkWorld(t, world)
			}
		}
		if syntax.Print(w.Packages...) == "" {
			t.Error("prints nothing")
		}
	})
}
