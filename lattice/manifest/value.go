package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bounds of the tree, with aliases expanded.
const (
	maxValues   = 1 << 18
	maxExpanded = 4 * MaxBytes
	maxDepth    = 40
)

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInteger
	kindFloat
	kindText
	kindList
	kindMap
)

// value is a value of YAML or JSON with its place in the text.
type value struct {
	kind         kind
	line, column int
	// text is that of a scalar, as it is written.
	text string
	// integer is that of kindInteger, negative its sign, and big says that it does not
	// fit.
	integer  uint64
	negative bool
	big      bool
	float    float64
	// list are the elements, entries those of a map in their order.
	list    []*value
	entries []entry
}

type entry struct {
	key   *value
	value *value
}

// what names the value in errors.
func (v *value) what() string {
	switch v.kind {
	case kindNull:
		return "nothing"
	case kindBool, kindInteger, kindFloat:
		return fmt.Sprintf("%s %.40s", [...]string{kindBool: "the boolean", kindInteger: "the number", kindFloat: "the number"}[v.kind], v.text)
	case kindText:
		return fmt.Sprintf("the text %.40q", v.text)
	case kindList:
		return "a list"
	}
	return "a map"
}

// get returns the value of a key of a map, or nil.
func (v *value) get(key string) *value {
	for i := range v.entries {
		if v.entries[i].key.text == key {
			return v.entries[i].value
		}
	}
	return nil
}

// spot returns the value of a key, or v itself if it has none: where an error is.
func (v *value) spot(key string) *value {
	if at := v.get(key); at != nil {
		return at
	}
	return v
}

// plain gives a value the type that its text has by the core schema of YAML 1.2.2,
// section 10.3.2, with binary and signed forms as serde_yaml reads them.
func (v *value) plain() {
	s := v.text
	switch s {
	case "", "~", "null", "Null", "NULL":
		v.kind = kindNull
		return
	case "true", "True", "TRUE", "false", "False", "FALSE":
		v.kind = kindBool
		return
	}
	v.kind = kindText
	digits, negative := s, false
	switch s[0] {
	case '-':
		digits, negative = s[1:], true
	case '+':
		digits = s[1:]
	}
	if digits == "" || !strings.ContainsRune("0123456789.", rune(digits[0])) {
		return
	}
	base, rest := 10, digits
	for prefix, b := range map[string]int{"0x": 16, "0o": 8, "0b": 2} {
		if after, ok := strings.CutPrefix(digits, prefix); ok {
			base, rest = b, after
		}
	}
	if allDigits(rest, base) {
		if base == 10 && len(rest) > 1 && rest[0] == '0' {
			return // a text, as 0755 is
		}
		n, err := strconv.ParseUint(rest, base, 64)
		v.kind, v.integer, v.negative = kindInteger, n, negative && n != 0
		v.big = err != nil || negative && n > 1<<63
		return
	}
	v.plainFloat(digits, negative)
}

func (v *value) plainFloat(digits string, negative bool) {
	sign := 1.0
	if negative {
		sign = -1
	}
	switch digits {
	case ".inf", ".Inf", ".INF":
		v.kind, v.float = kindFloat, math.Inf(int(sign))
		return
	case ".nan", ".NaN", ".NAN":
		if len(digits) == len(v.text) {
			v.kind, v.float = kindFloat, math.NaN()
		}
		return
	}
	if strings.Trim(digits, "0123456789.eE+-") != "" {
		return
	}
	if len(digits) > 1 && digits[0] == '0' && allDigits(digits[:2], 10) {
		return // a text, as 07.5 is
	}
	if f, err := strconv.ParseFloat(digits, 64); err == nil {
		v.kind, v.float = kindFloat, sign*f
	}
}

// tooBig returns the first number in v that does not fit into 64 bits, or nil.
func (v *value) tooBig() *value {
	if v.big {
		return v
	}
	for _, e := range v.list {
		if big := e.tooBig(); big != nil {
			return big
		}
	}
	for i := range v.entries {
		if big := v.entries[i].value.tooBig(); big != nil {
			return big
		}
	}
	return nil
}

func allDigits(s string, base int) bool {
	for _, c := range []byte(s) {
		n := 99
		switch {
		case c >= '0' && c <= '9':
			n = int(c - '0')
		case c >= 'a' && c <= 'f':
			n = int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			n = int(c-'A') + 10
		}
		if n >= base {
			return false
		}
	}
	return s != ""
}
