package keyvalue

import (
	"strconv"
	"testing"

	"github.com/wattle-dev/wattle/host/component"
)

// A cursor is a number that a page may have had, written as it was given.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "0", "1", "18446744073709551615", "18446744073709551616", "-1", "+1", "01", "1 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseCursor(component.Some(s))
		if err == nil && (n == 0 || strconv.FormatUint(n, 10) != s) {
			t.Errorf("cursor %q is %d", s, n)
		}
	})
	if n, err := parseCursor(component.Option[string]{}); n != 0 || err != nil {
		f.Errorf("no cursor is %d, %v", n, err)
	}
}
