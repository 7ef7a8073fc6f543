package wattlemcp

import (
	"reflect"
	"testing"
)

// What is lowered is the same when it is lifted.
func TestRoundTrip(t *testing.T) {
	const base = 4096
	text, state, left := "é", "", uint64(1<<63)
	blob := []byte{1, 2, 3}
	for _, v := range []any{
		Request{Callers: []string{"gateway/ann", ""}, Meta: "{}", InputResponses: &text, State: &state, RemainingMillis: &left},
		result[ToolOutcome]{OK: &ToolOutcome{Complete: &ToolResult{
			Content: []Content{{Text: &text}, {Image: &Binary{blob, "image/png"}}, {Resource: &Contents{URI: "a:b", Body: Body{Blob: &blob}}}},
			IsError: true, Structured: &text,
		}}},
		result[ToolOutcome]{Err: &Error{Code: -32602, Message: "no"}},
		result[Completion]{OK: &Completion{Values: []string{"a"}, HasMore: true}},
		[]Prompt{{Name: "p", Arguments: []Argument{{Name: "x", Required: true}}}, {Name: "q", Arguments: []Argument{}}},
	} {
		b := lower(v, func([]byte) uint32 { return base })
		got := reflect.New(reflect.TypeOf(v))
		lift(func(at, n uint32) []byte { return b[at-base : at-base+n] }, base, got.Interface())
		if !reflect.DeepEqual(got.Elem().Interface(), v) {
			t.Errorf("%+v is %+v when it is back", v, got.Elem())
		}
	}
}

// The sizes are those of the Canonical ABI.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		v           any
		size, align uint32
	}{
		{Request{}, 72, 8}, {Content{}, 48, 4}, {Error{}, 24, 4}, {Tool{}, 76, 4},
	} {
		if size, align := layout(reflect.TypeOf(c.v)); size != c.size || align != c.align {
			t.Errorf("a %T has %d bytes, aligned to %d; want %d and %d", c.v, size, align, c.size, c.align)
		}
	}
}
