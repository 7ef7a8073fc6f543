package binary

// alias reads alias (Binary.md, "Alias Definitions").
func (d *decoder) alias() *Alias {
	a := &Alias{Offset: d.offset()}
	a.Sort, a.Core = d.sort()
	a.Kind = AliasKind(d.oneOf("the target of an alias", byte(AliasExport), byte(AliasCoreExport), byte(AliasOuter)))
	if d.err == nil && !aliasable(a) {
		d.fail(CodeAliasSort, a.Offset, "%s alias cannot have sort %q", a.Kind, SortName(a.Sort, a.Core))
		return nil
	}
	switch a.Kind {
	case AliasExport:
		a.Instance = d.idx("an instance")
		a.Name = d.name("the name of an export")
	case AliasCoreExport:
		a.Instance = d.idx("a core instance")
		a.Name = d.name("the name of an export")
	case AliasOuter:
		a.Count = d.u32("the number of scopes")
		a.Index = d.idx("a definition")
	}
	return a
}

// aliasable says whether an alias of its kind can have its sort. A component
// instance exports no core definitions but modules, a core instance exports
// nothing else, and the sorts of outer aliases are outeraliassort.
func aliasable(a *Alias) bool {
	switch a.Kind {
	case AliasExport:
		return a.Sort != SortCore || a.Core == CoreModSort
	case AliasCoreExport:
		return a.Sort == SortCore
	default:
		switch a.Sort {
		case SortCore:
			return a.Core == CoreModSort || a.Core == CoreTypeSort
		case SortType, SortComponent:
			return true
		}
		return false
	}
}

// coreAlias reads core:alias, the alias declarator of a module type.
func (d *decoder) coreAlias() *Alias {
	a := &Alias{Offset: d.offset(), Sort: SortCore, Kind: AliasOuter}
	a.Core = CoreSort(d.oneOf("the sort of a core alias", byte(CoreTypeSort)))
	d.oneOf("the target of a core alias", 0x01)
	a.Count = d.u32("the number of scopes")
	a.Index = d.idx("a core type")
	return a
}

// String returns the kind as the text format writes it.
func (k AliasKind) String() string {
	switch k {
	case AliasExport:
		return "export"
	case AliasCoreExport:
		return "core export"
	case AliasOuter:
		return "outer"
	}
	return "unknown"
}
