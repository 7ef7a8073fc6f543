package compat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// Difference is where two types part.
type Difference struct {
	// Path leads from the types that were compared to what differs in them, such
	// as `parameter 2 "value"`, `field "size"`. It is empty if that is the types
	// themselves.
	Path []string
	// Message says what differs: "list<u8> offered, string expected".
	Message string
}

// String returns the path and the message, separated by colons. It is of bounded
// length.
func (d *Difference) String() string {
	const most = 8
	path := d.Path
	if len(path) > most {
		path = slices.Concat(path[:most/2], []string{"…"}, path[len(path)-most/2:])
	}
	return strings.Join(append(slices.Clone(path), d.Message), ": ")
}

// Funcs returns the first difference between the types of a function that is
// offered and of the one that is wanted, or nil. The names of the functions do
// not count. A [wit.Checker] has accepted both.
func Funcs(offered, wanted *wit.Func) *Difference {
	return new(comparer).funcs(offered, wanted)
}

// comparer compares types. The zero value compares resources by their names.
type comparer struct {
	// same holds what has been found equal: types share their parts.
	same map[[2]*wit.Type]bool
	// sameResource says whether two resources with equal names are one, if that
	// depends on more.
	sameResource func(offered, wanted *wit.Resource) bool
}

// under puts a step in front of a path.
func (d *Difference) under(format string, args ...any) *Difference {
	if d == nil {
		return nil
	}
	d.Path = slices.Insert(d.Path, 0, fmt.Sprintf(format, args...))
	return d
}

func differ(format string, args ...any) *Difference {
	return &Difference{Message: fmt.Sprintf(format, args...)}
}

func (c *comparer) funcs(offered, wanted *wit.Func) *Difference {
	if offered.Async != wanted.Async {
		return differ("%s offered, %s expected", asynchronous(offered), asynchronous(wanted))
	}
	if d := c.members("parameter", offered.Params, wanted.Params); d != nil {
		return d
	}
	return c.optional(offered.Result, wanted.Result, "result").under("result")
}

func asynchronous(f *wit.Func) string {
	if f.Async {
		return "async func"
	}
	return "func without async"
}

// optional compares types either of which may be absent.
func (c *comparer) optional(offered, wanted *wit.Type, what string) *Difference {
	switch {
	case offered == nil && wanted == nil:
		return nil
	case offered == nil:
		return differ("no %s offered, %s expected", what, brief(wanted))
	case wanted == nil:
		return differ("%s offered, no %s expected", brief(offered), what)
	}
	return c.types(offered, wanted)
}

func (c *comparer) types(offered, wanted *wit.Type) *Difference {
	pair := [2]*wit.Type{offered, wanted}
	if offered == wanted && c.sameResource == nil || c.same[pair] {
		return nil
	}
	if offered.Kind != wanted.Kind || offered.Len != wanted.Len {
		return differ("%s offered, %s expected", brief(offered), brief(wanted))
	}
	if d := c.parts(offered, wanted); d != nil {
		return d
	}
	if c.same == nil {
		c.same = map[[2]*wit.Type]bool{}
	}
	c.same[pair] = true
	return nil
}

// parts compares what two types of one kind are made of.
func (c *comparer) parts(offered, wanted *wit.Type) *Difference {
	switch offered.Kind {
	case wit.Record:
		return c.members("field", offered.Fields, wanted.Fields)
	case wit.Variant:
		return c.members("case", offered.Fields, wanted.Fields)
	case wit.Enum:
		return names("case", offered.Labels, wanted.Labels)
	case wit.Flags:
		return names("flag", offered.Labels, wanted.Labels)
	case wit.Tuple:
		if n, m := len(offered.Types), len(wanted.Types); n != m {
			return differ("tuple of %d offered, of %d expected", n, m)
		}
		for i, t := range offered.Types {
			if d := c.types(t, wanted.Types[i]); d != nil {
				return d.under("element %d", i+1)
			}
		}
		return nil
	case wit.Own, wit.Borrow:
		return c.resources(offered, wanted)
	case wit.Result:
		if d := c.optional(offered.Ok, wanted.Ok, "value"); d != nil {
			return d.under("ok")
		}
		return c.optional(offered.Err, wanted.Err, "value").under("error")
	case wit.Map:
		if d := c.types(offered.Elem, wanted.Elem); d != nil {
			return d.under("key")
		}
		return c.types(offered.Value, wanted.Value).under("value")
	}
	return c.optional(offered.Elem, wanted.Elem, "type").under("%s element", offered.Kind)
}

func (c *comparer) resources(offered, wanted *wit.Type) *Difference {
	o, w := offered.Resource, wanted.Resource
	switch {
	case o.String() != w.String():
		return differ("%s offered, %s expected", brief(offered), brief(wanted))
	case c.sameResource == nil || c.sameResource(o, w):
		return nil
	case !o.Owner.Compatible(w.Owner):
		return differ("resource %.200s of version %s offered, of version %s expected", o, orNone(o.Owner.Version), orNone(w.Owner.Version))
	}
	return differ("%s is another resource than the one of that name which is expected here", brief(offered))
}

// members compares what has names and types.
func (c *comparer) members(what string, offered, wanted []wit.Field) *Difference {
	if d := names(what, fieldNames(offered), fieldNames(wanted)); d != nil {
		return d
	}
	for i, f := range offered {
		d := c.optional(f.Type, wanted[i].Type, "value")
		if d == nil {
			continue
		}
		if what == "parameter" {
			return d.under("parameter %d %q", i+1, f.Name)
		}
		return d.under("%s %q", what, f.Name)
	}
	return nil
}

func fieldNames(fields []wit.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// names compares names, of which the order counts.
func names(what string, offered, wanted []string) *Difference {
	if slices.Equal(offered, wanted) {
		return nil
	}
	have, want := set(offered), set(wanted)
	for _, n := range wanted {
		if !have[n] {
			return differ("%s %.100q expected, not offered%s", what, n, counts(what, offered, wanted))
		}
	}
	for _, n := range offered {
		if !want[n] {
			return differ("%s %.100q offered, not expected%s", what, n, counts(what, offered, wanted))
		}
	}
	i := 0
	for i < min(len(offered), len(wanted))-1 && offered[i] == wanted[i] {
		i++
	}
	return differ("%s %d is %.100q as offered, %.100q as expected: the order counts", what, i+1, offered[i], wanted[i])
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func counts(what string, offered, wanted []string) string {
	if len(offered) == len(wanted) {
		return ""
	}
	return fmt.Sprintf(" (%d %ss offered, %d expected)", len(offered), what, len(wanted))
}

// maxBrief bounds what brief writes, about.
const maxBrief = 60

// brief returns a type for a message: its signature, unless that is long. The
// name it was declared with is not part of it: the types of a binary have none.
func brief(t *wit.Type) string {
	var b strings.Builder
	writeBrief(&b, t)
	return b.String()
}

func writeBrief(b *strings.Builder, t *wit.Type) {
	if b.Len() > maxBrief {
		b.WriteString("…")
		return
	}
	args := func(args ...*wit.Type) {
		b.WriteByte('<')
		for i, a := range args {
			switch {
			case i > 0 && b.Len() > maxBrief:
				b.WriteString(", …>")
				return
			case i > 0:
				b.WriteString(", ")
			}
			if a == nil {
				b.WriteByte('_')
			} else {
				writeBrief(b, a)
			}
		}
		b.WriteByte('>')
	}
	b.WriteString(t.Kind.String())
	switch {
	case t.Kind == wit.FixedList:
		b.WriteByte('<')
		writeBrief(b, t.Elem)
		fmt.Fprintf(b, ", %d>", t.Len)
	case t.Kind == wit.Own || t.Kind == wit.Borrow:
		fmt.Fprintf(b, "<%.100s>", t.Resource)
	case t.Kind == wit.Tuple:
		args(t.Types...)
	case t.Kind == wit.Map:
		args(t.Elem, t.Value)
	case t.Err != nil:
		args(t.Ok, t.Err)
	case t.Ok != nil:
		args(t.Ok)
	case t.Elem != nil:
		args(t.Elem)
	case t.Kind == wit.Enum || t.Kind == wit.Flags:
		writeNames(b, t.Labels)
	case t.Kind == wit.Record || t.Kind == wit.Variant:
		writeNames(b, fieldNames(t.Fields))
	}
}

// writeNames writes the names that a type consists of, or the first few.
func writeNames(b *strings.Builder, names []string) {
	b.WriteByte('{')
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > maxBrief {
			b.WriteString("…")
			break
		}
		fmt.Fprintf(b, "%.40s", n)
	}
	b.WriteByte('}')
}
