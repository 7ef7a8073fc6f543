package wit

// Type is a value type. Which fields are meaningful depends on Kind; the others
// are zero. Pointer identity matters only for Resource: two Types describe the
// same type when their Signatures are equal.
type Type struct {
	// Kind says what the type is.
	Kind Kind
	// Name is the declared WIT name, empty for an anonymous type.
	Name string
	// Owner is the interface that declares the type, nil for an anonymous type
	// and for one that a world declares.
	Owner *Interface
	// Docs is the documentation of the declaration, without comment marks.
	Docs string

	// Elem is the element of a list, fixed-length list, option, stream or
	// future, and the key of a map. Of these, only a stream's and a future's may
	// be nil.
	Elem *Type
	// Value is the value of a map.
	Value *Type
	// Len is the length of a fixed-length list.
	Len uint32
	// Fields are the fields of a record or the cases of a variant. The Type of a
	// case without payload is nil.
	Fields []Field
	// Labels are the cases of an enum or the labels of flags.
	Labels []string
	// LabelDocs is the documentation of each of Labels, or nil if none has any.
	LabelDocs []string
	// Types are the elements of a tuple.
	Types []*Type
	// Ok and Err are the payloads of a result; nil is an absent one.
	Ok, Err *Type
	// Resource is what an own or a borrow is a handle of.
	Resource *Resource
}

// Field is a record field, a variant case or a function parameter.
type Field struct {
	Name string
	Type *Type
	Docs string
}

// Cases returns the cases of a variant, enum, option or result as the variant
// that it stands for, following CanonicalABI.md, "Despecialization"; nil for
// every other kind.
func (t *Type) Cases() []Field {
	switch t.Kind {
	case Variant:
		return t.Fields
	case Enum:
		cases := make([]Field, len(t.Labels))
		for i, label := range t.Labels {
			cases[i].Name = label
		}
		return cases
	case Option:
		return []Field{{Name: "none"}, {Name: "some", Type: t.Elem}}
	case Result:
		return []Field{{Name: "ok", Type: t.Ok}, {Name: "error", Type: t.Err}}
	default:
		return nil
	}
}

// String returns the signature of the type.
func (t *Type) String() string { return t.Signature() }
