package component_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	bin "github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wittest"
)

// fuzzEngine is shared by the runs of a fuzz target, as by the guests of a host.
var fuzzEngine = sync.OnceValues(func() (*component.Engine, error) {
	return component.NewEngine(context.Background(), nil)
})

// runLimits are small, so that nothing takes long.
var runLimits = component.Limits{Memory: 4 << 20, Handles: 100, Data: 1 << 20, Fuel: 300_000}

// runSeeds returns the components that FuzzRun changes.
func runSeeds(t testing.TB) (seeds [][]byte) {
	t.Helper()
	for _, pattern := range []string{"testdata/*.wasm", "testdata/wast/*.wasm"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no components: %v", err)
		}
		for _, file := range files {
			wasm, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(wasm) < 8<<10 {
				seeds = append(seeds, wasm)
			}
		}
	}
	return seeds
}

// FuzzRun changes a component in places, five bytes for each change, loads it,
// makes an instance and calls all that it exports with values that the fuzzer
// chooses, within small limits. Whatever the component has become, the host says
// what is wrong with it and goes on.
func FuzzRun(f *testing.F) {
	seeds := runSeeds(f)
	for i := range seeds {
		f.Add(byte(i), []byte{}, []byte{1, 2, 3, 0, 200, 17, 80, 4})
		f.Add(byte(i), []byte{3, 0, 0, 9, 1, 5, 1, 0, 2, 2}, []byte{0, 0, 0, 1})
	}
	f.Fuzz(func(t *testing.T, seed byte, changes, values []byte) {
		runChanged(t, seeds[int(seed)%len(seeds)], changes, values)
	})
}

// TestRunChanged is FuzzRun with changes by chance. Besides, nothing is left
// running, and some components still run.
func TestRunChanged(t *testing.T) {
	seeds := runSeeds(t)
	rng := rand.New(rand.NewPCG(3, 4))
	before := runtime.NumGoroutine()
	loaded, called := 0, 0
	const rounds = 400
	for i := range rounds {
		changes, values := make([]byte, 5*rng.IntN(4)), make([]byte, 64)
		for _, b := range [][]byte{changes, values} {
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
		}
		l, c := runChanged(t, seeds[i%len(seeds)], changes, values)
		if l {
			loaded++
		}
		called += c
	}
	if loaded < rounds/4 || loaded == rounds || called == 0 {
		t.Errorf("%d of %d components are loaded and %d calls return: the test hardly tests", loaded, rounds, called)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines are left, there were %d", after, before)
	}
}

// runChanged reports whether the changed component was loaded, and how many of its
// functions returned.
func runChanged(t *testing.T, wasm, changes, values []byte) (loaded bool, returned int) {
	t.Helper()
	top := parseSections(wasm)
	for ; len(changes) >= 5; changes = changes[5:] {
		var all []*sectionNode
		top.collect(&all)
		all[int(binary.LittleEndian.Uint16(changes))%len(all)].change(changes[2], int(changes[3]), changes[4])
	}
	wasm = top.encode()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := fuzzEngine()
	if err != nil {
		t.Fatal(err)
	}
	l, _ := newLinker(t)
	c, err := e.Load(ctx, wasm, l)
	if err != nil {
		return false, 0
	}
	defer func() {
		if err := c.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	in, err := c.Instantiate(ctx, &things{end: func(*component.Call, uint32) {}}, runLimits)
	if err != nil {
		checkGuestFault(t, err)
		return true, 0
	}
	defer in.Close()
	ast, err := bin.Decode(wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := &wittest.Source{Left: values}
	for _, name := range functionsOf(ast) {
		fn, err := in.Func(name[0], name[1])
		if err != nil {
			continue // it was given a name that cannot be called
		}
		args := make([]wit.Value, 0, len(fn.Type().Params))
		for _, p := range fn.Type().Params {
			if hasHandle(p.Type) || p.Type.Size() > 4<<10 {
				break
			}
			args = append(args, src.Value(p.Type))
		}
		if len(args) < len(fn.Type().Params) {
			continue
		}
		got, err := fn.Call(ctx, args...)
		if err != nil {
			checkGuestFault(t, err)
			if _, err := fn.Call(ctx, args...); !errors.Is(err, component.ErrDead) {
				t.Errorf("call after the end: %v", err)
			}
			return true, returned
		}
		returned++
		if r := fn.Type().Result; r != nil {
			if err := wit.CheckValue(r, got[0]); err != nil {
				t.Error(err)
			}
		}
		if in.Memory() > runLimits.Memory {
			t.Errorf("instance has %d bytes of memory", in.Memory())
		}
	}
	return true, returned
}

// functionsOf returns the interface and the name of each function that a
// component exports.
func functionsOf(ast *bin.Component) (names [][2]string) {
	w, err := component.World(ast)
	if err != nil {
		return nil // it has no words for some type
	}
	for i := range w.Exports {
		switch x := &w.Exports[i]; {
		case x.Func != nil:
			names = append(names, [2]string{"", x.Key()})
		case x.Interface != nil:
			for _, f := range x.Interface.Funcs {
				names = append(names, [2]string{x.Key(), f.Name})
			}
		}
	}
	return names
}

func hasHandle(t *wit.Type) bool {
	if t == nil {
		return false
	}
	return t.Kind == wit.Own || t.Kind == wit.Borrow || slices.ContainsFunc(
		append([]*wit.Type{t.Elem, t.Value, t.Ok, t.Err}, t.Types...), hasHandle) ||
		slices.ContainsFunc(t.Fields, func(f wit.Field) bool { return hasHandle(f.Type) })
}

// checkGuestFault checks that an error is the guest's and not the host's.
func checkGuestFault(t *testing.T, err error) {
	t.Helper()
	var (
		trap *component.Trap
		exit *component.ExitError
	)
	switch {
	case errors.As(err, &exit):
	case !errors.As(err, &trap):
		t.Errorf("not a trap: %v", err)
	case trap.Kind == component.TrapDeadline:
		t.Errorf("fuel did not end the guest: %v", err)
	case trap.Kind == component.TrapHost:
		t.Errorf("%v\n%s", err, trap.HostStack)
	}
}
