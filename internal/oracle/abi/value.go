package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// plain appends a value as the Python side writes it.
func plain(b *strings.Builder, t *wit.Type, v wit.Value) {
	switch v := v.(type) {
	case float32:
		if v != v {
			b.WriteString(`"nan"`)
			return
		}
		fmt.Fprint(b, math.Float32bits(v))
	case float64:
		if v != v {
			b.WriteString(`"nan"`)
			return
		}
		fmt.Fprint(b, math.Float64bits(v))
	case string:
		b.WriteString(strconv.Quote(hex.EncodeToString([]byte(v))))
	case wit.CharValue:
		fmt.Fprint(b, uint32(v))
	case wit.FlagsValue:
		fmt.Fprint(b, uint32(v))
	case wit.HandleValue:
		rep, _ := v.Rep.(abi.Rep)
		fmt.Fprint(b, rep.Num)
	case wit.Bytes:
		list(b, len(v), func(i int) { fmt.Fprint(b, v[i]) })
	case wit.ListValue:
		e := t.Elem
		if t.Kind == wit.Map {
			e = t.Entry()
		}
		list(b, len(v), func(i int) { plain(b, e, v[i]) })
	case wit.TupleValue:
		list(b, len(v), func(i int) { plain(b, t.Types[i], v[i]) })
	case wit.RecordValue:
		list(b, len(v), func(i int) { plain(b, t.Fields[i].Type, v[i]) })
	case wit.EnumValue:
		fmt.Fprintf(b, "[%d,null]", uint32(v))
	case wit.VariantValue:
		choice(b, v.Case, t.Cases()[v.Case].Type, v.Value)
	case wit.OptionValue:
		choice(b, index(v.Some), t.Cases()[index(v.Some)].Type, v.Value)
	case wit.ResultValue:
		choice(b, index(v.Failed), t.Cases()[index(v.Failed)].Type, v.Value)
	default: // bool and integers
		fmt.Fprint(b, v)
	}
}

func index(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func list(b *strings.Builder, n int, f func(int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		f(i)
	}
	b.WriteByte(']')
}

func choice(b *strings.Builder, i uint32, t *wit.Type, v wit.Value) {
	fmt.Fprintf(b, "[%d,", i)
	if t == nil {
		b.WriteString("null]")
		return
	}
	plain(b, t, v)
	b.WriteByte(']')
}

// describe returns a type as a question has it.
func describe(t *wit.Type, resources []*wit.Resource) any {
	if t == nil {
		return nil
	}
	of := func(ts ...*wit.Type) []any {
		name := t.Kind.String()
		if t.Kind == wit.FixedList {
			name = "fixed"
		}
		out := []any{name}
		for _, x := range ts {
			out = append(out, describe(x, resources))
		}
		return out
	}
	switch t.Kind {
	case wit.List, wit.Option:
		return of(t.Elem)
	case wit.FixedList:
		return []any{"fixed", t.Len, describe(t.Elem, resources)}
	case wit.Map:
		return of(t.Elem, t.Value)
	case wit.Tuple:
		return of(t.Types...)
	case wit.Record, wit.Variant:
		var ts []*wit.Type
		for _, f := range t.Fields {
			ts = append(ts, f.Type)
		}
		return of(ts...)
	case wit.Result:
		return of(t.Ok, t.Err)
	case wit.Enum, wit.Flags:
		return append(of(), len(t.Labels))
	case wit.Own, wit.Borrow:
		if t.Resource == resources[0] {
			return append(of(), 0)
		}
		return append(of(), 1)
	}
	return of()
}
