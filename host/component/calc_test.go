package component_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

const calcOps = "demo:calc/ops"

// TestCalc calls every function of examples/calc, which together use every kind
// of value type, and compares with results computed without WebAssembly.
func TestCalc(t *testing.T) {
	in := calc(t)
	var cases []struct {
		Func string
		Args []any
		Want any
		As   string // name for the handle that is the result
	}
	b, err := os.ReadFile("../../examples/calc/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	handles := map[string]wit.Value{}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d-%s", i, c.Func), func(t *testing.T) {
			f, err := in.Func(calcOps, c.Func)
			if err != nil {
				t.Fatal(err)
			}
			seen[c.Func] = true
			args := make([]wit.Value, len(c.Args))
			for i, a := range c.Args {
				if m, ok := a.(map[string]any); ok && m["handle"] != nil {
					args[i] = handles[m["handle"].(string)]
					continue
				}
				args[i] = fromJSON(t, f.Type().Params[i].Type, a)
			}
			got := call(t, f, args...)
			if c.As != "" {
				handles[c.As] = got
				return
			}
			want := fromJSON(t, f.Type().Result, c.Want)
			if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s(%v): -want +got\n%s", c.Func, c.Args, diff)
			}
		})
	}
	for _, name := range []string{"b", "c"} {
		if err := in.Drop(deadline(t), handles[name].(wit.HandleValue)); err != nil {
			t.Errorf("drop of %q: %v", name, err)
		}
	}
	if err := in.Drop(t.Context(), handles["a"].(wit.HandleValue)); err == nil {
		t.Error("a drop without a deadline succeeds")
	}
	if len(seen) < 20 {
		t.Errorf("only %d functions have a case", len(seen))
	}
}

func calc(t *testing.T) *component.Instance {
	t.Helper()
	wasm, err := os.ReadFile("../../examples/calc/calc.wasm")
	if err != nil {
		t.Fatal(err)
	}
	e, err := component.NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	c, err := e.Load(t.Context(), wasm, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.Instantiate(t.Context(), nil, component.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in
}

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// call calls a function with one result, or none, which is nil.
func call(t *testing.T, f *component.Func, args ...wit.Value) wit.Value {
	t.Helper()
	got, err := f.Call(deadline(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		return nil
	}
	return got[0]
}

// fromJSON reads a value of a type in the form of golden.json.
func fromJSON(t *testing.T, ty *wit.Type, v any) wit.Value {
	t.Helper()
	num := func() float64 {
		if s, ok := v.(string); ok {
			switch s {
			case "nan":
				return math.NaN()
			case "inf":
				return math.Inf(1)
			case "-inf":
				return math.Inf(-1)
			case "-0":
				return math.Copysign(0, -1)
			}
		}
		f, err := v.(json.Number).Float64()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	integer := func() int64 {
		i, err := v.(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	label := func(l any) int {
		for i, have := range ty.Labels {
			if have == l {
				return i
			}
		}
		t.Fatalf("%v is not a label of %s", l, ty)
		return 0
	}
	switch ty.Kind {
	case wit.Bool, wit.String:
		return v
	case wit.U8:
		return uint8(integer())
	case wit.S8:
		return int8(integer())
	case wit.U16:
		return uint16(integer())
	case wit.S16:
		return int16(integer())
	case wit.U32:
		return uint32(integer())
	case wit.S32:
		return int32(integer())
	case wit.U64:
		return uint64(integer())
	case wit.S64:
		return integer()
	case wit.F32:
		return float32(num())
	case wit.F64:
		return num()
	case wit.Char:
		return wit.CharValue([]rune(v.(string))[0])
	case wit.List:
		if ty.Elem.Kind == wit.U8 {
			b := wit.Bytes{}
			for _, e := range v.([]any) {
				b = append(b, fromJSON(t, ty.Elem, e).(uint8))
			}
			return b
		}
		l := make(wit.ListValue, 0)
		for _, e := range v.([]any) {
			l = append(l, fromJSON(t, ty.Elem, e))
		}
		return l
	case wit.Tuple:
		var l wit.TupleValue
		for i, e := range v.([]any) {
			l = append(l, fromJSON(t, ty.Types[i], e))
		}
		return l
	case wit.Record:
		var l wit.RecordValue
		for _, f := range ty.Fields {
			l = append(l, fromJSON(t, f.Type, v.(map[string]any)[f.Name]))
		}
		return l
	case wit.Enum:
		return wit.EnumValue(label(v))
	case wit.Flags:
		var f wit.FlagsValue
		for _, l := range v.([]any) {
			f |= 1 << label(l)
		}
		return f
	case wit.Option:
		if v == nil {
			return wit.OptionValue{}
		}
		return wit.OptionValue{Some: true, Value: fromJSON(t, ty.Elem, v)}
	case wit.Result:
		m := v.(map[string]any)
		if e, ok := m["err"]; ok {
			return wit.ResultValue{Failed: true, Value: fromJSON(t, ty.Err, e)}
		}
		if ty.Ok == nil {
			return wit.ResultValue{}
		}
		return wit.ResultValue{Value: fromJSON(t, ty.Ok, m["ok"])}
	case wit.Variant:
		m := v.(map[string]any)
		for i, c := range ty.Fields {
			if c.Name != m["tag"] {
				continue
			}
			if c.Type == nil {
				return wit.VariantValue{Case: uint32(i)}
			}
			return wit.VariantValue{Case: uint32(i), Value: fromJSON(t, c.Type, m["val"])}
		}
	}
	t.Fatalf("no value of type %s in %v", ty, v)
	return nil
}
