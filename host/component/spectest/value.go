package spectest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// function returns the function that a call names.
func (r *runner) function(c *Call) (*component.Func, error) {
	in := r.instances[c.Instance]
	if in == nil {
		return nil, fmt.Errorf("instance %q was not started", c.Instance)
	}
	return in.Func("", c.Func)
}

// call runs a call.
func (r *runner) call(ctx context.Context, c *Call) ([]wit.Value, error) {
	f, err := r.function(c)
	if err != nil {
		return nil, err
	}
	params := f.Type().Params
	if len(params) != len(c.Args) {
		return nil, fmt.Errorf("%d arguments for %d parameters", len(c.Args), len(params))
	}
	args := make([]wit.Value, len(params))
	for i, p := range params {
		if args[i], err = c.Args[i].of(p.Type); err != nil {
			return nil, err
		}
	}
	return f.Call(ctx, args...)
}

// returns is assert_return.
func (r *runner) returns(ctx context.Context, c *Command) error {
	got, err := r.call(ctx, c.Call)
	if err != nil {
		return err
	}
	f, err := r.function(c.Call)
	if err != nil {
		return err
	}
	if len(got) != len(c.Want) {
		return fmt.Errorf("returns %d values, not %d", len(got), len(c.Want))
	}
	for i := range got {
		t := f.Type().Result
		want, err := c.Want[i].of(t)
		if err != nil {
			return err
		}
		if !equal(t, got[i], want) {
			return fmt.Errorf("returns %v, not %v", got[i], want)
		}
	}
	return nil
}

// equal compares values of a type. Numbers are equal when their bits are, and
// all NaNs are equal: an implementation may choose among them (CanonicalABI.md,
// "Loading").
func equal(t *wit.Type, a, b wit.Value) bool {
	all := func(x, y []wit.Value, member func(int) *wit.Type) bool {
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equal(member(i), x[i], y[i]) {
				return false
			}
		}
		return true
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case float32:
		b, ok := b.(float32)
		return ok && (a != a && b != b || math.Float32bits(a) == math.Float32bits(b))
	case float64:
		b, ok := b.(float64)
		return ok && (math.IsNaN(a) && math.IsNaN(b) || math.Float64bits(a) == math.Float64bits(b))
	case wit.Bytes:
		b, ok := b.(wit.Bytes)
		return ok && string(a) == string(b)
	case wit.ListValue:
		b, ok := b.(wit.ListValue)
		e := t.Elem
		if t.Kind == wit.Map {
			e = t.Entry()
		}
		return ok && all(a, b, func(int) *wit.Type { return e })
	case wit.RecordValue:
		b, ok := b.(wit.RecordValue)
		return ok && all(a, b, func(i int) *wit.Type { return t.Fields[i].Type })
	case wit.TupleValue:
		b, ok := b.(wit.TupleValue)
		return ok && all(a, b, func(i int) *wit.Type { return t.Types[i] })
	case wit.VariantValue:
		b, ok := b.(wit.VariantValue)
		return ok && a.Case == b.Case && equal(t.Fields[a.Case].Type, a.Value, b.Value)
	case wit.OptionValue:
		b, ok := b.(wit.OptionValue)
		return ok && a.Some == b.Some && equal(t.Elem, a.Value, b.Value)
	case wit.ResultValue:
		b, ok := b.(wit.ResultValue)
		payload := t.Ok
		if a.Failed {
			payload = t.Err
		}
		return ok && a.Failed == b.Failed && equal(payload, a.Value, b.Value)
	}
	return a == b
}

// keywords are how the text format names the kinds of types, where it is not
// by the name of the kind.
var keywords = map[wit.Kind]string{wit.String: "str", wit.Map: "list", wit.FixedList: "list"}

// of returns the value as one of type t.
func (v *Value) of(t *wit.Type) (wit.Value, error) {
	if t == nil {
		return nil, fmt.Errorf("a value of type %s where there is none", v.Type)
	}
	keyword := keywords[t.Kind]
	if keyword == "" {
		keyword = t.Kind.String()
	}
	if v.Type != keyword {
		return nil, fmt.Errorf("a value of type %s where the type is %s", v.Type, t.Signature())
	}
	switch t.Kind {
	case wit.Bool:
		return strconv.ParseBool(v.Text)
	case wit.Char:
		c, n := utf8.DecodeRuneInString(v.Text)
		if n != len(v.Text) {
			return nil, fmt.Errorf("%q is not one char", v.Text)
		}
		return wit.CharValue(c), nil
	case wit.String:
		return v.Text, nil
	case wit.F32, wit.F64:
		return v.float(t.Kind)
	case wit.List, wit.FixedList, wit.Map:
		return v.list(t)
	case wit.Record, wit.Tuple:
		return v.members(t)
	case wit.Variant, wit.Enum, wit.Option, wit.Result:
		return v.choice(t)
	case wit.Flags:
		return v.flags(t)
	default:
		return v.integer(t)
	}
}

func (v *Value) integer(t *wit.Type) (wit.Value, error) {
	text := strings.ReplaceAll(v.Text, "_", "")
	unsigned := func(bits int) (n uint64, err error) { return strconv.ParseUint(text, 0, bits) }
	signed := func(bits int) (n int64, err error) { return strconv.ParseInt(text, 0, bits) }
	switch t.Kind {
	case wit.U8:
		n, err := unsigned(8)
		return uint8(n), err
	case wit.U16:
		n, err := unsigned(16)
		return uint16(n), err
	case wit.U32:
		n, err := unsigned(32)
		return uint32(n), err
	case wit.U64:
		n, err := unsigned(64)
		return n, err
	case wit.S8:
		n, err := signed(8)
		return int8(n), err
	case wit.S16:
		n, err := signed(16)
		return int16(n), err
	case wit.S32:
		n, err := signed(32)
		return int32(n), err
	case wit.S64:
		n, err := signed(64)
		return n, err
	default:
		return nil, fmt.Errorf("values of type %s cannot be written", t.Signature())
	}
}

func (v *Value) float(k wit.Kind) (wit.Value, error) {
	text, bits := strings.ReplaceAll(v.Text, "_", ""), 64
	if k == wit.F32 {
		bits = 32
	}
	if strings.Contains(text, "0x") && !strings.ContainsAny(text, "pP") {
		text += "p0"
	}
	f, err := math.NaN(), error(nil)
	if !strings.HasPrefix(strings.TrimLeft(text, "+-"), "nan") {
		f, err = strconv.ParseFloat(text, bits)
	}
	if k == wit.F32 {
		return float32(f), err
	}
	return f, err
}

func (v *Value) list(t *wit.Type) (wit.Value, error) {
	elem := t.Elem
	if t.Kind == wit.Map {
		elem = t.Entry()
	}
	vs := make(wit.ListValue, len(v.Items))
	var bytes wit.Bytes
	for i := range v.Items {
		var err error
		if vs[i], err = v.Items[i].of(elem); err != nil {
			return nil, err
		}
		if b, ok := vs[i].(uint8); ok {
			bytes = append(bytes, b)
		}
	}
	if t.Kind == wit.List && elem.Kind == wit.U8 {
		return append(wit.Bytes{}, bytes...), nil
	}
	return vs, nil
}

func (v *Value) members(t *wit.Type) (wit.Value, error) {
	if len(v.Items) != len(t.Fields)+len(t.Types) {
		return nil, fmt.Errorf("%d members where the type is %s", len(v.Items), t.Signature())
	}
	vs := make([]wit.Value, len(v.Items))
	for i := range v.Items {
		var mt *wit.Type
		if t.Kind == wit.Tuple {
			mt = t.Types[i]
		} else if mt = t.Fields[i].Type; t.Fields[i].Name != v.Items[i].Name {
			return nil, fmt.Errorf("field %q where the type is %s", v.Items[i].Name, t.Signature())
		}
		var err error
		if vs[i], err = v.Items[i].of(mt); err != nil {
			return nil, err
		}
	}
	if t.Kind == wit.Tuple {
		return wit.TupleValue(vs), nil
	}
	return wit.RecordValue(vs), nil
}

// flags returns the flags that are set.
func (v *Value) flags(t *wit.Type) (wit.Value, error) {
	var set wit.FlagsValue
	for _, l := range v.Labels {
		i := slices.Index(t.Labels, l)
		if i < 0 {
			return nil, fmt.Errorf("%q is no flag of %s", l, t.Signature())
		}
		set |= 1 << i
	}
	return set, nil
}

func (v *Value) choice(t *wit.Type) (wit.Value, error) {
	cases, label := t.Cases(), v.Text
	if t.Kind == wit.Result && label == "err" {
		label = "error"
	}
	c := slices.IndexFunc(cases, func(f wit.Field) bool { return f.Name == label })
	if c < 0 {
		return nil, fmt.Errorf("%q is no case of %s", label, t.Signature())
	}
	var payload wit.Value
	switch pt := cases[c].Type; {
	case pt == nil && len(v.Items) > 0 || len(v.Items) > 1:
		return nil, fmt.Errorf("case %q has no such payload in %s", v.Text, t.Signature())
	case pt != nil && len(v.Items) == 0:
		return nil, fmt.Errorf("case %q lacks the payload of %s", v.Text, t.Signature())
	case pt != nil:
		var err error
		if payload, err = v.Items[0].of(pt); err != nil {
			return nil, err
		}
	}
	switch t.Kind {
	case wit.Enum:
		return wit.EnumValue(c), nil
	case wit.Option:
		return wit.OptionValue{Some: c == 1, Value: payload}, nil
	case wit.Result:
		return wit.ResultValue{Failed: c == 1, Value: payload}, nil
	default:
		return wit.VariantValue{Case: uint32(c), Value: payload}, nil
	}
}
