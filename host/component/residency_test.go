package component_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// constComponent returns a component that exports value, a function that returns
// n, and has so many bytes of code besides. Two of them differ in their code alone.
func constComponent(n uint32, padding int) []byte {
	const comp, module = "\x00asm\x0d\x00\x01\x00", "\x00asm\x01\x00\x00\x00"
	str := func(s string) string { return leb(len(s)) + s }
	leb5 := string([]byte{byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, byte(n>>21) | 0x80, byte(int32(n)>>28) & 0x7f})
	var code strings.Builder
	for code.Len() < padding {
		// A store that nobody can leave out.
		code.WriteString("\x20\x00\x20\x00\x36\x02" + leb(code.Len()*4))
	}
	value := "\x00\x41" + leb5 + "\x0b"
	wasm := module + section(1, "\x02\x60\x00\x01\x7f\x60\x01\x7f\x00") + section(3, "\x02\x00\x01") + section(5, "\x01\x00\x10") +
		section(7, "\x01"+str("value")+"\x00\x00") + section(10, "\x02"+str(value)+str("\x00"+code.String()+"\x0b"))
	return []byte(comp + section(1, wasm) + section(2, "\x01\x00\x00\x00") + section(6, "\x01\x00\x00\x01\x00"+str("value")) +
		section(7, "\x01\x40\x00\x00\x79") + section(8, "\x01\x00\x00\x00\x00\x00") + section(11, "\x01\x00"+str("value")+"\x01\x00\x00"))
}

// residents are components that constComponent made for 0, 1, and so on.
type residents struct {
	testing.TB
	*component.Engine
	all []*component.Component
}

func newResidents(tb testing.TB, count, padding int, opts component.EngineOptions) *residents {
	tb.Helper()
	if opts.CacheDir == "" {
		opts.CacheDir = filepath.Join(tb.TempDir(), "cache")
	}
	r := &residents{TB: tb, Engine: newEngine(tb, &opts)}
	for n := range count {
		c, err := r.Load(tb.Context(), constComponent(uint32(n), padding), nil)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := c.Close(context.Background()); err != nil {
				tb.Error(err)
			}
		})
		r.all = append(r.all, c)
	}
	return r
}

// open makes an instance of component n and has it say its number.
func (r *residents) open(n int) (*component.Instance, error) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	in, err := r.all[n].Instantiate(ctx, nil, component.Limits{})
	if err != nil {
		return nil, err
	}
	return in, r.ask(in, n)
}

func (r *residents) ask(in *component.Instance, n int) error {
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	f, err := in.Func("", "value")
	if err != nil {
		return err
	}
	got, err := f.Call(ctx)
	if err == nil && !cmp.Equal([]wit.Value{uint32(n)}, got) {
		r.Errorf("component %d says %v", n, got)
	}
	return err
}

// use uses component n and reports whether it had to be loaded.
func (r *residents) use(n int) (loaded bool) {
	r.Helper()
	before := r.Stats().Loads
	in, err := r.open(n)
	if err != nil {
		r.Fatal(err)
	}
	in.Close()
	return r.Stats().Loads > before
}

// codeSize is how much machine code a component has.
func codeSize(tb testing.TB, padding int) int64 {
	tb.Helper()
	return newResidents(tb, 1, padding, component.EngineOptions{MaxCode: -1}).Stats().CodeBytes
}

// When there is too much code, what was used longest ago goes, and no more than
// must.
func TestUnloadOrder(t *testing.T) {
	size := codeSize(t, 10_000)
	if size < 10_000 {
		t.Fatalf("a component has %d bytes of code", size)
	}
	r := newResidents(t, 4, 10_000, component.EngineOptions{MaxCode: 3*size + size/2})
	if s := r.Stats(); s.Components != 4 || s.Loaded != 3 || s.CodeBytes > 3*size+size/2 || s.Loads != 4 || s.Unloads != 1 {
		t.Errorf("after four were loaded and three fit: %+v", s)
	}
	for i, step := range []struct {
		use    int
		loaded bool
	}{
		{1, false}, {2, false}, {3, false}, // 0 had to go
		{0, true},             // for 1
		{2, false}, {1, true}, // for 3
		{0, false}, {2, false}, {3, true}, // for 1
		{0, false}, {1, true}, // for 2
	} {
		if loaded := r.use(step.use); loaded != step.loaded {
			t.Errorf("step %d: component %d was loaded: %v, want %v", i, step.use, loaded, step.loaded)
		}
		if s := r.Stats(); s.Loaded != 3 {
			t.Errorf("step %d: %+v", i, s)
		}
	}
}

// What has instances stays, whatever the limit, and goes when it has none.
func TestUnloadSparesUsed(t *testing.T) {
	r := newResidents(t, 5, 2000, component.EngineOptions{MaxCode: 1})
	if s := r.Stats(); s.Loaded != 0 || s.CodeBytes != 0 {
		t.Errorf("nothing is used: %+v", s)
	}
	var open []*component.Instance
	for n := range 4 {
		in, err := r.open(n)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, in)
	}
	r.use(4)
	runtime.GC()
	if s := r.Stats(); s.Loaded != 4 || s.Instances != 4 || s.Idle != 0 {
		t.Errorf("four have instances: %+v", s)
	}
	for n, in := range open {
		if err := r.ask(in, n); err != nil {
			t.Error(err)
		}
		in.Close()
		if s := r.Stats(); s.Loaded != 3-n {
			t.Errorf("%d have instances: %+v", 3-n, s)
		}
	}
}

// Code is not freed under those who run it: components come and go while they
// are used by many at once.
func TestUnloadConcurrent(t *testing.T) {
	size := codeSize(t, 3000)
	for _, limit := range []int64{1, 3 * size} {
		r := newResidents(t, 6, 3000, component.EngineOptions{MaxCode: limit, MaxIdle: 3, MaxUnused: time.Millisecond})
		var users sync.WaitGroup
		for g := range 6 {
			users.Go(func() {
				random := rand.New(rand.NewPCG(uint64(g), uint64(limit)))
				for i := range 40 {
					n := random.IntN(len(r.all))
					in, err := r.open(n)
					if err != nil {
						t.Error(err)
						return
					}
					if i%8 == 0 {
						runtime.GC()
					}
					if err := r.ask(in, n); err != nil {
						t.Error(err)
					}
					in.Close()
				}
			})
		}
		users.Wait()
		if s := r.Stats(); s.CodeBytes > limit && limit > 1 || s.Instances != 0 || s.Unloads == 0 {
			t.Errorf("limit %d: %+v", limit, s)
		}
	}
}

// A pinned component stays, and goes when it is not pinned any more.
func TestPin(t *testing.T) {
	r := newResidents(t, 2, 2000, component.EngineOptions{MaxCode: 1})
	r.all[0].Pin(true)
	for i, loaded := range []bool{true, false, false} {
		if got := r.use(0); got != loaded {
			t.Errorf("use %d: pinned component was loaded: %v", i, got)
		}
		if !r.use(1) {
			t.Errorf("use %d: the other stayed", i)
		}
	}
	r.all[0].Pin(false)
	if s := r.Stats(); s.Loaded != 0 {
		t.Errorf("nothing is pinned: %+v", s)
	}
}

// Warm loads code and has instances wait, as many as may.
func TestWarm(t *testing.T) {
	r := newResidents(t, 2, 2000, component.EngineOptions{MaxCode: 1, MaxIdle: 5})
	c := r.all[0]
	c.Pin(true)
	made := 0
	state := func() any { made++; return nil }
	for _, test := range []struct{ n, idle int }{{0, 0}, {3, 3}, {3, 3}, {9, 5}} {
		if err := c.Warm(t.Context(), test.n, state, component.Limits{}); err != nil {
			t.Fatal(err)
		}
		if s := r.Stats(); s.Loaded != 1 || s.Idle != test.idle || s.Instances != 0 || s.CodeBytes == 0 {
			t.Errorf("warm with %d: %+v", test.n, s)
		}
	}
	if made == 0 {
		t.Error("instances were made without state")
	}
	if r.use(0) {
		t.Error("a warm component had to be loaded")
	}
	c.Pin(false)
	if s := r.Stats(); s.Loaded != 0 || s.Idle != 0 {
		t.Errorf("unloaded: %+v", s)
	}
	var limit *component.LimitError
	if err := c.Warm(t.Context(), 1, nil, component.Limits{Memory: 1}); !errors.As(err, &limit) {
		t.Errorf("warm with too little memory: %v", err)
	}
}

// What nobody uses for a while goes though there is room.
func TestMaxUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResidents(t, 2, 2000, component.EngineOptions{MaxUnused: time.Hour})
		time.Sleep(40 * time.Minute)
		if r.use(0) {
			t.Error("component was unloaded too early")
		}
		time.Sleep(40 * time.Minute)
		if s := r.Stats(); s.Loaded != 1 || s.Unloads != 1 {
			t.Errorf("one was not used for 80 minutes: %+v", s)
		}
		if r.use(0) || !r.use(1) {
			t.Error("the wrong component was unloaded")
		}
	})
}

// What a component needs stays on disk for it, though its entry may go. If
// somebody takes that too, it says so.
func TestUnloadedEntryRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	r := newResidents(t, 2, 2000, component.EngineOptions{CacheDir: dir, MaxCode: 1})
	remove := func(from string) {
		t.Helper()
		if err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return os.Remove(path)
		}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := filepath.Glob(filepath.Join(dir, "wazero-*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	remove(entries[0])
	for n := range r.all {
		if !r.use(n) {
			t.Errorf("component %d was in memory", n)
		}
	}
	remove(dir)
	_, err = r.open(0)
	if gone, ok := errors.AsType[*component.GoneError](err); !ok || gone.Dir != dir {
		t.Fatalf("got %v, want a *GoneError", err)
	}
	if s := r.Stats(); s.Loaded != 0 || s.Instances != 0 || s.CodeBytes != 0 {
		t.Errorf("after a component could not be loaded: %+v", s)
	}
	c, err := r.Load(t.Context(), constComponent(0, 2000), nil)
	if err == nil {
		err = c.Close(t.Context())
	}
	if err != nil {
		t.Errorf("the component cannot be loaded anew: %v", err)
	}
	if !r.use(0) {
		t.Error("component was not loaded again")
	}
}

// Without a directory there is nothing to load from, and nothing is unloaded.
func TestNoUnloadWithoutCache(t *testing.T) {
	e := newEngine(t, &component.EngineOptions{MaxCode: 1, MaxUnused: time.Nanosecond})
	c, err := e.Load(t.Context(), constComponent(7, 2000), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &residents{TB: t, Engine: e, all: []*component.Component{c}}
	if s := r.Stats(); s.Loaded != 1 {
		t.Errorf("%+v", s)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkFirstCall measures an instance and a call of a component that is in
// memory against one that is not.
func BenchmarkFirstCall(b *testing.B) {
	calc, err := os.ReadFile("../../examples/calc/calc.wasm")
	if err != nil {
		b.Fatal(err)
	}
	for _, test := range []struct {
		name string
		wasm []byte
	}{{"small", constComponent(1, 4000)}, {"calc", calc}} {
		for name, most := range map[string]int64{"warm": -1, "unloaded": 1} {
			b.Run(test.name+"/"+name, func(b *testing.B) {
				e := newEngine(b, &component.EngineOptions{CacheDir: filepath.Join(b.TempDir(), "cache"), MaxCode: most})
				c, err := e.Load(b.Context(), test.wasm, nil)
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = c.Close(context.Background()) }()
				b.ReportAllocs()
				for b.Loop() {
					in, err := c.Instantiate(b.Context(), nil, component.Limits{})
					if err != nil {
						b.Fatal(err)
					}
					in.Close()
				}
			})
		}
	}
}
