package abi_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// A type that shares its parts is small, and what it is compiled to is not.
func TestCompileTooLarge(t *testing.T) {
	var shapes abi.Shapes
	u8 := &wit.Type{Kind: wit.U8}
	repeat := func(n int, t *wit.Type) *wit.Type {
		tuple := &wit.Type{Kind: wit.Tuple}
		for range n {
			tuple.Types = append(tuple.Types, t)
		}
		return tuple
	}
	cases := &wit.Type{Kind: wit.Variant}
	enum := &wit.Type{Kind: wit.Enum}
	for i := range 60_000 {
		cases.Fields = append(cases.Fields, wit.Field{Name: fmt.Sprint("c", i)})
		enum.Labels = append(enum.Labels, fmt.Sprint("c", i))
	}
	str := &wit.Type{Kind: wit.String}
	for name, ty := range map[string]*wit.Type{
		"strings":       repeat(400, repeat(400, str)),
		"padding":       repeat(400, repeat(400, &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{u8, {Kind: wit.U32}}})),
		"cases":         repeat(1000, cases),
		"cases in list": {Kind: wit.List, Elem: repeat(1000, enum)},
		"fixed list":    {Kind: wit.FixedList, Elem: str, Len: 100_000},
	} {
		if _, err := shapes.Transfer([]*wit.Type{ty}, wit.MaxFlatParams); !errors.Is(err, abi.ErrTooLarge) {
			t.Errorf("%s: got %v, want %v", name, err, abi.ErrTooLarge)
		}
	}
	tr, err := shapes.Transfer([]*wit.Type{repeat(200, repeat(200, u8))}, wit.MaxFlatParams)
	if err != nil || !tr.Spilled || tr.Ops != 1 || tr.Size != 40_000 {
		t.Errorf("40000 bytes: %+v, %v; want them copied by one operation", tr, err)
	}
}
