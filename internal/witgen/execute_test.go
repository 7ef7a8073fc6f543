package main

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/witgen/testdata/component"
	"github.com/wattle-dev/wattle/internal/witgen/testdata/other"
	"github.com/wattle-dev/wattle/internal/witgen/testdata/shapes"
)

// kinds implements shapes.Kinds. It keeps what it was called with, and returns
// what the test has set.
type kinds struct {
	got []any
	ret any
	err error
}

func (k *kinds) call(args ...any) { k.got = args }

// result returns what the test has set as a T.
func result[T any](k *kinds) (v T, err error) {
	if k.ret != nil {
		v = k.ret.(T)
	}
	return v, k.err
}

func (k *kinds) NewThing(_ *component.Call, name string) (*shapes.Thing, error) {
	return &shapes.Thing{Name: name}, nil
}

func (k *kinds) ThingMerge(_ *component.Call, a, b *shapes.Thing) (*shapes.Thing, error) {
	k.call(a, b)
	return result[*shapes.Thing](k)
}

func (k *kinds) Scalars(_ *component.Call, a uint8, b int8, cArg uint16, d int16, eArg uint32, f int32, g uint64, h int64, i float32, j float64, r rune, l bool) (float64, error) {
	k.call(a, b, cArg, d, eArg, f, g, h, i, j, r, l)
	return result[float64](k)
}

func (k *kinds) Spilled(_ *component.Call, a, b string, cArg uint8, d float64, eArg shapes.Joined, f []uint16, g component.Tuple5[uint8, uint32, uint8, uint8, uint8], h shapes.F3) (string, error) {
	k.call(a, b, cArg, d, eArg, f, g, h)
	return result[string](k)
}

func (k *kinds) Folk(_ *component.Call, in shapes.People) (shapes.People, error) {
	k.call(in)
	return result[shapes.People](k)
}

func (k *kinds) Join(_ *component.Call, v shapes.AlsoJoined) (shapes.Joined, error) {
	k.call(v)
	return result[shapes.Joined](k)
}

func (k *kinds) JoinNarrow(_ *component.Call, v shapes.Narrow) (shapes.Narrow, error) {
	k.call(v)
	return result[shapes.Narrow](k)
}

func (k *kinds) Options(_ *component.Call, v component.Option[component.Option[uint8]], o component.Option[shapes.Person]) (component.Option[component.Option[string]], error) {
	k.call(v, o)
	return result[component.Option[component.Option[string]]](k)
}

func (k *kinds) Results(_ *component.Call, r component.Result[component.Result[uint8, string], float32]) (component.Result[uint8, string], error) {
	k.call(r)
	return result[component.Result[uint8, string]](k)
}

func (k *kinds) Bits(_ *component.Call, a shapes.F3, b shapes.F9, cArg shapes.F17, d shapes.F32x) (component.Tuple4[shapes.F3, shapes.F9, shapes.F17, shapes.F32x], error) {
	k.call(a, b, cArg, d)
	return result[component.Tuple4[shapes.F3, shapes.F9, shapes.F17, shapes.F32x]](k)
}

func (k *kinds) OneBit(_ *component.Call, a []shapes.F9) (shapes.F9, error) {
	k.call(a)
	return result[shapes.F9](k)
}

func (k *kinds) Pick(_ *component.Call, c shapes.Code) (shapes.Code, error) {
	k.call(c)
	return result[shapes.Code](k)
}

func (k *kinds) Pass(_ *component.Call, fail bool) error {
	k.call(fail)
	return k.err
}

func (k *kinds) Count(_ *component.Call, fail bool) (uint8, error) {
	k.call(fail)
	return result[uint8](k)
}

func (k *kinds) Complain(_ *component.Call, fail bool) error {
	k.call(fail)
	return k.err
}

func (k *kinds) Things(_ *component.Call, given, lent []*shapes.Thing) ([]component.Tuple2[*shapes.Thing, uint8], error) {
	k.call(given, lent)
	return result[[]component.Tuple2[*shapes.Thing, uint8]](k)
}

func (k *kinds) Foreign(_ *component.Call, p []other.Point, t *other.Thing, m other.Mark) (other.Point, error) {
	k.call(p, t, m)
	return result[other.Point](k)
}

func (k *kinds) Bytes(_ *component.Call, b []byte, bs [][]byte) ([]byte, error) {
	k.call(b, bs)
	return result[[]byte](k)
}

func (k *kinds) Fixed(_ *component.Call, a [3]uint16, b [][2]int8) ([2]uint32, error) {
	k.call(a, b)
	return result[[2]uint32](k)
}

func (k *kinds) Character(_ *component.Call, c []rune) (rune, error) {
	k.call(c)
	return result[rune](k)
}

func (k *kinds) Truth(_ *component.Call, b []bool) (bool, error) {
	k.call(b)
	return result[bool](k)
}

func (k *kinds) Negative(_ *component.Call, v []int16) (int8, error) {
	k.call(v)
	return result[int8](k)
}

// bench is an implementation, a memory, and the functions to call.
type bench struct {
	*testing.T
	*kinds
	c     *component.Call
	funcs map[string]component.HostFunc
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, kinds: &kinds{}, c: component.NewCall(4096), funcs: map[string]component.HostFunc{}}
	var l component.Linker
	if err := shapes.DefineKinds(&l, func(*component.Call) shapes.Kinds { return b.kinds }); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.Interfaces[0].Funcs {
		b.funcs[f.Name] = f
	}
	return b
}

// run calls a function with slots, to which it adds a slot for the result, and
// returns that.
func (b *bench) run(name string, stack ...uint64) uint64 {
	b.Helper()
	f, ok := b.funcs[name]
	if !ok {
		b.Fatalf("no function %q", name)
	}
	stack = append(stack, 0)
	f.Call(b.c, stack)
	return stack[0]
}

// trap calls a function that must trap with a message.
func (b *bench) trap(want, name string, stack ...uint64) {
	b.Helper()
	defer func() {
		b.Helper()
		trap, ok := recover().(component.Trap)
		if !ok || !strings.Contains(trap.Err.Error(), want) {
			b.Errorf("%s(%v) trapped with %v, want %q", name, stack, trap.Err, want)
		}
	}()
	b.run(name, stack...)
}

// args checks what the implementation was called with.
func (b *bench) args(want ...any) {
	b.Helper()
	if diff := cmp.Diff(want, b.got); diff != "" {
		b.Errorf("arguments (-want +got):\n%s", diff)
	}
}

// put writes values to memory at ptr: integers of their size, strings as bytes.
func (b *bench) put(ptr uint32, values ...any) {
	b.Helper()
	var buf []byte
	var err error
	for _, v := range values {
		if s, ok := v.(string); ok {
			v = []byte(s)
		}
		if buf, err = binary.Append(buf, binary.LittleEndian, v); err != nil {
			b.Fatal(err)
		}
	}
	copy(b.c.Memory[ptr:], buf)
}

// memory checks n bytes at ptr, where -1 stands for any byte, padding.
func (b *bench) memory(ptr uint32, want ...int) {
	b.Helper()
	for i, w := range want {
		if got := b.c.Memory[int(ptr)+i]; w >= 0 && got != byte(w) {
			b.Errorf("memory at %d = %v, want %v", ptr, b.c.Memory[ptr:int(ptr)+len(want)], want)
			return
		}
	}
}

// text returns the string whose pointer and length are at ptr.
func (b *bench) text(ptr uint32) string { return b.c.String(b.c.U32(ptr), b.c.U32(ptr+4)) }

const ret = 1024 // where results go

func TestScalars(t *testing.T) {
	b := newBench(t)
	b.ret = 1.5
	// The bits above those of a type are not part of it.
	got := b.run("scalars", 0x1ff, 0xffff_ff80, 0x1_ffff, 0xffff_8000, 0xffff_ffff, 0xffff_fffe, math.MaxUint64, math.MaxUint64,
		uint64(math.Float32bits(2.5)), math.Float64bits(-3.5), 0x1F600, 2)
	b.args(uint8(0xff), int8(-128), uint16(0xffff), int16(-32768), uint32(math.MaxUint32), int32(-2), uint64(math.MaxUint64), int64(-1),
		float32(2.5), -3.5, '😀', true)
	if got != math.Float64bits(1.5) {
		t.Errorf("result = %#x", got)
	}
	b.trap("not a char", "scalars", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xd800, 0)

	// A NaN arrives as the canonical one, in both sizes.
	b.run("scalars", 0, 0, 0, 0, 0, 0, 0, 0, 0xffc0_0001, 0x7ff0_0000_0000_0001, 'a', 0)
	f32, f64 := math.Float32bits(b.got[8].(float32)), math.Float64bits(b.got[9].(float64))
	if f32 != 0x7fc0_0000 || f64 != 0x7ff8_0000_0000_0000 {
		t.Errorf("NaNs arrive as %#x and %#x", f32, f64)
	}
}

// More than 16 core values of parameters are passed as a tuple in memory.
func TestSpilled(t *testing.T) {
	b := newBench(t)
	b.ret = "out"
	const args = 64
	b.put(2000, "hello", "world")
	b.put(2012, uint16(7), uint16(8))
	b.put(args,
		uint32(2000), uint32(5), // a
		uint32(2005), uint32(5), // b
		uint8(9), [7]byte{}, // c
		2.5,                 // d at 24
		uint8(5), [7]byte{}, // e: disc at 32, payload at 40
		float32(1.5), [4]byte{}, uint64(6), // tuple<f32, u64>
		uint32(2012), uint32(2), // f at 56
		uint8(1), [3]byte{}, uint32(2), uint8(3), uint8(4), uint8(5), [1]byte{}, // g at 64
		uint8(0xff), // h at 76
	)
	b.run("spilled", args, ret)
	b.args("hello", "world", uint8(9), 2.5,
		shapes.Joined{Tag: shapes.JoinedE, E: component.Tuple2[float32, uint64]{V0: 1.5, V1: 6}},
		[]uint16{7, 8}, component.Tuple5[uint8, uint32, uint8, uint8, uint8]{V0: 1, V1: 2, V2: 3, V3: 4, V4: 5}, shapes.F3(7))
	if got := b.text(ret); got != "out" {
		t.Errorf("result = %q", got)
	}
	b.trap("not aligned to 8", "spilled", args+4, ret)
	b.trap("out of bounds", "spilled", 4096-16, ret)
	b.trap("not aligned to 4", "spilled", args, ret+1)
}

func TestRecordsInLists(t *testing.T) {
	b := newBench(t)
	// record person: name at 0, age at 8, tags at 12, score at 24; 40 bytes.
	b.put(2000, "AnnBobxy")
	b.put(2016, uint32(2006), uint32(1), uint32(2007), uint32(1))
	b.put(64,
		uint32(2000), uint32(3), uint8(30), [3]byte{}, uint32(2016), uint32(2), [4]byte{}, uint8(1), [7]byte{}, uint64(99),
		uint32(2003), uint32(3), uint8(40), [3]byte{}, uint32(2016), uint32(0), [4]byte{}, uint8(0), [7]byte{}, uint64(99),
	)
	people := shapes.People{
		{Name: "Ann", Age: 30, Tags: []string{"x", "y"}, Score: component.Option[uint64]{Some: true, Value: 99}},
		{Name: "Bob", Age: 40, Tags: []string{}},
	}
	b.ret = people
	b.run("folk", 64, 2, ret)
	b.args(people)
	list, n := b.c.U32(ret), b.c.U32(ret+4)
	if n != 2 || list%8 != 0 {
		t.Fatalf("list of %d at %d", n, list)
	}
	if name, tag := b.text(list), b.text(b.c.U32(list+12)+8); name != "Ann" || tag != "y" {
		t.Errorf("first person %q, second tag %q", name, tag)
	}
	b.memory(list+8, 30, -1, -1, -1)
	b.memory(list+24, 1, -1, -1, -1, -1, -1, -1, -1, 99, 0, 0, 0, 0, 0, 0, 0)
	b.memory(list+40+8, 40)
	b.memory(list+40+16, 0, 0, 0, 0)
	b.memory(list+40+24, 0)
	b.trap("not aligned to 8", "folk", 4, 2, ret)
	b.trap("out of bounds", "folk", 64, 101, ret)
	b.trap("too long", "folk", 64, math.MaxUint32, ret)
}

// The cases of joined share slots of types i64, i64: i32, f32, i64 and f64 in
// the first, i64 and i32 in the second.
func TestJoin(t *testing.T) {
	tests := []struct {
		stack  []uint64
		want   shapes.Joined
		memory []int // from the discriminant on
	}{
		{[]uint64{0, 1, 2}, shapes.Joined{Tag: shapes.JoinedNone}, []int{0}},
		{[]uint64{1, 0xffff_ffff_0000_0007, 2}, shapes.Joined{Tag: shapes.JoinedA, A: 7}, []int{1, -1, -1, -1, -1, -1, -1, -1, 7, 0, 0, 0}},
		{[]uint64{2, uint64(math.Float32bits(1.5)), 2}, shapes.Joined{Tag: shapes.JoinedB, B: 1.5}, []int{2, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0xc0, 0x3f}},
		{[]uint64{3, 1 << 63, 2}, shapes.Joined{Tag: shapes.JoinedC, C: 1 << 63}, []int{3, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0x80}},
		{[]uint64{4, math.Float64bits(1.5), 2}, shapes.Joined{Tag: shapes.JoinedD, D: 1.5}, []int{4, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
		{
			[]uint64{5, uint64(math.Float32bits(1.5)), 9},
			shapes.Joined{Tag: shapes.JoinedE, E: component.Tuple2[float32, uint64]{V0: 1.5, V1: 9}},
			[]int{5, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0xc0, 0x3f, -1, -1, -1, -1, 9, 0, 0, 0, 0, 0, 0, 0},
		},
		{[]uint64{6, 2000, 3}, shapes.Joined{Tag: shapes.JoinedText, Text: "abc"}, []int{6, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 3, 0, 0, 0}},
	}
	for _, test := range tests {
		b := newBench(t)
		b.put(2000, "abc")
		b.ret = test.want
		b.run("join", append(test.stack, ret)...)
		b.args(test.want)
		b.memory(ret, test.memory...)
	}
	b := newBench(t)
	b.trap("discriminant 7 of joined", "join", 7, 0, 0, ret)
	b.trap("discriminant 4294967295 of joined", "join", math.MaxUint32, 0, 0, ret)

	// i32 and f32 join to i32; the names of the cases collide with Go's.
	b.ret = shapes.Narrow{Tag: shapes.NarrowErrorCase, ErrorCase: 2.5}
	b.run("join-narrow", 1, uint64(math.Float32bits(2.5)), ret)
	b.args(b.ret)
	b.memory(ret, 1, -1, -1, -1, 0, 0, 0x20, 0x40)
	b.trap("discriminant 2 of narrow", "join-narrow", 2, 0, ret)
}

func TestOptions(t *testing.T) {
	type optional = component.Option[component.Option[string]]
	b := newBench(t)
	b.put(2000, "Ann")
	none := shapes.Person{}
	b.ret = optional{}
	b.run("options", 0, 1, 1, 0, 9, 9, 9, 9, 9, 9, 9, ret)
	b.args(component.Option[component.Option[uint8]]{}, component.Option[shapes.Person]{Value: none})
	b.memory(ret, 0)

	b.ret = optional{Some: true}
	b.run("options", 1, 0, 1, 1, 2000, 3, 30, 64, 0, 1, 7, ret)
	b.args(component.Option[component.Option[uint8]]{Some: true}, component.Option[shapes.Person]{
		Some:  true,
		Value: shapes.Person{Name: "Ann", Age: 30, Tags: []string{}, Score: component.Option[uint64]{Some: true, Value: 7}},
	})
	b.memory(ret, 1, -1, -1, -1, 0)

	b.ret = optional{Some: true, Value: component.Option[string]{Some: true, Value: "hi"}}
	b.run("options", 1, 1, 5, 0, 0, 0, 0, 0, 0, 0, 0, ret)
	b.args(component.Option[component.Option[uint8]]{Some: true, Value: component.Option[uint8]{Some: true, Value: 5}}, component.Option[shapes.Person]{})
	b.memory(ret, 1, -1, -1, -1, 1)
	if got := b.text(ret + 8); got != "hi" {
		t.Errorf("result = %q", got)
	}
	b.trap("discriminant 2 of option", "options", 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ret)
}

// result<result<u8, string>, f32> has slots i32, i32, i32, i32: the f32 joins
// the inner discriminant. The function's own result becomes Go's error.
func TestResults(t *testing.T) {
	type inner = component.Result[uint8, string]
	type outer = component.Result[inner, float32]
	b := newBench(t)
	b.put(2000, "bad")
	b.ret = inner{OK: 3}
	b.run("results", 0, 0, 8, 0, ret)
	b.args(outer{OK: inner{OK: 8}})
	b.memory(ret, 0, -1, -1, -1, 0, -1, -1, -1, 3)

	b.ret = inner{Failed: true, Err: "no"}
	b.run("results", 0, 1, 2000, 3, ret)
	b.args(outer{OK: inner{Failed: true, Err: "bad"}})
	b.memory(ret, 0, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, 2, 0, 0, 0)

	b.err = &shapes.Failure{Tag: shapes.FailureCode, Code: shapes.CodeHTTPError}
	b.run("results", 1, uint64(math.Float32bits(0.5)), 0, 0, ret)
	b.args(outer{Failed: true, Err: 0.5})
	b.memory(ret, 1, -1, -1, -1, 0, -1, -1, -1, 1)

	b.err = &shapes.Failure{Tag: shapes.FailureWhy, Why: "because"}
	b.run("results", 1, 0, 0, 0, ret)
	b.memory(ret, 1, -1, -1, -1, 1)
	if got := b.text(ret + 8); got != "because" {
		t.Errorf("error = %q", got)
	}
	b.err = errors.New("not the guest's business")
	b.trap("not the guest's business", "results", 0, 0, 0, 0, ret)
}

// Errors of every shape: an enum, a string, none, and one that is not meant for
// the guest.
func TestErrors(t *testing.T) {
	b := newBench(t)
	b.ret = shapes.CodeNotFound
	b.run("pick", 1, ret)
	b.args(shapes.CodeHTTPError)
	b.memory(ret, 0, 0)
	b.err = shapes.CodeHTTPError
	b.run("pick", 0, ret)
	b.memory(ret, 1, 1)
	if got := b.err.Error(); got != "HTTP-error" {
		t.Errorf("Error = %q", got)
	}
	b.trap("discriminant 2 of code", "pick", 2, ret)

	b.ret, b.err = nil, nil
	if got := b.run("pass", 0); got != 0 {
		t.Errorf("pass = %d", got)
	}
	b.args(false)
	b.err = component.ErrResult
	if got := b.run("pass", 1); got != 1 {
		t.Errorf("pass = %d", got)
	}
	b.args(true)
	b.run("count", 1, ret)
	b.memory(ret, 1)
	b.err = nil
	b.ret = uint8(200)
	b.run("count", 0, ret)
	b.memory(ret, 0, 200)

	b.err = &shapes.StringError{Value: "why not"}
	b.run("complain", 1, ret)
	b.memory(ret, 1)
	if got := b.text(ret + 4); got != "why not" {
		t.Errorf("error = %q", got)
	}
	b.ret, b.err = nil, component.ErrResult
	b.trap("without a payload", "complain", 1, ret)
	b.trap("without a payload", "scalars", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b.err = errors.New("refused")
	b.trap("refused", "pass", 0)
}

func TestFlags(t *testing.T) {
	b := newBench(t)
	b.ret = component.Tuple4[shapes.F3, shapes.F9, shapes.F17, shapes.F32x]{
		V0: shapes.F3A | shapes.F3C, V1: shapes.F9B8, V2: shapes.F17B16, V3: shapes.F32xB31 | shapes.F32xB0,
	}
	b.run("bits", 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, ret)
	b.args(shapes.F3(7), shapes.F9(0x1ff), shapes.F17(0x1ffff), shapes.F32x(0xffff_ffff))
	b.memory(ret, 5, -1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0x80)

	b.ret = shapes.F9B8
	b.put(64, uint16(0xffff), uint16(2))
	if got := b.run("one-bit", 64, 2); got != 0x100 {
		t.Errorf("one-bit = %#x", got)
	}
	b.args([]shapes.F9{0x1ff, shapes.F9B1})
}

func TestResources(t *testing.T) {
	b := newBench(t)
	b.put(2000, "onetwo")
	one := b.run("[constructor]thing", 2000, 3)
	two := b.run("[constructor]thing", 2003, 3)
	b.run("[method]thing.type", two, 7, ret)
	if got := b.text(ret); got != "two 7" {
		t.Errorf("type = %q", got)
	}

	// own and borrow in lists; own in a list of tuples comes back.
	b.put(64, uint32(one), uint32(two))
	b.ret = []component.Tuple2[*shapes.Thing, uint8]{{V0: &shapes.Thing{Name: "three"}, V1: 3}}
	b.run("things", 64, 1, 68, 1, ret)
	b.args([]*shapes.Thing{{Name: "one"}}, []*shapes.Thing{{Name: "two"}})
	if b.c.Has(uint32(one)) || !b.c.Has(uint32(two)) {
		t.Errorf("own is still there: %t, borrow is: %t", b.c.Has(uint32(one)), b.c.Has(uint32(two)))
	}
	list := b.c.U32(ret)
	b.memory(list+4, 3)
	three := b.c.U32(list)
	b.run("[method]thing.type", uint64(three), 0, ret)
	if got := b.text(ret); got != "three 0" {
		t.Errorf("type = %q", got)
	}

	b.ret = &shapes.Thing{Name: "merged"}
	b.run("[static]thing.merge", uint64(three), two, ret)
	b.args(&shapes.Thing{Name: "three"}, &shapes.Thing{Name: "two"})
	b.memory(ret, 0)
	if !b.c.Has(b.c.U32(ret + 4)) {
		t.Error("the merged thing has no handle")
	}
	b.trap("handle 99 is no thing", "[method]thing.type", 99, 0, ret)
	foreign := component.Give(b.c, other.ThingResource, &other.Thing{})
	b.trap("is no thing", "[method]thing.type", uint64(foreign), 0, ret)
}

func TestForeignPackage(t *testing.T) {
	b := newBench(t)
	b.put(64, int32(-1), int32(2), float32(0.5))
	h := component.Give(b.c, other.ThingResource, &other.Thing{ID: 5})
	b.ret = other.Point{X: -2, Y: 3, Z: 1.5}
	b.run("foreign", 64, 1, uint64(h), 0, math.MaxUint32, 4, uint64(math.Float32bits(2)), ret)
	b.args([]other.Point{{X: -1, Y: 2, Z: 0.5}}, &other.Thing{ID: 5}, other.Mark{Tag: other.MarkAt, At: other.Point{X: -1, Y: 4, Z: 2}})
	b.memory(ret, 0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0xc0, 0x3f)
}

func TestLists(t *testing.T) {
	b := newBench(t)
	b.put(2000, "abcd")
	b.put(64, uint32(2000), uint32(1), uint32(2001), uint32(3))
	b.ret = []byte("xyz")
	b.run("bytes", 2000, 4, 64, 2, ret)
	b.args([]byte("abcd"), [][]byte{[]byte("a"), []byte("bcd")})
	if got := b.text(ret); got != "xyz" {
		t.Errorf("bytes = %q", got)
	}
	// A list<u8> is a view, not a copy.
	b.c.Memory[2000] = 'X'
	if got := b.got[0].([]byte)[0]; got != 'X' {
		t.Errorf("list<u8> was copied: %q", got)
	}

	b.put(64, []int8{-1, 2, 3, -4})
	b.ret = [2]uint32{7, 8}
	b.run("fixed", 1, 2, 0x1_ffff, 64, 2, ret)
	b.args([3]uint16{1, 2, 0xffff}, [][2]int8{{-1, 2}, {3, -4}})
	b.memory(ret, 7, 0, 0, 0, 8, 0, 0, 0)

	b.put(64, uint32('a'), uint32(0x10ffff))
	b.ret = 'é'
	if got := b.run("character", 64, 2); got != 'é' {
		t.Errorf("character = %#x", got)
	}
	b.args([]rune{'a', 0x10ffff})
	b.put(64, uint32(0x110000))
	b.trap("not a char", "character", 64, 1)

	b.put(64, []byte{0, 1, 2, 0xff})
	b.ret = true
	if got := b.run("truth", 64, 4); got != 1 {
		t.Errorf("truth = %d", got)
	}
	b.args([]bool{false, true, true, true})

	b.put(64, []int16{-1, 5})
	b.ret = int8(-2)
	if got := b.run("negative", 64, 2); got != 0xffff_fffe {
		t.Errorf("negative = %#x", got)
	}
	b.args([]int16{-1, 5})
}
