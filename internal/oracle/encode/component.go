package encode

import (
	bin "github.com/wattle-dev/wattle/host/component/binary"
)

// The sections of Binary.md, "Component Definitions".
const (
	sectionCoreModule = iota + 1
	sectionCoreInstance
	sectionCoreType
	sectionComponent
	sectionInstance
	sectionAlias
	sectionType
	sectionCanon
	sectionStart
	sectionImport
	sectionExport
	sectionValue
)

func (w *writer) component(c *bin.Component) {
	w.out = append(w.out, preamble...)
	for _, def := range c.Defs {
		w.def(def)
	}
}

// def writes a definition in a section of its own.
func (w *writer) def(def bin.Def) {
	one := func(id byte, f func(*writer)) {
		w.section(id, func(w *writer) { w.u32(1); f(w) })
	}
	switch d := def.(type) {
	case *bin.CoreModule:
		w.section(sectionCoreModule, func(w *writer) { w.raw(d.Bytes) })
	case *bin.Component:
		w.section(sectionComponent, func(w *writer) { w.component(d) })
	case *bin.Start:
		w.section(sectionStart, func(w *writer) { w.start(d) })
	case *bin.CoreInstance:
		one(sectionCoreInstance, func(w *writer) { w.coreInstance(d) })
	case *bin.CoreTypeDef:
		one(sectionCoreType, func(w *writer) { w.coreType(d) })
	case *bin.Instance:
		one(sectionInstance, func(w *writer) { w.instance(d) })
	case *bin.Alias:
		one(sectionAlias, func(w *writer) { w.alias(d) })
	case *bin.TypeDef:
		one(sectionType, func(w *writer) { w.typeDef(d) })
	case *bin.Canon:
		one(sectionCanon, func(w *writer) { w.canon(d) })
	case *bin.Import:
		one(sectionImport, func(w *writer) { w.name(d.Name); w.externType(d.Type) })
	case *bin.Export:
		one(sectionExport, func(w *writer) { w.export(d) })
	case *bin.ValueDef:
		one(sectionValue, func(w *writer) { w.valType(d.Type); w.string(string(d.Data)) })
	}
}

func (w *writer) export(e *bin.Export) {
	w.name(e.Name)
	w.sortIdx(e.SortIdx)
	w.flag(e.Type != nil)
	if e.Type != nil {
		w.externType(*e.Type)
	}
}

func (w *writer) start(s *bin.Start) {
	w.u32(s.Func)
	vec(w, s.Args, w.u32)
	w.u32(s.Results)
}

// name writes nameattributes, in the form without attributes if there are none.
func (w *writer) name(n bin.Name) {
	attrs := &writer{}
	count := uint32(0)
	for id, attr := range []string{n.Implements, n.VersionSuffix, n.ExternalID} {
		if attr != "" {
			count++
			attrs.byte(byte(id))
			attrs.string(attr)
		}
	}
	if count == 0 {
		w.byte(0)
		w.string(n.Name)
		return
	}
	w.byte(2)
	w.string(n.Name)
	w.u32(count)
	w.raw(attrs.out)
}

func (w *writer) sort(s bin.Sort, core bin.CoreSort) {
	w.byte(byte(s))
	if s == bin.SortCore {
		w.byte(byte(core))
	}
}

func (w *writer) sortIdx(s bin.SortIdx) {
	w.sort(s.Sort, s.Core)
	w.u32(s.Index)
}

func (w *writer) instance(in *bin.Instance) {
	w.flag(in.Inline)
	if in.Inline {
		vec(w, in.Exports, func(e bin.InlineExport) { w.name(e.Name); w.sortIdx(e.SortIdx) })
		return
	}
	w.u32(in.Component)
	vec(w, in.Args, func(a bin.Arg) { w.string(a.Name); w.sortIdx(a.SortIdx) })
}

func (w *writer) coreInstance(in *bin.CoreInstance) {
	w.flag(in.Inline)
	if in.Inline {
		vec(w, in.Exports, func(e bin.CoreInlineExport) { w.string(e.Name); w.byte(byte(e.Sort)); w.u32(e.Index) })
		return
	}
	w.u32(in.Module)
	vec(w, in.Args, func(a bin.CoreArg) { w.string(a.Name); w.byte(byte(bin.CoreInstSort)); w.u32(a.Instance) })
}

func (w *writer) alias(a *bin.Alias) {
	w.sort(a.Sort, a.Core)
	w.byte(byte(a.Kind))
	if a.Kind == bin.AliasOuter {
		w.u32(a.Count)
		w.u32(a.Index)
		return
	}
	w.u32(a.Instance)
	w.string(a.Name)
}

func (w *writer) externType(t bin.ExternType) {
	w.byte(byte(t.Sort))
	switch t.Sort {
	case bin.SortCore:
		w.byte(byte(t.Core))
		w.u32(t.Index)
	case bin.SortType:
		w.flag(t.SubResource)
		if !t.SubResource {
			w.u32(t.Index)
		}
	case bin.SortValue:
		w.flag(!t.ValueEq)
		if t.ValueEq {
			w.u32(t.Index)
			return
		}
		w.valType(t.Value)
	default:
		w.u32(t.Index)
	}
}
