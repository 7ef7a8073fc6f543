package abi_test

import (
	"encoding/binary"
	"errors"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wittest"
)

// theResource is what all handles of these tests are handles of.
var theResource = &wit.Resource{Name: "r"}

// source makes types and values of bytes.
func source(b []byte) *wittest.Source {
	return &wittest.Source{Left: b, Resource: theResource, Rep: func(n byte) any { return abi.Rep{Num: uint32(n) + firstRep} }}
}

// errGuest is what the realloc of these tests panics with when the guest traps.
var errGuest = errors.New("unreachable")

// guest is a memory whose realloc misbehaves as its source decides; without one
// it is honest.
type guest struct {
	buf     []byte
	most    int // bytes
	next    uint32
	bad     *wittest.Source
	last    uint32
	largest uint32 // of what realloc was asked for
	stale   []byte // the memory before it grew
}

func (g *guest) Bytes() []byte { return g.buf }

// grow makes the memory larger, elsewhere: who still uses what was there before
// reads and writes what is not the guest's.
func (g *guest) grow(to int) {
	if to > g.most {
		panic(errGuest)
	}
	if to <= len(g.buf) {
		return
	}
	g.stale = g.buf
	g.buf = append(make([]byte, 0, to), g.buf...)[:to]
	for i := range g.stale {
		g.stale[i] = poison
	}
}

const poison = 0xaa

func (g *guest) Realloc(old, oldSize, align, size uint32) uint32 {
	g.largest = max(g.largest, size)
	if g.bad != nil {
		switch g.bad.Below(12) {
		case 1:
			return g.last + 1 // not aligned, as a rule
		case 2:
			return uint32(len(g.buf)) &^ 7
		case 3:
			return g.last // the same block again
		case 4:
			g.grow(2*len(g.buf) + 8)
		case 5:
			panic(errGuest)
		case 6:
			return 0
		case 7:
			return (uint32(len(g.buf)) - size) &^ 7
		case 8:
			return uint32(g.bad.Bits(4))
		case 9:
			return -align
		case 10:
			clear(g.buf) // everything is changed meanwhile
		case 11:
			return old
		}
	}
	p := (g.next + align - 1) &^ (align - 1)
	g.grow(int(p) + int(size))
	g.next, g.last = p+size, p
	copy(g.buf[p:], g.buf[old:old+min(oldSize, size)])
	return p
}

// handles is a table that holds the handles 1 to 1000 and is never changed.
type handles struct{}

const firstRep = 1001

func (handles) lift(res *wit.Resource, h uint32) abi.Rep {
	if res != theResource || h == 0 || h > 1000 {
		panic(&abi.Fault{Msg: "no such handle"})
	}
	return abi.Rep{Num: h - 1 + firstRep}
}

func (t handles) LiftOwn(res *wit.Resource, h uint32) abi.Rep    { return t.lift(res, h) }
func (t handles) LiftBorrow(res *wit.Resource, h uint32) abi.Rep { return t.lift(res, h) }

func (handles) LowerOwn(_ *wit.Resource, rep abi.Rep) uint32    { return rep.Num - firstRep + 1 }
func (handles) LowerBorrow(_ *wit.Resource, rep abi.Rep) uint32 { return rep.Num - firstRep + 1 }

// side returns a side with a memory that starts with content.
func side(content []byte, enc abi.Encoding, bad *wittest.Source) (*abi.Side, *guest) {
	g := &guest{buf: append([]byte{}, content...), next: uint32(len(content)), most: 16 << 20, bad: bad}
	return &abi.Side{Memory: g, Handles: handles{}, Encoding: enc}, g
}

// try runs f and returns what it panicked with, if that is a guest's fault.
func try(f func()) (fault error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *abi.Fault:
			fault = r
		case error:
			if !errors.Is(r, errGuest) {
				panic(r)
			}
			fault = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// words are eight bytes each of what a fuzzer has chosen, seventeen of them.
func words(chosen []byte) []uint64 {
	flat := make([]uint64, wit.MaxFlatParams+1)
	for i := range flat {
		var b [8]byte
		chosen = chosen[copy(b[:], chosen):]
		flat[i] = binary.LittleEndian.Uint64(b[:])
	}
	return flat
}
