package component_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/host/component/validate"
)

func readTest(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestValidate demands that what runs is valid, and that a feature which does not
// exist here is no fault but is named.
func TestValidate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range append(files, "../../examples/calc/calc.wasm") {
		v, err := component.Validate(t.Context(), readTest(t, f))
		if err != nil || len(v.Unsupported) > 0 {
			t.Errorf("Validate(%s) = %+v, %v", f, v, err)
		}
	}
	guests := "../../internal/cli/testdata/guests/"
	for f, want := range map[string]*component.Validity{
		"async.wasm":    {Modules: 1, Unsupported: []component.Unsupported{{Offset: 0x57, Feature: "async functions"}, {Offset: 0x70, Feature: "the async ABI"}}},
		"threads.wasm":  {Modules: 1, Unsupported: []component.Unsupported{{Offset: 0x20, Feature: "threads"}}},
		"callable.wasm": {Modules: 2},
	} {
		got, err := component.Validate(t.Context(), readTest(t, guests+f))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Validate(%s): %v, -want +got\n%s", f, err, diff)
		}
	}
}

// TestValidateErrors demands a code, an offset and the cause for the faults that
// each layer finds.
func TestValidateErrors(t *testing.T) {
	code := readTest(t, "../../internal/cli/testdata/guests/invalid-code.wasm")
	cut := code[:len(code)-3]
	malformed := append([]byte(nil), code...)
	malformed[0x12] = 0x7f                                         // the id of the module's first section
	index := []byte("\x00asm\x0d\x00\x01\x00\x07\x03\x01\x70\x05") // (type (list 5))
	for _, c := range []struct {
		what   string
		wasm   []byte
		code   string
		offset int
	}{
		{"a text", []byte("(component)"), string(binary.CodeNotWasm), 0},
		{"a core module", []byte("\x00asm\x01\x00\x00\x00"), string(binary.CodeCoreModule), 0},
		{"a file that was cut short", cut, string(binary.CodeTruncated), len(cut)},
		{"an index of nothing", index, string(validate.CodeIndex), 0xb},
		{"a malformed core module", malformed, component.CodeCoreCode, 0x12},
		{"code that is not valid", code, component.CodeCoreCode, 0xa},
	} {
		_, err := component.Validate(t.Context(), c.wasm)
		fault, ok := errors.AsType[*component.InvalidError](err)
		if !ok || fault.Code != c.code || fault.Offset != c.offset || fault.Unwrap() == nil {
			t.Errorf("%s: error %v, want %s at %#x", c.what, err, c.code, c.offset)
		}
	}
	if _, err := component.Validate(t.Context(), malformed); err != nil {
		if fault, ok := errors.AsType[*core.Error](err); !ok || fault.Offset != 0x12-0xa {
			t.Errorf("the cause of %v is %v", err, fault)
		}
	}
	cause := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := component.Validate(ctx, code); !errors.Is(err, cause) {
		t.Errorf("with a context that has ended: error %v", err)
	}
}
