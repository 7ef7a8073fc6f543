package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// callable is a function that a component exports.
type callable struct {
	// iface is the export that the function is in, empty for one of the world.
	iface string
	id    wit.InterfaceID
	fn    *wit.Func
}

// callables returns the functions that a component exports, in order.
func callables(d *component.Description) ([]callable, error) {
	if d.World == nil {
		return nil, fmt.Errorf("exports cannot be written as WIT: %s", d.WorldError)
	}
	var all []callable
	for i := range d.World.Exports {
		switch e := &d.World.Exports[i]; {
		case e.Func != nil:
			all = append(all, callable{fn: e.Func})
		case e.Interface != nil:
			id := e.ID
			id.Name = cmp.Or(e.Name, id.Name)
			if e.Name != "" {
				id = wit.InterfaceID{Name: e.Name}
			}
			for _, f := range e.Interface.Funcs {
				all = append(all, callable{e.Key(), id, f})
			}
		}
	}
	return all, nil
}

// name returns the full name of a function, which is not ambiguous.
func (c *callable) name() string {
	if c.iface == "" {
		return c.fn.Name
	}
	return c.iface + "." + c.fn.Name
}

// spelled says whether a call may name the function so: without package, version
// or interface, the version after the interface or at the end, and that of a
// resource without its annotation.
func (c *callable) spelled(name string) bool {
	if name == c.name() {
		return true
	}
	if rest, ok := strings.CutSuffix(name, "@"+c.id.Version); ok && c.id.Version != "" {
		return c.id.Unversioned().String()+"."+c.fn.Name == rest
	}
	own := []string{c.fn.Name}
	if kind, resource, fn := c.fn.Split(); kind != wit.Freestanding {
		own = append(own, strings.TrimSuffix(resource+"."+fn, "."))
	}
	for _, prefix := range []string{"", c.id.Name + ".", c.id.Unversioned().String() + ".", c.id.String() + "."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && slices.Contains(own, rest) {
			return true
		}
	}
	return false
}

// maxCandidates bounds the functions that an error lists.
const maxCandidates = 30

// find returns the function that a name means.
func find(all []callable, name string) (*callable, error) {
	var found []callable
	for i := range all {
		switch c := &all[i]; {
		case c.name() == name:
			return c, nil
		case c.spelled(name):
			found = append(found, *c)
		}
	}
	switch len(found) {
	case 1:
		return &found[0], nil
	case 0:
		if len(all) == 0 {
			return nil, errors.New("the component exports no function")
		}
		return nil, fmt.Errorf("there is no function %q%s\nthese can be called:\n%s", name, hint(all, name), candidates(all))
	}
	return nil, fmt.Errorf("%q is ambiguous; it may be:\n%s", name, candidates(found))
}

// hint says which function may be meant, by its own name.
func hint(all []callable, name string) string {
	own := make([]string, 0, len(all))
	for i := range all[:min(len(all), 1000)] {
		_, _, fn := all[i].fn.Split()
		own = append(own, cmp.Or(fn, all[i].fn.Name))
	}
	return nearest.Hint(name[strings.LastIndexAny(name, "./]")+1:], own)
}

func candidates(all []callable) string {
	names := make([]string, 0, len(all))
	for i := range all[:min(len(all), maxCandidates)] {
		names = append(names, all[i].name())
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, "\n")
}

// findMethod returns the method of a resource, in a chain of calls.
func findMethod(all []callable, r *wit.Resource, name string) (*callable, error) {
	var methods []string
	for i := range all {
		c := &all[i]
		kind, _, fn := c.fn.Split()
		switch {
		case kind != wit.Method || len(c.fn.Params) == 0 || !isHandle(c.fn.Params[0].Type, r):
		case fn == name || c.fn.Name == name:
			return c, nil
		default:
			methods = append(methods, fn)
		}
	}
	if len(methods) == 0 {
		return nil, fmt.Errorf("resource %q has no methods", r.Name)
	}
	return nil, fmt.Errorf("resource %q has no method %q%s; it has %s", r.Name, name,
		nearest.Hint(name, methods), strings.Join(methods[:min(len(methods), maxCandidates)], ", "))
}

// isHandle says whether a type is a handle, of a resource if one is given.
func isHandle(t *wit.Type, r *wit.Resource) bool {
	return t != nil && (t.Kind == wit.Own || t.Kind == wit.Borrow) && (r == nil || t.Resource == r)
}

// needsHandle returns the first parameter that only a handle can be part of.
func needsHandle(params []wit.Field) (wit.Field, bool) {
	i := slices.IndexFunc(params, func(p wit.Field) bool { return hasHandle(p.Type) })
	if i < 0 {
		return wit.Field{}, false
	}
	return params[i], true
}

// hasHandle says whether each value of a type has a handle inside it. A list may
// be empty, an option none.
func hasHandle(t *wit.Type) bool {
	switch t.Kind {
	case wit.Own, wit.Borrow:
		return true
	case wit.FixedList:
		return hasHandle(t.Elem)
	case wit.Tuple:
		return slices.ContainsFunc(t.Types, hasHandle)
	case wit.Record:
		_, found := needsHandle(t.Fields)
		return found
	default:
		return false
	}
}
