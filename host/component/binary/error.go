package binary

import "fmt"

// Error says why the input is not a component that this package can decode.
type Error struct {
	// Code is the kind of fault. It is stable.
	Code Code
	// Offset is the offset in the file of the byte at fault: the first byte of
	// the thing that Msg names, or the end of the input where it is missing.
	Offset int
	// Msg is for people. It is not stable.
	Msg string
}

func (e *Error) Error() string {
	return fmt.Sprintf("offset %#x: %s (%s)", e.Offset, e.Msg, e.Code)
}

// Code is the kind of a decoding fault. Codes are stable: programs may compare
// them, and later versions of this package keep them.
//
// The comment on each code gives examples, which a test decodes: the bytes in
// hexadecimal that follow the component's preamble, or, after the word file,
// the whole file. A word such as MaxItems=2 sets that option.
type Code string

// The codes.
const (
	// CodeNotWasm: the file does not start with the WebAssembly magic number.
	//
	// Example: file
	// Example: file 7f 45 4c 46 02 01 01 00
	CodeNotWasm Code = "not-wasm"

	// CodeCoreModule: the file, or the content of a component section, is a
	// core module.
	//
	// Example: file 00 61 73 6d 01 00 00 00
	// Example: 04 08 00 61 73 6d 01 00 00 00
	CodeCoreModule Code = "core-module"

	// CodeVersion: the preamble has a version or a layer that is not known.
	//
	// Example: file 00 61 73 6d 0c 00 01 00
	// Example: file 00 61 73 6d 0d 00 02 00
	CodeVersion Code = "unknown-version"

	// CodeTruncated: the file, or a nested component, ends before the preamble,
	// or a section that it announces, does.
	//
	// Example: file 00 61 73
	// Example: 07 03 00
	// Example: 07
	// Example: 04 00
	CodeTruncated Code = "truncated"

	// CodeSectionSize: a section's content is longer or shorter than its size.
	//
	// Example: 07 02 01 70
	// Example: 07 03 01 73 73
	CodeSectionSize Code = "section-size"

	// CodeIntegerTooLong: an integer takes more bytes than its type allows.
	//
	// Example: 07 81 80 80 80 80 00 00
	CodeIntegerTooLong Code = "integer-too-long"

	// CodeIntegerTooLarge: an integer does not fit its type.
	//
	// Example: 07 81 80 80 80 70 00
	CodeIntegerTooLarge Code = "integer-too-large"

	// CodeCount: a vector has more elements than there are bytes left.
	//
	// Example: 07 04 bf 84 3d 73
	CodeCount Code = "count"

	// CodeUTF8: a name is not UTF-8.
	//
	// Example: 0a 07 01 00 02 ff fe 01 00
	CodeUTF8 Code = "malformed-utf8"

	// CodeUnknownSection: there is no section with this number.
	//
	// Example: 0d 00
	CodeUnknownSection Code = "unknown-section"

	// CodeUnknownSort: there is no such sort, core sort or kind of extern type.
	//
	// Example: 0b 06 01 00 01 65 06 00
	// Example: 06 06 01 00 05 02 00 00
	// Example: 0a 06 01 00 01 78 06 00
	CodeUnknownSort Code = "unknown-sort"

	// CodeUnknownType: a type starts with a byte that stands for no type.
	//
	// Example: 07 02 01 5f
	// Example: 07 03 01 70 5f
	// Example: 03 04 01 4f 00 61
	// Example: 03 02 01 61
	CodeUnknownType Code = "unknown-type"

	// CodeUnknownCanon: there is no canonical definition with this opcode.
	//
	// Example: 08 02 01 07
	CodeUnknownCanon Code = "unknown-canon"

	// CodeUnknownOption: there is no canonical option with this number.
	//
	// Example: 08 06 01 01 00 00 01 0a
	CodeUnknownOption Code = "unknown-option"

	// CodeUnknownDeclarator: a component, instance or module type declares
	// something that it cannot.
	//
	// Example: 07 05 01 41 01 05 73
	// Example: 07 09 01 42 01 03 00 01 61 03 01
	// Example: 03 05 01 50 01 01 50
	CodeUnknownDeclarator Code = "unknown-declarator"

	// CodeUnexpectedByte: a byte that must be one of a few has another value.
	// Unlike the codes for unknown things, no new kind of thing hides behind
	// it: it is a flag, a tag of a fixed choice, or a constant.
	//
	// Example: 05 04 01 02 00 00
	// Example: 08 03 01 0c 02
	CodeUnexpectedByte Code = "unexpected-byte"

	// CodeAliasSort: the sort exists, but an alias of this kind cannot have it.
	//
	// Example: 06 05 01 05 02 00 00
	// Example: 06 06 01 01 01 00 01 66
	CodeAliasSort Code = "alias-sort"

	// CodeDuplicate: a canonical option or a name attribute is given twice, or
	// two string encodings are.
	//
	// Example: 08 07 01 01 00 00 02 00 01
	// Example: 0a 10 01 02 01 69 02 00 03 61 3a 62 00 03 61 3a 63 05 00
	CodeDuplicate Code = "duplicate"

	// CodeEmptyName: an implements attribute names nothing.
	//
	// Example: 0a 09 01 02 01 69 01 00 00 05 00
	CodeEmptyName Code = "empty-name"

	// CodeCorePreamble: the content of a core module section does not start
	// with the preamble of a core module of version 1.
	//
	// Example: 01 08 00 61 73 6d 0d 00 01 00
	CodeCorePreamble Code = "core-preamble"

	// CodeTooDeep: components, or component and instance types, are nested too
	// deeply. See [Options.MaxDepth] and [Options.MaxTypeDepth].
	//
	// Example: MaxDepth=1 04 08 00 61 73 6d 0d 00 01 00
	// Example: MaxTypeDepth=1 07 06 01 41 01 01 42 00
	CodeTooDeep Code = "too-deep"

	// CodeTooLarge: the file is larger than [Options.MaxSize].
	//
	// Example: MaxSize=9 07 01 00
	CodeTooLarge Code = "too-large"

	// CodeTooMany: the file has more items than [Options.MaxItems].
	//
	// Example: MaxItems=1 07 03 02 73 73
	CodeTooMany Code = "too-many"

	// CodeNameTooLong: a name is longer than [Options.MaxName].
	//
	// Example: MaxName=1 00 03 02 68 69
	CodeNameTooLong Code = "name-too-long"

	// CodeUnsupported: the input may be right, but uses a proposal that is not
	// supported.
	//
	// Example: 03 03 01 5f 00
	// Example: 03 06 01 60 01 64 6b 00
	CodeUnsupported Code = "unsupported"
)
