package binary

// The flags of core:limits (core specification, "Limits", with the proposals
// for threads, 64-bit memories and custom page sizes).
const (
	limitsMax      = 1 << 0
	limitsShared   = 1 << 1
	limits64       = 1 << 2
	limitsPageSize = 1 << 3
)

// The base-two logarithms of the sizes that a page can have.
const (
	pageSizeLog1     = 0
	pageSizeLogUsual = 16
)

// coreExternType reads core:externtype.
func (d *decoder) coreExternType() CoreExternType {
	off := d.pos
	t := CoreExternType{Sort: CoreSort(d.byte("a core extern type"))}
	switch t.Sort {
	case CoreFunc:
		t.Type = d.idx("a core type")
	case CoreTable:
		t.Elem = d.coreRefType()
		t.Limits = d.coreLimits(limitsMax | limitsShared | limits64)
	case CoreMemory:
		t.Limits = d.coreLimits(limitsMax | limitsShared | limits64 | limitsPageSize)
	case CoreGlobal:
		t.ValType = d.coreValType()
		t.Mutable = d.flag("the mutability of a global")
	case CoreTag:
		d.oneOf("the attribute of a tag", 0x00)
		t.Type = d.idx("a core type")
	default:
		d.fail(CodeUnknownSort, off, "core extern type %#02x is not known", uint8(t.Sort))
	}
	return t
}

// coreLimits reads core:limits with the flags allowed.
func (d *decoder) coreLimits(allowed byte) CoreLimits {
	off := d.pos
	flags := d.byte("the flags of limits")
	if flags&^allowed != 0 {
		d.fail(CodeUnexpectedByte, off, "the flags %#02x of limits are not known", flags)
		return CoreLimits{}
	}
	l := CoreLimits{
		HasMax: flags&limitsMax != 0,
		Shared: flags&limitsShared != 0,
		Is64:   flags&limits64 != 0,
	}
	read := func(what string) uint64 { return uint64(d.u32(what)) }
	if l.Is64 {
		read = d.u64
	}
	l.Min = read("the minimum of limits")
	if l.HasMax {
		l.Max = read("the maximum of limits")
	}
	if flags&limitsPageSize != 0 {
		l.PageSize1 = d.oneOf("the page size", pageSizeLog1, pageSizeLogUsual) == pageSizeLog1
	}
	return l
}
