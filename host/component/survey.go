package component

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
)

// Limits of a survey. Definitions are evaluated once for each instance of the
// component they stand in, so the work is bounded and not only the file.
const (
	maxSurvey         = 500_000 // definitions, fields and labels evaluated
	maxSurveyDepth    = 100     // instance types within each other
	maxSurveyInstance = 1000    // component instances
)

// surveyor runs the definitions of a component for their types alone, to learn
// what its imports and exports are called. It looks at no core module and needs
// no host: what the root imports is unknown and stands for itself.
//
// Unlike the elaborator it tells types apart by name: each definition of a value
// type is a type of its own, and so is each name given to one by an import or
// export of a type (Explainer.md, "Type Definitions").
type surveyor struct {
	types *interner
	// named maps the type that a name made to the type that was given the name.
	named            map[*wit.Type]*wit.Type
	work, depth      int
	instances        int
	imports, exports []surveyed
}

// surveyed is an import or export of the root.
type surveyed struct {
	name   binary.Name
	offset int
	x      any // as in instance.exports
}

// survey evaluates the imports and exports of a component.
func survey(ast *binary.Component) (*surveyor, error) {
	v := &surveyor{types: newInterner(), named: map[*wit.Type]*wit.Type{}}
	_, err := v.instantiate(&closure{ast: ast}, nil)
	return v, err
}

func (v *surveyor) spend(n int) error {
	if v.work += n; v.work > maxSurvey {
		return fmt.Errorf("component takes more than %d steps to describe", maxSurvey)
	}
	return nil
}

// instantiate evaluates the definitions of a component. Those of the root are
// evaluated without arguments, args being nil.
func (v *surveyor) instantiate(c *closure, args map[string]any) (*instance, error) {
	if v.instances++; v.instances > maxSurveyInstance {
		return nil, fmt.Errorf("component makes more than %d instances of components", maxSurveyInstance)
	}
	s, exports := &scope{parent: c.scope}, newInstance()
	for _, d := range c.ast.Defs {
		if err := v.spend(1); err != nil {
			return nil, err
		}
		if offset, err := v.define(s, d, args, exports); err != nil {
			return nil, fmt.Errorf("offset %#x: %w", offset, err)
		}
	}
	return exports, nil
}

// define evaluates a definition and returns where it stands. Core definitions
// say nothing about types and are passed over, except for what an alias or an
// export may refer to.
func (v *surveyor) define(s *scope, d binary.Def, args map[string]any, exports *instance) (offset int, err error) {
	switch d := d.(type) {
	case *binary.CoreModule:
		s.push(d)
	case *binary.CoreTypeDef:
		s.push(d)
	case *binary.Component:
		s.push(&closure{ast: d, scope: s})
	case *binary.Instance:
		return d.Offset, v.instance(s, d)
	case *binary.Alias:
		return d.Offset, v.alias(s, d)
	case *binary.TypeDef:
		return d.Offset, v.typeDef(s, d)
	case *binary.Canon:
		if d.Op == binary.CanonLift {
			return d.Offset, v.function(s, d.Type)
		}
	case *binary.Import:
		return d.Offset, v.importDef(s, d, args)
	case *binary.Export:
		return d.Offset, v.export(s, d, args == nil, exports)
	case *binary.Start:
		return d.Offset, errors.New("start functions with values are not supported")
	case *binary.ValueDef:
		return d.Offset, errors.New("value definitions are not supported")
	}
	return 0, nil
}

// function pushes a function of a type.
func (v *surveyor) function(s *scope, typeIndex uint32) error {
	f, err := functionOf(s, typeIndex)
	if err != nil {
		return err
	}
	s.push(f)
	return nil
}

func functionOf(s *scope, typeIndex uint32) (*function, error) {
	t, err := at(s.types, typeIndex, "type")
	if err != nil {
		return nil, err
	}
	if t.fn == nil {
		return nil, fmt.Errorf("type %d is not a function type", typeIndex)
	}
	return &function{typ: t.fn}, nil
}

func (v *surveyor) alias(s *scope, d *binary.Alias) error {
	if d.Kind == binary.AliasCoreExport {
		return nil
	}
	return s.alias(d)
}

func (v *surveyor) typeDef(s *scope, d *binary.TypeDef) error {
	if d.Resource != nil {
		s.push(&typ{resource: &wit.Resource{}})
		return nil
	}
	var size int
	switch {
	case d.Value != nil:
		size = len(d.Value.Fields) + len(d.Value.Labels) + len(d.Value.Types)
	case d.Func != nil:
		size = len(d.Func.Params)
	}
	if err := v.spend(size); err != nil {
		return err
	}
	// What is equal in structure may differ in name: let the interner know of
	// no equal type.
	clear(v.types.byKey)
	t, err := v.types.define(s, d)
	if err != nil {
		return err
	}
	s.push(t)
	return nil
}

func (v *surveyor) instance(s *scope, d *binary.Instance) error {
	if err := v.spend(len(d.Exports) + len(d.Args)); err != nil {
		return err
	}
	if d.Inline {
		i, err := s.inline(d)
		if err != nil {
			return err
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
	i, err := v.instantiate(c, args)
	if err != nil {
		return err
	}
	s.push(i)
	return nil
}

func (v *surveyor) importDef(s *scope, d *binary.Import, args map[string]any) error {
	name := d.Name.Name
	arg, ok := args[name]
	if args != nil && !ok {
		return fmt.Errorf("import %q has no argument", name)
	}
	x, err := v.declared(s, d.Type, arg)
	if err != nil {
		return fmt.Errorf("import %q: %w", name, err)
	}
	s.push(x)
	if args == nil {
		v.imports = append(v.imports, surveyed{name: d.Name, offset: d.Offset, x: x})
	}
	return nil
}

func (v *surveyor) export(s *scope, d *binary.Export, root bool, exports *instance) error {
	name := d.Name.Name
	x, err := s.get(d.SortIdx)
	if err == nil && d.Type != nil {
		x, err = v.declared(s, *d.Type, x)
	}
	if err != nil {
		return fmt.Errorf("export %q: %w", name, err)
	}
	if t, ok := x.(*typ); ok {
		x = v.rename(t)
	}
	s.push(x)
	if root {
		v.exports = append(v.exports, surveyed{name: d.Name, offset: d.Offset, x: x})
	}
	return exports.add(name, x)
}

// rename returns the type that giving a name to t makes.
func (v *surveyor) rename(t *typ) *typ {
	if t.value == nil {
		return t
	}
	u := *t.value
	v.named[&u] = t.value
	// Types may be made of it, whose limits depend on its size.
	v.types.info[&u] = v.types.info[t.value]
	return &typ{value: &u}
}

// declared returns what a declaration lets one see of x, or, if x is nil, an
// unknown that is all which is declared. It does not check that x has the
// declared type; linking does.
func (v *surveyor) declared(s *scope, d binary.ExternType, x any) (any, error) {
	if x != nil && !isSort(x, d.Sort, d.Core) {
		return nil, fmt.Errorf("is %s, not a %s", kindOf(x), binary.SortName(d.Sort, d.Core))
	}
	switch d.Sort {
	case binary.SortFunc:
		return wrap(functionOf(s, d.Index))
	case binary.SortType:
		if x != nil {
			return x, nil
		}
		if d.SubResource {
			return &typ{resource: &wit.Resource{}}, nil
		}
		t, err := at(s.types, d.Index, "type")
		if err != nil {
			return nil, err
		}
		return v.rename(t), nil
	case binary.SortInstance:
		t, err := at(s.types, d.Index, "type")
		if err != nil {
			return nil, err
		}
		if t.instance == nil {
			return nil, fmt.Errorf("type %d is not an instance type", d.Index)
		}
		of, _ := x.(*instance)
		return wrap(v.declaredInstance(t.instance, of))
	}
	if x != nil {
		return x, nil
	}
	return nil, fmt.Errorf("is a %s, which WIT has no word for", binary.SortName(d.Sort, d.Core))
}

// declaredInstance is declared for an instance; of may be nil.
func (v *surveyor) declaredInstance(t *typeClosure, of *instance) (*instance, error) {
	if v.depth++; v.depth > maxSurveyDepth {
		return nil, fmt.Errorf("instance types nest deeper than %d", maxSurveyDepth)
	}
	defer func() { v.depth-- }()
	s, out := &scope{parent: t.scope}, newInstance()
	for _, d := range t.decls {
		err := v.spend(1)
		if err != nil {
			return nil, err
		}
		switch d := d.(type) {
		case *binary.CoreTypeDef:
			s.push(d)
		case *binary.TypeDef:
			err = v.typeDef(s, d)
		case *binary.Alias:
			err = v.alias(s, d)
		case *binary.ExportDecl:
			err = v.exportDecl(s, d, of, out)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *surveyor) exportDecl(s *scope, d *binary.ExportDecl, of, out *instance) error {
	name := d.Name.Name
	var x any
	if of != nil {
		if x = of.exports[name]; x == nil {
			return fmt.Errorf("export %q is missing", name)
		}
	}
	x, err := v.declared(s, d.Type, x)
	if err != nil {
		return fmt.Errorf("export %q: %w", name, err)
	}
	s.push(x)
	return out.add(name, x)
}

// declaredComponent evaluates a component type: what a component of the type
// imports and exports. An export of a component stands for its type.
func (v *surveyor) declaredComponent(t *typeClosure) (imports, exports []surveyed, err error) {
	if v.depth++; v.depth > maxSurveyDepth {
		return nil, nil, fmt.Errorf("component types nest deeper than %d", maxSurveyDepth)
	}
	defer func() { v.depth-- }()
	s := &scope{parent: t.scope}
	for _, d := range t.decls {
		if err := v.spend(1); err != nil {
			return nil, nil, err
		}
		switch d := d.(type) {
		case *binary.CoreTypeDef:
			s.push(d)
		case *binary.TypeDef:
			err = v.typeDef(s, d)
		case *binary.Alias:
			err = v.alias(s, d)
		case *binary.ImportDecl:
			imports, err = v.externDecl(s, imports, surveyed{name: d.Name, offset: d.Offset}, d.Type)
		case *binary.ExportDecl:
			exports, err = v.externDecl(s, exports, surveyed{name: d.Name, offset: d.Offset}, d.Type)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return imports, exports, nil
}

// externDecl evaluates the declaration of an import or export.
func (v *surveyor) externDecl(s *scope, to []surveyed, x surveyed, d binary.ExternType) ([]surveyed, error) {
	if d.Sort == binary.SortComponent {
		t, err := at(s.types, d.Index, "type")
		x.x = t
		return append(to, x), err
	}
	got, err := v.declared(s, d, nil)
	if err != nil {
		return to, fmt.Errorf("%q: %w", x.name.Name, err)
	}
	s.push(got)
	x.x = got
	return append(to, x), nil
}
