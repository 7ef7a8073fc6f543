package component

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// Limits bound one instance. The zero value of a field is its default.
type Limits struct {
	// Memory is the bytes of linear memory of the instance, all its core
	// modules together. If zero, DefaultMemory.
	Memory uint64
	// Handles is how many handles each component instance may hold at once. If
	// zero, DefaultMaxHandles.
	Handles int
	// Data is the bytes that lists and strings of one call may move. If zero,
	// abi.DefaultBudget.
	Data int64
	// Fuel is the work that the instance may do in its life, in units of about
	// one instruction. If zero, only time limits it.
	Fuel int64
	// Tables is how many elements all tables of the instance may have together. If
	// zero, DefaultTables.
	Tables uint64
	// HostCalls is how often the instance may call the host in its life. If zero,
	// DefaultHostCalls.
	HostCalls int64
}

// Defaults of Limits.
const (
	DefaultMemory    = 256 << 20
	DefaultTables    = 1 << 20
	DefaultHostCalls = 10_000_000
)

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = DefaultMemory
	}
	if l.Handles == 0 {
		l.Handles = DefaultMaxHandles
	}
	if l.Data == 0 {
		l.Data = abi.DefaultBudget
	}
	if l.Tables == 0 {
		l.Tables = DefaultTables
	}
	if l.HostCalls == 0 {
		l.HostCalls = DefaultHostCalls
	}
	return l
}

// Instance is an instance of a component. It is used by one goroutine at a
// time. After a trap it is dead and only Close is of use.
type Instance struct {
	engine *Engine
	of     *Component
	held   bool // it is not closed, and keeps the component from that
	plan   *plan
	state  any
	limits Limits
	ctx    callCtx

	mods  []api.Module
	shims []api.Module
	shim  api.Module // what the module being instantiated imports
	flags api.Module // the flags of component instances, if calls are fused
	mems  []api.Memory
	funcs []coreFunc
	opts  []optionState
	comps []componentInstance
	alloc allocator

	frames []*frame // frames[:depth] are in use
	depth  int
	calls  []*Call // calls[:nested] are in use
	nested int
	// confined is the stack of realloc and post-return: while one of them runs,
	// nothing else does, for it cannot leave its component instance.
	confined [4]uint64

	active []*activation // calls of core functions under way
	stacks int           // bytes of their stacks
	idle   int           // bytes of the stacks that are kept

	from    *snapshot // what it started from, or nil
	started bool      // a start function has run
	asked   string    // the first function of the host that it called, or ""

	fuelUsed int64
	fuelOut  int64 // handed out to the guest
	dead     bool

	hostCalls int64
	slices    int    // of fuel, in this call
	turn      bool   // it has one of longRuns
	elements  uint64 // that tables have, or asked for
	// tableRefused says that a guest was refused a larger table.
	tableRefused bool
}

// callCtx is the context of everything that runs in an instance. The engine
// hands it unchanged to host functions, which find the instance in it.
type callCtx struct {
	context.Context
	in *Instance
}

// coreFunc is a core function that the host calls.
type coreFunc struct {
	mod  api.Module
	name string
	kept *activation // of an earlier call
}

// optionState is the options of the plan in an instance.
type optionState struct {
	*options
	in *Instance
}

// Bytes implements abi.Memory.
func (o *optionState) Bytes() []byte {
	if o.mem < 0 {
		return nil
	}
	m := o.in.mems[o.mem]
	b, _ := m.Read(0, m.Size())
	return b
}

// Realloc implements abi.Memory.
func (o *optionState) Realloc(old, oldSize, align, size uint32) uint32 {
	if o.realloc < 0 {
		panic(&abi.Fault{Msg: "a value needs memory, but the function has no realloc option"})
	}
	c := &o.in.comps[o.comp]
	was := c.flags()
	c.setFlags(was | flagConfined)
	stack := &o.in.confined
	*stack = [4]uint64{uint64(old), uint64(oldSize), uint64(align), uint64(size)}
	o.in.callCore(o.realloc, stack[:])
	c.setFlags(was)
	return uint32(stack[0])
}

// startTimeout bounds a start whose context has no deadline.
const startTimeout = time.Minute

// Instantiate makes an instance. state is what host functions find in
// Call.State. Whatever the guest runs while it starts is bounded by ctx, and by
// a minute if ctx has no deadline.
func (c *Component) Instantiate(ctx context.Context, state any, limits Limits) (*Instance, error) {
	if err := c.hold(ctx); err != nil {
		return nil, err
	}
	s := c.snapshot.Load()
	if s != nil && s.memory > limits.withDefaults().Memory {
		s = nil // a start of its own may do with less
	}
	if s == nil {
		in, err := c.instantiate(ctx, state, limits, nil)
		if err == nil {
			c.keepSnapshot(in)
		}
		return in, err
	}
	if in := c.engine.idle.take(c, s, limits.withDefaults()); in != nil {
		return in.revive(state)
	}
	return c.instantiate(ctx, state, limits, s)
}

// instantiate makes an instance that starts from a snapshot, or by itself. The
// caller holds the component, which the instance does from then on.
func (c *Component) instantiate(ctx context.Context, state any, limits Limits, from *snapshot) (*Instance, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startTimeout)
		defer cancel()
	}
	p := c.plan
	in := &Instance{
		engine: c.engine, of: c, plan: p, state: state, limits: limits.withDefaults(), from: from, held: true,
		mods: make([]api.Module, len(p.steps)), shims: make([]api.Module, 0, len(p.steps)+1),
		mems: make([]api.Memory, len(p.mems)), funcs: make([]coreFunc, len(p.funcs)),
		opts: make([]optionState, len(p.opts)), comps: make([]componentInstance, len(p.comps)),
	}
	for i := range p.opts {
		in.opts[i] = optionState{options: &p.opts[i], in: in}
	}
	for i := range p.comps {
		in.comps[i] = componentInstance{in: in, index: i, handles: handleTable{max: in.limits.Handles}}
	}
	for i, f := range p.funcs {
		if f.inst == hostInst {
			in.funcs[i] = coreFunc{mod: p.host.instance, name: p.host.export(f.tramp)}
		}
	}
	in.alloc.left, in.alloc.limit = in.limits.Memory, in.limits.Memory
	in.elements = p.elements
	if from != nil {
		in.alloc.images, in.fuelUsed = from.images, from.fuel
	}
	in.ctx.in = in

	base := experimental.WithMemoryAllocator(experimental.WithImportResolver(ctx, in.resolve), &in.alloc)
	in.ctx.Context = base
	err := guard(func() error {
		if in.elements > in.limits.Tables {
			return in.tableLimit()
		}
		return in.start()
	})
	in.ctx.Context = context.Background()
	in.giveTurn()
	if err != nil {
		in.dead = true // it is not whole, and cannot be used again
		in.Close()
		return nil, in.trap(err)
	}
	return in, nil
}

// resolve finds the modules that core modules import from: rewritten modules
// from the shim and for fuel, shims from the host and earlier instances.
func (in *Instance) resolve(name string) api.Module {
	switch name {
	case core.PositionalModule:
		return in.shim
	case core.RefillModule:
		return in.engine.refill
	case shimHost:
		return in.plan.host.instance
	case shimFlags:
		return in.flags
	}
	if k, err := strconv.Atoi(name); err == nil && k >= 0 && k < len(in.mods) {
		return in.mods[k]
	}
	return nil
}

// start runs the steps of the plan.
func (in *Instance) start() error {
	e := in.engine
	if err := in.startFlags(); err != nil {
		return err
	}
	if in.from != nil {
		if err := in.reopen(); err != nil {
			return err
		}
	}
	for i, st := range in.plan.steps {
		if in.ctx.Err() != nil { // a step without code may have much data
			return &stopError{cause: context.Cause(in.ctx.Context)}
		}
		in.shim = nil
		if st.shim != nil {
			shim, err := e.rt.InstantiateModule(&in.ctx, st.shim.compiled, anonymous)
			if err != nil {
				return err
			}
			in.shims = append(in.shims, shim)
			in.shim = shim
		}
		comp := &in.comps[st.comp]
		was := comp.flags()
		comp.setFlags(was | flagEntered)
		code := in.plan.modules[st.module]
		in.alloc.image = code.image
		mod, err := e.rt.InstantiateModule(&in.ctx, code.compiled, anonymous)
		if err != nil {
			return err
		}
		in.mods[i] = mod
		for _, m := range in.plan.byInst[i].mems {
			in.mems[m] = mod.ExportedMemory(in.plan.mems[m].name)
		}
		for _, f := range in.plan.byInst[i].funcs {
			in.funcs[f] = coreFunc{mod: mod, name: in.plan.funcs[f].name}
		}
		if in.from == nil {
			err = in.runStart(code, mod)
		} else {
			err = in.restore(i, mod)
		}
		if err != nil {
			return err
		}
		comp.setFlags(was)
	}
	return nil
}

// startFlags makes the flags that the host shares with fused calls.
func (in *Instance) startFlags() (err error) {
	if in.plan.flags == nil {
		return nil
	}
	in.flags, err = in.engine.rt.InstantiateModule(&in.ctx, in.plan.flags.compiled, anonymous)
	if err != nil {
		return err
	}
	in.shims = append(in.shims, in.flags)
	for _, c := range in.plan.flagged {
		global, ok := in.flags.ExportedGlobal(strconv.Itoa(c)).(api.MutableGlobal)
		if !ok {
			return &internalError{fmt.Errorf("component instance %d has no flags", c)}
		}
		in.comps[c].shared = global
	}
	return nil
}

// Close ends the instance and frees its memory. Handles of the host that are
// still open are dropped.
func (in *Instance) Close() {
	if !in.held {
		return
	}
	in.held = false
	fine := !in.dead
	in.dead = true
	for i := range in.comps {
		in.comps[i].handles.close()
	}
	gone := in
	if next := in.recycle(fine); next != nil {
		gone = in.engine.idle.put(next)
	}
	if gone != nil {
		gone.free()
	}
	in.of.unhold()
}

// Memory returns the bytes of linear memory in use.
func (in *Instance) Memory() uint64 { return in.alloc.limit - in.alloc.left }

// callCore calls a core function with its arguments in stack, which receives
// the results. It panics when the guest traps.
func (in *Instance) callCore(slot int, stack []uint64) {
	f := &in.funcs[slot]
	a := f.kept
	if a == nil {
		a = in.activation(slot)
	} else {
		f.kept = nil // it may be called again meanwhile, through a destructor
		in.idle -= a.size
	}
	in.begin(a)
	if err := a.fn.CallWithStack(&in.ctx, stack); err != nil {
		panic(trapOf(err))
	}
	in.end(a)
	if f.kept == nil && in.idle+a.size <= maxIdleStacks {
		f.kept = a
		in.idle += a.size
	}
}

// activation returns a new object that runs a core function.
func (in *Instance) activation(slot int) *activation {
	f := &in.funcs[slot]
	if f.mod == nil {
		panic(&abi.Fault{Msg: fmt.Sprintf("core function %q is called before it is instantiated", in.plan.funcs[slot].name)})
	}
	fn := f.mod.ExportedFunction(f.name)
	if fn == nil {
		panic(&internalError{fmt.Errorf("core function %q does not exist", f.name)})
	}
	return newActivation(fn)
}

func (in *Instance) postReturn(l *lift, ret uint64) {
	post := in.plan.opts[l.opts].postReturn
	if post < 0 {
		return
	}
	comp := &in.comps[l.comp]
	was := comp.flags()
	comp.setFlags(was | flagConfined)
	in.confined[0] = ret
	in.callCore(post, in.confined[:1])
	comp.setFlags(was)
}

// enter and leave mark component instances as entered ("enter_from",
// "leave_to"); one that is entered already cannot be entered again.
func (in *Instance) enter(comps []int) {
	for _, c := range comps {
		if in.comps[c].flags()&flagEntered != 0 {
			panic(&abi.Fault{Msg: errEntered})
		}
		in.comps[c].setFlags(flagEntered)
	}
}

func (in *Instance) leave(comps []int) {
	for _, c := range comps {
		in.comps[c].setFlags(0)
	}
}

// side makes s the side of the given options.
func (in *Instance) side(s *abi.Side, opts int, h abi.Handles) {
	o := &in.opts[opts]
	*s = abi.Side{Memory: o, Handles: h, Encoding: o.encoding}
}

func (in *Instance) pushFrame(from, to *componentInstance) *frame {
	if in.depth == len(in.frames) {
		in.frames = append(in.frames, &frame{})
	}
	f := in.frames[in.depth]
	in.depth++
	f.from, f.to, f.borrows, f.budget.Left = from, to, 0, in.limits.Data
	return f
}

func (in *Instance) popFrame(f *frame) {
	f.release()
	in.depth--
}

// guard runs f and turns the panics that mean a guest fault into errors. It is
// the only place where a call into a guest is recovered outside of the engine.
func guard(f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *abi.Fault:
			err = r
		case *LimitError:
			err = r
		case *Trap:
			err = r
		case *ExitError:
			err = r
		case *stopError:
			err = r
		case *hostError:
			err = r
		case *internalError:
			err = r
		default:
			// The engine or a host function is at fault. Whatever the guest did
			// to find it, only the guest must go.
			err = &panicError{value: r, stack: string(debug.Stack())}
		}
	}()
	return f()
}

// ask is what guest code asks the host besides its imports: for fuel, or whether a
// table may grow.
func (in *Instance) ask(v int64) int64 {
	if n, ok := core.TableGrowth(v); ok {
		return in.growTable(n)
	}
	return in.refill(v)
}

// growTable answers by how many elements the guest may try to have a table grow that
// asks for so many: by these, or by more than any table has room for. What a table
// refuses for its own maximum counts all the same.
func (in *Instance) growTable(n uint32) int64 {
	if uint64(n) > in.limits.Tables-in.elements {
		in.tableRefused = true
		return math.MaxUint32
	}
	in.elements += uint64(n)
	return int64(n)
}

// refill is what the fuel checks of guest code call when their slice is used
// up. left is what remains, zero or less.
func (in *Instance) refill(left int64) int64 {
	in.fuelUsed += in.fuelOut - left
	in.fuelOut = 0
	if err := in.ctx.Err(); err != nil {
		panic(&stopError{cause: context.Cause(in.ctx.Context)})
	}
	in.pause()
	slice := int64(fuelSlice)
	if in.limits.Fuel > 0 {
		// Each core module has a slice of its own, of which what it does not use
		// counts as used once another module asks: so they shrink to the end.
		left := in.limits.Fuel - in.fuelUsed
		if slice = min(slice, max(left/8, minFuelSlice), left); slice <= 0 {
			panic(&stopError{cause: &LimitError{Name: LimitFuel, What: "units of fuel", Max: uint64(in.limits.Fuel)}})
		}
	}
	in.fuelOut = slice
	return slice
}

// hostCallFuel is what a call of the host costs, besides the bytes that it moves: such
// a call takes at least as long as so many instructions.
const hostCallFuel = 500

// countHostCall is called before a function of the host is.
func (in *Instance) countHostCall() {
	if in.hostCalls++; in.hostCalls > in.limits.HostCalls {
		panic(&stopError{cause: &LimitError{Name: LimitHostCalls, What: "calls of the host", Max: uint64(in.limits.HostCalls)}})
	}
	in.fuelUsed += hostCallFuel
	if in.hostCalls%(fuelSlice/hostCallFuel) == 0 { // its own checks may be far apart
		in.pause()
	}
	in.giveTurn()
}

// settle ends a call that a guest has made, which moved so many bytes. A call
// costs the guest little fuel and may take long: so that its own checks would
// come too late.
func (in *Instance) settle(moved int64) {
	const bytesPerUnit = 16 // as for memory.copy
	in.fuelUsed += moved / bytesPerUnit
	switch {
	case in.dead:
		panic(&hostError{err: ErrDead}) // a host function called its own guest, which trapped
	case in.ctx.Err() != nil:
		panic(&stopError{cause: context.Cause(in.ctx.Context)})
	case in.limits.Fuel > 0 && in.fuelUsed >= in.limits.Fuel:
		panic(&stopError{cause: &LimitError{Name: LimitFuel, What: "units of fuel", Max: uint64(in.limits.Fuel)}})
	}
}

// fuelSlice is how much a guest runs between two checks of its deadline: a
// fraction of a millisecond as a rule, ten at the most. minFuelSlice is the
// least it is given near the end of its fuel.
const (
	fuelSlice    = 200_000
	minFuelSlice = 1000
)

// errNoDeadline is returned for a call without a time limit.
var errNoDeadline = errors.New("call has no deadline: every call into a guest needs one")

// Func is an exported function of an instance.
type Func struct {
	in *Instance
	fn *function
	*entry
}

// Func returns an exported function: "run" of the interface
// "wasi:cli/run@0.2.0", or of the world when iface is empty.
func (in *Instance) Func(iface, name string) (*Func, error) {
	f, err := in.plan.exported(iface, name)
	if err != nil {
		return nil, err
	}
	return &Func{in: in, fn: f, entry: f.entry}, nil
}

// Type returns the function's type.
func (f *Func) Type() *wit.Func { return f.fn.typ }

// Call calls the function with values of its parameters' types. A *Trap ends
// the instance. ctx must have a deadline.
func (f *Func) Call(ctx context.Context, args ...wit.Value) (results []wit.Value, err error) {
	err = f.run(ctx, func(c *frame) error {
		if err := f.params.Lower(&c.callee, args, c.stack[:]); err != nil {
			return err
		}
		f.in.callCore(f.fn.lift.fn, c.stack[:])
		c.mustReturn()
		ret := c.stack[0]
		results = f.results.Lift(&c.callee, c.stack[:], &c.budget)
		f.in.postReturn(f.fn.lift, ret)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// CallHandles calls a function whose parameters are owned host resources and
// which returns nothing, the shape of wasi:http/incoming-handler. It allocates
// nothing for the call itself.
func (f *Func) CallHandles(ctx context.Context, args ...Own) error {
	return f.run(ctx, func(c *frame) error {
		if len(args) != len(f.fn.typ.Params) || f.fn.typ.Result != nil {
			return fmt.Errorf("function %q has type %s", f.fn.from, f.fn.typ.Signature())
		}
		for i, p := range f.fn.typ.Params {
			if p.Type.Kind != wit.Own || p.Type.Resource != args[i].Type.resource() {
				return fmt.Errorf("parameter %q is of type %s", p.Name, p.Type.Signature())
			}
			c.stack[i] = uint64(c.callee.Handles.LowerOwn(p.Type.Resource, abi.Rep{Obj: args[i].Value}))
		}
		f.in.callCore(f.fn.lift.fn, c.stack[:])
		c.mustReturn()
		f.in.postReturn(f.fn.lift, c.stack[0])
		return nil
	})
}

// Drop drops a resource that a call has returned as owned. Its destructor is
// guest code, so ctx must have a deadline. A resource is dropped once.
func (in *Instance) Drop(ctx context.Context, h wit.HandleValue) error {
	r := in.plan.resources[h.Resource]
	rep, ok := h.Rep.(abi.Rep)
	if r == nil || !ok {
		return fmt.Errorf("resource %v is not of this instance", h.Resource)
	}
	return in.call(ctx, func() error {
		in.dropRep(r, rep, in.plan.entering(-1, r.comp))
		return nil
	})
}

// Own is a resource of the host to be given to a guest.
type Own struct {
	Type  *HostResource
	Value any
}

// run is the frame of a call of the function from the host. An error of call
// itself means that it was refused before the guest ran.
func (f *Func) run(ctx context.Context, call func(*frame) error) error {
	in := f.in
	return in.call(ctx, func() error {
		in.enter(f.enters)
		c := in.pushFrame(nil, &in.comps[f.fn.lift.comp])
		in.side(&c.callee, f.fn.lift.opts, calleeHandles{c})
		err := call(c)
		in.popFrame(c)
		in.leave(f.enters)
		return err
	})
}

// call has the host do something that may run the guest. If that panics, the
// instance is dead.
func (in *Instance) call(ctx context.Context, do func() error) error {
	if in.dead {
		return ErrDead
	}
	if _, ok := ctx.Deadline(); !ok {
		return errNoDeadline
	}
	was := in.ctx.Context // of the call under way, if a host function calls its own guest
	in.ctx.Context = ctx
	if in.nested == 0 {
		in.slices = 0
	}
	defer in.giveTurn()
	returned := false
	err := guard(func() error {
		err := do()
		returned = true
		return err
	})
	in.ctx.Context = was
	if err == nil || returned {
		return err
	}
	in.dead = true
	return in.trap(err)
}

// trap is trapOf with what the instance knows of the cause.
func (in *Instance) trap(err error) error {
	err = trapOf(err)
	t, ok := err.(*Trap) //nolint:errorlint // made by trapOf, never wrapped
	switch {
	case !ok || t.Kind != TrapWasm:
	case in.alloc.refused:
		t.Err = fmt.Errorf("%w (the guest had been refused memory: %w)", t.Err, &LimitError{Name: LimitMemory, What: "bytes of memory", Max: in.limits.Memory})
	case in.tableRefused:
		t.Err = fmt.Errorf("%w (the guest had been refused a larger table: %w)", t.Err, in.tableLimit())
	}
	return err
}

// tableLimit is the error of tables that are too large.
func (in *Instance) tableLimit() *LimitError {
	return &LimitError{Name: LimitTables, What: "elements of tables", Max: in.limits.Tables}
}

// Fuel returns the work that the instance has done so far, in units of about
// one instruction, up to its last check.
func (in *Instance) Fuel() int64 { return in.fuelUsed }
