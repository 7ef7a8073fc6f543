package secrets

import (
	"fmt"
	"log/slog"
	"strings"
)

// redacted is what a value is wherever it is printed.
const redacted = "REDACTED"

// Value is the value of a secret. Whatever prints it says REDACTED.
type Value struct {
	// text is behind a pointer: what prints by reflection shows an address.
	text *string
}

// NewValue returns a value.
func NewValue(text string) Value {
	text = strings.Clone(text)
	return Value{&text}
}

// reveal returns the text.
func (v Value) reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// String implements fmt.Stringer.
func (Value) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Value) GoString() string { return redacted }

// Format implements fmt.Formatter, for every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }
