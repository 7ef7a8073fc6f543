package cli

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// signature returns the function as the list of functions shows it.
func (c *callable) signature() string { return c.name() + ": " + c.signatureType() }

// signatureType returns the type of the function, in which types go by their
// names.
func (c *callable) signatureType() string {
	var b strings.Builder
	if c.fn.Async {
		b.WriteString("async ")
	}
	b.WriteString("func(")
	for i, p := range c.fn.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name + ": " + typeText(p.Type))
	}
	b.WriteString(")")
	if c.fn.Result != nil {
		b.WriteString(" -> " + typeText(c.fn.Result))
	}
	return b.String()
}

// resultText returns the type of the result of a function.
func resultText(f *wit.Func) string {
	if f.Result == nil {
		return "nothing"
	}
	return typeText(f.Result)
}

// typeText returns a type as WIT mentions it.
func typeText(t *wit.Type) string {
	if t.Name != "" {
		return t.Name
	}
	args := func(types ...*wit.Type) string {
		parts := make([]string, len(types))
		for i, a := range types {
			parts[i] = "_"
			if a != nil {
				parts[i] = typeText(a)
			}
		}
		return t.Kind.String() + "<" + strings.Join(parts, ", ") + ">"
	}
	switch t.Kind {
	case wit.List, wit.Option:
		return args(t.Elem)
	case wit.Stream, wit.Future:
		if t.Elem == nil {
			return t.Kind.String()
		}
		return args(t.Elem)
	case wit.FixedList:
		return fmt.Sprintf("list<%s, %d>", typeText(t.Elem), t.Len)
	case wit.Map:
		return args(t.Elem, t.Value)
	case wit.Tuple:
		return args(t.Types...)
	case wit.Result:
		switch {
		case t.Ok == nil && t.Err == nil:
			return "result"
		case t.Err == nil:
			return args(t.Ok)
		}
		return args(t.Ok, t.Err)
	case wit.Own, wit.Borrow:
		return t.Kind.String() + "<" + t.Resource.Name + ">"
	}
	return t.Kind.String()
}
