package main

import (
	"encoding/binary"
	"math"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// What the Python side does as well: see canonical_abi.py.
const (
	fill     = 0xa5
	nonsense = 0xfffffff1
	nan32    = 0x7fd5a5a5
	nan64    = 0x7ffd5a5a5a5a5a5a
)

// handle is an entry of a handle table.
type handle struct {
	res   *wit.Resource
	rep   uint32
	own   bool
	lends int
}

// side is a memory with an allocator that takes the next free bytes, and a
// handle table.
type side struct {
	bytes   []byte
	top     uint32
	calls   [][4]uint32
	odd     int
	handles []*handle // of index 1 and up
}

func newSide(size, odd int) *side {
	s := &side{bytes: make([]byte, size), odd: odd}
	for i := range s.bytes {
		s.bytes[i] = fill
	}
	return s
}

func (s *side) side(e abi.Encoding) *abi.Side {
	return &abi.Side{Memory: s, Handles: s, Encoding: e}
}

func trap(msg string) { panic(&abi.Fault{Msg: msg}) }

func (s *side) Bytes() []byte { return s.bytes }

func (s *side) Realloc(old, oldSize, align, size uint32) uint32 {
	s.calls = append(s.calls, [4]uint32{old, oldSize, align, size})
	if len(s.calls) == s.odd {
		return nonsense
	}
	inPlace := oldSize > 0 && old+oldSize == s.top && old%align == 0
	at := (s.top + align - 1) / align * align
	if inPlace {
		at = old
	}
	if uint64(at)+uint64(size) > uint64(len(s.bytes)) {
		trap("no room")
	}
	s.top = at + size
	if !inPlace {
		copy(s.bytes[at:], s.bytes[old:old+min(oldSize, size)])
	}
	return at
}

func (s *side) get(res *wit.Resource, i uint32) *handle {
	if i == 0 || int64(i) > int64(len(s.handles)) || s.handles[i-1] == nil || s.handles[i-1].res != res {
		trap("no such handle")
	}
	return s.handles[i-1]
}

func (s *side) LiftOwn(res *wit.Resource, i uint32) abi.Rep {
	h := s.get(res, i)
	if !h.own || h.lends > 0 {
		trap("the handle is not owned, or lent")
	}
	s.handles[i-1] = nil
	return abi.Rep{Num: h.rep}
}

func (s *side) LiftBorrow(res *wit.Resource, i uint32) abi.Rep {
	h := s.get(res, i)
	h.lends++
	return abi.Rep{Num: h.rep}
}

func (s *side) LowerOwn(res *wit.Resource, rep abi.Rep) uint32 { return s.add(res, rep, true) }

func (s *side) LowerBorrow(res *wit.Resource, rep abi.Rep) uint32 { return s.add(res, rep, false) }

func (s *side) add(res *wit.Resource, rep abi.Rep, own bool) uint32 {
	s.handles = append(s.handles, &handle{res: res, rep: rep.Num, own: own})
	return uint32(len(s.handles))
}

// sameMemory reports whether two memories are equal, but for NaNs.
func sameMemory(got, want []byte) bool {
	if len(got) != len(want) {
		return false
	}
	le := binary.LittleEndian
	for i := 0; i < len(got); {
		switch {
		case i%8 == 0 && i+8 <= len(got) && le.Uint64(want[i:]) == nan64 && isNaN64(le.Uint64(got[i:])):
			i += 8
		case i%4 == 0 && i+4 <= len(got) && le.Uint32(want[i:]) == nan32 && isNaN32(le.Uint32(got[i:])):
			i += 4
		case got[i] != want[i]:
			return false
		default:
			i++
		}
	}
	return true
}

func isNaN32(b uint32) bool { f := math.Float32frombits(b); return f != f }
func isNaN64(b uint64) bool { f := math.Float64frombits(b); return f != f }

// sameFlat is sameMemory for core values.
func sameFlat(got, want []uint64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		switch {
		case got[i] == want[i]:
		case want[i] == nan32 && got[i]>>32 == 0 && isNaN32(uint32(got[i])):
		case want[i] == nan64 && isNaN64(got[i]):
		default:
			return false
		}
	}
	return true
}
