package component

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/core"
)

// fusion is a call from one component instance to another that moves nothing
// but core values. It is a core function of the caller's shim, which does what
// canon lower and canon lift demand, in their order, and calls the callee's core
// function directly. Through the host the same call costs ten times as much.
type fusion struct {
	name            string
	typ             core.FuncType // of the caller's and of the callee's function alike
	callee          coreItem
	post            *coreItem // the callee's post-return, or nil
	callerComp      int
	calleeComp      int
	enters          []int // has calleeComp
	params, results []abi.ScalarOp
	faults          *faults
}

// Limits of fusing: what is beyond them goes through the host.
const (
	// maxFused is how many calls of a component are fused.
	maxFused = 1024
	// maxFusedEnters is how many component instances a fused call enters.
	maxFusedEnters = 8
	// fusedSteps is what the code of a fused call counts in elaboration, each time
	// it is imported.
	fusedSteps = 128
)

// faults are the functions of the host that a fused call traps with: what an
// ordinary one says by a panic.
type faults struct{ entered, confined, char, discriminant coreItem }

// fuse returns the fusion of a call, or nil if it needs the host.
func (e *elaborator) fuse(a *adapter, typ core.FuncType) *fusion {
	params, ok := a.params.Scalars()
	results, ok2 := a.results.Scalars()
	callee := e.plan.funcs[a.callee.fn]
	if !ok || !ok2 || callee.inst == hostInst {
		return nil
	}
	if n := len(a.enters); n == 0 || n > maxFusedEnters || e.fused >= maxFused {
		// Without any, a component calls itself or one that contains it: such calls
		// may recurse, which the host counts.
		return nil
	}
	e.fused++
	f := &fusion{
		name: a.name, typ: typ, callee: callee, callerComp: a.callerComp, calleeComp: a.callee.comp,
		enters: a.enters, params: params, results: results,
	}
	// The import of a core function may be typed by whoever imports it.
	f.callee.typ = core.ExternType{Kind: core.KindFunc, Func: typ}
	if p := e.plan.opts[a.callee.opts].postReturn; p >= 0 {
		post := e.plan.funcs[p]
		if post.inst == hostInst {
			return nil
		}
		post.typ = core.ExternType{Kind: core.KindFunc, Func: core.FuncType{Params: typ.Results}}
		f.post = &post
	}
	if e.traps == nil {
		e.traps = e.newFaults()
	}
	f.faults = e.traps
	for _, c := range append([]int{f.callerComp}, f.enters...) {
		if !slices.Contains(e.plan.flagged, c) {
			e.plan.flagged = append(e.plan.flagged, c)
		}
	}
	return f
}

// fusion returns the fused call that a core definition is, or nil.
func (p *plan) fusion(it coreItem) *fusion {
	if it.inst != hostInst || it.typ.Kind != core.KindFunc {
		return nil
	}
	return p.tramps[it.tramp].fused
}

// newFaults adds the trampolines that fused calls trap with.
func (e *elaborator) newFaults() *faults {
	add := func(name string, fault func(v uint32) string) coreItem {
		t := trampoline{name: name, typ: core.FuncType{Params: []core.ValType{core.I32}}}
		t.call = func(_ *Instance, stack []uint64) { panic(&abi.Fault{Msg: fault(uint32(stack[0]))}) }
		it := coreItem{inst: hostInst, tramp: len(e.plan.tramps), name: t.name}
		it.typ = core.ExternType{Kind: core.KindFunc, Func: t.typ}
		e.plan.tramps = append(e.plan.tramps, t)
		return it
	}
	return &faults{
		entered:      add("cannot enter", func(uint32) string { return errEntered }),
		confined:     add("cannot leave", func(uint32) string { return errConfined }),
		char:         add("bad char", abi.BadChar),
		discriminant: add("bad discriminant", func(v uint32) string { return fmt.Sprintf("discriminant %d is out of range", v) }),
	}
}

// flagsItem is the global with the flags of a component instance.
func flagsItem(comp int) coreItem {
	typ := core.ExternType{Kind: core.KindGlobal, Global: core.GlobalType{Type: core.I32, Mutable: true}}
	return coreItem{inst: flagsInst, name: strconv.Itoa(comp), typ: typ}
}

// newFlags returns a core module with the flags of the component instances that
// take part in fused calls.
func newFlags(comps []int) *coreCode {
	var globals, exports []byte
	for i, c := range comps {
		globals = append(globals, byte(core.I32), 1, opI32Const, 0, opEnd)
		exports = append(appendName(exports, strconv.Itoa(c)), byte(core.KindGlobal))
		exports = binary.AppendUvarint(exports, uint64(i))
	}
	out := []byte{0, 'a', 's', 'm', 1, 0, 0, 0}
	for _, s := range []struct {
		id   byte
		body []byte
	}{{6, globals}, {7, exports}} {
		body := append(binary.AppendUvarint(nil, uint64(len(comps))), s.body...)
		out = append(binary.AppendUvarint(append(out, s.id), uint64(len(body))), body...)
	}
	return &coreCode{bytes: out}
}

// The instructions that fused calls are made of.
const (
	opUnreachable = 0x00
	opIf          = 0x04
	opEnd         = 0x0b
	opCall        = 0x10
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opI32Const    = 0x41
	opI32Eqz      = 0x45
	opI32GeU      = 0x4f
	opI32LtU      = 0x49
	opI32And      = 0x71
	opI32Or       = 0x72
	opI32Sub      = 0x6b
	opI32Extend8  = 0xc0
	opI32Extend16 = 0xc1
	blockVoid     = 0x40
)

// use imports what the fused call needs.
func (b *shimBuilder) use(f *fusion) {
	b.shared(f.callee)
	if f.post != nil {
		b.shared(*f.post)
	}
	for _, it := range []coreItem{f.faults.entered, f.faults.confined, f.faults.char, f.faults.discriminant} {
		b.shared(it)
	}
	for _, c := range append([]int{f.callerComp}, f.enters...) {
		b.shared(flagsItem(c))
	}
}

// define writes the function of a fused call.
func (b *shimBuilder) define(f *fusion) {
	b.funcs = binary.AppendUvarint(b.funcs, b.typeIndex(f.typ))
	b.names = binary.AppendUvarint(b.names, b.counts[core.KindFunc]+b.nFuncs)
	b.names = appendName(b.names, f.name)
	b.nFuncs++

	w := fusedBody{b: b}
	result := uint32(len(f.typ.Params))
	// canon lower: may the caller leave, may the callee be entered?
	w.flag(f.callerComp, flagConfined)
	w.trapIf(f.faults.confined, nil)
	for _, c := range f.enters {
		w.flag(c, flagEntered)
		w.trapIf(f.faults.entered, nil)
	}
	for _, c := range f.enters {
		w.set(c, flagEntered)
	}
	for i, op := range f.params {
		w.convert(op, uint32(i), f.faults)
	}
	w.op(opCall, b.index(f.callee))
	if len(f.results) > 0 {
		w.op(opLocalSet, uint64(result))
	}
	if f.post != nil {
		// The result is moved before, as canon lift does: what it traps of comes
		// first.
		if len(f.results) > 0 {
			w.convert(f.results[0], result, f.faults)
			w.op(opLocalSet, uint64(result)+1)
		}
		w.set(f.calleeComp, flagEntered|flagConfined)
		if len(f.results) > 0 {
			w.op(opLocalGet, uint64(result))
		}
		w.op(opCall, b.index(*f.post))
		w.set(f.calleeComp, flagEntered)
	}
	for _, c := range f.enters {
		w.set(c, 0)
	}
	switch {
	case len(f.results) == 0:
	case f.post != nil:
		w.op(opLocalGet, uint64(result)+1)
	default:
		w.convert(f.results[0], result, f.faults)
	}
	w.byte(opEnd)

	var head []byte
	if len(f.results) > 0 {
		head = []byte{1, 2, byte(f.typ.Results[0])} // the result as it came, and as it goes
	} else {
		head = []byte{0}
	}
	b.code = binary.AppendUvarint(b.code, uint64(len(head)+len(w.out)))
	b.code = append(append(b.code, head...), w.out...)
}

// fusedBody is the code of a fused call.
type fusedBody struct {
	b   *shimBuilder
	out []byte
}

func (w *fusedBody) byte(bs ...byte) { w.out = append(w.out, bs...) }

func (w *fusedBody) op(op byte, arg uint64) {
	w.out = binary.AppendUvarint(append(w.out, op), arg)
}

// i32 pushes a constant.
func (w *fusedBody) i32(v uint32) {
	w.out = append(w.out, opI32Const)
	for n := int32(v); ; n >>= 7 {
		if n >= -64 && n < 64 {
			w.out = append(w.out, byte(n)&0x7f)
			return
		}
		w.out = append(w.out, byte(n)|0x80)
	}
}

func (w *fusedBody) global(op byte, comp int) {
	w.op(op, w.b.index(flagsItem(comp)))
}

// flag pushes a flag of a component instance.
func (w *fusedBody) flag(comp int, flag uint32) {
	w.global(opGlobalGet, comp)
	w.i32(flag)
	w.byte(opI32And)
}

func (w *fusedBody) set(comp int, flags uint32) {
	w.i32(flags)
	w.global(opGlobalSet, comp)
}

// trapIf traps if the value on the stack is not zero. The fault is told the
// local, if there is one.
func (w *fusedBody) trapIf(fault coreItem, local *uint32) {
	w.byte(opIf, blockVoid)
	if local != nil {
		w.op(opLocalGet, uint64(*local))
	} else {
		w.i32(0)
	}
	w.op(opCall, w.b.index(fault))
	w.byte(opUnreachable, opEnd)
}

// convert pushes a local as it arrives on the other side.
func (w *fusedBody) convert(op abi.ScalarOp, local uint32, faults *faults) {
	get := func() { w.op(opLocalGet, uint64(local)) }
	switch op.Scalar {
	case abi.ScalarCase:
		get()
		w.i32(op.N)
		w.byte(opI32GeU)
		w.trapIf(faults.discriminant, &local)
	case abi.ScalarChar:
		get()
		w.i32(0x110000)
		w.byte(opI32GeU)
		get()
		w.i32(0xd800)
		w.byte(opI32Sub)
		w.i32(0x800)
		w.byte(opI32LtU, opI32Or)
		w.trapIf(faults.char, &local)
	}
	get()
	switch op.Scalar {
	case abi.ScalarU8:
		w.i32(0xff)
		w.byte(opI32And)
	case abi.ScalarU16:
		w.i32(0xffff)
		w.byte(opI32And)
	case abi.ScalarS8:
		w.byte(opI32Extend8)
	case abi.ScalarS16:
		w.byte(opI32Extend16)
	case abi.ScalarBool:
		w.byte(opI32Eqz, opI32Eqz)
	case abi.ScalarMask:
		w.i32(op.N)
		w.byte(opI32And)
	case abi.ScalarSame, abi.ScalarCase, abi.ScalarChar:
	}
}
