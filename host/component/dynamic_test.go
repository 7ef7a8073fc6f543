package component_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// relayed returns an instance of testdata/relay.wat whose calls go to do.
func relayed(t testing.TB, limits component.Limits, do func(ctx context.Context, fn *wit.Func, args []wit.Value) ([]wit.Value, error)) *component.Instance {
	t.Helper()
	l := &component.Linker{}
	err := l.DefineDynamic("test:link/target@1.3.1", func(fn *wit.Func) (component.DynamicFunc, error) {
		return func(c *component.Call, args []wit.Value) ([]wit.Value, error) {
			return do(c.Context(), fn, args)
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return instantiate(t, load(t, newEngine(t, nil), "relay.wasm", l), nil, limits)
}

func callRelay(t testing.TB, in *component.Instance, name string, args ...wit.Value) ([]wit.Value, error) {
	t.Helper()
	f, err := in.Func("", name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return f.Call(ctx, args...)
}

func TestDynamic(t *testing.T) {
	var names []string
	var many []wit.Value
	in := relayed(t, component.Limits{}, func(_ context.Context, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
		names = append(names, fn.Name+" "+fn.Signature())
		switch fn.Name {
		case "add":
			return []wit.Value{args[0].(uint32) + args[1].(uint32)}, nil
		case "echo":
			return []wit.Value{"<" + args[0].(string) + ">"}, nil
		}
		many = args
		return []wit.Value{wit.ResultValue{Value: wit.TupleValue{"all", uint64(9)}}}, nil
	})
	strs := []wit.Value{"1", "2", "3", "4", "5", "6", "7", "acht"}
	for _, c := range []struct {
		name string
		args []wit.Value
		want wit.Value
	}{
		{"add", []wit.Value{uint32(40), uint32(2)}, uint32(42)},
		{"echo", []wit.Value{"über"}, "<über>"},
		{"many", append(strs, wit.ListValue{uint32(1), uint32(2)}), wit.ResultValue{Value: wit.TupleValue{"all", uint64(9)}}},
	} {
		got, err := callRelay(t, in, c.name, c.args...)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if d := cmp.Diff([]wit.Value{c.want}, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if d := cmp.Diff(append(strs, wit.ListValue{uint32(1), uint32(2)}), many); d != "" {
		t.Errorf("parameters that are passed in memory: %s", d)
	}
	if want := "add func(a: u32, b: u32) -> u32"; names[0] != want {
		t.Errorf("bind was given %q, want %q", names[0], want)
	}
}

func TestDynamicFails(t *testing.T) {
	broken := errors.New("nobody answers")
	for _, c := range []struct {
		name, fn string
		do       func(context.Context) ([]wit.Value, error)
		want     string
		is       error
	}{
		{"error", "echo", func(context.Context) ([]wit.Value, error) { return nil, broken }, "nobody answers", broken},
		{"wrong type", "echo", func(context.Context) ([]wit.Value, error) { return []wit.Value{uint32(1)}, nil }, "is not of type string", nil},
		{"no result", "echo", func(context.Context) ([]wit.Value, error) { return nil, nil }, "0 values for 1 types", nil},
		{"no result, in memory", "many", func(context.Context) ([]wit.Value, error) { return nil, nil }, "0 values for 1 types", nil},
		{"result out of bounds", "astray", func(context.Context) ([]wit.Value, error) { return []wit.Value{"x"}, nil }, "results are wanted at", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := relayed(t, component.Limits{}, func(ctx context.Context, _ *wit.Func, _ []wit.Value) ([]wit.Value, error) { return c.do(ctx) })
			args := []wit.Value{"x"}
			if c.fn == "many" {
				args = []wit.Value{"1", "2", "3", "4", "5", "6", "7", "8", wit.ListValue{}}
			}
			_, err := callRelay(t, in, c.fn, args...)
			if _, trapped := errors.AsType[*component.Trap](err); !trapped || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("error %v, want a trap with %q", err, c.want)
			}
			if _, err := callRelay(t, in, c.fn, args...); !errors.Is(err, component.ErrDead) {
				t.Errorf("second call: %v, want %v", err, component.ErrDead)
			}
		})
	}
}

// TestDynamicDeadline has a function wait for longer than its guest may run.
func TestDynamicDeadline(t *testing.T) {
	in := relayed(t, component.Limits{}, func(ctx context.Context, _ *wit.Func, _ []wit.Value) ([]wit.Value, error) {
		<-ctx.Done()
		return nil, errors.New("given up")
	})
	f, err := in.Func("", "echo")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = f.Call(ctx, "x")
	if trap, ok := errors.AsType[*component.Trap](err); !ok || trap.Kind != component.TrapDeadline {
		t.Errorf("error %v, want a trap for the deadline", err)
	}
}

// TestDynamicBudget has a guest be given more than its limit of data.
func TestDynamicBudget(t *testing.T) {
	in := relayed(t, component.Limits{Data: 1 << 10}, func(context.Context, *wit.Func, []wit.Value) ([]wit.Value, error) {
		return []wit.Value{"x"}, nil
	})
	_, err := callRelay(t, in, "echo", strings.Repeat("x", 1<<12))
	if _, ok := errors.AsType[*component.Trap](err); !ok {
		t.Errorf("error %v, want a trap", err)
	}
}

func TestDynamicRefuses(t *testing.T) {
	engine := newEngine(t, nil)
	bind := func(fn *wit.Func) (component.DynamicFunc, error) {
		if fn.Name == "echo" {
			return nil, errors.New("echo is out of order")
		}
		return nil, nil
	}
	for _, c := range []struct {
		file, name string
		want       []string
	}{
		{"relay.wasm", "test:link/target@1.3.0", []string{"echo is out of order"}},
		{"relay.wasm", "test:link/target@2.0.0", []string{"test:link/target"}},
		{"relay-resource.wasm", "test:link/target@1.2.0", []string{`"thing"`, "cannot be reached over a link"}},
	} {
		l := &component.Linker{}
		if err := l.DefineDynamic(c.name, bind); err != nil {
			t.Fatal(err)
		}
		if err := l.DefineDynamic(c.name, bind); err == nil {
			t.Error("an interface was defined twice")
		}
		wasm, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine.Load(t.Context(), wasm, l)
		if _, ok := errors.AsType[*component.LinkError](err); !ok {
			t.Errorf("%s with %s: error %v, want a link error", c.file, c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s with %s: error %q has no %q", c.file, c.name, err, want)
			}
		}
	}
}

func TestDynamicService(t *testing.T) {
	wasm, err := os.ReadFile("testdata/relay.wasm")
	if err != nil {
		t.Fatal(err)
	}
	d, err := component.Describe(wasm)
	if err != nil {
		t.Fatal(err)
	}
	l := &component.Linker{}
	if err := l.DefineDynamic("test:link/target@1.3.1", func(*wit.Func) (component.DynamicFunc, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	want := []component.Service{{Import: "test:link/target@1.2.0", Served: true, By: "test:link/target@1.3.1"}}
	if diff := cmp.Diff(want, d.Services(l)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkDynamic(b *testing.B) {
	in := relayed(b, component.Limits{}, func(_ context.Context, _ *wit.Func, args []wit.Value) ([]wit.Value, error) {
		return []wit.Value{args[0]}, nil
	})
	f, err := in.Func("", "add")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Call(ctx, uint32(1), uint32(2)); err != nil {
			b.Fatal(err)
		}
	}
}
