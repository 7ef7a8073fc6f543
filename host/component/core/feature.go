package core

import "strings"

// Features is a set of WebAssembly features beyond the first version of the
// specification.
type Features uint32

// The features that a module can be seen to use.
const (
	MutableGlobals Features = 1 << iota
	SignExtension
	SaturatingFloatToInt
	MultiValue
	BulkMemory
	ReferenceTypes
	SIMD
	ExtendedConst
	TailCall
	Threads
	Exceptions
	MultiMemory
	Memory64
)

// featureNames holds the names of the proposals, in the order of the bits.
var featureNames = [...]string{
	"mutable-globals", "sign-extension", "nontrapping-float-to-int", "multi-value", "bulk-memory",
	"reference-types", "simd", "extended-const", "tail-call", "threads", "exception-handling",
	"multi-memory", "memory64",
}

// rewritable are the features that Rewrite accepts.
const rewritable = MutableGlobals | SignExtension | SaturatingFloatToInt | MultiValue | BulkMemory |
	ReferenceTypes | SIMD | ExtendedConst | TailCall

// Has reports whether all features of g are in f.
func (f Features) Has(g Features) bool { return f&g == g }

// Unsupported returns those of the features that Rewrite refuses.
func (f Features) Unsupported() Features { return f &^ rewritable }

// String returns the names of the features, separated by spaces.
func (f Features) String() string {
	var names []string
	for i, name := range featureNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
