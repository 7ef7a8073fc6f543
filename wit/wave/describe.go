package wave

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/wit"
)

// The limits of what an error message lists, and of where it looks for a name
// that was meant.
const (
	maxListed  = 12
	maxNearest = 1000
)

// describe names a type in an error message: by its name if it has one, and
// otherwise by its structure as far as that is short.
func describe(t *wit.Type) string { return describeIn(t, 2) }

func describeIn(t *wit.Type, depth int) string {
	kind := t.Kind.String()
	switch {
	case t.Name != "":
		return kind + " " + clip(t.Name)
	case depth == 0:
		return kind
	}
	arg := func(t *wit.Type) string {
		if t == nil {
			return "_"
		}
		return describeIn(t, depth-1)
	}
	switch t.Kind {
	case wit.List, wit.Option:
		return kind + "<" + arg(t.Elem) + ">"
	case wit.FixedList:
		return fmt.Sprintf("%s<%s, %d>", kind, arg(t.Elem), t.Len)
	case wit.Map:
		return kind + "<" + arg(t.Elem) + ", " + arg(t.Value) + ">"
	case wit.Result:
		return kind + "<" + arg(t.Ok) + ", " + arg(t.Err) + ">"
	case wit.Tuple:
		parts := make([]string, 0, maxListed)
		for _, e := range t.Types[:min(len(t.Types), maxListed)] {
			parts = append(parts, arg(e))
		}
		if len(parts) < len(t.Types) {
			parts = append(parts, "…")
		}
		return kind + "<" + strings.Join(parts, ", ") + ">"
	case wit.Own, wit.Borrow:
		return kind + "<" + clip(t.Resource.Name) + ">"
	}
	return kind
}

// ranges are the values of the types of integers.
var ranges = map[wit.Kind]string{
	wit.S8: "-128 to 127", wit.U8: "0 to 255", wit.S16: "-32768 to 32767", wit.U16: "0 to 65535",
	wit.S32: "-2147483648 to 2147483647", wit.U32: "0 to 4294967295",
	wit.S64: "-9223372036854775808 to 9223372036854775807", wit.U64: "0 to 18446744073709551615",
}

// expected says how a value of a type is written.
func expected(t *wit.Type) string {
	d := describe(t)
	switch t.Kind {
	case wit.Bool:
		return d + ", true or false"
	case wit.F32, wit.F64:
		return d + ", a number, nan, inf or -inf"
	case wit.Char:
		return d + ", such as 'x'"
	case wit.String:
		return d + `, such as "x"`
	case wit.List, wit.FixedList, wit.Map:
		return d + ", in brackets"
	case wit.Tuple:
		return d + ", in parentheses"
	case wit.Record:
		return d + ", {" + list(names(t)) + "}"
	case wit.Flags:
		return d + ", of {" + list(names(t)) + "}"
	case wit.Enum, wit.Variant:
		return d + ", one of " + list(names(t))
	case wit.Option:
		return d + ", some(…) or none" + short(t.Elem)
	case wit.Result:
		return d + ", ok or err" + short(t.Ok)
	}
	return d + ", " + ranges[t.Kind]
}

// short says that the payload of an option or result will do.
func short(payload *wit.Type) string {
	if !hasShortForm(payload) {
		return ""
	}
	return " or " + describe(payload)
}

// list lists names, as far as there are few.
func list(names []string) string {
	listed := make([]string, 0, maxListed+1)
	for _, n := range names[:min(len(names), maxListed)] {
		listed = append(listed, clip(n))
	}
	if more := len(names) - len(listed); more > 0 {
		listed = append(listed, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(listed, ", ")
}

// unknown says that of a type something of a name does not exist, and which one
// may be meant.
func unknown(what, name string, t *wit.Type) string {
	all := names(t)
	msg := fmt.Sprintf("%s has no %s %q", describe(t), what, clip(name))
	if hint := nearest.Hint(name, all[:min(len(all), maxNearest)]); hint != "" {
		return msg + hint
	}
	return msg + "; it has " + list(all)
}
