package binary_test

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// TestLimitsAreInclusive checks on both sides of each limit.
func TestLimitsAreInclusive(t *testing.T) {
	nested := func(n int) []byte {
		c := component()
		for range n - 1 {
			c = component(section(secComponent, c))
		}
		return c
	}
	nestedTypes := func(n int) []byte {
		typ := b(0x42, 0x00)
		for range n - 1 {
			typ = cat(b(0x41), list(cat(b(0x01), typ)))
		}
		return component(section(secType, list(typ)))
	}
	nameOf := func(n int) []byte { return component(section(secCustom, name(string(make([]byte, n))))) }
	itemsOf := func(n int) []byte {
		// Two vectors, so that the limit is seen to hold for them together.
		return component(
			section(secType, list(slices.Repeat([][]byte{b(0x73)}, n-2)...)),
			section(secCanon, list(b(0x05), b(0x05))))
	}
	tests := map[string]struct {
		make func(n int) []byte
		opts *binary.Options
		max  int
		want binary.Code
	}{
		"depth":              {nested, nil, binary.DefaultMaxDepth, binary.CodeTooDeep},
		"depth option":       {nested, &binary.Options{MaxDepth: 3}, 3, binary.CodeTooDeep},
		"type depth":         {nestedTypes, nil, binary.DefaultMaxTypeDepth, binary.CodeTooDeep},
		"type depth option":  {nestedTypes, &binary.Options{MaxTypeDepth: 3}, 3, binary.CodeTooDeep},
		"items":              {itemsOf, nil, binary.DefaultMaxItems, binary.CodeTooMany},
		"items option":       {itemsOf, &binary.Options{MaxItems: 10}, 10, binary.CodeTooMany},
		"name":               {nameOf, nil, binary.DefaultMaxName, binary.CodeNameTooLong},
		"name option":        {nameOf, &binary.Options{MaxName: 5}, 5, binary.CodeNameTooLong},
		"size option":        {func(n int) []byte { return nameOf(n - 11) }, &binary.Options{MaxSize: 20}, 20, binary.CodeTooLarge},
		"negative is denied": {nested, &binary.Options{MaxDepth: -1}, 0, binary.CodeTooDeep},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			if test.max > 0 {
				if _, err := binary.Decode(test.make(test.max), test.opts); err != nil {
					t.Errorf("at the limit of %d: %v", test.max, err)
				}
			}
			if _, err := binary.Decode(test.make(test.max+1), test.opts); code(err) != test.want {
				t.Errorf("above the limit of %d: got %v, want %s", test.max, err, test.want)
			}
		})
	}
}

// TestPrefixes checks that no proper prefix of a component is one, except at
// the ends of sections.
func TestPrefixes(t *testing.T) {
	data := everything()
	whole := map[int]bool{}
	for pos := len(component()); pos < len(data); pos += 2 + int(data[pos+1]) {
		whole[pos] = true // every section of it is shorter than 128 bytes
	}
	for n := range data {
		if _, err := binary.Decode(data[:n], nil); (err == nil) != whole[n] {
			t.Errorf("the first %d bytes of %d: %v, want an error: %v", n, len(data), err, !whole[n])
		}
	}
}

// TestEveryByteChanged decodes a component with each byte replaced by each
// value: whatever comes of it, it is a component or an *Error, never a panic.
func TestEveryByteChanged(t *testing.T) {
	data := everything()
	for i, orig := range data {
		for v := range 0x100 {
			data[i] = byte(v)
			if c, err := binary.Decode(data, nil); (c == nil) == (code(err) == "") {
				t.Errorf("byte %d set to %#02x: got %v, %v", i, v, c, err)
			}
		}
		data[i] = orig
	}
}

// TestAllocationIsLinear decodes inputs that claim much and hold little.
func TestAllocationIsLinear(t *testing.T) {
	// Each level claims as many declarators as there are bytes left.
	claims := func(size int) []byte {
		var body []byte
		for len(body) < size {
			body = slices.Concat(b(0x01, 0x41), u32(max(len(body), 1)), body)
		}
		return component(section(secType, list(body[1:])))
	}
	const perByte, fixed = 512, 16 << 10
	tests := map[string][]byte{
		"empty":          component(),
		"count":          component(section(secImport, b(0xff, 0xff, 0xff, 0xff, 0x0f), make([]byte, 80))),
		"count of names": component(section(secType, list(cat(b(0x6e, 0x50), make([]byte, 0x50))))),
		"name":           component(section(secCustom, b(0xff, 0xff, 0xff, 0xff, 0x0f), make([]byte, 80))),
		"claims":         claims(100),
		"many claims":    claims(400),
		"types":          component(section(secType, list(slices.Repeat([][]byte{b(0x73)}, 100)...))),
		"canons":         component(section(secCanon, list(slices.Repeat([][]byte{b(0x05)}, 100)...))),
		"inline exports": component(section(secInstance, list(cat(b(0x01), list(slices.Repeat([][]byte{b(0, 0, 1, 0)}, 50_000)...))))),
		"core imports":   component(section(secCoreType, list(cat(b(0x50), list(slices.Repeat([][]byte{b(0, 0, 0, 0, 0)}, 50_000)...))))),
		"large":          component(section(secType, list(slices.Repeat([][]byte{b(0x70, 0x73)}, 100_000)...))),
		"modules":        component(bytes.Repeat(section(secCoreModule, emptyModule), 1000)),
	}
	for what, data := range tests {
		t.Run(what, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c, err := binary.Decode(data, nil)
			runtime.ReadMemStats(&after)
			got, limit := after.TotalAlloc-before.TotalAlloc, uint64(fixed+perByte*len(data))
			if got > limit {
				t.Errorf("%d bytes made Decode allocate %d bytes, want at most %d (%v)", len(data), got, limit, err)
			}
			runtime.KeepAlive(c)
		})
	}
}
