package binary_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/binary"
)

var update = flag.Bool("update", false, "write the outlines in testdata")

// outline is a line for each definition of c, those of nested components
// indented.
func outline(c *binary.Component, indent string) []string {
	var out []string
	for _, def := range c.Defs {
		var line string
		switch def := def.(type) {
		case *binary.CoreModule:
			line = fmt.Sprintf("core module, %s", binary.Sniff(def.Bytes))
		case *binary.CoreInstance:
			line = fmt.Sprintf("core instance, %d args, %d exports", len(def.Args), len(def.Exports))
		case *binary.Component:
			out = append(out, indent+"component")
			out = append(out, outline(def, indent+"  ")...)
			continue
		case *binary.Instance:
			line = fmt.Sprintf("instance, %d args, %d exports", len(def.Args), len(def.Exports))
		case *binary.Alias:
			line = fmt.Sprintf("alias %s %s %q", def.Kind, binary.SortName(def.Sort, def.Core), def.Name)
		case *binary.TypeDef:
			switch {
			case def.Value != nil:
				line = "type " + def.Value.Kind.String()
			case def.Func != nil:
				line = fmt.Sprintf("type func, async %v, %d params", def.Func.Async, len(def.Func.Params))
			case def.Instance != nil:
				line = fmt.Sprintf("type instance, %d decls", len(def.Instance.Decls))
			case def.Resource != nil:
				line = fmt.Sprintf("type resource, dtor %v", def.Resource.HasDtor)
			}
		case *binary.Canon:
			line = "canon " + def.Op.String()
		case *binary.Import:
			line = fmt.Sprintf("import %q %s", def.Name.Name, binary.SortName(def.Type.Sort, def.Type.Core))
		case *binary.Export:
			line = fmt.Sprintf("export %q %s, typed %v", def.Name.Name, binary.SortName(def.Sort, def.Core), def.Type != nil)
		}
		out = append(out, indent+line)
	}
	return out
}

// TestDecodeFiles decodes components that another implementation assembled
// from the text next to them, and compares their outlines. Read the diff of an
// outline against the text before committing it.
func TestDecodeFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(outline(decode(t, data), ""), "\n") + "\n"
			golden := strings.TrimSuffix(file, ".wasm") + ".outline"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("outline (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNameSection checks that the assembler's name section is kept as it is.
func TestNameSection(t *testing.T) {
	data, err := os.ReadFile("testdata/counter.wasm")
	if err != nil {
		t.Fatal(err)
	}
	customs := decode(t, data).Customs
	if !slices.ContainsFunc(customs, func(c binary.Custom) bool {
		return c.Name == "component-name" && len(c.Data) > 0 && &c.Data[len(c.Data)-1] == &data[len(data)-1]
	}) {
		t.Errorf("custom sections %+v, want component-name at the end of the file", customs)
	}
}
