package abi_test

import (
	"encoding/binary"
	"testing"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// memory is a memory that cannot be allocated from.
type memory []byte

func (m memory) Bytes() []byte                  { return m }
func (memory) Realloc(_, _, _, _ uint32) uint32 { panic("realloc is called") }

// The budget of a call bounds what its values occupy in the host, which may be
// far more than what they occupy in the guest.
func TestBudgetOfValues(t *testing.T) {
	u8 := &wit.Type{Kind: wit.U8}
	tuple := &wit.Type{Kind: wit.Tuple}
	for range 100 {
		tuple.Types = append(tuple.Types, u8)
	}
	option := u8
	for range 90 {
		option = &wit.Type{Kind: wit.Option, Elem: option}
	}
	for name, elem := range map[string]*wit.Type{
		"tuple": tuple, "fixed list": {Kind: wit.FixedList, Elem: u8, Len: 100}, "option": option,
	} {
		const n = 1000
		mem := make(memory, 8+n*elem.Size())
		for i := range mem {
			mem[i] = 1 // some(some(…))
		}
		binary.LittleEndian.PutUint32(mem, 8)
		binary.LittleEndian.PutUint32(mem[4:], n)
		var shapes abi.Shapes
		c := shapes.Codec([]*wit.Type{{Kind: wit.List, Elem: elem}}, wit.MaxFlatResults)
		lift := func(budget int64) (fault any) {
			defer func() { fault = recover() }()
			vs := c.Lift(&abi.Side{Memory: mem}, []uint64{0}, &abi.Budget{Left: budget})
			if len(vs) != 1 || len(vs[0].(wit.ListValue)) != n {
				t.Errorf("%s: got %v", name, vs)
			}
			return nil
		}
		if fault := lift(1 << 24); fault != nil {
			t.Errorf("%s: %v", name, fault)
		}
		if _, ok := lift(1 << 20).(*abi.Fault); !ok {
			t.Errorf("%s: values of more than 1.4 MB are lifted with a budget of 1 MiB", name)
		}
	}
}
