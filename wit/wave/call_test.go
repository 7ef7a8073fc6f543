package wave_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/wave"
)

func params(types ...wit.Kind) []wit.Field {
	out := make([]wit.Field, len(types))
	for i, k := range types {
		out[i] = wit.Field{Name: string(rune('a' + i)), Type: &wit.Type{Kind: k}}
		if k == wit.Option {
			out[i].Type.Elem = &wit.Type{Kind: wit.U8}
		}
	}
	return out
}

func TestCall(t *testing.T) {
	u32, opt := wit.U32, wit.Option
	for _, c := range []struct {
		text, name string
		params     []wit.Field
		want       []wit.Value
	}{
		{"add(1, 2)", "add", params(u32, u32), []wit.Value{uint32(1), uint32(2)}},
		{" ops.add (1,2,) // yes", "ops.add", params(u32, u32), []wit.Value{uint32(1), uint32(2)}},
		{"// first\nadd // name\n(\n1, 2)", "add", params(u32, u32), []wit.Value{uint32(1), uint32(2)}},
		{"demo:calc/ops.add(1)", "demo:calc/ops.add", params(u32), []wit.Value{uint32(1)}},
		{"demo:calc/ops@1.0.0-rc.1.add(1)", "demo:calc/ops@1.0.0-rc.1.add", params(u32), []wit.Value{uint32(1)}},
		{"demo:calc/ops.add@1.0.0(1)", "demo:calc/ops.add@1.0.0", params(u32), []wit.Value{uint32(1)}},
		{"[static]counter.sum(1)", "[static]counter.sum", params(u32), []wit.Value{uint32(1)}},
		{"now()", "now", nil, nil},
		{"f()", "f", params(opt, opt), []wit.Value{wit.OptionValue{}, wit.OptionValue{}}},
		{"f(1, some(2))", "f", params(u32, opt, opt), []wit.Value{uint32(1), wit.OptionValue{Some: true, Value: uint8(2)}, wit.OptionValue{}}},
	} {
		call, err := wave.ParseCall(c.text)
		if err != nil || call.Name != c.name {
			t.Errorf("ParseCall(%q) = %v, %v, want %q", c.text, call, err, c.name)
			continue
		}
		got, next, err := call.Args(c.params, 0)
		if diff := cmp.Diff(c.want, got); err != nil || next != nil || diff != "" {
			t.Errorf("Args of %q: next %v, %v, -want +got\n%s", c.text, next, err, diff)
		}
	}
}

func TestCallChain(t *testing.T) {
	call, err := wave.ParseCall("counter(3) . add(2) // two\n.get()")
	if err != nil {
		t.Fatal(err)
	}
	self := wit.Field{Name: "self", Type: &wit.Type{Kind: wit.Borrow, Resource: &wit.Resource{Name: "counter"}}}
	for i, step := range []struct {
		name   string
		self   int
		params []wit.Field
		want   []wit.Value
	}{
		{"counter", 0, params(wit.U32), []wit.Value{uint32(3)}},
		{"add", 1, append([]wit.Field{self}, params(wit.U8)...), []wit.Value{uint8(2)}},
		{"get", 1, []wit.Field{self}, nil},
	} {
		if call == nil || call.Name != step.name {
			t.Fatalf("step %d is %v, want %q", i, call, step.name)
		}
		got, next, err := call.Args(step.params, step.self)
		if diff := cmp.Diff(step.want, got); err != nil || diff != "" {
			t.Fatalf("step %d: %v, -want +got\n%s", i, err, diff)
		}
		call = next
	}
	if call != nil {
		t.Errorf("%q follows", call.Name)
	}
}

func TestCallErrors(t *testing.T) {
	two := params(wit.U32, wit.U8)
	for _, c := range []struct {
		text   string
		params []wit.Field
		want   string
	}{
		{"", nil, `line 1, column 1: expected the name of a function`},
		{"(1)", nil, `expected the name of a function`},
		{"add", nil, `line 1, column 4: expected "(" and the arguments after "add", the text ends`},
		{"add 1", nil, `line 1, column 5: expected "(" and the arguments after "add", found "1"`},
		{strings.Repeat("a", wave.MaxName+1) + "()", nil, `the limit is 4096`},
		{"add(1, 300)", two, `line 1, column 8: parameter "b": 300 is out of range: expected u8, 0 to 255`},
		{"add(1)", two, `line 1, column 1: add takes 2 arguments, found 1: parameter "b", u8, is missing`},
		{"add(1, 2, 3)", two, `line 1, column 11: add takes 2 arguments`},
		{"add(1)", nil, `line 1, column 5: add takes no arguments`},
		{"add()", params(wit.U8), `add takes 1 argument, found 0`},
		{"add()", params(wit.U8, wit.Option), `add takes 1 to 2 arguments, found 0`},
		{"add(1 2)", two, `line 1, column 7: expected "," or ")" in the arguments of add, found "2"`},
		{"add(1, 2", two, `expected "," or ")" in the arguments of add, the text ends`},
		{"add(1, 2) 3", two, `line 1, column 11: expected nothing after the call, or a dot and a method of its result, found "3"`},
		{"add(1, 2).", two, `line 1, column 11: expected the name of a function`},
		{"add(1, 2).x", two, `line 1, column 12: expected "(" and the arguments after "x"`},
		{"add(1, 2)..x()", two, `line 1, column 11: expected the name of a function`},
		{"f(1)", []wit.Field{{Name: "h", Type: &wit.Type{Kind: wit.Own, Resource: &wit.Resource{Name: "counter"}}}}, `parameter "h": own<counter> has no text form`},
	} {
		call, err := wave.ParseCall(c.text)
		if err == nil {
			_, _, err = call.Args(c.params, 0)
		}
		if fault, ok := errors.AsType[*wave.Error](err); !ok || !strings.Contains(fault.Error(), c.want) {
			t.Errorf("call %q: error %v, want %s", c.text, err, c.want)
		}
	}
}
