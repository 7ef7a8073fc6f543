package wit

import (
	"errors"
	"fmt"
	"strings"
)

// The limits of Check.
const (
	// MaxTypeDepth bounds how deep types may nest.
	MaxTypeDepth = 100
	// MaxTypeNodes bounds the tree of a type: each type counts once for every
	// mention of it.
	MaxTypeNodes = 100_000
	// MaxTypeLabels bounds the fields, cases, labels, elements and parameters of
	// one type.
	MaxTypeLabels = 1 << 16
	// MaxTypeSize bounds the size of a value in memory, exclusively;
	// CanonicalABI.md, "Element Size", sets it, for a 64-bit memory.
	MaxTypeSize = 1 << 28
	// MaxFlags bounds the labels of flags.
	MaxFlags = 32
	// MaxTypeWork bounds the fields, labels and elements that one Checker sees.
	MaxTypeWork = 5_000_000
)

// Check reports whether t is a type and within the limits of this package. It
// takes time linear in the graph of the type, however large its tree.
func (t *Type) Check() error { return new(Checker).Type(t) }

// Check reports whether f has parameters and a result that are types and within
// the limits of this package, under names that are labels and differ.
func (f *Func) Check() error { return new(Checker).Func(f) }

// Checker checks many types that share parts, each part once. The zero value is
// ready for use.
type Checker struct {
	done map[*Type]measure
	work int
}

// measure is what a checker remembers of a type. Size and align are those in a
// 64-bit memory.
type measure struct {
	nodes, depth int
	size, align  uint64
	borrow       bool
}

// Type is [Type.Check].
func (c *Checker) Type(t *Type) error {
	_, err := c.check(t, 1)
	return err
}

// Func is [Func.Check].
func (c *Checker) Func(f *Func) error {
	if err := checkFields("parameter", f.Params); err != nil {
		return err
	}
	nodes := 0
	for _, p := range f.Params {
		if p.Type == nil {
			return fmt.Errorf("parameter %q: no type", p.Name)
		}
		m, err := c.check(p.Type, 1)
		if err != nil {
			return fmt.Errorf("parameter %q: %w", p.Name, err)
		}
		if nodes += m.nodes; nodes > MaxTypeNodes {
			return fmt.Errorf("parameters have more than %d types in all", MaxTypeNodes)
		}
	}
	if f.Result != nil {
		m, err := c.check(f.Result, 1)
		if err != nil {
			return fmt.Errorf("result: %w", err)
		}
		if m.borrow {
			return errors.New("result: a borrow cannot be returned")
		}
	}
	return nil
}

func (c *Checker) check(t *Type, depth int) (measure, error) {
	m, ok := c.done[t]
	if depth+max(m.depth, 1)-1 > MaxTypeDepth {
		return m, fmt.Errorf("types nest deeper than %d", MaxTypeDepth)
	}
	if ok {
		return m, nil
	}
	if c.work += 1 + len(t.Fields) + len(t.Labels) + len(t.Types); c.work > MaxTypeWork {
		return m, fmt.Errorf("types have more than %d fields, cases and labels in all", MaxTypeWork)
	}
	if err := t.checkShape(); err != nil {
		return m, err
	}
	m = measure{nodes: 1, depth: 1, borrow: t.Kind == Borrow}
	for child := range t.children() {
		cm, err := c.check(child, depth+1)
		if err != nil {
			return m, err
		}
		m.depth = max(m.depth, cm.depth+1)
		m.borrow = m.borrow || cm.borrow
		if m.nodes += cm.nodes; m.nodes > MaxTypeNodes {
			return m, fmt.Errorf("type has more than %d types inside it", MaxTypeNodes)
		}
	}
	m.size, m.align = t.layout(8, func(child *Type) (size, align uint64) {
		cm := c.done[child]
		return cm.size, cm.align
	})
	if m.size >= MaxTypeSize {
		return m, fmt.Errorf("%s has a size of %d bytes or more", t.Kind, uint64(MaxTypeSize))
	}
	if c.done == nil {
		c.done = map[*Type]measure{}
	}
	c.done[t] = m
	return m, nil
}

// children yields every type that t mentions.
func (t *Type) children() func(yield func(*Type) bool) {
	return func(yield func(*Type) bool) {
		for i := range t.Fields {
			if c := t.Fields[i].Type; c != nil && !yield(c) {
				return
			}
		}
		for _, c := range t.Types {
			if !yield(c) {
				return
			}
		}
		for _, c := range [...]*Type{t.Elem, t.Value, t.Ok, t.Err} {
			if c != nil && !yield(c) {
				return
			}
		}
	}
}

// checkShape checks what can be said of a type without looking at its children.
func (t *Type) checkShape() error {
	switch t.Kind {
	case List, Option:
		return t.need(t.Elem != nil, "an element type")
	case FixedList:
		if t.Len == 0 {
			return errors.New("list of fixed length 0")
		}
		return t.need(t.Elem != nil, "an element type")
	case Map:
		if t.Elem == nil || t.Value == nil {
			return t.need(false, "a key and a value type")
		}
		if !t.Elem.Kind.Primitive() || t.Elem.Kind == F32 || t.Elem.Kind == F64 || t.Elem.Kind == ErrorContext {
			return fmt.Errorf("%s cannot be the key of a map", t.Elem.Kind)
		}
		return nil
	case Record:
		if err := checkFields("field", t.Fields); err != nil {
			return err
		}
		for _, f := range t.Fields {
			if f.Type == nil {
				return fmt.Errorf("field %q: no type", f.Name)
			}
		}
		return t.need(len(t.Fields) > 0, "a field")
	case Variant:
		if err := checkFields("case", t.Fields); err != nil {
			return err
		}
		return t.need(len(t.Fields) > 0, "a case")
	case Enum:
		if err := checkLabels("case", len(t.Labels), func(i int) string { return t.Labels[i] }); err != nil {
			return err
		}
		return t.need(len(t.Labels) > 0, "a case")
	case Flags:
		if len(t.Labels) > MaxFlags {
			return fmt.Errorf("flags have %d labels; %d is the most", len(t.Labels), MaxFlags)
		}
		if err := checkLabels("label", len(t.Labels), func(i int) string { return t.Labels[i] }); err != nil {
			return err
		}
		return t.need(len(t.Labels) > 0, "a label")
	case Tuple:
		for _, e := range t.Types {
			if e == nil {
				return t.need(false, "a type for each element")
			}
		}
		if len(t.Types) > MaxTypeLabels {
			return fmt.Errorf("tuple has %d elements; %d is the most", len(t.Types), MaxTypeLabels)
		}
		return t.need(len(t.Types) > 0, "an element")
	case Own, Borrow:
		return t.need(t.Resource != nil, "a resource")
	case Result, Stream, Future:
		return nil
	default:
		if !t.Kind.Primitive() {
			return fmt.Errorf("%d is not a kind of type", t.Kind)
		}
		return nil
	}
}

func (t *Type) need(ok bool, what string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s without %s", t.Kind, what)
}

func checkFields(what string, fields []Field) error {
	return checkLabels(what, len(fields), func(i int) string { return fields[i].Name })
}

// checkLabels checks that names are labels, and that they differ by more than
// case.
func checkLabels(what string, n int, name func(int) string) error {
	if n > MaxTypeLabels {
		return fmt.Errorf("%d of %s; %d is the most", n, what, MaxTypeLabels)
	}
	seen := make(map[string]bool, n)
	for i := range n {
		s := name(i)
		if !IsLabel(s) {
			return fmt.Errorf("%s %q is not a kebab-case name", what, clip(s))
		}
		lower := strings.ToLower(s)
		if seen[lower] {
			return fmt.Errorf("%s %q appears twice", what, clip(s))
		}
		seen[lower] = true
	}
	return nil
}
