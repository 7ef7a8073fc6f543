package wit

// Resource is a resource type: an entity of which only handles are passed. Its
// identity is its pointer.
type Resource struct {
	// Name is the declared name, such as "input-stream".
	Name string
	// Owner is the interface that declares the resource. Its version may be
	// empty, and all of it is for a resource that a world declares.
	Owner InterfaceID
	// Docs is the documentation of the declaration.
	Docs string
}

// String returns the name of the resource with that of its owner, without
// version: "wasi:io/streams.input-stream". It is what signatures say.
func (r *Resource) String() string {
	if r.Owner.Package == "" {
		return r.Name
	}
	return r.Owner.Unversioned().String() + "." + r.Name
}
