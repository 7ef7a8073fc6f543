package component

import (
	"fmt"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// plan is everything about a component that is the same for all its instances.
// It is made once, by elaborating the component against a linker, and is
// immutable. An instance holds slots for what the plan numbers.
type plan struct {
	modules []*coreCode    // core modules that are instantiated
	steps   []step         // core instances, in order
	comps   []compPlan     // component instances; 0 is the root
	mems    []coreItem     // memories that options name
	funcs   []coreItem     // core functions that the host calls
	opts    []options      // canonical options
	tramps  []trampoline   // core functions that the host provides
	exports map[string]any // root exports: *function, *instance, …
	names   []string       // of exports, in order

	// byInst lists, for each step, the memory and function slots to fill from
	// the core instance that it makes.
	byInst []extracts
	// host is the core module that exports the trampolines, while the component is
	// loaded.
	host *hostModule
	// flagged are the component instances that take part in fused calls, and flags
	// the core module that holds their flags; nil without.
	flagged []int
	flags   *coreCode
	// elements is how many the tables of an instance have when it starts.
	elements uint64
	// resources knows every resource type that has a handle somewhere.
	resources map[*wit.Resource]*resource
}

// codes yields the core modules that the engine instantiates.
func (p *plan) codes(yield func(*coreCode) bool) {
	for _, m := range p.modules {
		if !yield(m) {
			return
		}
	}
	for i := range p.steps {
		if s := p.steps[i].shim; s != nil && !yield(s) {
			return
		}
	}
	if p.flags != nil {
		yield(p.flags)
	}
}

// extracts are the slots that one core instance fills.
type extracts struct{ mems, funcs []int }

// step instantiates a core module.
type step struct {
	module int
	// shim is the module that gathers the imports under positional names, or
	// nil when there are none.
	shim *coreCode
	comp int
}

// compPlan is a component instance.
type compPlan struct {
	parent int // -1 for the root
	name   string
}

// hostInst as coreItem.inst means the plan's trampolines, and flagsInst the
// flags of component instances.
const (
	hostInst  = -1
	flagsInst = -2
)

// coreItem is a core definition: the export name of the core instance inst, or
// trampoline tramp when inst is hostInst.
type coreItem struct {
	inst  int
	name  string
	tramp int
	typ   core.ExternType
}

// options are canonopts with slots of the plan; -1 is absent.
type options struct {
	comp       int
	encoding   abi.Encoding
	mem        int
	realloc    int
	postReturn int
}

// function is a component-level function.
type function struct {
	typ  *wit.Func
	host *HostFunc
	lift *lift
	from string // where it comes from, for messages

	// entry is set when the root exports the function.
	entry *entry
}

// entry is how the host calls an exported function.
type entry struct {
	enters          []int
	params, results *abi.Codec
}

// lift is canon lift: a core function seen as a component function.
type lift struct {
	fn   int // slot in plan.funcs
	opts int // slot in plan.opts
	comp int
}

// resource is a resource type of a plan.
type resource struct {
	id   *wit.Resource
	host *HostResource
	comp int // the component instance that implements it; -1 for the host
	dtor int // slot in plan.funcs, or -1
}

// trampoline is a core function that the host provides to guests.
type trampoline struct {
	name string // for backtraces
	typ  core.FuncType
	call func(in *Instance, stack []uint64)
	// fused is how a shim makes the call itself, or nil.
	fused *fusion
}

// ancestors returns the component instance and those that contain it.
func (p *plan) ancestors(comp int) []int {
	var as []int
	for ; comp >= 0; comp = p.comps[comp].parent {
		as = append(as, comp)
	}
	return as
}

// entering returns the component instances that a call from caller (-1 is the
// host) into callee enters ("entering_set" of CanonicalABI.md).
func (p *plan) entering(caller, callee int) []int {
	from := map[int]bool{}
	for _, a := range p.ancestors(caller) {
		from[a] = true
	}
	var set []int
	for _, a := range p.ancestors(callee) {
		if !from[a] {
			set = append(set, a)
		}
	}
	return set
}

// exported returns the function that the root exports, of an interface or of the
// world when iface is empty.
func (p *plan) exported(iface, name string) (*function, error) {
	exports := p.exports
	if iface != "" {
		i, ok := exports[iface].(*instance)
		if !ok {
			return nil, fmt.Errorf("component does not export the interface %q", iface)
		}
		exports = i.exports
	}
	f, ok := exports[name].(*function)
	switch {
	case !ok:
		return nil, fmt.Errorf("component does not export the function %q", name)
	case f.lift == nil:
		return nil, fmt.Errorf("export %q is a function of the host", name)
	}
	return f, nil
}

// addEntries prepares the functions that Instance.Func can find.
func (e *elaborator) addEntries() {
	for _, x := range e.plan.exports {
		e.addEntry(x)
		if i, ok := x.(*instance); ok {
			for _, f := range i.exports {
				e.addEntry(f)
			}
		}
	}
}

func (e *elaborator) addEntry(x any) {
	f, ok := x.(*function)
	if !ok || f.lift == nil || f.entry != nil {
		return
	}
	f.entry = &entry{
		enters:  e.plan.entering(-1, f.lift.comp),
		params:  e.shapes.Codec(f.typ.ParamsType().Types, wit.MaxFlatParams),
		results: e.shapes.Codec(resultTypes(f.typ), wit.MaxFlatResults),
	}
}

// coreFuncType is the core type of a function that is flattened to f.
func coreFuncType(f wit.CoreFunc) core.FuncType {
	vals := func(cs []wit.Core) []core.ValType {
		vs := make([]core.ValType, len(cs))
		for i, c := range cs {
			switch c {
			case wit.CoreI32:
				vs[i] = core.I32
			case wit.CoreI64:
				vs[i] = core.I64
			case wit.CoreF32:
				vs[i] = core.F32
			case wit.CoreF64:
				vs[i] = core.F64
			}
		}
		return vs
	}
	return core.FuncType{Params: vals(f.Params), Results: vals(f.Results)}
}
