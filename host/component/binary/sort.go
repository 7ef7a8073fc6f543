package binary

import "fmt"

// sort reads sort, and the core sort that belongs to it.
func (d *decoder) sort() (Sort, CoreSort) {
	off := d.pos
	s := Sort(d.byte("a sort"))
	switch {
	case d.err != nil:
		return 0, 0
	case s == SortCore:
		return s, d.coreSort()
	case s > SortInstance:
		d.fail(CodeUnknownSort, off, "sort %#02x is not known", uint8(s))
		return 0, 0
	}
	return s, 0
}

func (d *decoder) coreSort() CoreSort {
	off := d.pos
	s := CoreSort(d.byte("a core sort"))
	if s > CoreTag && (s < CoreTypeSort || s > CoreInstSort) {
		d.fail(CodeUnknownSort, off, "core sort %#02x is not known", uint8(s))
		return 0
	}
	return s
}

func (d *decoder) sortIdx() SortIdx {
	s, cs := d.sort()
	return SortIdx{Sort: s, Core: cs, Index: d.idx("a definition")}
}

// String returns the sort as the text format writes it.
func (s Sort) String() string {
	switch s {
	case SortCore:
		return "core"
	case SortFunc:
		return "func"
	case SortValue:
		return "value"
	case SortType:
		return "type"
	case SortComponent:
		return "component"
	case SortInstance:
		return "instance"
	}
	return fmt.Sprintf("sort(%#02x)", uint8(s))
}

// String returns the core sort as the text format writes it, without "core".
func (s CoreSort) String() string {
	switch s {
	case CoreFunc:
		return "func"
	case CoreTable:
		return "table"
	case CoreMemory:
		return "memory"
	case CoreGlobal:
		return "global"
	case CoreTag:
		return "tag"
	case CoreTypeSort:
		return "type"
	case CoreModSort:
		return "module"
	case CoreInstSort:
		return "instance"
	}
	return fmt.Sprintf("core-sort(%#02x)", uint8(s))
}

// SortName returns a sort as the text format writes it, core sorts with
// "core" before them.
func SortName(s Sort, core CoreSort) string {
	if s == SortCore {
		return "core " + core.String()
	}
	return s.String()
}
