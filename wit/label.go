package wit

import "strings"

// MaxNameLen bounds each label, and each part of an identifier, in bytes.
const MaxNameLen = 1 << 10

// IsLabel reports whether s is a label: kebab-case, each fragment a word in
// lower case or an acronym in upper case, the first one led by a letter.
func IsLabel(s string) bool {
	if s == "" || len(s) > MaxNameLen || !isLetter(s[0]) {
		return false
	}
	for frag := range strings.SplitSeq(s, "-") {
		if !isFragment(frag) {
			return false
		}
	}
	return true
}

// isWords reports whether s is made of words alone, as the names of namespaces
// and packages are.
func isWords(s string) bool {
	return IsLabel(s) && !strings.ContainsFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' })
}

// isFragment reports whether s is a word or an acronym.
func isFragment(s string) bool {
	var lower, upper bool
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= 'A' && c <= 'Z':
			upper = true
		case c < '0' || c > '9':
			return false
		}
	}
	return s != "" && (!lower || !upper)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
