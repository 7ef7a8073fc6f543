package wit

import "strings"

// Func is a function type with the name it is imported or exported by.
type Func struct {
	// Name is the extern name: "read", "[method]input-stream.read",
	// "[constructor]fields", "[static]fields.from-list".
	Name string
	Docs string
	Gate Gate
	// Async says that the function may block: async func.
	Async bool
	// Params are the parameters, with the "self" of a method.
	Params []Field
	// Result is the type of the result, nil if there is none.
	Result *Type
	// ExternalID is the text of @external-id, if any.
	ExternalID string
}

// FuncKind says what a function is to a resource.
type FuncKind uint8

// The kinds of function, by the annotation of their name.
const (
	Freestanding FuncKind = iota
	Method
	Static
	Constructor
)

// Split takes the extern name apart: the kind of function, the resource it
// belongs to ("" if freestanding) and its own name ("" for a constructor). See
// the explainer, "Import and Export Definitions".
func (f *Func) Split() (kind FuncKind, resource, name string) {
	if r, ok := strings.CutPrefix(f.Name, "[constructor]"); ok {
		return Constructor, r, ""
	}
	if r, ok := strings.CutPrefix(f.Name, "[method]"); ok {
		resource, name, _ = strings.Cut(r, ".")
		return Method, resource, name
	}
	if r, ok := strings.CutPrefix(f.Name, "[static]"); ok {
		resource, name, _ = strings.Cut(r, ".")
		return Static, resource, name
	}
	return Freestanding, "", f.Name
}

// String returns the name and the signature.
func (f *Func) String() string { return f.Name + ": " + f.Signature() }
