package component

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The shell of a module is the module without its code: the body of each
// function is an instruction that traps. With it the engine loads the machine
// code of the module from the cache, for which it wants to see a module: it
// decodes, validates and keeps the shell instead, and finds the code under the
// shell's name. What code becomes depends on everything else in a module, which
// is all there; the shell's own code is never run.
//
// That makes three things possible. The engine keeps what it decodes, which is
// nine tenths of what it takes besides machine code. A module is validated and
// compiled together, once, and no more when it is loaded. And what a component
// needs to be loaded again is small.
//
// Two modules that differ in nothing but code would have the same shell: each
// has the sum of its module in a custom section.

// shellSection is the name of the custom section with the sum of the module.
const shellSection = "wattle:module"

// worthShell is the most bytes of code that a module is loaded with as it is.
const worthShell = 1 << 10

// Identifiers of sections, and of subsections of the name section.
const (
	sectionCustom = 0
	sectionCode   = 10

	namesOfFunctions = 1
)

var errShell = errors.New("a rewritten module cannot be read")

// newShell returns the shell of a module that package core or this one has
// written, and the module itself if that has little code.
func newShell(module []byte, key moduleKey) ([]byte, error) {
	const header = 8
	if len(module) < header {
		return nil, &internalError{errShell}
	}
	out := bytes.NewBuffer(module[:header:header])
	large := false
	for rest := module[header:]; len(rest) > 0; {
		id := rest[0]
		content, after, ok := cutSized(rest[1:])
		if !ok {
			return nil, &internalError{errShell}
		}
		switch id {
		case sectionCustom:
			if names := shortNames(content); names != nil {
				writeSection(out, sectionCustom, names)
			}
		case sectionCode:
			large = len(content) > worthShell
			count, n := binary.Uvarint(content)
			if n <= 0 || count > uint64(len(content)) {
				return nil, &internalError{errShell}
			}
			const trap = "\x03\x00\x00\x0b" // three bytes, no locals, unreachable, end
			writeSection(out, id, append(binary.AppendUvarint(nil, count), bytes.Repeat([]byte(trap), int(count))...))
		default:
			writeSection(out, id, content)
		}
		rest = after
	}
	if !large {
		return module, nil
	}
	writeSection(out, sectionCustom, append(appendName(nil, shellSection), key[:]...))
	return out.Bytes(), nil
}

func writeSection(out *bytes.Buffer, id byte, content []byte) {
	out.WriteByte(id)
	out.Write(binary.AppendUvarint(nil, uint64(len(content))))
	out.Write(content)
}

// shortNames returns the content of a name section with the names of the module
// and its functions, for backtraces, and nil of any other section.
func shortNames(content []byte) []byte {
	name, rest, ok := cutSized(content)
	if !ok || string(name) != "name" {
		return nil
	}
	out := appendName(nil, "name")
	for len(rest) > 0 {
		id := rest[0]
		_, after, ok := cutSized(rest[1:])
		if !ok {
			return nil
		}
		if id <= namesOfFunctions {
			out = append(out, rest[:len(rest)-len(after)]...)
		}
		rest = after
	}
	return out
}

// cutSized splits b after its first item, which starts with its size.
func cutSized(b []byte) (item, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n:][:size], b[n:][size:], true
}
