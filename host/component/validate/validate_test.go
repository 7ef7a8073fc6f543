package validate_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// TestValid checks that components are accepted which use every rule as it is
// meant.
func TestValid(t *testing.T) {
	files, err := filepath.Glob("testdata/valid/*.wat")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d files (%v)", len(files), err)
	}
	for _, file := range files {
		file = file[:len(file)-len(".wat")] + ".wasm"
		if err := validate.Component(decode(t, file), nil); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestExamples checks the components of the examples, which come from several
// toolchains, also with no more features than have been released.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*/*.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no example has been built")
	}
	released := &validate.Options{Features: validate.Async | validate.Maps | validate.Attributes}
	for _, file := range files {
		c := decode(t, file)
		if err := validate.Component(c, released); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestModuleError checks that a fault of a core module is passed on.
func TestModuleError(t *testing.T) {
	want := errors.New("bad module")
	c := decode(t, "testdata/valid/subtypes.wasm")
	err := validate.Component(c, &validate.Options{
		Module: func(*binary.CoreModule) (*core.Module, error) { return nil, want },
	})
	if !errors.Is(err, want) {
		t.Errorf("Component = %v, want %v", err, want)
	}
}

// TestCanonicalNames checks names and attributes that are not enabled by
// default, which the text format does not have yet.
func TestCanonicalNames(t *testing.T) {
	all := validate.DefaultFeatures | validate.CanonicalNames
	tests := []struct {
		name, suffix string
		features     validate.Features
		want         validate.Code
	}{
		{"a:b/c@0.2", ".6", all, ""},
		{"a:b/c@0.2", "", all, ""},
		{"a:b/c@1", ".2.3-rc.1", all, ""},
		{"a:b/c@0.0.1", "-alpha", all, ""},
		{"a:b/c@0.2.6", "", all, ""},
		{"a:b/c@0.2", ".6", validate.DefaultFeatures, validate.CodeName},
		{"a:b/c@0.0.1", "-alpha", validate.DefaultFeatures, validate.CodeFeature},
		{"a:b/c@0.2", "x", all, validate.CodeAttribute},
		{"a:b/c@0.2.6", "-rc", all, validate.CodeAttribute},
		{"a:b/c@1.0.0-rc", ".1", all, validate.CodeAttribute},
		{"a:b/c", ".1", all, validate.CodeAttribute},
		{"a", ".1", all, validate.CodeAttribute},
	}
	for _, test := range tests {
		c := &binary.Component{Defs: []binary.Def{
			&binary.Instance{Inline: true},
			&binary.Export{
				Name:    binary.Name{Name: test.name, VersionSuffix: test.suffix},
				SortIdx: binary.SortIdx{Sort: binary.SortInstance},
			},
		}}
		err := validate.Component(c, &validate.Options{Features: test.features})
		if got := code(err); got != test.want || err != nil && got == "" {
			t.Errorf("export %q (versionsuffix %q): got %v, want code %q", test.name, test.suffix, err, test.want)
		}
	}
}

// TestCoreExports checks what only a binary can say.
func TestCoreExports(t *testing.T) {
	for _, sort := range []binary.CoreSort{binary.CoreTypeSort, binary.CoreModSort, binary.CoreInstSort} {
		c := &binary.Component{Defs: []binary.Def{
			&binary.CoreInstance{Inline: true, Exports: []binary.CoreInlineExport{{Name: "x", Sort: sort}}},
		}}
		if err := validate.Component(c, nil); code(err) != validate.CodeSort {
			t.Errorf("core instance that exports a %s: got %v, want code %q", sort, err, validate.CodeSort)
		}
	}
	c := &binary.Component{Defs: []binary.Def{
		&binary.Export{Name: binary.Name{Name: "f"}, SortIdx: binary.SortIdx{Sort: binary.SortCore, Core: binary.CoreFunc}},
	}}
	if err := validate.Component(c, nil); code(err) != validate.CodeSort {
		t.Errorf("export of a core function: got %v, want code %q", err, validate.CodeSort)
	}
}

// code returns the code of an error, or "".
func code(err error) validate.Code {
	if e, ok := errors.AsType[*validate.Error](err); ok {
		return e.Code
	}
	return ""
}

// BenchmarkComponent validates the examples, their core modules having been read.
func BenchmarkComponent(b *testing.B) {
	files, err := filepath.Glob("../../../examples/*/*.wasm")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		b.Run(filepath.Base(file), func(b *testing.B) {
			c := decode(b, file)
			modules := map[*binary.CoreModule]*core.Module{}
			opts := &validate.Options{Module: func(m *binary.CoreModule) (*core.Module, error) {
				var err error
				if modules[m] == nil {
					modules[m], err = core.Inspect(m.Bytes)
				}
				return modules[m], err
			}}
			if err := validate.Component(c, opts); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := validate.Component(c, opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzComponent checks what holds for every component that can be decoded: the
// answer is the same every time, and an error has a code and a place.
func FuzzComponent(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.wasm", "../binary/testdata/*.wasm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files (%v)", pattern, len(files), err)
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
		c, err := binary.Decode(data, &binary.Options{MaxItems: 10_000})
		if err != nil {
			return
		}
		opts := &validate.Options{MaxWork: 100_000}
		err = validate.Component(c, opts)
		again := validate.Component(c, opts)
		if (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Errorf("got %v, then %v", err, again)
		}
		if e, ok := errors.AsType[*validate.Error](err); ok && (e.Code == "" || e.Msg == "" || e.Offset < 0 || e.Offset > len(data)) {
			t.Errorf("got %#v", e)
		}
	})
}
