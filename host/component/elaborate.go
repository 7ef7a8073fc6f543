package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// Limits of elaboration. A component can instantiate its own components many
// times over, so the work is bounded and not only the file.
const (
	maxComponentInstances = 1000
	maxCoreInstances      = 1000
	maxTrampolines        = 20000
	maxElaboration        = 2_000_000 // definitions evaluated
)

// elaborator runs the definitions of a component in order with everything that
// can be known before an instance exists: types, resources, who imports what
// from whom. What remains to be done for an instance is the plan. Nested
// components are instantiated here, not at run time, since nothing about them
// depends on the run (Explainer.md, "Instance Definitions").
type elaborator struct {
	linker    *Linker
	plan      *plan
	types     *interner
	load      func(*binary.CoreModule) (int, error) // module to index in plan.modules
	work      int
	depth     int     // of instance types being matched
	faults    []error // what is wrong with the imports of the root
	slots     slots
	moves     map[*wit.Func]*moves
	shapes    abi.Shapes
	fused     int     // calls so far
	traps     *faults // of fused calls; nil before the first
	footprint footprint
}

func (e *elaborator) spend(n int) error {
	if e.work += n; e.work > maxElaboration {
		return fmt.Errorf("component needs more than %d steps to link", maxElaboration)
	}
	return nil
}

// elaborate returns the plan of a component.
func elaborate(ast *binary.Component, l *Linker, load func(*plan, *binary.CoreModule) (int, error)) (*plan, error) {
	p := &plan{exports: map[string]any{}, resources: map[*wit.Resource]*resource{}}
	e := &elaborator{linker: l, plan: p, types: newInterner(), slots: newSlots(), moves: map[*wit.Func]*moves{}}
	e.load = func(m *binary.CoreModule) (int, error) { return load(p, m) }

	exports, err := e.instantiate(&closure{ast: ast, scope: nil}, nil, -1, "", &scope{})
	if len(e.faults) > 0 {
		// Whatever else is wrong may be a consequence.
		return nil, errors.Join(e.faults...)
	}
	if err != nil {
		return nil, err
	}
	p.exports, p.names, p.elements = exports.exports, exports.names, e.footprint.initial
	e.addEntries()
	if len(p.flagged) > 0 {
		p.flags = newFlags(p.flagged)
	}
	p.byInst = make([]extracts, len(p.steps))
	for i, m := range p.mems {
		p.byInst[m.inst].mems = append(p.byInst[m.inst].mems, i)
	}
	for i, f := range p.funcs {
		if f.inst != hostInst {
			p.byInst[f.inst].funcs = append(p.byInst[f.inst].funcs, i)
		}
	}
	return p, nil
}

// instantiate elaborates an instance of a component and returns its exports.
func (e *elaborator) instantiate(c *closure, args map[string]any, parent int, name string, s *scope) (*instance, error) {
	if len(e.plan.comps) >= maxComponentInstances {
		return nil, fmt.Errorf("component makes more than %d instances of components", maxComponentInstances)
	}
	s.parent, s.comp = c.scope, len(e.plan.comps)
	e.plan.comps = append(e.plan.comps, compPlan{parent: parent, name: name})
	exports := newInstance()
	for _, d := range c.ast.Defs {
		if err := e.spend(1); err != nil {
			return nil, err
		}
		if err := e.define(s, d, args, exports, parent < 0); err != nil {
			return nil, err
		}
	}
	return exports, nil
}

// define elaborates one definition.
func (e *elaborator) define(s *scope, d binary.Def, args map[string]any, exports *instance, root bool) error {
	offset, err := 0, error(nil)
	switch d := d.(type) {
	case *binary.CoreModule:
		s.push(d)
	case *binary.CoreTypeDef:
		s.push(d)
	case *binary.Component:
		s.push(&closure{ast: d, scope: s})
	case *binary.CoreInstance:
		offset, err = d.Offset, e.coreInstance(s, d)
	case *binary.Instance:
		offset, err = d.Offset, e.instance(s, d)
	case *binary.Alias:
		offset, err = d.Offset, s.alias(d)
	case *binary.TypeDef:
		offset, err = d.Offset, e.typeDef(s, d)
	case *binary.Canon:
		offset, err = d.Offset, e.canon(s, d)
	case *binary.Import:
		if root {
			offset, err = d.Offset, e.rootImport(s, d)
		} else {
			offset, err = d.Offset, e.importDef(s, d, args)
		}
	case *binary.Export:
		offset, err = d.Offset, e.export(s, d, exports)
	case *binary.Start:
		offset, err = d.Offset, errors.New("start functions with values are not supported")
	case *binary.ValueDef:
		offset, err = d.Offset, errors.New("value definitions are not supported")
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("offset %#x: %w", offset, err)
}

func (e *elaborator) importDef(s *scope, d *binary.Import, args map[string]any) error {
	x, ok := args[d.Name.Name]
	if !ok {
		return fmt.Errorf("import %q has no argument", d.Name.Name)
	}
	got, err := e.match(x, d.Type, s)
	if err != nil {
		return fmt.Errorf("import %q: %w", d.Name.Name, err)
	}
	e.nameResource(got, d.Name.Name, false)
	s.push(got)
	return nil
}

func (e *elaborator) export(s *scope, d *binary.Export, exports *instance) error {
	x, err := s.get(d.SortIdx)
	if err != nil {
		return fmt.Errorf("export %q: %w", d.Name.Name, err)
	}
	if d.Type != nil {
		if x, err = e.match(x, *d.Type, s); err != nil {
			return fmt.Errorf("export %q: %w", d.Name.Name, err)
		}
	}
	e.nameResource(x, d.Name.Name, true)
	s.push(x)
	return exports.add(d.Name.Name, x)
}

// nameResource gives a resource of a component a name for messages: the one
// under which it is exported last, or else the first under which it is seen.
func (e *elaborator) nameResource(x any, name string, exported bool) {
	t, ok := x.(*typ)
	if !ok || t.resource == nil || e.plan.resources[t.resource].host != nil {
		return
	}
	if exported || t.resource.Name == "" {
		t.resource.Name = name
	}
}

func (e *elaborator) typeDef(s *scope, d *binary.TypeDef) error {
	if d.Resource == nil {
		if err := e.spend(parts(d)); err != nil {
			return err
		}
		t, err := e.types.define(s, d)
		s.push(t)
		return err
	}
	if core.ValType(d.Resource.Rep) != core.I32 {
		return fmt.Errorf("resource representation is not i32")
	}
	r := &resource{id: &wit.Resource{}, comp: s.comp, dtor: -1}
	if d.Resource.HasDtor {
		f, err := s.coreAt(binary.CoreFunc, d.Resource.Dtor)
		if err != nil {
			return err
		}
		if err := sameCore(f, core.FuncType{Params: []core.ValType{core.I32}}); err != nil {
			return fmt.Errorf("destructor: %w", err)
		}
		r.dtor = e.funcSlot(f)
	}
	e.plan.resources[r.id] = r
	s.push(&typ{resource: r.id})
	return nil
}

// alias adds what an alias refers to to the index spaces.
func (s *scope) alias(d *binary.Alias) error {
	switch d.Kind {
	case binary.AliasExport:
		i, err := at(s.insts, d.Instance, "instance")
		if err != nil {
			return err
		}
		x, ok := i.exports[d.Name]
		if !ok {
			return fmt.Errorf("instance %d has no export %q", d.Instance, d.Name)
		}
		if !isSort(x, d.Sort, d.Core) {
			return fmt.Errorf("export %q is %s, not a %s", d.Name, kindOf(x), binary.SortName(d.Sort, d.Core))
		}
		s.push(x)
	case binary.AliasCoreExport:
		i, err := at(s.coreInsts, d.Instance, "core instance")
		if err != nil {
			return err
		}
		x, ok := i.exports[d.Name]
		if !ok || x.sort != d.Core {
			return fmt.Errorf("core instance %d has no %s %q", d.Instance, binary.SortName(binary.SortCore, d.Core), d.Name)
		}
		s.pushCore(x.sort, x.item)
	case binary.AliasOuter:
		outer := s
		for range d.Count {
			if outer = outer.parent; outer == nil {
				return fmt.Errorf("outer alias reaches beyond the component")
			}
		}
		x, err := outer.get(binary.SortIdx{Sort: d.Sort, Core: d.Core, Index: d.Index})
		if err != nil {
			return err
		}
		s.push(x)
	}
	return nil
}

func isSort(x any, sort binary.Sort, core binary.CoreSort) bool {
	switch x.(type) {
	case *function:
		return sort == binary.SortFunc
	case *typ:
		return sort == binary.SortType
	case *closure:
		return sort == binary.SortComponent
	case *instance:
		return sort == binary.SortInstance
	case *binary.CoreModule:
		return sort == binary.SortCore && core == binary.CoreModSort
	}
	return false
}

func (e *elaborator) instance(s *scope, d *binary.Instance) error {
	if err := e.spend(len(d.Exports) + len(d.Args)); err != nil {
		return err
	}
	if d.Inline {
		i, err := s.inline(d)
		if err != nil {
			return err
		}
		for _, name := range i.names {
			e.nameResource(i.exports[name], name, false)
		}
		s.push(i)
		return nil
	}
	c, err := at(s.comps, d.Component, "component")
	if err != nil {
		return err
	}
	args, err := s.arguments(d)
	if err != nil {
		return err
	}
	i, err := e.instantiate(c, args, s.comp, fmt.Sprintf("instance %d", len(s.insts)), &scope{})
	if err != nil {
		return err
	}
	s.push(i)
	return nil
}

// canonOptions evaluates opts and returns their slot in the plan.
func (e *elaborator) canonOptions(s *scope, o binary.CanonOpts) (int, error) {
	if o.Async || o.HasCallback {
		return 0, errors.New("the async ABI is not supported yet")
	}
	out := options{comp: s.comp, encoding: abi.Encoding(o.Encoding), mem: -1, realloc: -1, postReturn: -1}
	if o.HasMemory {
		m, err := s.coreAt(binary.CoreMemory, o.Memory)
		if err != nil {
			return 0, err
		}
		out.mem = e.memSlot(m)
	}
	if o.HasRealloc {
		f, err := s.coreAt(binary.CoreFunc, o.Realloc)
		if err != nil {
			return 0, err
		}
		i32 := core.I32
		want := core.FuncType{Params: []core.ValType{i32, i32, i32, i32}, Results: []core.ValType{i32}}
		if err := sameCore(f, want); err != nil {
			return 0, fmt.Errorf("realloc: %w", err)
		}
		out.realloc = e.funcSlot(f)
	}
	if o.HasPostReturn {
		f, err := s.coreAt(binary.CoreFunc, o.PostReturn)
		if err != nil {
			return 0, err
		}
		out.postReturn = e.funcSlot(f)
	}
	i, ok := e.slots.opts[out]
	if !ok {
		i = len(e.plan.opts)
		e.plan.opts, e.slots.opts[out] = append(e.plan.opts, out), i
	}
	return i, nil
}
