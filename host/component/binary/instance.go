package binary

// instance reads instance (Binary.md, "Instance Definitions").
func (d *decoder) instance() *Instance {
	in := &Instance{Offset: d.offset()}
	if d.flag("the form of an instance") {
		in.Inline = true
		in.Exports = vec(d, "inline exports", (*decoder).inlineExport)
		return in
	}
	in.Component = d.idx("a component")
	in.Args = vec(d, "instantiation arguments", (*decoder).arg)
	return in
}

func (d *decoder) arg() Arg {
	return Arg{
		Offset:  d.offset(),
		Name:    d.name("the name of an argument"),
		SortIdx: d.sortIdx(),
	}
}

func (d *decoder) inlineExport() InlineExport {
	return InlineExport{
		Offset:  d.offset(),
		Name:    d.externName(),
		SortIdx: d.sortIdx(),
	}
}

// coreInstance reads core:instance.
func (d *decoder) coreInstance() *CoreInstance {
	in := &CoreInstance{Offset: d.offset()}
	if d.flag("the form of a core instance") {
		in.Inline = true
		in.Exports = vec(d, "inline exports", (*decoder).coreInlineExport)
		return in
	}
	in.Module = d.idx("a core module")
	in.Args = vec(d, "instantiation arguments", (*decoder).coreArg)
	return in
}

func (d *decoder) coreArg() CoreArg {
	arg := CoreArg{Offset: d.offset(), Name: d.name("the name of an argument")}
	d.oneOf("the sort of an argument", byte(CoreInstSort))
	arg.Instance = d.idx("a core instance")
	return arg
}

func (d *decoder) coreInlineExport() CoreInlineExport {
	return CoreInlineExport{
		Offset: d.offset(),
		Name:   d.name("the name of an export"),
		Sort:   d.coreSort(),
		Index:  d.idx("an export"),
	}
}
