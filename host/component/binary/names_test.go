package binary_test

import (
	"testing"

	"github.com/wattle-dev/wattle/host/component/binary"
)

func TestSortName(t *testing.T) {
	tests := map[string]struct {
		sort binary.Sort
		core binary.CoreSort
	}{
		"func":                 {sort: binary.SortFunc},
		"value":                {sort: binary.SortValue},
		"type":                 {sort: binary.SortType},
		"component":            {sort: binary.SortComponent},
		"instance":             {sort: binary.SortInstance},
		"core func":            {core: binary.CoreFunc},
		"core table":           {core: binary.CoreTable},
		"core memory":          {core: binary.CoreMemory},
		"core global":          {core: binary.CoreGlobal},
		"core tag":             {core: binary.CoreTag},
		"core type":            {core: binary.CoreTypeSort},
		"core module":          {core: binary.CoreModSort},
		"core instance":        {core: binary.CoreInstSort},
		"sort(0x09)":           {sort: 9},
		"core core-sort(0x09)": {core: 9},
	}
	for want, test := range tests {
		if got := binary.SortName(test.sort, test.core); got != want {
			t.Errorf("SortName(%d, %d) = %q, want %q", test.sort, test.core, got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	tests := map[string]interface{ String() string }{
		"utf8": binary.UTF8, "utf16": binary.UTF16, "latin1+utf16": binary.Latin1UTF16, "encoding(0x07)": binary.Encoding(7),
		"export": binary.AliasExport, "core export": binary.AliasCoreExport, "outer": binary.AliasOuter, "unknown": binary.AliasKind(9),
		"record": binary.Record, "list": binary.FixedList, "map": binary.Map, "valtype(0x01)": binary.ValKind(1),
		"canon(0xff)": binary.CanonOp(0xff), "core": binary.SortCore,
	}
	for want, v := range tests {
		if got := v.String(); got != want {
			t.Errorf("%T.String() = %q, want %q", v, got, want)
		}
	}
}

func TestSniff(t *testing.T) {
	tests := map[string]binary.Layer{
		"":                                binary.LayerUnknown,
		"\x00asm\x01\x00\x00":             binary.LayerUnknown,
		"\x7fELF\x01\x00\x00\x00":         binary.LayerUnknown,
		"\x00asm\x0d\x00\x02\x00":         binary.LayerUnknown,
		"\x00asm\x01\x00\x00\x00":         binary.LayerModule,
		"\x00asm\x02\x00\x00\x00more":     binary.LayerModule,
		"\x00asm\x0d\x00\x01\x00":         binary.LayerComponent,
		"\x00asm\x0a\x00\x01\x00\xff\xff": binary.LayerComponent,
	}
	for head, want := range tests {
		if got := binary.Sniff([]byte(head)); got != want {
			t.Errorf("Sniff(%q) = %s, want %s", head, got, want)
		}
	}
	names := map[binary.Layer]string{
		binary.LayerModule: "core module", binary.LayerComponent: "component", binary.LayerUnknown: "unknown",
	}
	for l, want := range names {
		if got := l.String(); got != want {
			t.Errorf("Layer(%d).String() = %q, want %q", l, got, want)
		}
	}
}
