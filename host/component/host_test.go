package component_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// thing is a resource of the host.
type thing struct {
	number uint32
	drops  *int
}

func (t *thing) Drop(context.Context) { *t.drops++ }

// things is what the state of an instance is in these tests.
type things struct {
	drops int
	adds  int
	end   func(c *component.Call, how uint32)
	onAdd func()
}

// newLinker returns a linker that serves test:host/things.
func newLinker(t testing.TB) (*component.Linker, *component.HostResource) {
	t.Helper()
	res := &component.HostResource{Interface: "test:host/things", Name: "thing"}
	state := func(c *component.Call) *things { return c.State().(*things) }
	l := &component.Linker{}
	err := l.Define(component.HostInterface{
		ID: "test:host/things", Version: "1.4.0", Resources: []*component.HostResource{res},
		Funcs: []component.HostFunc{
			{Name: "[constructor]thing", Signature: "func(n: u32) -> own<test:host/things.thing>", Call: func(c *component.Call, stack []uint64) {
				stack[0] = uint64(component.Give(c, res, &thing{uint32(stack[0]), &state(c).drops}))
			}},
			{Name: "[method]thing.number", Signature: "func(self: borrow<test:host/things.thing>) -> u32", Call: func(c *component.Call, stack []uint64) {
				stack[0] = uint64(component.Borrowed[*thing](c, res, uint32(stack[0])).number)
			}},
			{Name: "add", Signature: "func(a: u32, b: u32) -> u32", Call: func(c *component.Call, stack []uint64) {
				if s := state(c); s.onAdd != nil {
					s.adds++
					s.onAdd()
				}
				stack[0] = uint64(uint32(stack[0]) + uint32(stack[1]))
			}},
			{Name: "greet", Signature: "func(who: string) -> string", Call: func(c *component.Call, stack []uint64) {
				who := c.String(uint32(stack[0]), uint32(stack[1]))
				ptr, n := c.PutString("hello, " + who)
				c.PutU32(uint32(stack[2]), ptr)
				c.PutU32(uint32(stack[2])+4, n)
			}},
			{Name: "end", Signature: "func(how: u32)", Call: func(c *component.Call, stack []uint64) {
				state(c).end(c, uint32(stack[0]))
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, res
}

// hosted returns an instance of testdata/imports.wat.
func hosted(t testing.TB, state *things, limits component.Limits) *component.Instance {
	t.Helper()
	l, _ := newLinker(t)
	return instantiate(t, load(t, newEngine(t, nil), "imports.wasm", l), state, limits)
}

func TestHostFunctions(t *testing.T) {
	in := hosted(t, &things{}, component.Limits{})
	if got, err := invoke(t, in, "greet", "wörld"); err != nil || got[0] != "hello, wörld" {
		t.Errorf("greet = %v, %v", got, err)
	}
	if got, err := invoke(t, in, "sum", uint32(100)); err != nil || got[0] != uint32(5050) {
		t.Errorf("sum = %v, %v", got, err)
	}
}

func TestHostResources(t *testing.T) {
	state := &things{}
	in := hosted(t, state, component.Limits{Handles: 50})
	if got, err := invoke(t, in, "make", uint32(200), true); err != nil || got[0] != uint32(20100) {
		t.Errorf("make and drop = %v, %v", got, err)
	}
	if state.drops != 200 {
		t.Errorf("%d drops, want 200", state.drops)
	}
	if _, err := invoke(t, in, "make", uint32(49), false); err != nil {
		t.Errorf("make 49: %v", err)
	}
	_, err := invoke(t, in, "make", uint32(2), false)
	trap := wantTrap(t, err, component.TrapLimit)
	if want := "trap: limit exceeded: at most 50 handles"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
	// What there was no room for is dropped at once.
	if state.drops != 201 {
		t.Errorf("%d drops, want 201", state.drops)
	}
	// What the guest still held is dropped with it, once.
	in.Close()
	in.Close()
	if state.drops != 251 {
		t.Errorf("%d drops after Close, want 251", state.drops)
	}
}

// A handle that a guest returns is the host's, which may give it back.
func TestHandlesOfTheHost(t *testing.T) {
	state := &things{}
	l, res := newLinker(t)
	in := instantiate(t, load(t, newEngine(t, nil), "imports.wasm", l), state, component.Limits{})
	got, err := invoke(t, in, "new", uint32(7))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := invoke(t, in, "number", got[0]); err != nil || n[0] != uint32(7) {
		t.Errorf("number = %v, %v", n, err)
	}
	back, err := invoke(t, in, "back", got[0])
	if err != nil || back[0] != got[0] {
		t.Errorf("back = %v, %v, want %v", back, err, got[0])
	}
	if state.drops != 0 {
		t.Errorf("%d drops, want none: the host owns it", state.drops)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	take, err := in.Func("test:guest/taker", "take")
	if err != nil {
		t.Fatal(err)
	}
	own := component.Own{Type: res, Value: &thing{1, &state.drops}}
	if err := take.CallHandles(ctx, own); err != nil || state.drops != 1 {
		t.Errorf("take: %v, %d drops", err, state.drops)
	}
	if err := take.CallHandles(ctx, own, own); err == nil {
		t.Error("too many handles are accepted")
	}
	if err := take.CallHandles(ctx, component.Own{Type: &component.HostResource{Interface: "a:b/c", Name: "thing"}}); err == nil {
		t.Error("a handle of another type is accepted")
	}
}

func TestExit(t *testing.T) {
	for _, code := range []int{0, 3} {
		state := &things{end: func(c *component.Call, _ uint32) {
			c.Fail(fmt.Errorf("called exit: %w", &component.ExitError{Code: code}))
		}}
		in := hosted(t, state, component.Limits{})
		_, err := invoke(t, in, "end-then-spin", uint32(0))
		var exit *component.ExitError
		var trap *component.Trap
		if !errors.As(err, &exit) || exit.Code != code || errors.As(err, &trap) {
			t.Errorf("got %v, want an exit with code %d", err, code)
		}
		if _, err := invoke(t, in, "sum", uint32(1)); !errors.Is(err, component.ErrDead) {
			t.Errorf("call after exit: %v", err)
		}
	}
}

func TestHostFailure(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, tt := range []struct {
		err  error
		kind component.TrapKind
	}{{broken, component.TrapHost}, {context.Canceled, component.TrapDeadline}} {
		in := hosted(t, &things{end: func(c *component.Call, _ uint32) { c.Fail(tt.err) }}, component.Limits{})
		_, err := invoke(t, in, "end-then-spin", uint32(0))
		trap := wantTrap(t, err, tt.kind)
		if !errors.Is(err, tt.err) || trap.Error() != "trap: "+tt.err.Error() {
			t.Errorf("got %v, want %v", err, tt.err)
		}
		if !strings.Contains(trap.Backtrace(), "test:host/things#end") {
			t.Errorf("backtrace does not name the host function:\n%s", trap.Backtrace())
		}
	}
}

// A host function may only touch the memory that there is.
func TestHostMemoryBounds(t *testing.T) {
	for name, touch := range map[string]func(c *component.Call){
		"no memory": func(c *component.Call) { c.U8(0) },
		"alloc":     func(c *component.Call) { c.Alloc(1, 1) },
	} {
		in := hosted(t, &things{end: func(c *component.Call, _ uint32) { touch(c) }}, component.Limits{})
		_, err := invoke(t, in, "end-then-spin", uint32(0))
		if wantTrap(t, err, component.TrapABI); err == nil {
			t.Errorf("%s: no trap", name)
		}
	}
}

// The end of a call's context stops a guest that runs on.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	state := &things{end: func(*component.Call, uint32) { cancel() }}
	in := hosted(t, state, component.Limits{})
	_, err := function(t, in, "end-then-spin").Call(ctx, uint32(0))
	if wantTrap(t, err, component.TrapDeadline); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A host function may take long, however few instructions its caller has run.
func TestCancelBetweenHostCalls(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	state := &things{onAdd: cancel}
	in := hosted(t, state, component.Limits{})
	_, err := function(t, in, "sum").Call(ctx, uint32(1000))
	if wantTrap(t, err, component.TrapDeadline); state.adds != 1 {
		t.Errorf("%d calls of the host, want 1: the first ends the time", state.adds)
	}
}

// The same for one that runs on while it starts.
func TestCancelAtStart(t *testing.T) {
	l, _ := newLinker(t)
	c := load(t, newEngine(t, nil), "start.wasm", l)
	ctx, cancel := context.WithCancel(t.Context())
	var how uint32
	_, err := c.Instantiate(ctx, &things{end: func(_ *component.Call, h uint32) { how = h; cancel() }}, component.Limits{})
	if wantTrap(t, err, component.TrapDeadline); !errors.Is(err, context.Canceled) || how != 3 {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	_, err = c.Instantiate(t.Context(), &things{end: func(*component.Call, uint32) {}}, component.Limits{Fuel: 1000})
	trap := wantTrap(t, err, component.TrapLimit)
	if want := "trap: limit exceeded: at most 1000 units of fuel"; trap.Error() != want {
		t.Errorf("got %q, want %q", trap, want)
	}
	exit := &component.ExitError{Code: 9}
	_, err = c.Instantiate(t.Context(), &things{end: func(c *component.Call, _ uint32) { c.Fail(exit) }}, component.Limits{})
	if !errors.Is(err, exit) {
		t.Errorf("got %v, want %v", err, exit)
	}
}

// Every import that cannot be served is reported, and nothing else.
func TestLinkErrors(t *testing.T) {
	l, _ := newLinker(t)
	wasm, err := os.ReadFile("testdata/unlinkable.wasm")
	if err != nil {
		t.Fatal(err)
	}
	_, err = newEngine(t, nil).Load(t.Context(), wasm, l)
	want := []string{
		`import "test:host/none@1.0.0": package test:host is served without an interface "none"; there is things`,
		`import "test:host/things@1.0.0": "gone": no such resource in test:host/things@1.4.0`,
		`import "test:host/things@1.0.0": "also-gone": no such function in test:host/things@1.4.0`,
		`import "test:host/things@1.0.0": "add": parameter 1 "a": u32 offered, u64 expected`,
		`import "test:host/things@2.0.0": is offered as version 1.4.0, which an import of 2.0.0 cannot use: only versions 2.x.y are compatible with it; build against test:host/things@1.4.0`,
		`import "plain": a single function is expected, and interfaces are what is offered; declare it in an interface`,
		`import "test:more/uses@0.1.0": nothing serves package test:more; compose the component with one that exports the interface, or do without`,
	}
	if err == nil {
		t.Fatal("is linked")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var le *component.LinkError
	if !errors.As(err, &le) || le.Import != "test:host/none@1.0.0" {
		t.Errorf("the first is %v", le)
	}
	if id, ok := l.Serves("test:host/things@1.0.0"); !ok || id.Version != "1.4.0" {
		t.Errorf("Serves = %v, %v", id, ok)
	}
	if _, ok := l.Serves("test:host/things@2.0.0"); ok {
		t.Error("serves another track")
	}
}

func TestDefineTwice(t *testing.T) {
	l, _ := newLinker(t)
	for _, tt := range []struct {
		i    component.HostInterface
		want string
	}{
		{component.HostInterface{ID: "test:host/things", Version: "1.0.0"}, `interface "test:host/things@1.0.0" is already defined as "test:host/things@1.4.0"`},
		{component.HostInterface{ID: "test:host/things", Version: "2.0.0"}, ""},
		{component.HostInterface{ID: "test:host/twice", Version: "1.0.0", Funcs: []component.HostFunc{{Name: "f", Signature: "func()"}, {Name: "f", Signature: "func()"}}}, `interface "test:host/twice@1.0.0" defines "f" twice`},
		{component.HostInterface{ID: "test:host/bad", Version: "1.0.0", Funcs: []component.HostFunc{{Name: "f", Signature: "func("}}}, `interface "test:host/bad@1.0.0": function "f": signature "func(": offset 5: expected ":" after a name`},
	} {
		err := l.Define(tt.i)
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
			t.Errorf("Define(%s@%s) = %v, want %q", tt.i.ID, tt.i.Version, err, tt.want)
		}
	}
}

// What is flat costs no allocation, however often it is called.
func TestFlatCallsAllocateNothing(t *testing.T) {
	flat := instantiate(t, load(t, newEngine(t, nil), "flat.wasm", nil), nil, component.Limits{})
	for name, in := range map[string]*component.Instance{"host": hosted(t, &things{}, component.Limits{}), "component": flat} {
		f := function(t, in, "sum")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		allocs := func(n uint32) float64 {
			args := []wit.Value{n}
			return testing.AllocsPerRun(20, func() {
				if _, err := f.Call(ctx, args...); err != nil {
					t.Fatal(err)
				}
			})
		}
		// The one allocation of Func.Call is its result.
		few, many := allocs(1000), allocs(10_000)
		if many > few {
			t.Errorf("%s: 9000 flat calls allocate %v times", name, many-few)
		}
	}
}

// A message stays short, whatever a component calls its imports.
func TestLinkErrorIsShort(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, e := range []*component.LinkError{
		{Import: long, Item: long, Reason: long},
		{Import: long, Item: long, Want: long, Got: long},
	} {
		if n := len(e.Error()); n > 10_000 {
			t.Errorf("message of %d bytes", n)
		}
	}
}
