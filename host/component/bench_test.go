package component_test

import (
	"os"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// BenchmarkCall measures calls that the guest makes in a loop of 1000, so that
// the time for one is a thousandth of what is printed, and single calls from Go.
func BenchmarkCall(b *testing.B) {
	host := hosted(b, &things{}, component.Limits{})
	flat := instantiate(b, load(b, newEngine(b, nil), "flat.wasm", nil), nil, component.Limits{})
	strings := instantiate(b, load(b, newEngine(b, nil), "strings.wasm", nil), nil, component.Limits{})
	for _, c := range []struct {
		name string
		in   *component.Instance
		fn   string
		arg  wit.Value
	}{
		{"guest to host, 1000 × add(u32, u32)", host, "sum", uint32(1000)},
		{"guest to guest, 1000 × add(u32, u64)", flat, "sum", uint32(1000)},
		{"guest to guest, 1000 × echo(string)", strings, "sum", uint32(1000)},
		{"Go to guest, sum(0)", flat, "sum", uint32(0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := function(b, c.in, c.fn)
			ctx := deadline(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Call(ctx, c.arg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A call from one component to another allocates nothing, strings included.
func TestTransferAllocatesNothing(t *testing.T) {
	in := instantiate(t, load(t, newEngine(t, nil), "strings.wasm", nil), nil, component.Limits{})
	f := function(t, in, "sum")
	ctx := deadline(t)
	allocs := func(calls uint32) float64 {
		return testing.AllocsPerRun(10, func() {
			got, err := f.Call(ctx, calls)
			if err != nil || got[0] != uint64(16*calls) {
				t.Fatalf("sum(%d) = %v, %v", calls, got, err)
			}
		})
	}
	if few, many := allocs(100), allocs(1000); many > few {
		t.Errorf("%v allocations with 1000 calls, %v with 100", many, few)
	}
}

// BenchmarkInstantiate measures instances of the example components that need
// nothing of a host.
func BenchmarkInstantiate(b *testing.B) {
	for _, file := range []string{"testdata/flat.wasm", "../../examples/calc/calc.wasm"} {
		b.Run(file, func(b *testing.B) {
			wasm, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			c, err := newEngine(b, nil).Load(b.Context(), wasm, nil)
			if err != nil {
				b.Fatal(err)
			}
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
