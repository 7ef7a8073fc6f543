package component

import (
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// sameCore checks that a core function has a type.
func sameCore(f coreItem, want core.FuncType) error {
	if f.typ.Kind != core.KindFunc {
		return fmt.Errorf("%q is not a function", f.name)
	}
	if got := f.typ.Func; !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Results, want.Results) {
		return fmt.Errorf("core function %q has type %s, not %s", f.name, formatCore(got), formatCore(want))
	}
	return nil
}

func formatCore(f core.FuncType) string {
	return fmt.Sprintf("%v -> %v", f.Params, f.Results)
}

var coreSorts = map[core.Kind]binary.CoreSort{
	core.KindFunc: binary.CoreFunc, core.KindTable: binary.CoreTable, core.KindMemory: binary.CoreMemory,
	core.KindGlobal: binary.CoreGlobal, core.KindTag: binary.CoreTag,
}

// coreInstance elaborates a core instance. Inline ones exist only here; the
// others become a step of the plan.
func (e *elaborator) coreInstance(s *scope, d *binary.CoreInstance) error {
	inst := &coreInstance{exports: map[string]coreExport{}}
	if err := e.spend(len(d.Exports) + len(d.Args)); err != nil {
		return err
	}
	if d.Inline {
		for _, x := range d.Exports {
			it, err := s.coreAt(x.Sort, x.Index)
			if err != nil {
				return err
			}
			inst.exports[x.Name] = coreExport{sort: x.Sort, item: it}
		}
		s.coreInsts = append(s.coreInsts, inst)
		return nil
	}
	if len(e.plan.steps) >= maxCoreInstances {
		return fmt.Errorf("component makes more than %d instances of core modules", maxCoreInstances)
	}
	ast, err := at(s.coreModules, d.Module, "core module")
	if err != nil {
		return err
	}
	module, err := e.load(ast)
	if err != nil {
		return fmt.Errorf("core module at %#x: %w", ast.Offset, err)
	}
	args := make(map[string]*coreInstance, len(d.Args))
	for _, a := range d.Args {
		if args[a.Name], err = at(s.coreInsts, a.Instance, "core instance"); err != nil {
			return err
		}
	}
	code := e.plan.modules[module]
	if err := e.spend(len(code.info.Imports) + len(code.info.Exports)); err != nil {
		return err
	}
	if err := e.footprint.add(code); err != nil {
		return err
	}
	imports := make([]coreItem, len(code.info.Imports))
	for i, im := range code.info.Imports {
		from, ok := args[im.Module]
		if !ok {
			return fmt.Errorf("core module at %#x imports from %q, which is not an argument", ast.Offset, im.Module)
		}
		x, ok := from.exports[im.Name]
		if !ok {
			return fmt.Errorf("core module at %#x imports %q from %q, which has no such export", ast.Offset, im.Name, im.Module)
		}
		if x.item.typ.Kind != im.Type.Kind {
			return fmt.Errorf("import %q of %q is a %s, not a %s", im.Name, im.Module, x.item.typ.Kind, im.Type.Kind)
		}
		if im.Type.Kind == core.KindFunc {
			if err := sameCore(x.item, im.Type.Func); err != nil {
				return fmt.Errorf("import %q of %q: %w", im.Name, im.Module, err)
			}
		}
		imports[i] = x.item
		if e.plan.fusion(x.item) != nil {
			if err := e.spend(fusedSteps); err != nil {
				return err
			}
		}
		// What is imported here may be more than the exporter declared.
		imports[i].typ = im.Type
	}
	st := step{module: module, comp: s.comp}
	if len(imports) > 0 {
		st.shim = newShim(e.plan, imports)
	}
	index := len(e.plan.steps)
	e.plan.steps = append(e.plan.steps, st)
	for _, x := range code.info.Exports {
		inst.exports[x.Name] = coreExport{
			sort: coreSorts[x.Type.Kind],
			item: coreItem{inst: index, name: x.Name, typ: x.Type},
		}
	}
	s.coreInsts = append(s.coreInsts, inst)
	return nil
}
