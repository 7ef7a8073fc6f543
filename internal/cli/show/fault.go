package show

import (
	"fmt"
	"time"
)

// Fault says that a link to a capability of some kind does not work, why, and since when.
func Fault(link, kind, reason string, since, now time.Time) string {
	text := fmt.Sprintf("link %s (%s): %s", Text(link), Text(kind), Text(reason))
	if age := now.Sub(since); !since.IsZero() && age >= 0 {
		text += fmt.Sprintf(" (since %s)", Age(age))
	}
	return text
}
