package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// canon elaborates a canonical definition (Explainer.md, "Canonical
// Definitions").
func (e *elaborator) canon(s *scope, d *binary.Canon) error {
	switch d.Op {
	case binary.CanonLift:
		return e.lift(s, d)
	case binary.CanonLower:
		return e.lower(s, d)
	case binary.CanonResourceNew, binary.CanonResourceDrop, binary.CanonResourceRep:
		return e.resourceOp(s, d)
	}
	return fmt.Errorf("%s is not supported yet: it belongs to the async ABI", d.Op)
}

func (e *elaborator) lift(s *scope, d *binary.Canon) error {
	f, err := s.coreAt(binary.CoreFunc, d.Func)
	if err != nil {
		return err
	}
	t, err := at(s.types, d.Type, "type")
	switch {
	case err != nil:
		return err
	case t.fn == nil:
		return fmt.Errorf("type %d is not a function type", d.Type)
	case t.fn.Async:
		return errors.New("async functions are not supported yet")
	}
	if err := e.spend(e.types.walk(t.fn)); err != nil {
		return err
	}
	if err := sameCore(f, coreFuncType(t.fn.Lifted())); err != nil {
		return fmt.Errorf("lift: %w", err)
	}
	opts, err := e.canonOptions(s, d.Opts)
	if err != nil {
		return err
	}
	if post := e.plan.opts[opts].postReturn; post >= 0 {
		want := core.FuncType{Params: coreFuncType(t.fn.Lifted()).Results}
		if err := sameCore(e.plan.funcs[post], want); err != nil {
			return fmt.Errorf("post-return: %w", err)
		}
	}
	s.push(&function{typ: t.fn, lift: &lift{fn: e.funcSlot(f), opts: opts, comp: s.comp}, from: f.name})
	return nil
}

func (e *elaborator) lower(s *scope, d *binary.Canon) error {
	f, err := at(s.funcs, d.Func, "function")
	if err != nil {
		return err
	}
	if f.typ.Async {
		return errors.New("async functions are not supported yet")
	}
	if d.Opts.HasPostReturn {
		return errors.New("post-return is not an option of lower")
	}
	if err := e.spend(e.types.walk(f.typ)); err != nil {
		return err
	}
	opts, err := e.canonOptions(s, d.Opts)
	if err != nil {
		return err
	}
	t := trampoline{name: f.from, typ: coreFuncType(f.typ.Lowered())}
	if f.host != nil {
		t.call = lowerHost(f.host, f.from, opts, s.comp)
	} else {
		m, err := e.transfers(f.typ)
		if err != nil {
			return fmt.Errorf("lower: %w", err)
		}
		a := &adapter{
			name: f.from, callee: f.lift, callerOpts: opts, callerComp: s.comp,
			enters: e.plan.entering(s.comp, f.lift.comp),
			params: m.params, results: m.results,
		}
		t.call, t.fused = lowerLifted(a), e.fuse(a, t.typ)
	}
	return e.trampoline(s, t)
}

// moves are the compiled parameters and results of a function.
type moves struct{ params, results *abi.Transfer }

// transfers compiles the parameters and the result of a function, each function
// type once.
func (e *elaborator) transfers(f *wit.Func) (*moves, error) {
	if m := e.moves[f]; m != nil {
		return m, nil
	}
	params, err := e.shapes.Transfer(f.ParamsType().Types, wit.MaxFlatParams)
	if err != nil {
		return nil, err
	}
	results, err := e.shapes.Transfer(resultTypes(f), wit.MaxFlatResults)
	if err != nil {
		return nil, err
	}
	e.moves[f] = &moves{params, results}
	return e.moves[f], e.spend(params.Ops + results.Ops)
}

func resultTypes(f *wit.Func) []*wit.Type {
	if f.Result == nil {
		return nil
	}
	return []*wit.Type{f.Result}
}

func (e *elaborator) trampoline(s *scope, t trampoline) error {
	if len(e.plan.tramps) >= maxTrampolines {
		return fmt.Errorf("component needs more than %d functions from the host", maxTrampolines)
	}
	it := coreItem{inst: hostInst, tramp: len(e.plan.tramps), name: t.name}
	it.typ = core.ExternType{Kind: core.KindFunc, Func: t.typ}
	e.plan.tramps = append(e.plan.tramps, t)
	s.pushCore(binary.CoreFunc, it)
	return nil
}

func (e *elaborator) resourceOp(s *scope, d *binary.Canon) error {
	t, err := at(s.types, d.Type, "type")
	if err != nil {
		return err
	}
	if t.resource == nil {
		return fmt.Errorf("type %d is not a resource type", d.Type)
	}
	r := e.plan.resources[t.resource]
	i32 := []core.ValType{core.I32}
	tr := trampoline{name: d.Op.String() + " " + t.resource.String()}
	comp := s.comp
	switch d.Op {
	case binary.CanonResourceDrop:
		tr.typ = core.FuncType{Params: i32}
		enters := []int(nil)
		if r.comp >= 0 {
			enters = e.plan.entering(comp, r.comp)
		}
		tr.call = func(in *Instance, stack []uint64) {
			in.comps[comp].mustLeave()
			in.comps[comp].drop(r, uint32(stack[0]), enters)
		}
	case binary.CanonResourceNew:
		if r.comp != comp {
			return fmt.Errorf("resource.new of a resource that another component defines")
		}
		tr.typ = core.FuncType{Params: i32, Results: i32}
		tr.call = func(in *Instance, stack []uint64) {
			in.comps[comp].mustLeave()
			stack[0] = uint64(in.comps[comp].handles.add(handle{res: r.id, rep: abi.Rep{Num: uint32(stack[0])}, own: true}))
		}
	default:
		if r.comp != comp {
			return fmt.Errorf("resource.rep of a resource that another component defines")
		}
		tr.typ = core.FuncType{Params: i32, Results: i32}
		tr.call = func(in *Instance, stack []uint64) {
			stack[0] = uint64(in.comps[comp].handles.get(r.id, uint32(stack[0])).rep.Num)
		}
	}
	return e.trampoline(s, tr)
}

// adapter is a call from one component instance to another.
type adapter struct {
	name            string
	callee          *lift
	callerOpts      int
	callerComp      int
	enters          []int
	params, results *abi.Transfer
}

// lowerLifted returns the trampoline of a call from one component instance to
// another: canon_lower around canon_lift, without values in between.
func lowerLifted(a *adapter) func(*Instance, []uint64) {
	return func(in *Instance, stack []uint64) {
		caller := &in.comps[a.callerComp]
		caller.mustLeave()
		in.enter(a.enters)
		f := in.pushFrame(caller, &in.comps[a.callee.comp])
		src, dst := &f.caller, &f.callee
		in.side(src, a.callerOpts, callerHandles{f})
		in.side(dst, a.callee.opts, calleeHandles{f})

		// The return pointer is the last parameter; it is read before the
		// callee can change anything.
		var into uint32
		if a.results.Spilled {
			n := a.params.Flat
			if a.params.Spilled {
				n = 1
			}
			into = uint32(stack[n])
		}
		args := f.stack[:]
		if a.params.Spilled {
			args[0] = uint64(a.params.MemTo(src, dst, uint32(stack[0]), 0, true, &f.budget))
		} else {
			a.params.FlatTo(src, dst, stack, args, &f.budget)
		}
		in.callCore(a.callee.fn, args)
		f.mustReturn()
		ret := args[0]
		src, dst = dst, src
		if a.results.Spilled {
			a.results.MemTo(src, dst, uint32(ret), into, false, &f.budget)
		} else if a.results.Flat > 0 {
			a.results.FlatTo(src, dst, args, stack, &f.budget)
		}
		in.postReturn(a.callee, ret)
		moved := in.limits.Data - f.budget.Left
		in.popFrame(f)
		in.leave(a.enters)
		in.settle(moved)
	}
}

// lowerHost returns the trampoline of a call from a component to the host.
func lowerHost(h *HostFunc, name string, opts, comp int) func(*Instance, []uint64) {
	return func(in *Instance, stack []uint64) {
		in.comps[comp].mustLeave()
		if in.asked == "" {
			in.asked = name
		}
		in.countHostCall()
		c := in.pushCall(opts, comp)
		h.Call(c, stack)
		in.popCall(c)
		in.settle(in.limits.Data - c.budget.Left)
	}
}
