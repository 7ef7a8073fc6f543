package binary_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component/binary"
)

// TestDecodeCanon has one case for every line of canon in Binary.md, and its
// name in the text format.
func TestDecodeCanon(t *testing.T) {
	memory := binary.CanonOpts{HasMemory: true, Memory: 1}
	tests := []struct {
		name string
		def  []byte
		want binary.Canon // but Op
	}{
		{
			"lift", b(0x00, 0x00, 0x02, 0x02, 0x06, 0x07, 0x03, 0x09),
			binary.Canon{Func: 2, Type: 9, Opts: binary.CanonOpts{Async: true, HasCallback: true, Callback: 3}},
		},
		{
			"lower", b(0x01, 0x00, 0x02, 0x04, 0x02, 0x03, 0x01, 0x04, 0x02, 0x05, 0x03),
			binary.Canon{Func: 2, Opts: binary.CanonOpts{
				HasEncoding: true, Encoding: binary.Latin1UTF16, HasMemory: true, Memory: 1,
				HasRealloc: true, Realloc: 2, HasPostReturn: true, PostReturn: 3,
			}},
		},
		{"resource.new", b(0x02, 0x05), binary.Canon{Type: 5}},
		{"resource.drop", b(0x03, 0x05), binary.Canon{Type: 5}},
		{"resource.rep", b(0x04, 0x05), binary.Canon{Type: 5}},
		{"task.cancel", b(0x05), binary.Canon{}},
		{"subtask.cancel", b(0x06, 0x01), binary.Canon{Flag: true}},
		{"task.return", b(0x09, 0x00, 0x79, 0x01, 0x03, 0x01), binary.Canon{Result: prim(binary.U32), Opts: memory}},
		{"task.return", b(0x09, 0x01, 0x00, 0x00), binary.Canon{}},
		{"context.get", b(0x0a, 0x7f, 0x01), binary.Canon{Value: 0x7f, Slot: 1}},
		{"context.set", b(0x0b, 0x7e, 0x00), binary.Canon{Value: 0x7e}},
		{"thread.yield", b(0x0c, 0x01), binary.Canon{Flag: true}},
		{"subtask.drop", b(0x0d), binary.Canon{}},
		{"stream.new", b(0x0e, 0x03), binary.Canon{Type: 3}},
		{"stream.read", b(0x0f, 0x03, 0x01, 0x03, 0x01), binary.Canon{Type: 3, Opts: memory}},
		{"stream.write", b(0x10, 0x03, 0x01, 0x03, 0x01), binary.Canon{Type: 3, Opts: memory}},
		{"stream.cancel-read", b(0x11, 0x03, 0x01), binary.Canon{Type: 3, Flag: true}},
		{"stream.cancel-write", b(0x12, 0x03, 0x00), binary.Canon{Type: 3}},
		{"stream.drop-readable", b(0x13, 0x03), binary.Canon{Type: 3}},
		{"stream.drop-writable", b(0x14, 0x03), binary.Canon{Type: 3}},
		{"future.new", b(0x15, 0x03), binary.Canon{Type: 3}},
		{"future.read", b(0x16, 0x03, 0x01, 0x03, 0x01), binary.Canon{Type: 3, Opts: memory}},
		{"future.write", b(0x17, 0x03, 0x01, 0x03, 0x01), binary.Canon{Type: 3, Opts: memory}},
		{"future.cancel-read", b(0x18, 0x03, 0x01), binary.Canon{Type: 3, Flag: true}},
		{"future.cancel-write", b(0x19, 0x03, 0x00), binary.Canon{Type: 3}},
		{"future.drop-readable", b(0x1a, 0x03), binary.Canon{Type: 3}},
		{"future.drop-writable", b(0x1b, 0x03), binary.Canon{Type: 3}},
		{"error-context.new", b(0x1c, 0x01, 0x03, 0x01), binary.Canon{Opts: memory}},
		{"error-context.debug-message", b(0x1d, 0x01, 0x03, 0x01), binary.Canon{Opts: memory}},
		{"error-context.drop", b(0x1e), binary.Canon{}},
		{"waitable-set.new", b(0x1f), binary.Canon{}},
		{"waitable-set.wait", b(0x20, 0x01, 0x02), binary.Canon{Flag: true, Memory: 2}},
		{"waitable-set.poll", b(0x21, 0x00, 0x02), binary.Canon{Memory: 2}},
		{"waitable-set.drop", b(0x22), binary.Canon{}},
		{"waitable.join", b(0x23), binary.Canon{}},
		{"backpressure.inc", b(0x24), binary.Canon{}},
		{"backpressure.dec", b(0x25), binary.Canon{}},
		{"thread.index", b(0x26), binary.Canon{}},
		{"thread.new-indirect", b(0x27, 0x01, 0x02), binary.Canon{Type: 1, Table: 2}},
		{"thread.resume-later", b(0x28), binary.Canon{}},
		{"thread.suspend", b(0x29, 0x01), binary.Canon{Flag: true}},
		{"thread.suspend-then-resume", b(0x2a, 0x01), binary.Canon{Flag: true}},
		{"thread.yield-then-resume", b(0x2b, 0x01), binary.Canon{Flag: true}},
		{"thread.suspend-then-promote", b(0x2c, 0x01), binary.Canon{Flag: true}},
		{"thread.yield-then-promote", b(0x2d, 0x01), binary.Canon{Flag: true}},
		{"thread.spawn-ref", b(0x40, 0x01, 0x02), binary.Canon{Flag: true, Type: 2}},
		{"thread.spawn-indirect", b(0x41, 0x01, 0x02, 0x03), binary.Canon{Flag: true, Type: 2, Table: 3}},
		{"thread.available-parallelism", b(0x42, 0x01), binary.Canon{Flag: true}},
	}
	known := map[byte]bool{}
	for _, test := range tests {
		known[test.def[0]] = true
		test.want.Op = binary.CanonOp(test.def[0])
		got := decodeOne(t, secCanon, test.def)
		if diff := cmp.Diff(&test.want, got, ignoreOffsets); diff != "" {
			t.Errorf("%s: % x (-want +got):\n%s", test.name, test.def, diff)
		}
		if got := test.want.Op.String(); got != test.name {
			t.Errorf("CanonOp(%#02x).String() = %q, want %q", test.def[0], got, test.name)
		}
	}
	for op := range 0x100 {
		_, err := binary.Decode(component(section(secCanon, list(b(byte(op), 0, 0, 0, 0)))), nil)
		if unknown := code(err) == binary.CodeUnknownCanon; unknown == known[byte(op)] {
			t.Errorf("canonical definition %#02x: known = %v, but Decode says %v", op, known[byte(op)], err)
		}
	}
}
