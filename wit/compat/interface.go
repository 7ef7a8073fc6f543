package compat

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// MaxFaults bounds the faults that are listed of one interface.
const MaxFaults = 100

// Fault is one reason why an offer does not satisfy what is wanted.
type Fault struct {
	// Item is what in an interface is at fault, a type or the extern name of a
	// function: "[method]fields.append". It is empty if the interface itself is.
	Item string
	// Message says what is wrong.
	Message string
	// Next is what to do about it, where that is known.
	Next string
}

// String returns what is at fault, what is wrong and what to do:
//
//	method "fields.append": parameter 2 "value": list<u8> offered, string expected
func (f *Fault) String() string {
	s := f.Message
	if f.Item != "" {
		s = ItemName(f.Item) + ": " + s
	}
	if f.Next != "" {
		s += "; " + f.Next
	}
	return s
}

// ItemName returns the extern name of a function as a person would say it:
// `method "fields.append"`. A name without annotation is quoted.
func ItemName(name string) string {
	f := wit.Func{Name: name}
	kind, resource, own := f.Split()
	switch kind {
	case wit.Method:
		return fmt.Sprintf("method %.200q", resource+"."+own)
	case wit.Static:
		return fmt.Sprintf("static function %.200q", resource+"."+own)
	case wit.Constructor:
		return fmt.Sprintf("constructor of %.200q", resource)
	}
	return fmt.Sprintf("%.200q", name)
}

// Offer is an interface that is on offer.
type Offer struct {
	*wit.Interface
	// Structural says that the interface has names for its resources but none for
	// other types, as that of a host does. The names of types are not asked for
	// then; that the functions which mention them are equal is what matters.
	Structural bool
}

// Interface returns every reason why an offer does not satisfy what is wanted of
// an interface, at most MaxFaults. That their names let them meet is taken for
// granted.
func Interface(offer Offer, wanted *wit.Interface) []Fault {
	return new(comparer).iface(offer, wanted)
}

func (c *comparer) iface(offer Offer, wanted *wit.Interface) []Fault {
	g := gathering{offer: offer, wanted: wanted}
	types := map[string]*wit.TypeDef{}
	for _, d := range offer.Types {
		types[d.Name] = d
	}
	for _, d := range wanted.Types {
		if offer.Structural && (d.Resource == nil || d.Use != nil || d.Alias != nil) {
			continue
		}
		if have := types[d.Name]; have != nil {
			g.add(d.Name, c.typeDefs(have, d))
		} else {
			g.missing(d.Name, typeWord(d))
		}
	}
	funcs := map[string]*wit.Func{}
	for _, f := range offer.Funcs {
		funcs[f.Name] = f
	}
	for _, f := range wanted.Funcs {
		if have := funcs[f.Name]; have != nil {
			g.add(f.Name, c.funcs(have, f))
		} else {
			g.missing(f.Name, "function")
		}
	}
	return g.faults
}

// typeDefs compares what two definitions of one name stand for.
func (c *comparer) typeDefs(offered, wanted *wit.TypeDef) *Difference {
	switch {
	case offered.Resource == nil && wanted.Resource == nil:
		d := c.types(offered.Type, wanted.Type)
		return d
	case offered.Resource == nil:
		return differ("%s offered, a resource expected", offered.Type.Kind)
	case wanted.Resource == nil:
		return differ("a resource offered, %s expected", wanted.Type.Kind)
	}
	own := func(d *wit.TypeDef) *wit.Type { return &wit.Type{Kind: wit.Own, Resource: d.Resource} }
	return c.resources(own(offered), own(wanted))
}

func typeWord(d *wit.TypeDef) string {
	if d.Resource != nil {
		return "resource"
	}
	return "type"
}

// gathering gathers the faults of an interface.
type gathering struct {
	offer  Offer
	wanted *wit.Interface
	faults []Fault
}

func (g *gathering) add(item string, d *Difference) {
	if d != nil && len(g.faults) < MaxFaults {
		g.faults = append(g.faults, Fault{Item: item, Message: d.String()})
	}
}

func (g *gathering) missing(item, what string) {
	if len(g.faults) < MaxFaults {
		g.faults = append(g.faults, g.offer.Missing(item, what, g.wanted.ID))
	}
}

// Missing returns the fault of an item, a function, a type or a resource, that
// the offer does not have for an import of an interface.
func (o *Offer) Missing(item, what string, wanted wit.InterfaceID) Fault {
	f := Fault{Item: item, Message: fmt.Sprintf("no such %s in %s", what, o.ID)}
	if older(o.ID, wanted) {
		f.Next = fmt.Sprintf("it may have come with a later version: %s is expected", wanted.Version)
		return f
	}
	var names []string
	if what == "function" {
		names = functionsLike(item, o.Funcs)
	} else {
		for _, have := range o.Types {
			names = append(names, have.Name)
		}
	}
	like := wit.Func{Name: item}
	_, _, own := like.Split()
	if near, ok := nearest.Of(own, names); ok {
		f.Next = "there is " + ItemName(strings.TrimSuffix(item, own)+near)
	}
	return f
}

// functionsLike returns the own names of the functions that are to the same
// resource what one of a name would be.
func functionsLike(name string, funcs []*wit.Func) []string {
	like := wit.Func{Name: name}
	kind, resource, _ := like.Split()
	var names []string
	for _, f := range funcs {
		if k, r, own := f.Split(); k == kind && r == resource {
			names = append(names, own)
		}
	}
	return names
}

// older reports whether the version of a is before that of b.
func older(a, b wit.InterfaceID) bool {
	v, err1 := wit.ParseVersion(a.Version)
	w, err2 := wit.ParseVersion(b.Version)
	return err1 == nil && err2 == nil && v.Compare(w) < 0
}

// compareIDs orders identifiers by name, and then by version, the newest first.
func compareIDs(a, b wit.InterfaceID) int {
	if c := strings.Compare(a.Unversioned().String(), b.Unversioned().String()); c != 0 {
		return c
	}
	v, err1 := wit.ParseVersion(a.Version)
	w, err2 := wit.ParseVersion(b.Version)
	if err1 == nil && err2 == nil {
		return -v.Compare(w)
	}
	return cmp.Compare(b.Version, a.Version)
}
