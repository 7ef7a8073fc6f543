package wit

import (
	"strconv"
	"strings"
)

// Signature returns the structure of the type as a string: two types are equal
// to the Component Model if and only if their signatures are. The names of
// records, variants and aliases vanish, labels stay, and a resource is written
// as the interface that declares it, without version, a dot and its name:
//
//	result<list<u8>, variant{last-operation-failed(own<wasi:io/error.error>), closed}>
func (t *Type) Signature() string {
	var b strings.Builder
	t.sign(&b)
	return b.String()
}

// Signature returns the structure of the function's type as a string:
//
//	func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> list<u8>
//
// The name of the function is not part of it.
func (f *Func) Signature() string {
	var b strings.Builder
	if f.Async {
		b.WriteString("async ")
	}
	b.WriteString("func(")
	for i, p := range f.Params {
		separate(&b, i)
		b.WriteString(p.Name)
		b.WriteString(": ")
		p.Type.sign(&b)
	}
	b.WriteByte(')')
	if f.Result != nil {
		b.WriteString(" -> ")
		f.Result.sign(&b)
	}
	return b.String()
}

func (t *Type) sign(b *strings.Builder) {
	b.WriteString(t.Kind.String())
	switch t.Kind {
	case List, Option:
		signArgs(b, t.Elem)
	case Stream, Future:
		if t.Elem != nil {
			signArgs(b, t.Elem)
		}
	case FixedList:
		b.WriteByte('<')
		t.Elem.sign(b)
		b.WriteString(", ")
		b.WriteString(strconv.FormatUint(uint64(t.Len), 10))
		b.WriteByte('>')
	case Map:
		signArgs(b, t.Elem, t.Value)
	case Tuple:
		signArgs(b, t.Types...)
	case Result:
		switch {
		case t.Err != nil:
			signArgs(b, t.Ok, t.Err)
		case t.Ok != nil:
			signArgs(b, t.Ok)
		}
	case Own, Borrow:
		b.WriteByte('<')
		b.WriteString(t.Resource.String())
		b.WriteByte('>')
	case Record:
		b.WriteByte('{')
		for i, f := range t.Fields {
			separate(b, i)
			b.WriteString(f.Name)
			b.WriteString(": ")
			f.Type.sign(b)
		}
		b.WriteByte('}')
	case Variant:
		b.WriteByte('{')
		for i, c := range t.Fields {
			separate(b, i)
			b.WriteString(c.Name)
			if c.Type != nil {
				b.WriteByte('(')
				c.Type.sign(b)
				b.WriteByte(')')
			}
		}
		b.WriteByte('}')
	case Enum, Flags:
		b.WriteByte('{')
		b.WriteString(strings.Join(t.Labels, ", "))
		b.WriteByte('}')
	}
}

// signArgs writes type arguments; a nil one, the absent payload of a result, is
// written "_".
func signArgs(b *strings.Builder, args ...*Type) {
	b.WriteByte('<')
	for i, a := range args {
		separate(b, i)
		if a == nil {
			b.WriteByte('_')
			continue
		}
		a.sign(b)
	}
	b.WriteByte('>')
}

func separate(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteString(", ")
	}
}
