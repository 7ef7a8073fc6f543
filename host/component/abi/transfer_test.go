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

// To compile a type takes time in proportion to its parts, however deep they are.
func TestCompileDeep(t *testing.T) {
	u8 := &wit.Type{Kind: wit.U8}
	for range 20 {
		deep := &wit.Type{Kind: wit.Tuple}
		for range 60_000 {
			deep.Types = append(deep.Types, u8)
		}
		deep.Types = append(deep.Types, &wit.Type{Kind: wit.Bool})
		for range 97 {
			deep = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{deep, u8}}
		}
		var shapes abi.Shapes
		tr, err := shapes.Transfer([]*wit.Type{deep}, wit.MaxFlatParams)
		if err != nil || tr.Ops != 3 || tr.Size != deep.Size() {
			t.Fatalf("got %+v, %v, want a copy, a bool and a copy", tr, err)
		}
	}
}

// What is found out about a type agrees with what the type says.
func TestLayout(t *testing.T) {
	kinds := func(ks ...wit.Kind) []*wit.Type {
		var ts []*wit.Type
		for _, k := range ks {
			ts = append(ts, &wit.Type{Kind: k})
		}
		return ts
	}
	prims := kinds(wit.Bool, wit.U8, wit.S16, wit.U32, wit.S64, wit.F32, wit.F64, wit.Char, wit.String)
	all := append([]*wit.Type{
		{Kind: wit.Flags, Labels: make([]string, 9)},
		{Kind: wit.Enum, Labels: make([]string, 300)},
		{Kind: wit.Tuple, Types: prims},
		{Kind: wit.List, Elem: prims[4]},
		{Kind: wit.Result},
	}, prims...)
	for i := range 200 {
		a, b := all[i*7%len(all)], all[i*5%len(all)]
		var next *wit.Type
		switch i % 5 {
		case 0:
			next = &wit.Type{Kind: wit.Option, Elem: a}
		case 1:
			next = &wit.Type{Kind: wit.Result, Ok: a, Err: b}
		case 2:
			next = &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{a, b, prims[1]}}
		case 3:
			next = &wit.Type{Kind: wit.Variant, Fields: []wit.Field{{Name: "a", Type: a}, {Name: "b"}, {Name: "c", Type: b}}}
		case 4:
			next = &wit.Type{Kind: wit.FixedList, Elem: a, Len: uint32(i%3 + 1)}
		}
		all = append(all, next)
		var shapes abi.Shapes
		c := shapes.Codec([]*wit.Type{next}, 0)
		if c.Flat != next.FlatCount() || c.Size != next.Size() || c.Align != next.Align() {
			t.Fatalf("%s: got %d values, size %d, alignment %d, want %d, %d, %d",
				next.Signature(), c.Flat, c.Size, c.Align, next.FlatCount(), next.Size(), next.Align())
		}
	}
}
