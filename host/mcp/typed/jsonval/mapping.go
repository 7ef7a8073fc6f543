package jsonval

import (
	"fmt"

	"github.com/wattle-dev/wattle/wit"
)

// Mapping is a way to write values as JSON.
type Mapping uint8

// The mappings.
const (
	Strict Mapping = iota
	Wassette
)

// Limits of what is read and written.
const (
	// MaxValues bounds the values in what is read, each element and field counted.
	MaxValues = 1 << 20
	// MaxSchema bounds a schema, in bytes.
	MaxSchema = 256 << 10
	// MaxJSON bounds what is written, in bytes.
	MaxJSON = 16 << 20
)

// An Error says where in a value something is wrong, and what.
type Error struct {
	// Path is the place, such as article.tags[3].
	Path string
	Msg  string
}

// Error returns the place and what is wrong.
func (e *Error) Error() string { return e.Path + ": " + e.Msg }

// Supports returns an error that names the first type in t of which values cannot be
// JSON. t is one that [wit.Type.Check] allows.
func (m Mapping) Supports(t *wit.Type) error {
	if t == nil {
		return nil
	}
	switch t.Kind {
	case wit.Own, wit.Borrow:
		return fmt.Errorf("it passes a handle of resource %q, which means nothing outside of its instance", t.Resource.Name)
	case wit.Stream, wit.Future, wit.ErrorContext:
		return fmt.Errorf("it passes a %s, which cannot be JSON", t.Kind)
	}
	for _, part := range [...]*wit.Type{t.Elem, t.Value, t.Ok, t.Err} {
		if err := m.Supports(part); err != nil {
			return err
		}
	}
	for _, part := range t.Types {
		if err := m.Supports(part); err != nil {
			return err
		}
	}
	for i := range t.Fields {
		if err := m.Supports(t.Fields[i].Type); err != nil {
			return err
		}
	}
	return nil
}

// isBytes reports whether a type has the form of bytes.
func (m Mapping) isBytes(t *wit.Type) bool {
	return m == Strict && t.Kind == wit.List && t.Elem.Kind == wit.U8
}

// wrapsSome reports whether some(v) of an option must not look like v, which may be null.
func (m Mapping) wrapsSome(option *wit.Type) bool {
	return m == Strict && option.Elem.Kind == wit.Option
}

// isObject reports whether a map is an object.
func (m Mapping) isObject(t *wit.Type) bool { return m == Strict && t.Elem.Kind == wit.String }

// The integers that every reader of JSON has exactly.
const maxSafe = 1<<53 - 1

// The names of numbers that JSON does not have.
const (
	nan    = "nan"
	inf    = "inf"
	negInf = "-inf"
)
