//go:build wasip1

// Command counter counts the letters and words of texts for other components. It
// has no HTTP in it: what it can do is the interface demo:echo/count, and who links to
// it may call that.
package main

import (
	"structs"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// counts is the record of demo:echo/count as the Canonical ABI stores it.
type counts struct {
	_              structs.HostLayout
	letters, words uint32
}

var result counts

// of is the export: the text comes as an address and a length, and the result is an
// address.
//
//go:wasmexport demo:echo/count@1.0.0#of
func of(text *byte, n uint32) *counts {
	result = count(unsafe.Slice(text, n))
	return &result
}

func count(text []byte) (c counts) {
	within := false
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case unicode.IsLetter(r):
			c.letters++
			if !within {
				c.words++
			}
			within = true
		default:
			within = false
		}
	}
	return c
}

// memory is what cabi_realloc gives away: to the preview 1 adapter once, which asks
// for 128 KiB before main's variables are there, and to the host for each text.
var memory [256 << 10]byte

// used is how much of memory is given away, and kept how much of that stays.
var used, kept uint32

func init() { kept = used }

// realloc implements the Canonical ABI's realloc, without the Go heap: it has to work
// before the runtime does. Nothing here is ever grown.
//
//go:wasmexport cabi_realloc
func realloc(_ unsafe.Pointer, _, align, size uint32) unsafe.Pointer {
	base := uint32(uintptr(unsafe.Pointer(&memory)))
	at := (base+used+align-1)&^(align-1) - base
	if at > uint32(len(memory)) || size > uint32(len(memory))-at {
		panic("the text is longer than there is room for")
	}
	used = at + size
	return unsafe.Pointer(&memory[at:][:1][0])
}

// after is called when the host has read the result: the text is no longer needed.
//
//go:wasmexport cabi_post_demo:echo/count@1.0.0#of
func after(*counts) { used = kept }

// main never runs: the host calls the exports.
func main() {}
