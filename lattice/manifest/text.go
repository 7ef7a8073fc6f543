package manifest

import (
	"strings"
	"unicode"

	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// shortText reports whether s can be shown in a table.
func shortText(s string) bool { return len(s) <= wire.MaxText && wire.Printable(s) }

// oneLine makes a text for people one that can be shown in a table.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if c == unicode.ReplacementChar || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)), " ")
	if len(s) > wire.MaxText {
		s = strings.ToValidUTF8(s[:wire.MaxText-len("…")], "") + "…"
	}
	return s
}

// oamKey reports whether s can be the key of a label or annotation.
func oamKey(s string) bool {
	prefix, name, ok := strings.Cut(s, "/")
	if !ok {
		return oamName(s, 63, "-_.")
	}
	if prefix == "" || len(prefix) > 253 {
		return false
	}
	for part := range strings.SplitSeq(prefix, ".") {
		if !oamName(part, 63, "-") || part[0] >= '0' && part[0] <= '9' {
			return false
		}
	}
	return oamName(name, 63, "-_.")
}

// oamName reports whether s is letters and digits, and others between them.
func oamName(s string, most int, others string) bool {
	if s == "" || len(s) > most || !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if !alphanumeric(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// functionName reports whether s is the name of a function, of an interface or not.
func functionName(s string) bool {
	if len(s) > wire.MaxText {
		return false
	}
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return wit.IsLabel(s)
	}
	_, err := wit.ParseInterfaceID(s[:i])
	return err == nil && wit.IsLabel(s[i+1:])
}
