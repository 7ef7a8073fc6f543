package core

import "fmt"

// Error says where in a core module a fault lies.
type Error struct {
	// Offset is the byte offset in the original module.
	Offset int
	// Func is the index of the function, imports counted, whose body holds the
	// fault, or -1.
	Func int
	// Err is the fault: an [*UnsupportedError], a [*LimitError], or a plain error
	// for a malformed or invalid module.
	Err error
}

// Error returns the fault and its place.
func (e *Error) Error() string {
	if e.Func >= 0 {
		return fmt.Sprintf("core module: function %d: offset %#x: %v", e.Func, e.Offset, e.Err)
	}
	return fmt.Sprintf("core module: offset %#x: %v", e.Offset, e.Err)
}

// Unwrap returns the fault without its place.
func (e *Error) Unwrap() error { return e.Err }

// An UnsupportedError names a WebAssembly feature that a module uses and this
// package refuses.
type UnsupportedError struct {
	// Feature is the name of the feature, as its proposal has it.
	Feature string
}

// Error names the feature.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("feature %q is not supported; build the module without it", e.Feature)
}

// A LimitError says that a module asks for more of something than is allowed.
type LimitError struct {
	// What is counted, in the plural: "table elements", "locals".
	What string
	// Got is the number asked for.
	Got uint64
	// Max is the greatest number allowed.
	Max uint64
}

// Error names what is counted, the number asked for and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%d %s, limit %d", e.Got, e.What, e.Max)
}
