package wave

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/wit"
)

// Print returns the text of a value of type t. It fails if v is not of that type,
// has no text form or has one of more than [MaxText].
func Print(v wit.Value, t *wit.Type) (string, error) {
	w := &printer{}
	if err := w.value(v, t); err != nil {
		return "", err
	}
	return string(w.b), nil
}

// printer appends values to a text.
type printer struct{ b []byte }

// check bounds the text. It is called for each value, which adds no more to the
// text than its labels or its string.
func (w *printer) check() error {
	if len(w.b) > MaxText {
		return fmt.Errorf("text of the value has more than %d bytes", MaxText)
	}
	return nil
}

func (w *printer) value(v wit.Value, t *wit.Type) error {
	if err := w.check(); err != nil {
		return err
	}
	switch t.Kind {
	case wit.List:
		if b, ok := v.(wit.Bytes); ok && t.Elem.Kind == wit.U8 {
			return w.bytes(b)
		}
		return w.list(v, t, t.Elem)
	case wit.FixedList:
		return w.list(v, t, t.Elem)
	case wit.Map:
		return w.list(v, t, &wit.Type{Kind: wit.Tuple, Types: []*wit.Type{t.Elem, t.Value}})
	case wit.Tuple:
		x, ok := v.(wit.TupleValue)
		if !ok || len(x) != len(t.Types) {
			return mismatch(v, t)
		}
		return w.sequence('(', ')', len(x), func(i int) error { return w.value(x[i], t.Types[i]) })
	case wit.Record:
		return w.record(v, t)
	case wit.Variant:
		x, ok := v.(wit.VariantValue)
		if !ok || int64(x.Case) >= int64(len(t.Fields)) {
			return mismatch(v, t)
		}
		f := t.Fields[x.Case]
		return w.payload(caseText(f.Name), x.Value, f.Type, t)
	case wit.Option:
		x, ok := v.(wit.OptionValue)
		switch {
		case !ok:
			return mismatch(v, t)
		case x.Some:
			return w.payload("some", x.Value, t.Elem, t)
		}
		return w.payload("none", x.Value, nil, t)
	case wit.Result:
		x, ok := v.(wit.ResultValue)
		switch {
		case !ok:
			return mismatch(v, t)
		case x.Failed:
			return w.payload("err", x.Value, t.Err, t)
		}
		return w.payload("ok", x.Value, t.Ok, t)
	case wit.Own, wit.Borrow, wit.Stream, wit.Future, wit.ErrorContext:
		return fmt.Errorf("%s %w", describe(t), ErrNoText)
	}
	return w.leaf(v, t)
}

// leaf appends a value without others inside it.
func (w *printer) leaf(v wit.Value, t *wit.Type) error {
	switch x := v.(type) {
	case bool:
		if t.Kind == wit.Bool {
			w.b = strconv.AppendBool(w.b, x)
			return nil
		}
	case int8:
		return w.integer(t, wit.S8, int64(x))
	case int16:
		return w.integer(t, wit.S16, int64(x))
	case int32:
		return w.integer(t, wit.S32, int64(x))
	case int64:
		return w.integer(t, wit.S64, x)
	case uint8:
		return w.integer(t, wit.U8, int64(x))
	case uint16:
		return w.integer(t, wit.U16, int64(x))
	case uint32:
		return w.integer(t, wit.U32, int64(x))
	case uint64:
		if t.Kind == wit.U64 {
			w.b = strconv.AppendUint(w.b, x, 10)
			return nil
		}
	case float32:
		if t.Kind == wit.F32 {
			w.float(float64(x), 32)
			return nil
		}
	case float64:
		if t.Kind == wit.F64 {
			w.float(x, 64)
			return nil
		}
	case wit.CharValue:
		if t.Kind == wit.Char && x <= utf8.MaxRune && utf8.ValidRune(rune(x)) {
			w.b = quote(w.b, string(rune(x)), '\'')
			return nil
		}
	case string:
		if t.Kind == wit.String && utf8.ValidString(x) && len(x) <= MaxText {
			w.b = quote(w.b, x, '"')
			return w.check()
		}
	case wit.EnumValue:
		if t.Kind == wit.Enum && int64(x) < int64(len(t.Labels)) {
			w.b = append(w.b, caseText(t.Labels[x])...)
			return nil
		}
	case wit.FlagsValue:
		if t.Kind == wit.Flags && uint64(x)>>len(t.Labels) == 0 {
			w.flags(x, t)
			return nil
		}
	}
	return mismatch(v, t)
}

func (w *printer) integer(t *wit.Type, k wit.Kind, n int64) error {
	if t.Kind != k {
		return fmt.Errorf("a value of type %v is not of type %s", k, describe(t))
	}
	w.b = strconv.AppendInt(w.b, n, 10)
	return nil
}

func (w *printer) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		w.b = append(w.b, "nan"...)
	case math.IsInf(f, 1):
		w.b = append(w.b, "inf"...)
	case math.IsInf(f, -1):
		w.b = append(w.b, "-inf"...)
	default:
		w.b = strconv.AppendFloat(w.b, f, 'f', -1, bits)
	}
}

// sequence appends n things between an opening and a closing mark.
func (w *printer) sequence(open, end byte, n int, each func(i int) error) error {
	w.b = append(w.b, open)
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ", "...)
		}
		if err := each(i); err != nil {
			return err
		}
	}
	w.b = append(w.b, end)
	return nil
}

func (w *printer) list(v wit.Value, t, elem *wit.Type) error {
	x, ok := v.(wit.ListValue)
	if !ok || t.Kind == wit.FixedList && int64(len(x)) != int64(t.Len) {
		return mismatch(v, t)
	}
	return w.sequence('[', ']', len(x), func(i int) error { return w.value(x[i], elem) })
}

func (w *printer) bytes(b wit.Bytes) error {
	return w.sequence('[', ']', len(b), func(i int) error {
		w.b = strconv.AppendUint(w.b, uint64(b[i]), 10)
		return w.check()
	})
}

func (w *printer) record(v wit.Value, t *wit.Type) error {
	x, ok := v.(wit.RecordValue)
	if !ok || len(x) != len(t.Fields) {
		return mismatch(v, t)
	}
	w.b = append(w.b, '{')
	first := true
	for i, f := range t.Fields {
		if o, ok := x[i].(wit.OptionValue); ok && !o.Some && o.Value == nil && f.Type.Kind == wit.Option {
			continue
		}
		if !first {
			w.b = append(w.b, ", "...)
		}
		first = false
		w.b = append(w.b, f.Name...)
		w.b = append(w.b, ": "...)
		if err := w.value(x[i], f.Type); err != nil {
			return err
		}
	}
	if first {
		w.b = append(w.b, ':')
	}
	w.b = append(w.b, '}')
	return nil
}

func (w *printer) flags(x wit.FlagsValue, t *wit.Type) {
	w.b = append(w.b, '{')
	first := true
	for i, label := range t.Labels {
		if x>>i&1 == 0 {
			continue
		}
		if !first {
			w.b = append(w.b, ", "...)
		}
		first = false
		w.b = append(w.b, label...)
	}
	w.b = append(w.b, '}')
}

// payload appends a case of t, with its payload if it has one.
func (w *printer) payload(name string, v wit.Value, payload, t *wit.Type) error {
	w.b = append(w.b, name...)
	if payload == nil {
		if v != nil {
			return mismatch(v, t)
		}
		return nil
	}
	w.b = append(w.b, '(')
	if err := w.value(v, payload); err != nil {
		return err
	}
	w.b = append(w.b, ')')
	return nil
}

// caseText returns the name of a case as it is written.
func caseText(name string) string {
	if slices.Contains(keywords, name) {
		return "%" + name
	}
	return name
}

func mismatch(v wit.Value, t *wit.Type) error {
	return fmt.Errorf("a value of Go type %T is not a %s, or not a whole one", v, describe(t))
}
