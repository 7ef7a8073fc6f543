package binary_test

import (
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// The sections, by their numbers in Binary.md.
const (
	secCustom = iota
	secCoreModule
	secCoreInstance
	secCoreType
	secComponent
	secInstance
	secAlias
	secType
	secCanon
	secStart
	secImport
	secExport
	secValue
)

var emptyModule = []byte("\x00asm\x01\x00\x00\x00")

// b is the bytes given.
func b(bytes ...byte) []byte { return bytes }

// u32 is an unsigned LEB128 integer.
func u32(n int) []byte {
	var out []byte
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(out, byte(n))
}

// name is a length and that many bytes.
func name(s string) []byte { return slices.Concat(u32(len(s)), []byte(s)) }

// list is a vector.
func list(items ...[]byte) []byte { return slices.Concat(u32(len(items)), slices.Concat(items...)) }

// section is a section with the content given.
func section(id byte, content ...[]byte) []byte {
	body := slices.Concat(content...)
	return slices.Concat(b(id), u32(len(body)), body)
}

// component is a component of the sections given.
func component(sections ...[]byte) []byte {
	return slices.Concat([]byte("\x00asm\x0d\x00\x01\x00"), slices.Concat(sections...))
}

// cat is its arguments, one after the other.
func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func decode(t *testing.T, data []byte) *binary.Component {
	t.Helper()
	c, err := binary.Decode(data, nil)
	if err != nil {
		t.Fatalf("Decode(% x) = %v", data, err)
	}
	return c
}

// decodeOne decodes a section of one definition.
func decodeOne(t *testing.T, id byte, def []byte) binary.Def {
	t.Helper()
	c := decode(t, component(section(id, list(def))))
	if len(c.Defs) != 1 {
		t.Fatalf("section %d of % x: got %d definitions, want 1", id, def, len(c.Defs))
	}
	return c.Defs[0]
}
