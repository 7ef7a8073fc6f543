package witjson

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	key   string
	value any
}

// appendValue appends the JSON of an object, an []any, a string, an int, a
// uint32 or nil.
func appendValue(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case object:
		b.WriteByte('{')
		for i, m := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			appendString(b, m.key)
			b.WriteByte(':')
			appendValue(b, m.value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			appendValue(b, e)
		}
		b.WriteByte(']')
	case string:
		appendString(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
	case uint32:
		b.WriteString(strconv.FormatUint(uint64(v), 10))
	case nil:
		b.WriteString("null")
	}
}

func appendString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string into a buffer: nothing can fail
	b.Truncate(b.Len() - 1)
}
