package binary_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// FuzzDecode checks what holds for every input: the result is a component or
// an *Error with an offset in the file, and the definitions of a component lie
// one after the other within it.
func FuzzDecode(f *testing.F) {
	f.Add(everything())
	for _, examples := range codeExamples(f) {
		for _, ex := range examples {
			f.Add(ex.data)
		}
	}
	files, err := filepath.Glob("testdata/*.wasm")
	if err != nil || len(files) == 0 {
		f.Fatalf("no components in testdata: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := binary.Decode(data, &binary.Options{MaxItems: 10_000})
		if err == nil {
			if c.Offset != 0 || c.Size != len(data) {
				t.Errorf("component at %d with %d bytes, want 0 and %d", c.Offset, c.Size, len(data))
			}
			if binary.Sniff(data) != binary.LayerComponent {
				t.Errorf("Sniff = %s, want a component", binary.Sniff(data))
			}
			checkOrder(t, c)
			return
		}
		e, ok := errors.AsType[*binary.Error](err)
		if !ok || c != nil || e.Code == "" || e.Msg == "" || e.Offset < 0 || e.Offset > len(data) {
			t.Errorf("Decode = %v, %#v", c, err)
		}
	})
}

// checkOrder checks that the definitions of c, and of the components in it,
// lie one after the other.
func checkOrder(t *testing.T, c *binary.Component) {
	t.Helper()
	pos, end := c.Offset, c.Offset+c.Size
	for i, def := range c.Defs {
		off := offsetOf(t, def)
		if off <= pos || off >= end {
			t.Errorf("definition %d (%T) at %#x, want it between %#x and %#x", i, def, off, pos, end)
		}
		pos = off
		switch def := def.(type) {
		case *binary.Component:
			if def.Size > end-off {
				t.Errorf("definition %d: component at %#x with %d bytes in one that ends at %#x", i, off, def.Size, end)
			}
			checkOrder(t, def)
			pos += def.Size - 1
		case *binary.CoreModule:
			pos += len(def.Bytes) - 1
		case *binary.CoreTypeDef:
			pos += len(def.Raw) - 1
		}
	}
}

func offsetOf(t *testing.T, def binary.Def) int {
	t.Helper()
	switch def := def.(type) {
	case *binary.CoreModule:
		return def.Offset
	case *binary.CoreInstance:
		return def.Offset
	case *binary.CoreTypeDef:
		return def.Offset
	case *binary.Component:
		return def.Offset
	case *binary.Instance:
		return def.Offset
	case *binary.Alias:
		return def.Offset
	case *binary.TypeDef:
		return def.Offset
	case *binary.Canon:
		return def.Offset
	case *binary.Start:
		return def.Offset
	case *binary.Import:
		return def.Offset
	case *binary.Export:
		return def.Offset
	case *binary.ValueDef:
		return def.Offset
	}
	t.Fatalf("definition is a %T", def)
	return 0
}
