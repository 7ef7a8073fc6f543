package abi_test

import (
	"encoding/binary"
	"strings"
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

// A string takes about as much memory as its budget says, however it is encoded.
func TestBudgetOfStrings(t *testing.T) {
	const n = 1 << 20
	for name, tt := range map[string]struct {
		enc    abi.Encoding
		unit   string
		tagged uint32
		size   uint64 // in UTF-8
	}{
		"utf8":          {abi.UTF8, "\xc3\xbf", 2 * n, 2 * n},
		"latin1":        {abi.Latin1UTF16, "\xff", n, 2 * n},
		"tagged utf16":  {abi.Latin1UTF16, "\xff\xff", n | 1<<31, 3 * n},
		"utf16":         {abi.UTF16, "\xff\xff", n, 3 * n},
		"utf16 of pair": {abi.UTF16, "\x3d\xd8\x00\xde", 2 * n, 4 * n},
	} {
		s := &abi.Side{Memory: memory(strings.Repeat(tt.unit, n)), Encoding: tt.enc}
		lift := func(budget uint64) error {
			return try(func() {
				if got := s.String(0, tt.tagged, &abi.Budget{Left: int64(budget)}); uint64(len(got)) != tt.size {
					t.Errorf("%s: got %d bytes, want %d", name, len(got), tt.size)
				}
			})
		}
		if used := allocated(func() {
			if err := lift(tt.size); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}); used > tt.size+64<<10 {
			t.Errorf("%s: a string of %d bytes allocates %d", name, tt.size, used)
		}
		if err := lift(tt.size - 1); !isBudget(err) {
			t.Errorf("%s: a string of %d bytes is lifted with a smaller budget: %v", name, tt.size, err)
		}
	}
}

// What is encoded anew on its way from a guest to another does not take room in the
// host.
func TestTransferOfStrings(t *testing.T) {
	const n = 1 << 20
	var shapes abi.Shapes
	tr, err := shapes.Transfer([]*wit.Type{{Kind: wit.String}}, wit.MaxFlatParams)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		from   abi.Encoding
		unit   string
		tagged uint64
	}{
		"utf8":              {abi.UTF8, "\xc3\xbf", 2 * n},
		"utf8 of euros":     {abi.UTF8, "\xe2\x82\xac", 3 * n},
		"utf16":             {abi.UTF16, "\xff\x00", n},
		"utf16 of euros":    {abi.UTF16, "\xac\x20", n},
		"latin1":            {abi.Latin1UTF16, "\xff", n},
		"narrow in latin1":  {abi.Latin1UTF16, "\xff\x00", n | 1<<31},
		"euros in a latin1": {abi.Latin1UTF16, "\xac\x20", n | 1<<31},
	} {
		from := &abi.Side{Memory: memory(strings.Repeat(tt.unit, n)), Encoding: tt.from}
		want := from.String(0, uint32(tt.tagged), &abi.Budget{Left: 8 * n})
		for _, enc := range encodings {
			to := &abi.Side{Memory: &guest{buf: make([]byte, 16*n), most: 16 * n}, Encoding: enc}
			out := make([]uint64, 2)
			if used := allocated(func() { tr.FlatTo(from, to, []uint64{0, tt.tagged}, out, &abi.Budget{Left: 8 * n}) }); used > 64<<10 {
				t.Errorf("%s to %v: the host allocates %d bytes", name, enc, used)
			}
			if got := to.String(uint32(out[0]), uint32(out[1]), &abi.Budget{Left: 8 * n}); got != want {
				t.Errorf("%s to %v: got %.10q, want %.10q", name, enc, got, want)
			}
		}
	}
}
