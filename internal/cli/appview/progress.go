package appview

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Line is a line of progress. Key says what it is about.
type Line struct{ Key, Text string }

// Progress says how far a deployment is: a line for each component, and one for each
// other part that it waits for.
func Progress(s *control.AppStatus) []Line {
	var lines []Line
	for i := range s.Parts {
		p := &s.Parts[i]
		key := show.Text(p.Kind + " " + p.Name)
		switch {
		case p.Kind == "component":
			lines = append(lines, Line{key, componentProgress(p)})
		case p.Phase != control.AppReady:
			lines = append(lines, Line{key, phase(p.Phase, p.Reason)})
		}
	}
	return lines
}

func componentProgress(p *control.PartStatus) string {
	text := fmt.Sprintf("%d of %d ready", p.Ready, p.Wanted)
	if p.Old > 0 {
		text += fmt.Sprintf(", %d of the version before", p.Old)
	}
	if p.Phase != control.AppReady && p.Phase != control.AppProgressing {
		text += ", " + show.Text(string(p.Phase))
	}
	if p.Reason != "" {
		return text + ": " + brief(p.Reason)
	}
	var doing []string
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.State != lattice.ComponentRunning && h.State != "" && len(doing) < maxNames {
			doing = append(doing, show.Text(string(h.State))+" on "+show.Text(hostName(h)))
		}
	}
	if len(doing) > 0 {
		text += ": " + strings.Join(doing, ", ")
	}
	return text
}
