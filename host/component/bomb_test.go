package component_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// vec is a vector of n times the same.
func vec(n int, item string) string {
	return leb(n) + strings.Repeat(item, n)
}

func leb(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

// section is a section of a component or of a core module.
func section(id byte, content string) string { return string(id) + leb(len(content)) + content }

// Some bytes can ask for a great deal. What a component makes the host do while
// it is loaded, and what its instances would take, is bounded.
func TestBombs(t *testing.T) {
	const (
		componentHeader = "\x00asm\x0d\x00\x01\x00"
		moduleHeader    = "\x00asm\x01\x00\x00\x00"
		instantiate0    = "\x00\x00\x00" // core module 0, without arguments
	)
	// core is a component that instantiates a core module n times.
	core := func(n int, module string) string {
		return componentHeader + section(1, moduleHeader+module) + section(2, vec(n, instantiate0))
	}
	// outer is a component that instantiates another n times.
	outer := func(n int, inner string) string {
		return componentHeader + section(4, componentHeader+inner) + section(5, vec(n, instantiate0))
	}
	names := func(n int, item func(name string) string) string {
		var b strings.Builder
		b.WriteString(leb(n))
		for i := range n {
			b.WriteString(item(fmt.Sprintf("f%d", i)))
		}
		return b.String()
	}
	str := func(s string) string { return leb(len(s)) + s }
	function := section(1, "\x01\x60\x00\x00") + section(3, "\x01\x00") + section(7, "\x01\x01f\x00\x00") + section(10, "\x01\x02\x00\x0b")
	// A component function, index 0, of a core function, and of a type, index 0.
	lifted := func(typ, typedef string) string {
		params := strings.Repeat("\x7f", len(typ))
		module := section(1, "\x02\x60"+leb(len(params))+params+"\x00\x60\x04\x7f\x7f\x7f\x7f\x01\x7f") + section(3, "\x02\x00\x01") +
			section(5, "\x01\x00\x01") + section(7, "\x03\x01f\x00\x00\x01r\x00\x01\x01m\x02\x00") + section(10, "\x02\x02\x00\x0b\x04\x00\x41\x00\x0b")
		return section(1, moduleHeader+module) + section(2, "\x01"+instantiate0) +
			section(6, "\x03\x00\x00\x01\x00\x01f\x00\x00\x01\x00\x01r\x00\x02\x01\x00\x01m") + section(7, typedef)
	}
	fixedLists := lifted("x", "\x02\x67\x7d"+leb(32000)+"\x40\x01\x01x\x00\x01\x00")
	for name, tt := range map[string]struct{ wasm, want string }{
		"tables": {
			core(100, section(4, vec(10, "\x70\x00\x00"))),
			"tables of the component may grow to more than 16777216 elements together",
		},
		"core instances":      {core(1001, ""), "component makes more than 1000 instances of core modules"},
		"component instances": {outer(1001, ""), "component makes more than 1000 instances of components"},
		"functions of the host": {
			componentHeader + section(7, "\x01\x3f\x7f\x00") + section(8, vec(20_001, "\x03\x00")),
			"component needs more than 20000 functions from the host",
		},
		"parts of a type": {
			componentHeader + section(7, "\x02\x67\x73"+leb(1<<16)+"\x40\x01\x01x\x00\x01\x00"),
			"type is too large (limits: 65536 parts, depth 100)",
		},
		"memories": {core(101, section(5, "\x01\x00\x00")), "component has more than 40 memories"},
		"globals": {
			core(1000, section(6, vec(50_000, "\x7f\x00\x41\x00\x0b"))),
			"component instantiates core modules of more than 67108864 bytes, code and data not counted",
		},
		"inline instances": {
			outer(300, section(1, moduleHeader+function)+section(2, "\x01"+instantiate0)+
				section(6, "\x01\x00\x00\x01\x00\x01f")+section(7, "\x01\x40\x00\x01\x00")+section(8, "\x01\x00\x00\x00\x00\x00")+
				section(5, "\x01\x01"+names(20_000, func(n string) string { return "\x00" + str(n) + "\x01\x00" }))),
			"component needs more than 2000000 steps to link",
		},
		"inline core instances": {
			outer(300, section(1, moduleHeader+function)+section(2, "\x01"+instantiate0)+section(6, "\x01\x00\x00\x01\x00\x01f")+
				section(2, "\x01\x01"+names(20_000, func(n string) string { return str(n) + "\x00\x00" }))),
			"component needs more than 2000000 steps to link",
		},
		"functions with large types": {
			componentHeader + fixedLists + section(8, vec(3000, "\x00\x00\x00\x02\x03\x00\x04\x01\x01")),
			"component needs more than 2000000 steps to link",
		},
	} {
		wasm := slices.Clip([]byte(tt.wasm))
		c, err := newEngine(t, nil).Load(t.Context(), wasm, nil)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s, %d bytes: got %.300v, want %q", name, len(wasm), err, tt.want)
		}
		if err == nil {
			t.Error(c.Close(t.Context()))
		}
	}
}
