package filesystem

import "strings"

// MaxName is how many bytes a name has at most, the NAME_MAX of most systems.
const MaxName = 255

// CheckPath judges the form of a path, which all implementations do alike.
func CheckPath(p string) error {
	switch {
	case p == "":
		return Fail(NoEntry)
	case p[0] == '/':
		return Fail(NotPermitted)
	case strings.IndexByte(p, 0) >= 0:
		return Fail(Invalid)
	}
	return nil
}
