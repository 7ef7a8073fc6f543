package core_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/core"
)

// imaged rewrites a module with its memory as an image, and instantiates it as
// a host has to. It also returns the image.
func (e *engine) imaged(ctx context.Context, module []byte, resolve func(string) api.Module) (api.Module, *core.Image, error) {
	m, err := core.Rewrite(module, &core.Options{Image: true})
	if err != nil {
		return nil, nil, err
	}
	if m.Image != nil {
		ctx = experimental.WithMemoryAllocator(ctx, memoryOf{m.Image})
	}
	mod, err := e.link(ctx, m, resolve)
	return mod, m.Image, err
}

// memoryOf allocates memories that start as an image.
type memoryOf struct{ *core.Image }

func (i memoryOf) Allocate(_, maximum uint64) experimental.LinearMemory {
	m := &imageMemory{make([]byte, uint64(i.Pages)*core.PageSize, maximum)}
	for _, s := range i.Segments {
		copy(m.buf[s.Offset:], s.Bytes)
	}
	return m
}

type imageMemory struct{ buf []byte }

func (m *imageMemory) Reallocate(size uint64) []byte {
	m.buf = m.buf[:max(size, uint64(len(m.buf)))]
	return m.buf
}

func (m *imageMemory) Free() {}

// Data segments, as passive ones and as active ones at the value of an
// expression.
func passive(content string) []byte { return cat(op(1), name(content)) }

func active(expr []byte, content string) []byte { return cat(op(0), expr, op(0x0b), name(content)) }

func at(offset uint32, content string) []byte { return active(i32Const(int32(offset)), content) }

// TestImage demands that an image is what the segments say, and that there is
// none where that is not certain.
func TestImage(t *testing.T) {
	const page = core.PageSize
	seg := func(offset uint32, content string) core.Segment {
		return core.Segment{Offset: offset, Bytes: []byte(content)}
	}
	for _, test := range []struct {
		name  string
		pages uint32
		datas [][]byte
		want  []core.Segment
	}{
		{"one", 1, [][]byte{at(5, "abc")}, []core.Segment{seg(5, "abc")}},
		{"explicit index", 1, [][]byte{cat(op(2, 0), i32Const(5), op(0x0b), name("abc"))}, []core.Segment{seg(5, "abc")}},
		{"in order", 2, [][]byte{at(5, "abcdef"), at(page-1, "12"), at(7, "XY")}, []core.Segment{seg(5, "abcdef"), seg(page-1, "12"), seg(7, "XY")}},
		{"passive ones are no part of it", 1, [][]byte{passive("abc"), at(1, "d"), passive("ef")}, []core.Segment{seg(1, "d")}},
		{"folded", 1, [][]byte{active(cat(i32Const(7), i32Const(-2), op(0x6c), i32Const(30), op(0x6a), i32Const(1), op(0x6b)), "abc")}, []core.Segment{seg(15, "abc")}},
		{"folded, wrapping", 1, [][]byte{active(cat(i32Const(math.MaxInt32), i32Const(2), op(0x6c), i32Const(4), op(0x6a)), "abc")}, []core.Segment{seg(2, "abc")}},
		{"up to the end", 2, [][]byte{at(2*page-3, "abc"), at(2*page, "")}, []core.Segment{seg(2*page-3, "abc")}},
		{"4 GiB", 65536, [][]byte{at(math.MaxUint32, "a"), at(0, "b")}, []core.Segment{seg(math.MaxUint32, "a"), seg(0, "b")}},

		{"beyond the end", 1, [][]byte{at(0, "abc"), at(page-2, "abc")}, nil},
		{"empty, beyond the end", 1, [][]byte{at(0, "abc"), at(page+1, "")}, nil},
		{"end beyond 4 GiB", 65536, [][]byte{at(math.MaxUint32, "ab")}, nil},
		{"no pages", 0, [][]byte{at(0, "a")}, nil},
		{"nothing to write", 1, [][]byte{at(0, ""), passive("abc")}, nil},
		{"depends on a global", 1, [][]byte{at(0, "abc"), active(globalGet(0), "abc")}, nil},
		{"depends on a global, folded", 1, [][]byte{active(cat(globalGet(0), i32Const(1), op(0x6a)), "abc")}, nil},
		{"deep", 1, [][]byte{active(cat(bytes.Repeat(i32Const(1), 9), bytes.Repeat(op(0x6a), 8)), "abc")}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEngine(t)
			var w wasm
			w.imports = append(w.imports, cat(name("env"), name("g"), op(3, 0x7f, 0)))
			w.memory(test.pages, 65536)
			w.datas = test.datas
			m, err := core.Rewrite(w.bytes(), &core.Options{Image: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.CompileModule(t.Context(), m.Bytes); err != nil {
				t.Error(err)
			}
			var want *core.Image
			if test.want != nil {
				want = &core.Image{Pages: test.pages, Segments: test.want}
			}
			if diff := cmp.Diff(want, m.Image); diff != "" {
				t.Errorf("image (-want +got):\n%s", diff)
			}
		})
	}
}

// TestInvalidOffset demands that no segment whose offset is invalid vanishes.
func TestInvalidOffset(t *testing.T) {
	e := newEngine(t)
	for name, expr := range map[string][]byte{
		"empty":          nil,
		"two values":     cat(i32Const(1), i32Const(2)),
		"no operands":    op(0x6a),
		"one operand":    cat(i32Const(1), op(0x6a)),
		"another type":   i64Const(1),
		"mixed types":    cat(i64Const(1), i32Const(1), op(0x6a)),
		"no such memory": cat(i32Const(1)),
	} {
		var w wasm
		if name != "no such memory" {
			w.memory(1, 1)
		}
		w.datas = append(w.datas, active(expr, "abc"))
		m, err := core.Rewrite(w.bytes(), &core.Options{Image: true})
		if err != nil {
			continue
		}
		if _, err := e.CompileModule(t.Context(), m.Bytes); err == nil {
			t.Errorf("%s: the rewritten module is valid", name)
		}
	}
}

// TestImportedMemory demands that the segments for an imported memory stay.
func TestImportedMemory(t *testing.T) {
	var w wasm
	w.imports = append(w.imports, cat(name("env"), name("m"), op(2, 0, 1)))
	w.datas = append(w.datas, at(0, "abc"))
	m, err := core.Rewrite(w.bytes(), &core.Options{Image: true})
	if err != nil {
		t.Fatal(err)
	}
	if m.Image != nil || !bytes.Contains(m.Bytes, []byte("abc")) {
		t.Errorf("image %+v, want none; module %q", m.Image, m.Bytes)
	}
}

// TestSameCode demands that modules that differ in what their memory starts with
// become the same.
func TestSameCode(t *testing.T) {
	build := func(pages uint32, datas ...[]byte) []byte {
		var w wasm
		w.memory(pages, 9)
		w.exported("run", none, none, none)
		w.datas = datas
		m, err := core.Rewrite(w.bytes(), &core.Options{Image: true})
		if err != nil {
			t.Fatal(err)
		}
		return m.Bytes
	}
	if diff := cmp.Diff(build(1, at(0, "abc")), build(5, at(9, "d"), at(3*core.PageSize, "efgh"))); diff != "" {
		t.Errorf("modules differ: %s", diff)
	}
}

// TestDataCount demands that a wrong data count is noticed before it is replaced.
func TestDataCount(t *testing.T) {
	for _, count := range []uint32{0, 1, 3} {
		var w wasm
		w.memory(1, 1)
		w.datas = append(w.datas, at(0, "a"), at(1, "b"))
		module := bytes.Replace(w.bytes(), section(11, vec(w.datas)), cat(section(12, u32(count)), section(11, vec(w.datas))), 1)
		if _, err := core.Rewrite(module, &core.Options{Image: true}); err == nil || !strings.Contains(err.Error(), "data count") {
			t.Errorf("data count %d of 2: %v, want an error", count, err)
		}
	}
}

// TestDroppedSegments demands that an active segment is dropped once it is
// applied. (The engine forgets to do so with those that it applies.)
func TestDroppedSegments(t *testing.T) {
	e := newEngine(t)
	three := ts(core.I32, core.I32, core.I32)
	var w wasm
	w.memory(1, 1)
	w.dataCount = true
	w.datas = append(w.datas, at(0, "abc"), passive("def"), at(8, "ghi"))
	for i := range byte(3) {
		w.exported("init"+string('0'+rune(i)), three, none, none, localGet(0), localGet(1), localGet(2), misc(8, i, 0))
		w.exported("drop"+string('0'+rune(i)), none, none, none, misc(9, i))
	}
	mod, image, err := e.imaged(t.Context(), w.bytes(), unresolved)
	if err != nil || image == nil {
		t.Fatalf("image %+v, %v", image, err)
	}
	call := func(function string, trapped bool, args ...uint64) {
		t.Helper()
		if _, err := mod.ExportedFunction(function).Call(t.Context(), args...); (err != nil) != trapped {
			t.Errorf("%s(%d): %v, want a trap: %v", function, args, err, trapped)
		}
	}
	call("init0", false, 0, 0, 0)
	call("init0", false, core.PageSize, 0, 0)
	call("init0", true, core.PageSize+1, 0, 0)
	call("init0", true, 0, 1, 0)
	call("init0", true, 0, 0, 1)
	call("init2", true, 0, 2, 1)
	call("drop0", false)
	call("init0", false, 0, 0, 0)
	call("init1", false, 2, 1, 2)
	call("drop1", false)
	call("init1", true, 0, 0, 1)
	got, _ := mod.Memory().Read(0, 12)
	if want := "abef\x00\x00\x00\x00ghi\x00"; string(got) != want {
		t.Errorf("memory starts with %q, want %q", got, want)
	}
}

// withData returns a random program with random data segments of less than
// 1<<most bytes.
func withData(seed uint64, most int) []byte {
	p := writeProgram(seed)
	pages := 1 + p.n(40)
	p.mems[0] = cat(op(1), u32(uint32(pages)), u32(64))
	passives := []uint32(nil)
	last := uint32(0)
	for i := range p.n(12) {
		content := make([]byte, p.n(1<<p.n(most)))
		for i := range content {
			content[i] = byte(p.n(256))
		}
		size := pages * core.PageSize
		offset := uint32(p.n(max(1, size-len(content)+1)))
		switch p.n(12) {
		case 0: // likely beyond the end
			offset = uint32(p.n(size + 1))
		case 1: // at the end
			offset = uint32(max(0, size-len(content)))
		case 2, 3, 4, 5: // near the one before
			offset = uint32(min(int(last)+p.n(64), max(0, size-len(content))))
		}
		last = offset
		switch k := int32(p.rand.Uint32()); p.n(6) {
		case 0:
			p.datas = append(p.datas, passive(string(content)))
			passives = append(passives, uint32(i))
		case 1:
			p.datas = append(p.datas, cat(op(2, 0), i32Const(int32(offset)), op(0x0b), name(string(content))))
		case 2:
			p.datas = append(p.datas, active(cat(i32Const(int32(offset)-k), i32Const(k), op(0x6a)), string(content)))
		case 3:
			p.datas = append(p.datas, active(cat(i32Const(int32(offset)^k), i32Const(1), op(0x6c), i32Const(-int32(offset)+(int32(offset)^k)), op(0x6b)), string(content)))
		default:
			p.datas = append(p.datas, at(offset, string(content)))
		}
	}
	if len(passives) > 0 && p.n(2) == 0 {
		p.dataCount = true
		d := passives[p.n(len(passives))]
		p.exported("init", ts(core.I32, core.I32), none, none, localGet(0), i32Const(0), localGet(1), misc(8), u32(d), op(0), misc(9), u32(d))
	} else if p.n(3) == 0 {
		p.dataCount = true
	}
	if p.n(3) == 0 { // start with the program
		run := p.callable[len(p.callable)-1]
		p.start = u32(p.fn(none, none, none, i32Const(0), op(0x28, 0, 0), i32Const(9), call(run), op(0x1a, 0x1a)))
	}
	return p.bytes()
}

// TestImagePrograms demands that random programs start with the same memory, end
// with the same and return the same, whether their memory is made of an image or
// not.
func TestImagePrograms(t *testing.T) {
	count := uint64(400)
	if testing.Short() {
		count = 60
	}
	images, failures := 0, 0
	e := newEngine(t)
	for seed := range count {
		module := withData(seed, 18)
		plain, wantErr := e.plain(t.Context(), module, unresolved)
		imaged, image, gotErr := e.imaged(t.Context(), module, unresolved)
		if (gotErr != nil) != (wantErr != nil) {
			t.Errorf("seed %d: instantiation: %v, original: %v", seed, gotErr, wantErr)
		}
		if gotErr != nil || wantErr != nil {
			failures++
			continue
		}
		if image != nil {
			images++
		}
		tw := &twins{plain, imaged}
		tw.sameMemory(t)
		if plain.ExportedFunction("init") != nil {
			tw.call(t, "init", 100, 1)
			tw.call(t, "init", 100, 0)
			tw.call(t, "init", 100, 1)
		}
		for _, args := range [][]uint64{{3, 4}, {0, 1}, {7, 0xffffffff}} {
			tw.call(t, "run", args...)
		}
		tw.sameMemory(t)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if images < int(count)/3 || failures == 0 {
		t.Errorf("of %d programs %d had an image and %d could not start", count, images, failures)
	}
}
