package jsonval

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// DecodeParams reads the arguments of a function, an object. Empty text is an object
// without members. The error is an [*Error], or says that the text is no JSON. The types
// have to be supported, and what [wit.Func.Check] allows.
func (m Mapping) DecodeParams(params []wit.Field, text []byte) ([]wit.Value, error) {
	if len(text) == 0 {
		text = []byte("{}")
	}
	d := &decoder{scanner: scanner{text: text}, m: m}
	if d.peek() != '{' {
		return nil, d.result(d.mismatch("an object with the arguments"))
	}
	values, err := d.fields(params)
	if err == nil {
		err = d.end()
	}
	return values, d.result(err)
}

// Decode reads a value of type t. Errors are as those of DecodeParams; the path of the value
// itself is "value".
func (m Mapping) Decode(t *wit.Type, text []byte) (wit.Value, error) {
	d := &decoder{scanner: scanner{text: text}, m: m, path: []step{{name: "value"}}}
	v, err := d.value(t)
	if err == nil {
		err = d.end()
	}
	return v, d.result(err)
}

// decoder reads a value by its type.
type decoder struct {
	scanner
	m      Mapping
	path   []step
	values int // that were read
}

// step is a member of an object, or an element of an array.
type step struct {
	name  string
	index int
}

// result returns an error as callers get it.
func (d *decoder) result(err error) error {
	if syntax, ok := errors.AsType[*syntaxError](err); ok {
		return fmt.Errorf("not JSON: %w", syntax)
	}
	return err
}

// place returns the path of what is read.
func (d *decoder) place() string {
	var b strings.Builder
	for _, s := range d.path {
		switch {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case wit.IsLabel(s.name) && b.Len() == 0:
			b.WriteString(s.name)
		case wit.IsLabel(s.name):
			b.WriteString("." + s.name)
		default:
			b.WriteString("[" + strconv.Quote(clip(s.name)) + "]")
		}
	}
	if b.Len() == 0 {
		return "arguments"
	}
	return b.String()
}

func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func (d *decoder) errorf(format string, args ...any) error {
	return &Error{Path: d.place(), Msg: fmt.Sprintf(format, args...)}
}

// mismatch says that something else is expected than there is.
func (d *decoder) mismatch(want string) error {
	if found := d.found(); found != "" {
		return d.errorf("expected %s, found %s", want, found)
	}
	return d.unexpected()
}

// in calls f for a part of what is read.
func (d *decoder) in(s step, f func() error) error {
	d.path = append(d.path, s)
	if err := f(); err != nil {
		return err
	}
	d.path = d.path[:len(d.path)-1]
	return nil
}

func (d *decoder) at(s step, t *wit.Type, v *wit.Value) error {
	return d.in(s, func() (err error) {
		*v, err = d.value(t)
		return err
	})
}

// value reads a value of type t.
func (d *decoder) value(t *wit.Type) (wit.Value, error) {
	if d.values++; d.values > MaxValues {
		return nil, d.errorf("there are more than %d values", MaxValues)
	}
	switch t.Kind {
	case wit.Bool:
		return d.boolean()
	case wit.S8, wit.S16, wit.S32, wit.S64, wit.U8, wit.U16, wit.U32, wit.U64:
		return d.integer(t.Kind)
	case wit.F32, wit.F64:
		return d.float(t.Kind)
	case wit.Char:
		return d.char()
	case wit.String:
		return d.text("a string")
	case wit.Enum:
		return d.enum(t)
	case wit.Flags:
		return d.flags(t)
	case wit.List, wit.FixedList:
		return d.list(t)
	case wit.Map:
		return d.entries(t)
	case wit.Tuple:
		return d.tuple(t)
	case wit.Record:
		if d.peek() != '{' {
			return nil, d.mismatch("an object")
		}
		vs, err := d.fields(t.Fields)
		return wit.RecordValue(vs), err
	case wit.Variant:
		return d.variant(t)
	case wit.Option:
		return d.option(t)
	case wit.Result:
		return d.resultValue(t)
	default:
		return nil, d.errorf("a %s cannot be passed as JSON", t.Kind)
	}
}

func (d *decoder) boolean() (wit.Value, error) {
	switch d.peek() {
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	default:
		return nil, d.mismatch("a boolean")
	}
}

// isNumber reports whether a number comes next.
func (d *decoder) isNumber() bool {
	c := d.peek()
	return c == '-' || c >= '0' && c <= '9'
}

func (d *decoder) integer(k wit.Kind) (wit.Value, error) {
	digits, text := "", ""
	var err error
	switch wide := k == wit.S64 || k == wit.U64; {
	case d.isNumber():
		if text, err = d.number(); err != nil {
			return nil, err
		}
		digits = text
		if d.m == Strict {
			digits = whole(text)
		} else if text == "-0" {
			digits = "" // a float to Wassette
		}
	case d.m == Strict && wide && d.peek() == '"':
		if text, err = d.string(); err != nil {
			return nil, err
		}
		if decimal(text) {
			digits = text
		}
	default:
		return nil, d.mismatch("an integer")
	}
	if v := integer(k, digits); v != nil {
		return v, nil
	}
	low, high := bounds(k)
	return nil, d.errorf("expected an integer from %s to %s, found %q", low, high, clip(text))
}

// decimal reports whether a text is an integer as strings have it.
func decimal(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] == '0' && len(s) > 1 {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

func (d *decoder) float(k wit.Kind) (wit.Value, error) {
	text := ""
	var err error
	switch {
	case d.isNumber():
		text, err = d.number()
	case d.m == Strict && d.peek() == '"':
		text, err = d.string()
		if err == nil && text != nan && text != inf && text != negInf {
			return nil, d.errorf("expected a number, %q, %q or %q, found the string %q", nan, inf, negInf, clip(text))
		}
	default:
		return nil, d.mismatch("a number")
	}
	if err != nil {
		return nil, err
	}
	width := bits(k)
	if d.m == Wassette {
		width = 64 // and a float32 is rounded twice
	}
	f, err := strconv.ParseFloat(text, width)
	switch {
	case err != nil:
		return nil, d.errorf("%s is out of the range of %s", clip(text), k)
	case k == wit.F32:
		return float32(f), nil
	default:
		return f, nil
	}
}

// text reads a string.
func (d *decoder) text(want string) (string, error) {
	if d.peek() != '"' {
		return "", d.mismatch(want)
	}
	return d.string()
}

func (d *decoder) char() (wit.Value, error) {
	s, err := d.text("a string of one character")
	if err != nil {
		return nil, err
	}
	runes := []rune(s[:min(len(s), 8)])
	if len(runes) != 1 {
		return nil, d.errorf("expected a string of one character, found %q", clip(s))
	}
	return wit.CharValue(runes[0]), nil
}

// oneOf returns a list of names for messages.
func oneOf(names []string) string {
	const most = 12
	var b strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(clip(name)))
	}
	if len(names) > most {
		fmt.Fprintf(&b, " or one of %d others", len(names)-most)
	}
	return b.String()
}

// label reads the name of one of labels and returns its index.
func (d *decoder) label(labels []string) (int, error) {
	s, err := d.text("one of " + oneOf(labels))
	if err != nil {
		return 0, err
	}
	for i, label := range labels {
		if label == s {
			return i, nil
		}
	}
	return 0, d.errorf("expected one of %s, found %q", oneOf(labels), clip(s))
}

func (d *decoder) enum(t *wit.Type) (wit.Value, error) {
	i, err := d.label(t.Labels)
	return wit.EnumValue(i), err
}

func (d *decoder) flags(t *wit.Type) (wit.Value, error) {
	if d.peek() != '[' {
		return nil, d.mismatch("an array")
	}
	var v wit.FlagsValue
	err := d.array(func(i int) error {
		if d.m == Wassette && d.peek() != '"' {
			return d.skip(0)
		}
		return d.in(step{index: i}, func() error {
			if d.m == Wassette {
				s, err := d.string()
				for j, label := range t.Labels {
					if label == s {
						v |= 1 << j
					}
				}
				return err
			}
			j, err := d.label(t.Labels)
			if err == nil && v&(1<<j) != 0 {
				return d.errorf("%q is there twice", t.Labels[j])
			}
			v |= 1 << j
			return err
		})
	})
	return v, err
}

func (d *decoder) list(t *wit.Type) (wit.Value, error) {
	if d.m.isBytes(t) {
		return d.base64()
	}
	if d.peek() != '[' {
		return nil, d.mismatch("an array")
	}
	if t.Kind == wit.List && t.Elem.Kind == wit.U8 {
		raw := wit.Bytes{}
		err := d.array(func(i int) error {
			return d.in(step{index: i}, func() error {
				v, err := d.value(t.Elem)
				if n, ok := v.(uint8); ok {
					raw = append(raw, n)
				}
				return err
			})
		})
		return raw, err
	}
	vs := wit.ListValue{}
	err := d.array(func(i int) error {
		var v wit.Value
		err := d.at(step{index: i}, t.Elem, &v)
		vs = append(vs, v)
		return err
	})
	if err == nil && t.Kind == wit.FixedList && len(vs) != int(t.Len) {
		err = d.errorf("expected %d elements, found %d", t.Len, len(vs))
	}
	return vs, err
}

func (d *decoder) base64() (wit.Value, error) {
	s, err := d.text("a string in base64")
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which the decoder passes over
		return nil, d.errorf("it is not base64 with padding (RFC 4648, section 4)")
	}
	return wit.Bytes(b), nil
}

func (d *decoder) tuple(t *wit.Type) (wit.Value, error) {
	if d.peek() != '[' {
		return nil, d.mismatch("an array")
	}
	vs := make(wit.TupleValue, 0, len(t.Types))
	n := 0
	err := d.array(func(i int) error {
		if n++; i >= len(t.Types) {
			return d.skip(0)
		}
		var v wit.Value
		err := d.at(step{index: i}, t.Types[i], &v)
		vs = append(vs, v)
		return err
	})
	if err == nil && n != len(t.Types) {
		err = d.errorf("expected %d elements, found %d", len(t.Types), n)
	}
	return vs, err
}

func (d *decoder) option(t *wit.Type) (wit.Value, error) {
	if d.peek() == 'n' {
		return wit.OptionValue{}, d.word("null")
	}
	if !d.m.wrapsSome(t) {
		v, err := d.value(t.Elem)
		return wit.OptionValue{Some: true, Value: v}, err
	}
	if d.peek() != '{' {
		return nil, d.mismatch(`null or {"some": …}`)
	}
	vs, err := d.fields([]wit.Field{{Name: "some", Type: t.Elem}})
	if err != nil {
		return nil, err
	}
	return wit.OptionValue{Some: true, Value: vs[0]}, nil
}
