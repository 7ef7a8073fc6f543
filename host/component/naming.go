package component

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// naming turns what a survey found into a world. A component has types by
// number, and names for some of them where they are imported or exported; WIT
// has names, and one interface that declares each type. The first interface of
// the world that gives a name to a type is the one which declares it. Every other
// one uses it from there ([wit.TypeDef.Use]), and a second name in the same one
// is an alias.
type naming struct {
	named     map[*wit.Type]*wit.Type // see surveyor
	types     map[*wit.Type]declaration
	resources map[*wit.Resource]declaration
	// stands maps a type to the one that stands for it in the world.
	stands  map[*wit.Type]*wit.Type
	checker wit.Checker
	work    int
	// lengths holds what length returned, and written sums it up.
	lengths map[*wit.Type]int
	written int
}

// declaration is a name of a type, and the interface it stands in, nil for the
// world.
type declaration struct {
	def *wit.TypeDef
	in  *wit.Interface
}

// usable says whether WIT can bring the declared type elsewhere: a use statement
// needs an interface that has a name outside of the world.
func (d declaration) usable() bool { return d.in != nil && d.in.ID.Package != "" }

// nameScope is the names of an interface, or of the world itself.
type nameScope struct {
	iface *wit.Interface // nil for the world
	taken map[string]bool
	// resources are those declared here.
	resources map[string]*wit.Resource
	// seen are the types and resources that have a name here, and the types
	// without a name that mention only such.
	seen map[any]bool
	// use adds a definition for a type that is mentioned here but has no name.
	use func(*wit.TypeDef)
}

func newNaming(named map[*wit.Type]*wit.Type) *naming {
	return &naming{
		named:     named,
		types:     map[*wit.Type]declaration{},
		resources: map[*wit.Resource]declaration{},
		stands:    map[*wit.Type]*wit.Type{},
		lengths:   map[*wit.Type]int{},
	}
}

func newNameScope(iface *wit.Interface, use func(*wit.TypeDef)) *nameScope {
	return &nameScope{iface: iface, taken: map[string]bool{}, resources: map[string]*wit.Resource{}, seen: map[any]bool{}, use: use}
}

func (n *naming) spend(k int) error {
	if n.work += k; n.work > maxSurvey {
		return fmt.Errorf("world takes more than %d steps to name", maxSurvey)
	}
	return nil
}

// write accounts for the mention of a type.
func (n *naming) write(t *wit.Type) error {
	if n.written += n.length(t); n.written > maxWorldText {
		return fmt.Errorf("types are longer than %d bytes in all when they are written out", maxWorldText)
	}
	return nil
}

// length returns about how many bytes it takes to write a type down, with the
// types it mentions written out, and a large number if it takes more than
// maxWorldText. The type is one that a wit.Checker has passed.
func (n *naming) length(t *wit.Type) int {
	if k, ok := n.lengths[t]; ok {
		return k
	}
	k := len("borrow<>, ") + len(t.Name)
	for _, l := range t.Labels {
		k += len(l) + 2
	}
	for _, f := range t.Fields {
		k += len(f.Name) + 4
		if f.Type != nil {
			k += n.length(f.Type)
		}
	}
	for _, c := range t.Types {
		k += n.length(c)
	}
	for _, c := range [...]*wit.Type{t.Elem, t.Value, t.Ok, t.Err} {
		if c != nil {
			k += n.length(c)
		}
	}
	if t.Resource != nil {
		k += len(t.Resource.String())
	}
	n.lengths[t] = min(k, maxWorldText+1)
	return n.lengths[t]
}

// take reserves a name (Explainer.md, "Name Uniqueness").
func take(taken map[string]bool, name string) error {
	f := wit.Func{Name: name}
	strong := strings.ToLower(name)
	if kind, resource, method := f.Split(); kind == wit.Method || kind == wit.Static {
		strong = strings.ToLower(resource + "." + method)
	}
	if taken[strong] {
		return errors.New("name is already taken")
	}
	taken[strong] = true
	return nil
}

// iface names the exports of an instance.
func (n *naming) iface(i *instance, id wit.InterfaceID) (*wit.Interface, error) {
	out := &wit.Interface{ID: id}
	s := newNameScope(out, func(d *wit.TypeDef) { out.Types = slices.Insert(out.Types, 0, d) })
	for _, name := range i.names {
		err := take(s.taken, name)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		switch x := i.exports[name].(type) {
		case *typ:
			var d *wit.TypeDef
			if d, err = n.define(s, name, x); err == nil {
				out.Types = append(out.Types, d)
			}
		case *function:
			var f *wit.Func
			if f, err = n.function(s, name, x.typ); err == nil {
				out.Funcs = append(out.Funcs, f)
			}
		default:
			err = fmt.Errorf("is %s, which WIT cannot express inside an interface", kindOf(x))
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	return out, nil
}

// define gives a type a name in a scope.
func (n *naming) define(s *nameScope, name string, t *typ) (*wit.TypeDef, error) {
	switch {
	case !wit.IsLabel(name):
		return nil, errors.New("is not a kebab-case name")
	case t.resource != nil:
		return n.defineResource(s, name, t.resource)
	case t.value != nil:
		return n.defineValue(s, name, t.value)
	}
	return nil, errors.New("is a name for the type of a function, a component or an instance, which WIT cannot express")
}

func (n *naming) defineResource(s *nameScope, name string, r *wit.Resource) (*wit.TypeDef, error) {
	d := &wit.TypeDef{Name: name, Resource: r}
	s.seen[r] = true
	have, ok := n.resources[r]
	switch {
	case !ok:
		r.Name = name
		if s.iface != nil {
			r.Owner = s.iface.ID
		}
		n.resources[r] = declaration{def: d, in: s.iface}
		s.resources[name] = r
	case have.in == s.iface:
		d.Alias = have.def
	case have.usable():
		d.Use, d.From = have.def, have.in
	default:
		return nil, fmt.Errorf("is the resource %q, which WIT cannot use from where it is declared", have.def.Name)
	}
	return d, nil
}

func (n *naming) defineValue(s *nameScope, name string, t *wit.Type) (*wit.TypeDef, error) {
	have, ok := n.find(t)
	if ok && have.in != s.iface && have.usable() {
		d := &wit.TypeDef{Name: name, Type: have.def.Type, Use: have.def, From: have.in}
		if t != d.Type {
			n.types[t], n.stands[t] = declaration{def: d, in: s.iface}, d.Type
		}
		s.seen[d.Type] = true
		return d, nil
	}
	if t.Name != "" {
		if have.in != s.iface {
			return nil, fmt.Errorf("is the type %q, which WIT cannot use from where it is declared", have.def.Name)
		}
		// The very same type, under two names.
		t = &wit.Type{}
	}
	d := &wit.TypeDef{Name: name, Type: t}
	if ok && have.in == s.iface {
		d.Alias = have.def
		*t = *have.def.Type
	} else if err := n.children(s, t); err != nil {
		return nil, err
	}
	t.Name, t.Owner = name, s.iface
	n.types[t] = declaration{def: d, in: s.iface}
	s.seen[t] = true
	if !ok {
		// The type may also be mentioned as it was before it had a name.
		for c := n.named[t]; c != nil && (n.named[c] != nil || nominal(c)); c = n.named[c] {
			n.types[c], n.stands[c] = n.types[t], t
		}
	}
	if err := n.checker.Type(t); err != nil {
		return nil, err
	}
	return d, n.write(t)
}

// find returns the nearest declaration of t, or of what it is a name for.
func (n *naming) find(t *wit.Type) (declaration, bool) {
	for c := t; c != nil; c = n.named[c] {
		if d, ok := n.types[c]; ok {
			return d, true
		}
	}
	return declaration{}, false
}

// nominal says whether WIT has the type only under a name.
func nominal(t *wit.Type) bool {
	return t.Kind == wit.Record || t.Kind == wit.Variant || t.Kind == wit.Enum || t.Kind == wit.Flags
}

// function returns a function of a scope.
func (n *naming) function(s *nameScope, name string, typ *wit.Func) (*wit.Func, error) {
	if err := n.spend(len(typ.Params)); err != nil {
		return nil, err
	}
	f := &wit.Func{Name: name, Async: typ.Async, Params: slices.Clone(typ.Params)}
	for i := range f.Params {
		if err := n.mention(s, &f.Params[i].Type); err != nil {
			return nil, err
		}
	}
	f.Result = typ.Result
	if f.Result != nil {
		if err := n.mention(s, &f.Result); err != nil {
			return nil, err
		}
	}
	if err := n.checker.Func(f); err != nil {
		return nil, err
	}
	for _, p := range f.Params {
		if err := n.write(p.Type); err != nil {
			return nil, err
		}
	}
	if f.Result != nil {
		if err := n.write(f.Result); err != nil {
			return nil, err
		}
	}
	return f, checkFuncName(s, f)
}

// checkFuncName checks the name of a function (Explainer.md, "Import and Export
// Definitions"): what is annotated as belonging to a resource does so.
func checkFuncName(s *nameScope, f *wit.Func) error {
	kind, resource, name := f.Split()
	if kind != wit.Constructor && !wit.IsLabel(name) {
		return errors.New("is not a kebab-case name")
	}
	if kind == wit.Freestanding {
		return nil
	}
	r := s.resources[resource]
	if r == nil {
		return fmt.Errorf("no resource %q is declared beside it", resource)
	}
	switch kind {
	case wit.Method:
		if len(f.Params) == 0 || f.Params[0].Name != "self" || f.Params[0].Type.Kind != wit.Borrow || f.Params[0].Type.Resource != r {
			return fmt.Errorf("is a method whose first parameter is not \"self: borrow<%s>\"", resource)
		}
	case wit.Constructor:
		made := f.Result
		if made != nil && made.Kind == wit.Result {
			made = made.Ok
		}
		if made == nil || made.Kind != wit.Own || made.Resource != r {
			return fmt.Errorf("is a constructor that does not return own<%s>", resource)
		}
	}
	return nil
}

// mention makes *t, which a scope mentions, the type that stands for it in the
// world, and sees to it that there is a name for it where one is needed.
func (n *naming) mention(s *nameScope, t **wit.Type) error {
	if c := n.stands[*t]; c != nil {
		*t = c
	}
	switch x := *t; {
	case s.seen[x]:
		return nil
	case x.Name != "":
		return n.useImplicitly(s, n.types[x])
	case nominal(x):
		return fmt.Errorf("mentions an unnamed %s", x.Kind)
	default:
		s.seen[x] = true
		return n.children(s, x)
	}
}

// children mentions all that a type is made of.
func (n *naming) children(s *nameScope, t *wit.Type) error {
	if err := n.spend(1 + len(t.Fields) + len(t.Types)); err != nil {
		return err
	}
	if r := t.Resource; r != nil && !s.seen[r] {
		d, ok := n.resources[r]
		if !ok {
			return errors.New("mentions a resource without a name")
		}
		if err := n.useImplicitly(s, d); err != nil {
			return err
		}
	}
	of := []**wit.Type{&t.Elem, &t.Value, &t.Ok, &t.Err}
	for i := range t.Fields {
		of = append(of, &t.Fields[i].Type)
	}
	for i := range t.Types {
		of = append(of, &t.Types[i])
	}
	for _, c := range of {
		if *c == nil {
			continue
		}
		if err := n.mention(s, c); err != nil {
			return err
		}
	}
	return nil
}

// useImplicitly gives a type its own name in a scope that mentions it without
// one. The binary format allows that, WIT does not.
func (n *naming) useImplicitly(s *nameScope, have declaration) error {
	if !have.usable() {
		return fmt.Errorf("mentions the type %q, which WIT cannot use from where it is declared", have.def.Name)
	}
	d := &wit.TypeDef{Name: have.def.Name, Type: have.def.Type, Resource: have.def.Resource, Use: have.def, From: have.in}
	if err := take(s.taken, d.Name); err != nil {
		return fmt.Errorf("mentions the type %q of %q: %w", d.Name, have.in.ID, err)
	}
	if d.Resource != nil {
		s.seen[d.Resource] = true
	} else {
		s.seen[d.Type] = true
	}
	s.use(d)
	return nil
}
