package component

import (
	"strings"
	"testing"

	"github.com/wattle-dev/wattle/wit"
)

// Types that differ stay different, whatever their names are made of.
func TestInternNames(t *testing.T) {
	n := newInterner()
	all := []*wit.Type{nil}
	add := func(ty *wit.Type, parts ...*wit.Type) *wit.Type {
		t.Helper()
		got, err := n.intern(ty, parts...)
		if err != nil {
			t.Fatal(err)
		}
		if got == ty {
			all = append(all, got)
		}
		return got
	}
	last := add(&wit.Type{Kind: wit.U8})
	for len(all) < 90 { // option<option<… u8>>
		last = add(&wit.Type{Kind: wit.Option, Elem: last}, last)
	}
	last = add(&wit.Type{Kind: wit.U16})
	for len(all) < 170 {
		last = add(&wit.Type{Kind: wit.Option, Elem: last}, last)
	}
	last = add(&wit.Type{Kind: wit.U32})
	for len(all) < 200 {
		last = add(&wit.Type{Kind: wit.Option, Elem: last}, last)
	}
	// The letters a and b are the lengths of two names that follow, and the
	// length of all of it, 197, is the number of a type.
	x, y := strings.Repeat("x", 'a'), strings.Repeat("y", 'b')
	one := &wit.Type{Kind: wit.Record, Fields: []wit.Field{{Name: "a" + x + "b" + y, Type: all[1]}}}
	two := &wit.Type{Kind: wit.Record, Fields: []wit.Field{{Name: x, Type: all[1]}, {Name: y, Type: all[197]}}}
	if add(one, all[1]) == add(two, all[1], all[197]) {
		t.Error("a record of one field is the same as one of two")
	}
	again := &wit.Type{Kind: wit.Record, Fields: two.Fields}
	if add(again, all[1], all[197]) != two {
		t.Error("equal records are not the same")
	}
}
