package component

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// segment is a data segment at a constant offset.
type segment struct {
	offset  int
	content []byte
}

// dataComponent returns a component around a core module with a memory of so
// many pages that starts with some segments. It exports functions of type
// u32 -> u32: get loads a byte, set stores a 7, grow grows the memory.
func dataComponent(pages byte, segments ...segment) []byte {
	str := func(s string) string {
		return string(binary.AppendUvarint(nil, uint64(len(s)))) + s
	}
	section := func(id byte, items ...string) string {
		body := string(binary.AppendUvarint(nil, uint64(len(items))))
		for _, i := range items {
			body += i
		}
		return string([]byte{id}) + str(body)
	}
	functions := []struct{ name, code string }{
		{"get", "\x20\x00\x2d\x00\x00"},
		{"set", "\x20\x00\x41\x07\x3a\x00\x00\x41\x00"},
		{"grow", "\x20\x00\x40\x00"},
	}
	var coreFuncs, coreExports, bodies, aliases, lifts, exports []string
	for i, f := range functions {
		index := string([]byte{byte(i)})
		coreFuncs = append(coreFuncs, "\x00")
		coreExports = append(coreExports, str(f.name)+"\x00"+index)
		bodies = append(bodies, str("\x00"+f.code+"\x0b"))
		aliases = append(aliases, "\x00\x00\x01\x00"+str(f.name))
		lifts = append(lifts, "\x00\x00"+index+"\x00\x00")
		exports = append(exports, "\x00"+str(f.name)+"\x01"+index+"\x00")
	}
	var datas []string
	for _, s := range segments {
		// The offset as a signed integer of five bytes.
		o := uint32(s.offset)
		leb := string([]byte{byte(o) | 0x80, byte(o>>7) | 0x80, byte(o>>14) | 0x80, byte(o>>21) | 0x80, byte(int32(o)>>28) & 0x7f})
		datas = append(datas, "\x00\x41"+leb+"\x0b"+str(string(s.content)))
	}
	module := "\x00asm\x01\x00\x00\x00" + section(1, "\x60\x01\x7f\x01\x7f") + section(3, coreFuncs...) +
		section(5, "\x01"+string(binary.AppendUvarint(nil, uint64(pages)))+"\x80\x04") +
		section(7, coreExports...) + section(10, bodies...) + section(11, datas...)
	return []byte("\x00asm\x0d\x00\x01\x00" + "\x01" + str(module) + section(2, "\x00\x00\x00") + section(6, aliases...) +
		section(7, "\x40\x01"+str("x")+"\x79\x00\x79") + section(8, lifts...) + section(11, exports...))
}

// imageTest is an engine, and what is done with it in tests of images.
type imageTest struct {
	testing.TB
	*Engine
}

func newImageTest(tb testing.TB) *imageTest {
	tb.Helper()
	e, err := NewEngine(tb.Context(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return &imageTest{tb, e}
}

func (t *imageTest) load(wasm []byte) *Component {
	t.Helper()
	c, err := t.Load(t.Context(), wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (t *imageTest) instance(c *Component) *Instance {
	t.Helper()
	in, err := c.Instantiate(t.Context(), nil, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (t *imageTest) call(in *Instance, function string, x int) byte {
	t.Helper()
	f, err := in.Func("", function)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results, err := f.Call(ctx, uint32(x))
	if err != nil {
		t.Fatalf("%s(%d): %v", function, x, err)
	}
	return byte(results[0].(uint32))
}

func (t *imageTest) close(c *Component) {
	t.Helper()
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// held returns how many images and how many core modules the engine holds.
func (t *imageTest) held() (images, modules int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.images), len(t.modules)
}

// memoryOf returns the one memory of an instance.
func memoryOf(in *Instance) []byte { return in.alloc.mems[0].buf }

// stripes returns segments of so many bytes, one in every distance of pages.
func stripes(pages, distance, size int) (segments []segment) {
	for p := 0; p < pages; p += distance {
		segments = append(segments, segment{p << 16, noise(uint64(p), size)})
	}
	return segments
}

func noise(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestImageMemory demands that memories start as their data segments say,
// whether the image is mapped, copied, or both is possible.
func TestImageMemory(t *testing.T) {
	it := newImageTest(t)
	for name, test := range map[string]struct {
		pages    byte
		segments []segment
		mapped   bool // where the system can
	}{
		"none":      {pages: 1},
		"small":     {3, []segment{{70_000, []byte("abc")}, {0, []byte("d")}}, false},
		"scattered": {9, []segment{{1, noise(1, 60_000)}, {5 << 16, noise(2, 90_000)}, {9<<16 - 1, []byte("x")}}, true},
		"sparse":    {200, []segment{{1, noise(1, 9000)}, {70 << 16, noise(2, 9001)}, {200<<16 - 1, []byte("x")}}, false},
		"striped":   {90, stripes(90, 2, 1<<15), true},
		"dotted":    {200, stripes(200, 9, 1<<15), false},
		"overlaps":  {2, []segment{{1, noise(6, 90_000)}, {70_000, noise(7, 50_000)}, {65_535, noise(8, 10_000)}}, true},
		"large":     {30, []segment{{1 << 16, noise(3, 1<<20)}, {1<<20 - 5, noise(4, 1<<18)}}, true},
		"full":      {2, []segment{{0, noise(5, 2<<16)}}, true},
		"zero":      {2, []segment{{0, make([]byte, 2<<16)}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			it := &imageTest{t, it.Engine}
			c := it.load(dataComponent(test.pages, test.segments...))
			defer it.close(c)
			want := make([]byte, int(test.pages)<<16)
			for _, s := range test.segments {
				copy(want[s.offset:], s.content)
			}
			img := c.plan.modules[0].image
			if (img != nil) != (test.segments != nil) {
				t.Fatalf("image %+v, data in %d segments", img, len(test.segments))
			}
			if img != nil && (img.file != nil) != (test.mapped && runtime.GOOS == "linux") {
				t.Errorf("image has a file: %v", img.file != nil)
			}
			in := it.instance(c)
			defer in.Close()
			if got := memoryOf(in); !bytes.Equal(got, want) {
				t.Errorf("memory of %d bytes differs from the segments'", len(got))
			}
			if got := in.Memory(); got != uint64(len(want)) {
				t.Errorf("memory counts %d bytes, want %d", got, len(want))
			}
			if got := it.call(in, "grow", 2); got != test.pages {
				t.Errorf("memory had %d pages, want %d", got, test.pages)
			}
			if got := memoryOf(in); !bytes.Equal(got, append(want, make([]byte, 2<<16)...)) {
				t.Error("memory is not the same after it has grown")
			}
		})
	}
	if images, modules := it.held(); images != 0 || modules != 0 {
		t.Errorf("%d images and %d modules are left", images, modules)
	}
}

// TestImageIsolation demands that no instance sees what another one writes, and
// that new ones start afresh.
func TestImageIsolation(t *testing.T) {
	for name, size := range map[string]int{"copied": 100, "mapped": 100_000} {
		t.Run(name, func(t *testing.T) {
			it := newImageTest(t)
			content := bytes.Repeat([]byte{1}, size)
			c := it.load(dataComponent(4, segment{500, content}))
			defer it.close(c)
			a, b := it.instance(c), it.instance(c)
			defer b.Close()
			it.call(a, "set", 550)
			it.call(a, "set", 200_000)
			fresh := it.instance(c)
			defer fresh.Close()
			for _, in := range []*Instance{b, fresh} {
				if x, y := it.call(in, "get", 550), it.call(in, "get", 200_000); x != 1 || y != 0 {
					t.Errorf("another instance wrote to memory: %d, %d", x, y)
				}
			}
			if x, y := it.call(a, "get", 550), it.call(a, "get", 200_000); x != 7 || y != 7 {
				t.Errorf("instance reads %d, %d after it wrote 7", x, y)
			}
			a.Close()
			if got := it.call(b, "get", 550); got != 1 {
				t.Errorf("instance reads %d after another one was closed", got)
			}
		})
	}
}

// TestImageSharing demands that components which differ in what memory starts
// with share their code, that those which do not share the image too, and that
// an image goes with the last component.
func TestImageSharing(t *testing.T) {
	it := newImageTest(t)
	demand := func(images, modules int) {
		t.Helper()
		if i, m := it.held(); i != images || m != modules {
			t.Errorf("engine holds %d images and %d modules, want %d and %d", i, m, images, modules)
		}
	}
	first := dataComponent(3, segment{0, noise(1, 100_000)})
	a, b := it.load(first), it.load(first)
	demand(1, 1)
	c := it.load(dataComponent(6, segment{9, noise(2, 200_000)}))
	demand(2, 1)
	// The same content in a larger memory, or elsewhere, is another image.
	for _, other := range [][]byte{dataComponent(4, segment{0, noise(1, 100_000)}), dataComponent(3, segment{1, noise(1, 100_000)})} {
		d := it.load(other)
		demand(3, 1)
		it.close(d)
	}
	it.close(a)
	demand(2, 1)
	inB, inC := it.instance(b), it.instance(c)
	if x, y := it.call(inB, "get", 99_999), it.call(inC, "get", 9); x != noise(1, 100_000)[99_999] || y != noise(2, 1)[0] {
		t.Errorf("components that share their code read %d and %d", x, y)
	}
	inB.Close()
	it.close(b)
	demand(1, 1)
	defer demand(0, 0)
	defer it.close(c)
	defer inC.Close()
	if got := it.call(inC, "get", 9); got != noise(2, 1)[0] {
		t.Errorf("instance reads %d after other components were closed", got)
	}
	if _, err := b.Instantiate(t.Context(), nil, Limits{}); err == nil {
		t.Error("a closed component makes an instance of an image that is gone")
	}
}

// TestImageConcurrent loads and closes components with the same code and images
// from many goroutines.
func TestImageConcurrent(t *testing.T) {
	it := newImageTest(t)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 20 {
				content := noise(uint64((g+i)%3), 40_000)
				c, err := it.Load(t.Context(), dataComponent(1, segment{0, content}), nil)
				if err != nil {
					t.Error(err)
					return
				}
				in, err := c.Instantiate(t.Context(), nil, Limits{})
				if err != nil {
					t.Error(err)
				} else if !bytes.HasPrefix(memoryOf(in), content) {
					t.Error("memory does not start with the data")
				}
				if in != nil {
					in.Close()
				}
				it.close(c)
			}
		})
	}
	group.Wait()
	if images, modules := it.held(); images != 0 || modules != 0 {
		t.Errorf("%d images and %d modules are left", images, modules)
	}
}

// TestImageLimit demands that an image counts against the memory of an instance
// as what it is.
func TestImageLimit(t *testing.T) {
	it := newImageTest(t)
	c := it.load(dataComponent(5, segment{0, noise(1, 100_000)}))
	defer it.close(c)
	var limit *LimitError
	if _, err := c.Instantiate(t.Context(), nil, Limits{Memory: 5<<16 - 1}); !errors.As(err, &limit) {
		t.Errorf("instance with too little memory: %v, want a limit error", err)
	}
	in, err := c.Instantiate(t.Context(), nil, Limits{Memory: 5 << 16})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if got := it.call(in, "grow", 1); got != 0xff {
		t.Errorf("memory grew beyond its limit, from %d pages", got)
	}
}
