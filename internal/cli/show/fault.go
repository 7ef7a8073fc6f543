package show

import (
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Fault says that a link does not work, and since when.
func Fault(f *lattice.LinkFault, now time.Time) string {
	text := fmt.Sprintf("link %s (%s): %s", Text(string(f.Link)), Text(f.Capability), Text(f.Reason))
	if since := now.Sub(f.Since); !f.Since.IsZero() && since >= 0 {
		text += fmt.Sprintf(" (since %s)", Age(since))
	}
	return text
}
