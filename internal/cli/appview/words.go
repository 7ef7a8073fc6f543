package appview

import (
	"fmt"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// maxCell bounds the characters of a text in a table.
const maxCell = 80

// brief returns the beginning of the first line of a text.
func brief(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if r := []rune(line); len(r) > maxCell {
		line, more = string(r[:maxCell]), true
	}
	if more {
		line += "…"
	}
	return show.Text(line)
}

// count prints a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// phase prints a phase and why.
func phase(p control.AppPhase, reason string) string {
	text := show.Text(string(p))
	if reason == "" {
		return text
	}
	return text + ": " + brief(reason)
}

// orNone prints what is not there.
func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// age prints how long ago something was.
func age(now, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return show.Age(now.Sub(at))
}

// fault says that a link does not work.
func fault(f *lattice.LinkFault, now time.Time) string {
	return show.Fault(string(f.Link), f.Capability, f.Reason, f.Since, now)
}

// hostName returns what people call a host.
func hostName(h *control.PartHost) string {
	if h.Name != "" {
		return h.Name
	}
	return h.Host.Short()
}

// Names returns what people call a host.
type Names func(lattice.HostID) string

// maxLines bounds the lines of a reason that are shown whole.
const maxLines = 20

// indented writes a text whose lines all begin so.
func indented(b *strings.Builder, indent, text string) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for _, line := range lines[:min(len(lines), maxLines)] {
		b.WriteString(indent + show.Text(line) + "\n")
	}
	if more := len(lines) - maxLines; more > 0 {
		fmt.Fprintf(b, "%s… %s more\n", indent, count(more, "line"))
	}
}
