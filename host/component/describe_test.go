package component_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
)

func describe(t *testing.T, file string) *component.Description {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := component.Describe(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDescribe(t *testing.T) {
	for _, name := range []string{"shapes", "counter"} {
		t.Run(name, func(t *testing.T) {
			file := "testdata/world/shapes.wasm"
			if name == "counter" {
				file = "binary/testdata/counter.wasm"
			}
			got, err := json.MarshalIndent(describe(t, file), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/world/"+name+".json", string(got)+"\n")
		})
	}
}

// TestDescribeExamples checks what must hold for every component that compilers
// make.
func TestDescribeExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatalf("no components in examples: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d := describe(t, file)
			if d.WorldError != "" || len(d.Imports) != len(d.World.Imports) || len(d.Exports) != len(d.World.Exports) {
				t.Errorf("%d imports, %d exports, world error %q", len(d.Imports), len(d.Exports), d.WorldError)
			}
			size, functions, memories := 0, 0, 0
			for _, m := range d.Modules {
				if m.Error != "" {
					t.Errorf("core module at %#x: %s", m.Offset, m.Error)
				}
				size += m.Size
				functions += m.Functions
				for _, mem := range m.Memories {
					if mem.Min%65536 != 0 {
						t.Errorf("core module at %#x has a memory of %d bytes", m.Offset, mem.Min)
					}
					memories++
				}
			}
			if size == 0 || size > d.Size || functions == 0 || memories == 0 {
				t.Errorf("%d bytes and %d functions in core modules of a component of %d bytes, %d memories", size, functions, d.Size, memories)
			}
		})
	}
}

func TestServices(t *testing.T) {
	log := func(version string, funcs ...component.HostFunc) *component.Linker {
		t.Helper()
		var l component.Linker
		if err := l.Define(component.HostInterface{ID: "wattle:demo/log", Version: version, Funcs: funcs}); err != nil {
			t.Fatal(err)
		}
		return &l
	}
	const nobody = "nothing serves package wattle:demo; compose the component with one that exports the interface, or do without"
	const signature = "func(level: enum{debug, info, error}, text: string)"
	for _, test := range []struct {
		name   string
		linker *component.Linker
		want   component.Service
	}{
		{"no linker", nil, component.Service{Reasons: []string{nobody}}},
		{"empty linker", &component.Linker{}, component.Service{Reasons: []string{nobody}}},
		{
			"served", log("0.1.7", component.HostFunc{Name: "write", Signature: signature}),
			component.Service{Served: true, By: "wattle:demo/log@0.1.7"},
		},
		{
			"other version", log("0.2.0", component.HostFunc{Name: "write", Signature: signature}),
			component.Service{Reasons: []string{
				"is offered as version 0.2.0, which an import of 0.1.0 cannot use: only versions 0.1.x are compatible with it; build against wattle:demo/log@0.2.0",
			}},
		},
		{
			"other type", log("0.1.0", component.HostFunc{Name: "write", Signature: "func(text: string)"}),
			component.Service{By: "wattle:demo/log@0.1.0", Reasons: []string{
				`"write": parameter "level" expected, not offered (1 parameters offered, 2 expected)`,
			}},
		},
		{
			"no function", log("0.1.0"),
			component.Service{By: "wattle:demo/log@0.1.0", Reasons: []string{`"write": no such function in wattle:demo/log@0.1.0`}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Import = "wattle:demo/log@0.1.0"
			got := describe(t, "binary/testdata/counter.wasm").Services(test.linker)
			if diff := cmp.Diff([]component.Service{test.want}, got); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
		})
	}
}

// TestServicesOfWorld checks imports other than interfaces of packages.
func TestServicesOfWorld(t *testing.T) {
	got := map[string]component.Service{}
	for _, s := range describe(t, "testdata/world/shapes.wasm").Services(nil) {
		got[s.Import] = s
	}
	for name, want := range map[string]component.Service{
		"color":             {Served: true}, // used from an interface
		"canvas":            {Served: true},
		"ticket":            {Served: true}, // a record, equal to any like it
		"door":              {Reasons: []string{"a single resource is expected, and interfaces are what is offered; declare it in an interface"}},
		"log":               {Reasons: []string{"a single function is expected, and interfaces are what is offered; declare it in an interface"}},
		"local":             {Reasons: []string{`"local" is a name of its own, and interfaces of packages are what is offered; import an interface by the name of its package, or compose the component with one that exports this`}},
		"[method]door.open": {Reasons: []string{"a single function is expected, and interfaces are what is offered; declare it in an interface"}},
	} {
		want.Import = name
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("service of %q (-want +got):\n%s", name, diff)
		}
	}
}

func TestProducers(t *testing.T) {
	section := func(data string) []byte {
		body := "\x09producers" + data
		return append([]byte("\x00asm\x0d\x00\x01\x00\x00"), append([]byte{byte(len(body))}, body...)...)
	}
	rust := component.Producer{Field: "language", Name: "Rust", Version: "1.90"}
	for _, test := range []struct {
		name, data string
		want       []component.Producer
	}{
		{"two", "\x02\x08language\x01\x04Rust\x041.90\x03sdk\x01\x01x\x00", []component.Producer{rust, {Field: "sdk", Name: "x"}}},
		{"none", "\x00", nil},
		{"empty", "", nil},
		{"truncated", "\x01\x08language\x02\x04Rust\x041.90\x04Go", []component.Producer{rust}},
		{"not UTF-8", "\x01\x08language\x01\x01\xff\x00", nil},
		{"count", "\xff\xff\xff\xff\x0f", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := component.Describe(section(test.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, d.Producers); diff != "" {
				t.Errorf("producers (-want +got):\n%s", diff)
			}
		})
	}
}
