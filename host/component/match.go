package component

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
)

// match checks that a definition has the declared type and returns what the
// declaration lets one see of it. s is the scope of the declaration.
func (e *elaborator) match(x any, d binary.ExternType, s *scope) (any, error) {
	if err := e.spend(1); err != nil {
		return nil, err
	}
	switch d.Sort {
	case binary.SortFunc:
		f, ok := x.(*function)
		want, err := at(s.types, d.Index, "type")
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, fmt.Errorf("is %s, not a function", kindOf(x))
		case want.fn == nil:
			return nil, fmt.Errorf("type %d is not a function type", d.Index)
		case !sameFunc(f.typ, want.fn):
			return nil, fmt.Errorf("has type %s, not %s", e.types.show(f.typ), e.types.show(want.fn))
		}
		return f, nil
	case binary.SortType:
		t, ok := x.(*typ)
		switch {
		case !ok:
			return nil, fmt.Errorf("is %s, not a type", kindOf(x))
		case d.SubResource && t.resource == nil:
			return nil, fmt.Errorf("is not a resource type")
		case d.SubResource:
			return t, nil
		}
		want, err := at(s.types, d.Index, "type")
		if err != nil {
			return nil, err
		}
		if t.value != want.value || t.resource != want.resource || t.fn != nil && (want.fn == nil || !sameFunc(t.fn, want.fn)) {
			return nil, fmt.Errorf("is a different type")
		}
		return t, nil
	case binary.SortInstance:
		i, ok := x.(*instance)
		want, err := at(s.types, d.Index, "type")
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, fmt.Errorf("is %s, not an instance", kindOf(x))
		case want.instance == nil:
			return nil, fmt.Errorf("type %d is not an instance type", d.Index)
		}
		view, err := e.matchInstance(i, want.instance)
		if err != nil {
			return nil, err
		}
		return view, nil
	case binary.SortComponent:
		if c, ok := x.(*closure); ok {
			// What the component does is checked when it is instantiated: every
			// argument and every export is matched again, with its real type.
			return c, nil
		}
		return nil, fmt.Errorf("is %s, not a component", kindOf(x))
	case binary.SortCore:
		if m, ok := x.(*binary.CoreModule); ok {
			return m, nil
		}
		return nil, fmt.Errorf("is %s, not a core module", kindOf(x))
	}
	return nil, fmt.Errorf("imports of values are not supported")
}

func kindOf(x any) string {
	switch x.(type) {
	case *function:
		return "a function"
	case *typ:
		return "a type"
	case *closure:
		return "a component"
	case *instance:
		return "an instance"
	case *binary.CoreModule:
		return "a core module"
	case nil:
		return "missing"
	}
	return fmt.Sprintf("%T", x)
}

// matchInstance checks an instance against an instance type, export by export,
// with each type export standing for the instance's own type from there on. The
// error is of type linkErrors if exports are wrong; there is an instance then
// as well, unless it is of no use.
func (e *elaborator) matchInstance(i *instance, t *typeClosure) (*instance, error) {
	if e.depth++; e.depth > maxTypeDepth {
		return nil, errTypeTooLarge
	}
	defer func() { e.depth-- }()
	s := &scope{parent: t.scope}
	view := newInstance()
	var errs linkErrors
	for _, d := range t.decls {
		if err := e.spend(1); err != nil {
			return nil, err
		}
		if x, ok := d.(*binary.ExportDecl); ok {
			got, err := e.matchExport(i, x, s)
			if err != nil {
				got = e.standIn(x.Type, s, x.Name.Name, i.wanted)
				if !errs.add(x.Name.Name, err) || got == nil {
					return nil, errs
				}
			}
			s.push(got)
			if err := view.add(x.Name.Name, got); err != nil {
				return nil, err
			}
			continue
		}
		if err := e.declare(s, d); err != nil {
			return nil, err
		}
	}
	if len(errs) > 0 {
		return view, errs
	}
	return view, nil
}

// declare evaluates a declarator other than an import or export.
func (e *elaborator) declare(s *scope, d binary.Decl) error {
	switch d := d.(type) {
	case *binary.CoreTypeDef:
		s.push(d)
	case *binary.TypeDef:
		if err := e.spend(parts(d)); err != nil {
			return err
		}
		t, err := e.types.define(s, d)
		if err != nil {
			return fmt.Errorf("offset %#x: %w", d.Offset, err)
		}
		s.push(t)
	case *binary.Alias:
		return s.alias(d)
	}
	return nil
}

func (e *elaborator) matchExport(i *instance, x *binary.ExportDecl, s *scope) (any, error) {
	name := x.Name.Name
	if i.host == nil {
		got, ok := i.exports[name]
		if !ok {
			return nil, fmt.Errorf("is missing")
		}
		return e.match(got, x.Type, s)
	}
	if i.host.bind != nil {
		return e.matchDynamic(i, x, s)
	}
	switch x.Type.Sort {
	case binary.SortType:
		if !x.Type.SubResource {
			// The host has no names for value types: what matters is that the
			// functions which use them have the same structure.
			return wrap(at(s.types, x.Type.Index, "type"))
		}
		r := i.host.resources[name]
		if r == nil {
			return nil, linkError(i.host.offer.Missing(name, "resource", i.wanted))
		}
		return &typ{resource: e.hostResource(r)}, nil
	case binary.SortFunc:
		t, err := at(s.types, x.Type.Index, "type")
		if err != nil {
			return nil, err
		}
		if t.fn == nil {
			return nil, fmt.Errorf("type %d is not a function type", x.Type.Index)
		}
		f := i.host.funcs[name]
		if f == nil {
			return nil, linkError(i.host.offer.Missing(name, "function", i.wanted))
		}
		if e.types.textOf(t.fn) > maxSignature {
			return nil, fmt.Errorf("its type is larger than any that the host serves")
		}
		if got := t.fn.Signature(); got != f.Signature {
			return nil, &LinkError{Item: name, Want: got, Got: f.Signature, Reason: i.host.differs(name, t.fn)}
		}
		return &function{typ: t.fn, host: f, from: i.host.id.Unversioned().String() + "#" + name}, nil
	}
	return nil, fmt.Errorf("the host serves functions and resources only")
}

// differs says how the type of a function differs from the one declared. They
// have different signatures.
func (h *hostInterface) differs(name string, declared *wit.Func) string {
	if d := compat.Funcs(h.offer.Func(name), declared); d != nil {
		return d.String()
	}
	return "has another type" // not reached: compat and signatures agree
}

func (e *elaborator) hostResource(r *HostResource) *wit.Resource {
	id := r.resource()
	if e.plan.resources[id] == nil {
		e.plan.resources[id] = &resource{id: id, host: r, comp: -1, dtor: -1}
	}
	return id
}

// linkErrors are the faults of one instance, all of them.
type linkErrors []*LinkError

// add records a fault of an item; false when there are too many to go on.
func (l *linkErrors) add(item string, err error) bool {
	const most = 100
	if nested, ok := err.(linkErrors); ok { //nolint:errorlint // made by matchInstance, never wrapped
		for _, n := range nested {
			n.Item = fmt.Sprintf("%.500s/%.500s", item, n.Item)
			*l = append(*l, n)
		}
		return len(*l) < most
	}
	le, ok := err.(*LinkError) //nolint:errorlint // made by matchExport, never wrapped
	if !ok {
		le = &LinkError{Item: item, Reason: err.Error()}
	}
	*l = append(*l, le)
	return len(*l) < most
}

func (l linkErrors) Error() string {
	var s strings.Builder
	for i, e := range l {
		if i > 0 {
			s.WriteString("; ")
		}
		s.WriteString(e.fault())
	}
	return s.String()
}
