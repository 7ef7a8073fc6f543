package component

import (
	"context"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/compat"
	"github.com/wattle-dev/wattle/wit/witbin"
)

// DynamicFunc is a function of an interface whose types are those that the
// importing component declares. args are of the types of its parameters, and what
// it returns has to be of the type of its result. Whoever waits has to wait for the
// call's context as well. An error traps the guest: a function that may fail in a way
// that the guest knows of has a result type that says so, and returns a value of it.
type DynamicFunc func(c *Call, args []wit.Value) ([]wit.Value, error)

// DefineDynamic adds an interface about which the linker knows nothing but the
// name, "example:calc/ops@1.2.0": each component that imports it says itself which
// functions it has, and bind returns what runs one of them. The error of bind is
// that the function cannot be served. Resources, streams and futures cannot be in
// such an interface: they mean nothing outside of the instance that has them.
func (l *Linker) DefineDynamic(name string, bind func(fn *wit.Func) (DynamicFunc, error)) error {
	id, err := wit.ParseInterfaceID(name)
	if err != nil {
		return err
	}
	key := id.Unversioned().String()
	for _, have := range l.ifaces[key] {
		if have.id.Compatible(id) {
			return fmt.Errorf("interface %q is already defined as %q", id, have.id)
		}
	}
	h := &hostInterface{id: id, bind: bind}
	h.offer = compat.Offer{Interface: &wit.Interface{ID: id}, Structural: true}
	if l.ifaces == nil {
		l.ifaces = map[string][]*hostInterface{}
	}
	l.ifaces[key] = append(l.ifaces[key], h)
	return nil
}

// matchDynamic returns what a component sees of an export of a dynamic interface.
func (e *elaborator) matchDynamic(i *instance, x *binary.ExportDecl, s *scope) (any, error) {
	name := x.Name.Name
	switch {
	case x.Type.Sort == binary.SortType && !x.Type.SubResource:
		return wrap(at(s.types, x.Type.Index, "type"))
	case x.Type.Sort == binary.SortType:
		return nil, &LinkError{Item: name, Reason: "is a resource, which cannot be reached over a link"}
	case x.Type.Sort != binary.SortFunc:
		return nil, errors.New("links serve functions only")
	}
	t, err := at(s.types, x.Type.Index, "type")
	switch {
	case err != nil:
		return nil, err
	case t.fn == nil:
		return nil, fmt.Errorf("type %d is not a function type", x.Type.Index)
	case e.types.textOf(t.fn) > maxSignature:
		return nil, errors.New("its type is larger than any that can be served")
	}
	fn := *t.fn
	fn.Name = name
	if err := witbin.Check(&fn); err != nil {
		return nil, &LinkError{Item: name, Reason: err.Error()}
	}
	run, err := i.host.bind(&fn)
	if err != nil {
		return nil, &LinkError{Item: name, Reason: err.Error()}
	}
	host := &HostFunc{Name: name, Call: e.dynamicCall(t.fn, run)}
	return &function{typ: t.fn, host: host, from: i.host.id.Unversioned().String() + "#" + name}, nil
}

// dynamicCall returns the call of a lowered function that is given values.
func (e *elaborator) dynamicCall(fn *wit.Func, run DynamicFunc) func(*Call, []uint64) {
	params := e.shapes.Codec(fn.ParamsType().Types, wit.MaxFlatParams)
	results := e.shapes.Codec(resultTypes(fn), wit.MaxFlatResults)
	returnsAt := params.Flat // the parameter that says where results go
	if params.Spilled {
		returnsAt = 1
	}
	return func(c *Call, stack []uint64) {
		var into uint32
		if results.Spilled {
			into = uint32(stack[returnsAt])
		}
		args := params.Lift(&c.side, stack, &c.budget)
		values, err := run(c, args)
		if err != nil {
			if cause := context.Cause(c.Context()); cause != nil {
				err = cause // the guest's time is over, whatever that led to
			}
			c.Fail(err)
		}
		if err := lowerResults(results, &c.side, values, into, stack); err != nil {
			c.Fail(err)
		}
	}
}

// lowerResults writes what a call returned to where the guest expects it.
func lowerResults(results *abi.Codec, s *abi.Side, values []wit.Value, into uint32, stack []uint64) error {
	if results.Spilled {
		return results.LowerAt(s, values, into)
	}
	return results.Lower(s, values, stack)
}
