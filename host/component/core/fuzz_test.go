package core_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/wattle-dev/wattle/host/component/core"
)

// mixed returns a small module with something in every section.
func mixed() []byte {
	var w wasm
	f := w.importFunc("env", "f", i32, i64)
	w.imports = append(w.imports, cat(name("env"), name("g"), op(3, 0x7e, 1)))
	w.tables = append(w.tables, op(0x70, 0, 5), op(0x6f, 1, 0, 9))
	w.memory(1, 2)
	w.globals = append(w.globals, cat(op(0x7f, 0), i32Const(3), op(0x0b)))
	g := w.exported("g", none, none, i64,
		i32Const(1), call(f), localSet(0), op(0xd0, 0x6f), i32Const(1), misc(15, 1), op(0x1a),
		loop(i32Const(1), op(0x40, 0), brIf(0)), i32Const(0), i32Const(0), i32Const(3), misc(8, 0, 0),
		vecOp(0x0c, make([]byte, 16)...), vecOp(0x80, 1), op(0x1a), i32Const(0), op(0x0e, 0, 0))
	w.start = u32(g)
	w.elems = append(w.elems, cat(op(0), i32Const(0), op(0x0b), vec([][]byte{u32(f)})), cat(op(7, 0x70), vec([][]byte{cat(refFunc(g), op(0x0b))})))
	w.dataCount = true
	w.datas = append(w.datas, cat(op(1), name("abc")))
	w.custom("name", cat(section(0, name("m")), section(1, vec([][]byte{cat(u32(g), name("g"))}))))
	return w.bytes()
}

// FuzzRewrite demands that the rewrite never panics, that it makes a valid
// module of a valid one, and none of an invalid one.
func FuzzRewrite(f *testing.F) {
	runtime := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	compile := func(t *testing.T, module []byte) error {
		t.Helper()
		compiled, err := runtime.CompileModule(t.Context(), module)
		if err == nil {
			_ = compiled.Close(t.Context())
		}
		return err
	}
	for _, seed := range [][]byte{kernels(), mixed(), newProgram(1), newProgram(2), withData(3, 6), withData(4, 6)} {
		if _, err := runtime.CompileModule(f.Context(), seed); err != nil {
			f.Fatalf("seed is invalid: %v", err)
		}
		f.Add(seed)
	}
	f.Add(cat([]byte("\x00asm\x01\x00\x00\x00"), section(0, name("")))) // refused by the engine
	for _, code := range [][]byte{                                      // too, whatever stands around a loop and in its function
		cat(loop(), i32Const(1)), cat(i32Const(1), loop(op(0x1a))), cat(loop(i32Const(1))), cat(op(0x0f), loop(i32Const(1))),
	} {
		var w wasm
		w.fn(none, none, none, code)
		f.Add(w.bytes())
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		for _, opts := range []*core.Options{nil, {Image: true}} {
			m, err := core.Rewrite(module, opts)
			if _, inspectErr := core.Inspect(module); err == nil && inspectErr != nil {
				t.Errorf("Rewrite accepts what Inspect does not: %v", inspectErr)
			}
			if err != nil {
				// The engine allocates what a module claims to hold, so only modules
				// that pass the limits can be given to it.
				return
			}
			original, rewritten := compile(t, module), compile(t, m.Bytes)
			switch {
			case original == nil && rewritten != nil:
				t.Errorf("%+v: rewritten module is invalid: %v", opts, rewritten)
			case original != nil && rewritten == nil:
				// What the rewrite repairs.
				text := original.Error()
				if !strings.Contains(text, "empty module name") && !strings.Contains(text, "custom section") && !strings.Contains(text, "section custom") {
					t.Errorf("%+v: rewritten module is valid, the original was not: %v", opts, original)
				}
			}
		}
	})
}
