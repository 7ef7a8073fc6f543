package core_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// readAll reads locals 0 to n-1.
func readAll(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, cat(localGet(uint32(i)), op(0x1a))...)
	}
	return b
}

// nested opens n blocks of a kind, each after before, around code.
func nested(n int, kind byte, before, code []byte) []byte {
	return cat(bytes.Repeat(cat(before, op(kind, 0x40)), n), code, bytes.Repeat(op(0x0b), n))
}

// withWork returns a module of one function with a memory, of i32 locals.
func withWork(locals int, code ...[]byte) []byte {
	w := &wasm{}
	w.memory(1, 1)
	w.fn(none, none, slices.Repeat(i32, locals), code...)
	return w.bytes()
}

// attacks are modules, by their size, that engines take superlinear time for.
// The size is one that must be refused.
var attacks = map[string]struct {
	size  int
	build func(n int) []byte
}{
	"nested loops": {600, func(n int) []byte {
		return withWork(200, nested(n, 0x03, nil, cat(readAll(200), localGet(0), brIf(0))))
	}},
	"nested loops that assign": {64, func(n int) []byte {
		var code []byte
		for i := range uint32(30) {
			code = append(code, cat(localGet(i*60), localGet(i*7), op(0x6a), localSet(i*60))...)
		}
		return withWork(2000, nested(n, 0x03, nil, cat(readAll(2000), code, localGet(0), brIf(0))))
	}},
	"loops in sequence": {5_000, func(n int) []byte {
		return withWork(2000, bytes.Repeat(loop(localGet(0), brIf(0)), n), readAll(2000))
	}},
	"blocks and locals": {20_000, func(n int) []byte {
		return withWork(2000, bytes.Repeat(block(0x02, void, localGet(0), brIf(0), i32Const(1), localSet(1)), n), readAll(2000))
	}},
	"blocks that assign": {20_000, func(n int) []byte {
		// The condition of each if is its predecessor's local.
		var code []byte
		for i := range n {
			code = append(code, cat(localGet(uint32(i%2000)), block(0x04, void, i32Const(1), localSet(uint32((i+1)%2000))))...)
		}
		return withWork(2000, code, readAll(2000))
	}},
	"branches to one label": {200_000, func(n int) []byte {
		return withWork(2, block(0x02, void, bytes.Repeat(cat(localGet(0), brIf(0)), n)))
	}},
	"branches and locals": {1_500, func(n int) []byte {
		return withWork(2000, block(0x02, void, bytes.Repeat(cat(localGet(0), brIf(0)), n)), readAll(2000))
	}},
	"br_table": {200_000, func(n int) []byte {
		return withWork(2, block(0x02, void, localGet(0), op(0x0e), u32(uint32(n)), make([]byte, n), op(0)))
	}},
	"nested ifs": {100_000, func(n int) []byte {
		return withWork(2, nested(n, 0x04, localGet(0), nil))
	}},
	"operands across blocks": {20_000, func(n int) []byte {
		return withWork(2, bytes.Repeat(cat(i32Const(0), op(0x28, 2, 0)), n),
			bytes.Repeat(block(0x02, void, localGet(0), brIf(0)), n), bytes.Repeat(op(0x1a), n))
	}},
	"wide blocks": {100_000, func(n int) []byte {
		w := &wasm{}
		wide := w.typ(slices.Repeat(i32, 500), slices.Repeat(i32, 500))
		w.fn(none, none, i32, bytes.Repeat(localGet(0), 500),
			bytes.Repeat(block(0x02, s64(int64(wide)), localGet(0), brIf(0)), n), bytes.Repeat(op(0x1a), 500))
		return w.bytes()
	}},
	"wide calls": {100_000, func(n int) []byte {
		w := &wasm{}
		w.fn(slices.Repeat(i32, 500), slices.Repeat(i32, 500), none, op(0x00))
		w.fn(none, none, i32, bytes.Repeat(localGet(0), 500), bytes.Repeat(call(0), n), bytes.Repeat(op(0x1a), 500))
		return w.bytes()
	}},
}

// TestWork demands that code made to be slow to compile is known for it, and
// only if it is rewritten.
func TestWork(t *testing.T) {
	const tooMuch = 5_500_000_000
	for name, attack := range attacks {
		module := attack.build(attack.size)
		m, err := core.Rewrite(module, nil)
		if _, limited := errors.AsType[*core.LimitError](err); err != nil && !limited {
			t.Errorf("%s: %v", name, err)
		} else if err == nil && m.Work < tooMuch {
			t.Errorf("%s: %d units of work, want at least %d", name, m.Work, uint64(tooMuch))
		}
		if m, err := core.Inspect(module); err != nil || m.Work != 0 {
			t.Errorf("%s: Inspect: %d units of work, %v", name, m.Work, err)
		}
		// The same in small is an ordinary, valid module.
		small, err := core.Rewrite(attack.build(3), nil)
		if err != nil {
			t.Errorf("%s, small: %v", name, err)
		} else if small.Work == 0 || small.Work > tooMuch/10 {
			t.Errorf("%s, small: %d units of work", name, small.Work)
		} else if _, err := newEngine(t).CompileModule(t.Context(), small.Bytes); err != nil {
			t.Errorf("%s, small: %v", name, err)
		}
	}
}

// TestCarriedOperands demands that a module cannot name many operands with few
// bytes over and over.
func TestCarriedOperands(t *testing.T) {
	wide := func(n int, code func(typ int64) []byte) []byte {
		w := &wasm{}
		typ := w.typ(slices.Repeat(i32, 1000), slices.Repeat(i32, 1000))
		w.fn(none, none, i32, bytes.Repeat(localGet(0), 1000), bytes.Repeat(code(int64(typ)), n), bytes.Repeat(op(0x1a), 1000))
		return w.bytes()
	}
	for name, code := range map[string]func(typ int64) []byte{
		"blocks": func(typ int64) []byte { return block(0x02, s64(typ)) },
		"loops":  func(typ int64) []byte { return block(0x03, s64(typ)) },
		"branches": func(typ int64) []byte {
			return block(0x02, s64(typ), bytes.Repeat(cat(localGet(0), brIf(0)), 10))
		},
		"br_table": func(typ int64) []byte {
			return block(0x02, s64(typ), localGet(0), op(0x0e), u32(20), make([]byte, 20), op(0))
		},
	} {
		if _, err := core.Rewrite(wide(10, code), nil); err != nil {
			t.Errorf("%s, small: %v", name, err)
		}
		var limit *core.LimitError
		if _, err := core.Rewrite(wide(2_000, code), nil); !errors.As(err, &limit) || limit.What != "operands of blocks, branches and calls" || limit.Got <= limit.Max {
			t.Errorf("%s: %v, want a limit on operands", name, err)
		}
	}
}

// TestWorkOfPrograms demands that what compilers emit is far from what a host
// without another process refuses.
func TestWorkOfPrograms(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Skip("the examples are not built")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		component, err := binary.Decode(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		var each func(*binary.Component)
		each = func(c *binary.Component) {
			for _, def := range c.Defs {
				switch def := def.(type) {
				case *binary.Component:
					each(def)
				case *binary.CoreModule:
					const most = 5_500_000_000 / 4 // and 6,500/4 for each byte
					m, err := core.Rewrite(def.Bytes, nil)
					if err != nil {
						t.Errorf("%s: %v", file, err)
					} else if m.Work > most+1_600*uint64(len(m.Bytes)) {
						t.Errorf("%s: a module of %d bytes is %d units of work", file, len(m.Bytes), m.Work)
					}
				}
			}
		}
		each(component)
	}
}
