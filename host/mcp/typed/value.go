package typed

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/wit"
)

// The functions below take values apart whose types are known: those of functions whose
// signatures were compared when the endpoint was made.
//
//nolint:forcetypeassert // see above
var (
	recordOf  = func(v wit.Value) wit.RecordValue { return v.(wit.RecordValue) }
	listOf    = func(v wit.Value) wit.ListValue { return v.(wit.ListValue) }
	tupleOf   = func(v wit.Value) wit.TupleValue { return v.(wit.TupleValue) }
	variantOf = func(v wit.Value) wit.VariantValue { return v.(wit.VariantValue) }
	enumOf    = func(v wit.Value) int { return int(v.(wit.EnumValue)) }
	stringOf  = func(v wit.Value) string { return v.(string) }
	boolOf    = func(v wit.Value) bool { return v.(bool) }
	bytesOf   = func(v wit.Value) []byte { return v.(wit.Bytes) }
	resultOf  = func(v wit.Value) wit.ResultValue { return v.(wit.ResultValue) }
	optionOf  = func(v wit.Value) (wit.Value, bool) { o := v.(wit.OptionValue); return o.Value, o.Some }
)

// some returns the option that holds v.
func some(v wit.Value) wit.OptionValue { return wit.OptionValue{Some: true, Value: v} }

// optional returns the option of a text, none for an empty one.
func optional(text string) wit.OptionValue {
	if text == "" {
		return wit.OptionValue{}
	}
	return some(text)
}

// builder makes a JSON object of what a component says. The first member that is not
// what it has to be is an error.
type builder struct {
	o   rawjson.Object
	err error
}

// text adds a string.
func (b *builder) text(name, s string) *builder {
	b.o = append(b.o, rawjson.Member{Name: name, Value: rawjson.Quote(s)})
	return b
}

// opt adds a string, unless there is none.
func (b *builder) opt(name string, v wit.Value) *builder {
	if s, ok := optionOf(v); ok {
		b.text(name, stringOf(s))
	}
	return b
}

// raw adds a text that is JSON.
func (b *builder) raw(name string, text json.RawMessage) *builder {
	b.o = append(b.o, rawjson.Member{Name: name, Value: text})
	return b
}

// json adds a text of the component that has to be JSON.
func (b *builder) json(name, text string) *builder {
	compact, err := rawjson.Compact([]byte(text))
	if err != nil {
		b.fail("%s is not JSON: %v", name, err)
		return b
	}
	return b.raw(name, compact)
}

// object adds a text of the component that has to be a JSON object, unless there is none.
func (b *builder) object(name string, v wit.Value) *builder {
	text, ok := optionOf(v)
	if !ok {
		return b
	}
	if b.json(name, stringOf(text)); b.err == nil && !rawjson.IsObject(b.o.Get(name)) {
		b.fail("%s is not an object", name)
	}
	return b
}

// any adds a text of the component that has to be JSON, unless there is none.
func (b *builder) any(name string, v wit.Value) *builder {
	if text, ok := optionOf(v); ok {
		b.json(name, stringOf(text))
	}
	return b
}

// bytes adds bytes in base64.
func (b *builder) bytes(name string, data []byte) *builder {
	text := make([]byte, 0, base64.StdEncoding.EncodedLen(len(data))+2)
	text = base64.StdEncoding.AppendEncode(append(text, '"'), data)
	return b.raw(name, append(text, '"'))
}

// list adds an array of what f returns for each of the elements.
func (b *builder) list(name string, vs wit.ListValue, f func(wit.Value) (json.RawMessage, error)) *builder {
	text := []byte{'['}
	for i, v := range vs {
		if i > 0 {
			text = append(text, ',')
		}
		element, err := f(v)
		if err != nil {
			b.fail("%s[%d]: %w", name, i, err)
			return b
		}
		text = append(text, element...)
	}
	return b.raw(name, append(text, ']'))
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *builder) done() (json.RawMessage, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.o.JSON(), nil
}
