package appview

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Explain writes why an application runs where it runs: for each component its rules,
// the hosts that were chosen, those that were not, and what its links lead to. status
// is how the application is doing, and now what time it is.
func Explain(w io.Writer, e *control.AppExplanation, status *control.AppStatus, name Names, now time.Time) error {
	var b strings.Builder
	summary(&b, &status.AppSummary)
	for i := range e.Components {
		b.WriteByte('\n')
		explainComponent(&b, &e.Components[i], partOf(status, e.Components[i].Name), name, now)
	}
	writeNext(&b, slices.DeleteFunc(Next(status), func(step string) bool {
		return strings.Contains(step, "wattle app explain") // this is that
	}))
	_, err := io.WriteString(w, b.String())
	return err
}

// partOf returns the status of a component, or nil.
func partOf(s *control.AppStatus, name string) *control.PartStatus {
	for i := range s.Parts {
		if p := &s.Parts[i]; p.Kind == "component" && p.Name == name {
			return p
		}
	}
	return nil
}

func explainComponent(b *strings.Builder, c *control.ComponentExplanation, p *control.PartStatus, name Names, now time.Time) {
	fmt.Fprintf(b, "%s, on the lattice %s", show.Text(c.Name), show.Text(string(c.ID)))
	if p != nil {
		fmt.Fprintf(b, ": %s, %d of %s ready", show.Text(string(p.Phase)), p.Ready, count(p.Wanted, "instance"))
	}
	b.WriteByte('\n')
	if p != nil && p.Reason != "" {
		indented(b, "  ", p.Reason)
	}
	if len(c.Rules) > 0 {
		b.WriteString("  what it asks of hosts\n")
		for _, r := range c.Rules {
			indented(b, "    ", r)
		}
	}
	if len(c.Hosts) > 0 {
		b.WriteString("  where it runs\n")
	}
	said := map[string]string{}
	for i := range c.Hosts {
		explainHost(b, &c.Hosts[i], said, now)
	}
	if c.Missing > 0 {
		fmt.Fprintf(b, "  no host was found for %s\n", count(c.Missing, "instance"))
	}
	if len(c.Passed) > 0 {
		when := "" // the reasons are of now
		if c.Missing == 0 {
			when = " when it was placed"
		}
		fmt.Fprintf(b, "  hosts that were passed over%s\n", when)
		for i := range c.Passed {
			explainPassed(b, &c.Passed[i], name)
		}
	}
	explainLinks(b, "what it calls", c.Links, false)
	explainLinks(b, "what calls it", c.Links, true)
}

// explainLinks writes the links of a component, or those to it.
func explainLinks(b *strings.Builder, what string, links []control.LinkedExplain, to bool) {
	first := true
	for _, l := range links {
		if (l.Source != "") != to {
			continue
		}
		if first {
			b.WriteString("  " + what + "\n")
		}
		first = false
		if to {
			fmt.Fprintf(b, "    %s: %s: %s\n", brief(string(l.Source)), brief(l.Link), show.Text(string(l.Phase)))
		} else {
			fmt.Fprintf(b, "    %s -> %s: %s\n", brief(l.Link), brief(l.Target), show.Text(string(l.Phase)))
		}
		if l.Reason != "" {
			indented(b, "      ", l.Reason)
		}
	}
}

// explainHost writes what is known of a component on a host. said has the reasons that
// were written before, by the name of their host: a long one is written once.
func explainHost(b *strings.Builder, h *control.PartHost, said map[string]string, now time.Time) {
	fmt.Fprintf(b, "    %s: %s of revision %d", show.Text(hostName(h)), count(h.Instances, "instance"), h.Revision)
	if h.Share != "" {
		fmt.Fprintf(b, " for share %q", show.Text(h.Share))
	}
	if h.State != "" {
		b.WriteString(", " + show.Text(string(h.State)))
	}
	if !h.Since.IsZero() {
		b.WriteString(", since " + h.Since.Local().Format(time.DateTime))
	}
	b.WriteByte('\n')
	if h.Why != "" {
		indented(b, "      ", h.Why)
	}
	first, _, long := strings.Cut(h.Reason, "\n")
	switch at, again := said[h.Reason]; {
	case h.Reason == "":
	case again && long:
		indented(b, "      ", first+" … (all of it is the same as on "+at+")")
	default:
		indented(b, "      ", h.Reason)
		said[h.Reason] = hostName(h)
	}
	for i := range h.Faults {
		indented(b, "      ", fault(&h.Faults[i], now))
	}
	if h.Leaving != "" {
		indented(b, "      ", "it leaves: "+h.Leaving)
	}
}

// maxPassed bounds the hosts that are named for each reason.
const maxPassed = 6

func explainPassed(b *strings.Builder, p *control.PassedHosts, name Names) {
	n := min(len(p.Hosts), maxPassed)
	names := make([]string, n)
	for i, id := range p.Hosts[:n] {
		names[i] = show.Text(name(id))
	}
	list := strings.Join(names, ", ")
	if more := p.Count - n; more > 0 && n > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	fmt.Fprintf(b, "    %s: %s\n", count(p.Count, "host"), list)
	indented(b, "      ", p.Why)
}
