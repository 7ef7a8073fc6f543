package mutant

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	bin "github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/internal/oracle/encode"
)

// place is a part of a tree that can be changed.
type place struct {
	v     reflect.Value
	field string
}

// change makes one change to a component and says which.
func (c *Corpus) change(rng *rand.Rand, ast *bin.Component) string {
	byKind := map[string][]place{}
	var kinds []string
	walk(reflect.ValueOf(ast).Elem(), func(v reflect.Value, field string) {
		kind := kindOf(v, field)
		if kind == "" {
			return
		}
		if byKind[kind] == nil {
			kinds = append(kinds, kind)
		}
		byKind[kind] = append(byKind[kind], place{v, field})
	})
	if len(kinds) == 0 {
		return "nothing"
	}
	// By kind first, so that rare kinds of places are changed as well.
	places := byKind[kinds[rng.IntN(len(kinds))]]
	p := places[rng.IntN(len(places))]
	before := describe(p.v)
	c.set(rng, p)
	return fmt.Sprintf("%s %s: %s to %s", p.v.Type(), p.field, before, describe(p.v))
}

func describe(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Slice:
		return fmt.Sprintf("[%d]", v.Len())
	case reflect.Struct, reflect.Interface, reflect.Pointer:
		return "one"
	}
	return fmt.Sprintf("%.40v", v)
}

// kindOf says of which kind a place is, or nothing for those that stay.
func kindOf(v reflect.Value, field string) string {
	switch v.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		if v.Type() == reflect.TypeFor[bin.ValKind]() && field != "Prim" {
			return "" // what belongs to a type depends on its kind
		}
		return v.Type().String() + " " + field
	case reflect.String:
		return "string " + field
	case reflect.Slice:
		return v.Type().String()
	case reflect.Interface:
		return v.Type().String()
	case reflect.Struct:
		switch v.Interface().(type) {
		case bin.ValType, bin.ExternType, bin.CanonOpts, bin.CoreExternType, bin.SortIdx, bin.ValueType, bin.Name:
			return v.Type().String()
		}
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*bin.ExternType]() {
			return v.Type().String()
		}
	}
	return ""
}

var (
	coreValTypes = []byte{0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f}
	primitives   = []bin.ValKind{
		bin.Bool, bin.S8, bin.U8, bin.S16, bin.U16, bin.S32, bin.U32, bin.S64, bin.U64,
		bin.F32, bin.F64, bin.Char, bin.String, bin.ErrorContext,
	}
	sorts     = []bin.Sort{bin.SortCore, bin.SortFunc, bin.SortType, bin.SortComponent, bin.SortInstance, bin.SortValue}
	coreSorts = []bin.CoreSort{
		bin.CoreFunc, bin.CoreTable, bin.CoreMemory, bin.CoreGlobal, bin.CoreTag, bin.CoreTypeSort, bin.CoreModSort, bin.CoreInstSort,
	}
	lengths = []uint32{0, 1, 2, 3, 1 << 10, 1<<16 - 1, 1 << 16, 1 << 25, 1<<26 - 1, 1 << 26, 1<<28 - 1, 1 << 28, 1<<32 - 1}
	limits  = []uint64{0, 1, 2, 3, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1<<32 - 1}
)

func oneOf[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// set gives a place another value.
func (c *Corpus) set(rng *rand.Rand, p place) {
	v := p.v
	switch x := v.Interface().(type) {
	case bool:
		v.SetBool(!x)
	case bin.ValKind:
		if x == 0 {
			return // an index
		}
		v.Set(reflect.ValueOf(oneOf(rng, primitives)))
	case bin.Sort:
		v.Set(reflect.ValueOf(oneOf(rng, sorts)))
	case bin.CoreSort:
		v.Set(reflect.ValueOf(oneOf(rng, coreSorts)))
	case bin.AliasKind:
		v.SetUint(uint64(rng.IntN(3)))
	case bin.Encoding:
		v.SetUint(uint64(rng.IntN(3)))
	case bin.CanonOp:
		v.Set(reflect.ValueOf(bin.CanonOp(rng.IntN(0x2e))))
	case byte:
		v.SetUint(uint64(oneOf(rng, coreValTypes)))
	case uint32:
		v.SetUint(uint64(number(rng, p.field, x)))
	case uint64:
		v.SetUint(oneOf(rng, limits))
	case string:
		v.SetString(c.rename(rng, x))
	case []byte:
		c.setBytes(rng, p, x)
	case *bin.ExternType:
		if x != nil {
			v.SetZero()
		} else if donor, ok := c.donors.part(rng, v.Type().Elem()); ok {
			v.Set(reflect.New(v.Type().Elem()))
			v.Elem().Set(donor)
		}
	case bin.ValType:
		c.setValType(rng, v, x)
	default:
		if v.Kind() == reflect.Slice {
			c.setSlice(rng, v)
			return
		}
		if donor, ok := c.donors.part(rng, v.Type()); ok {
			v.Set(donor)
		}
	}
}

// number returns another index, count or length.
func number(rng *rand.Rand, field string, old uint32) uint32 {
	switch field {
	case "Len":
		return oneOf(rng, lengths)
	case "Count", "Slot":
		return uint32(rng.IntN(4))
	}
	switch rng.IntN(8) {
	case 0, 1:
		return old + 1
	case 2, 3:
		return max(old, 1) - 1
	case 4:
		return oneOf(rng, lengths)
	}
	return uint32(rng.IntN(int(min(old, 20) + 4)))
}

func (c *Corpus) setValType(rng *rand.Rand, v reflect.Value, old bin.ValType) {
	switch rng.IntN(4) {
	case 0:
		if !old.Present {
			v.Set(reflect.ValueOf(bin.ValType{Present: true, Prim: oneOf(rng, primitives)}))
			return
		}
		// Where a type has to stand, what has none is written as type 0.
		v.SetZero()
	case 1:
		v.Set(reflect.ValueOf(bin.ValType{Present: true, Prim: oneOf(rng, primitives)}))
	default:
		v.Set(reflect.ValueOf(bin.ValType{Present: true, Index: uint32(rng.IntN(8))}))
	}
}

// setSlice loses, doubles, moves, takes over or exchanges elements.
func (c *Corpus) setSlice(rng *rand.Rand, v reflect.Value) {
	n := v.Len()
	insert := func(at int, e reflect.Value) {
		out := reflect.MakeSlice(v.Type(), 0, n+1)
		out = reflect.Append(reflect.AppendSlice(out, v.Slice(0, at)), e)
		v.Set(reflect.AppendSlice(out, v.Slice(at, n)))
	}
	what := rng.IntN(6)
	if n == 0 {
		what = 5
	}
	switch what {
	case 0, 1:
		i := rng.IntN(n)
		v.Set(reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, n), v.Slice(0, i)), v.Slice(i+1, n)))
	case 2:
		insert(rng.IntN(n+1), clone(v.Index(rng.IntN(n))))
	case 3:
		i, j := rng.IntN(n), rng.IntN(n)
		x, y := clone(v.Index(i)), clone(v.Index(j))
		v.Index(i).Set(y)
		v.Index(j).Set(x)
	default:
		if e, ok := c.donors.part(rng, v.Type().Elem()); ok {
			insert(rng.IntN(n+1), e)
		}
	}
}

// setBytes changes a core module, or the types of a core function.
func (c *Corpus) setBytes(rng *rand.Rand, p place, old []byte) {
	if p.field != "Bytes" {
		n := rng.IntN(4)
		types := make([]byte, n)
		for i := range types {
			types[i] = oneOf(rng, coreValTypes)
		}
		p.v.SetBytes(types)
		return
	}
	secs, ok := encode.Sections(old)
	if !ok || len(secs) == 0 {
		return
	}
	// Code is not what this is about.
	i := rng.IntN(len(secs))
	switch {
	case rng.IntN(3) == 0:
		secs = append(secs[:i:i], secs[i+1:]...)
	case secs[i].ID >= 1 && secs[i].ID <= 7 && len(secs[i].Data) > 0:
		data := append([]byte(nil), secs[i].Data...)
		j := rng.IntN(len(data))
		if data[j] >= 'a' && data[j] <= 'z' {
			data[j] = byte('a' + rng.IntN(26))
		} else {
			data[j] = oneOf(rng, append([]byte{0, 1, 2, 3, 4, data[j] + 1}, coreValTypes...))
		}
		secs[i].Data = data
	}
	p.v.SetBytes(encode.WithSections(old[:8], secs))
}
