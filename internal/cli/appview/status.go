package appview

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/scheduler/control"
)

var partColumns = []show.Column{
	{Name: "KIND"},
	{Name: "NAME"},
	{Name: "PHASE"},
	{Name: "READY"},
	{Name: "REVISION"},
	{Name: "HOSTS"},
	{Name: "ID", Wide: true},
	{Name: "REF", Wide: true},
}

var hostColumns = []show.Column{
	{Name: "COMPONENT"},
	{Name: "HOST"},
	{Name: "REVISION"},
	{Name: "INSTANCES"},
	{Name: "STATE"},
	{Name: "SINCE", Live: true},
	{Name: "WHY"},
}

// Status writes how an application is doing; wide adds a table of hosts.
func Status(w io.Writer, s *control.AppStatus, now time.Time, wide bool) error {
	var b strings.Builder
	summary(&b, &s.AppSummary)
	if len(s.Parts) > 0 {
		b.WriteByte('\n')
		table := show.Table{Columns: partColumns, Wide: wide}
		if err := table.Write(&b, partRows(s)); err != nil {
			return err
		}
	}
	if rows := hostRows(s, now); wide && len(rows) > 0 {
		b.WriteByte('\n')
		table := show.Table{Columns: hostColumns, Wide: true}
		if err := table.Write(&b, rows); err != nil {
			return err
		}
	}
	writeFaults(&b, s, now)
	var urls []string
	for i := range s.Parts {
		urls = append(urls, s.Parts[i].URLs...)
	}
	if len(urls) > 0 {
		b.WriteByte('\n')
		for _, u := range urls {
			b.WriteString("  " + show.Text(u) + "\n")
		}
	}
	writeNext(&b, Next(s))
	_, err := io.WriteString(w, b.String())
	return err
}

// writeFaults writes which links do not work, which changes nothing of where components
// are, or of which version of them.
func writeFaults(b *strings.Builder, s *control.AppStatus, now time.Time) {
	first := true
	for i := range s.Parts {
		p := &s.Parts[i]
		for j := range p.Hosts {
			h := &p.Hosts[j]
			for k := range h.Faults {
				if first {
					b.WriteString("\nwhat does not work\n")
				}
				first = false
				indented(b, "  ", fmt.Sprintf("component %s on host %s: %s", p.Name, hostName(h), fault(&h.Faults[k], now)))
			}
		}
	}
}

// summary writes what an application is like, and why.
func summary(b *strings.Builder, s *control.AppSummary) {
	b.WriteString(headline(s) + "\n")
	if s.Reason != "" {
		indented(b, "  ", s.Reason)
	}
}

// headline says in a line what an application is like.
func headline(s *control.AppSummary) string {
	version := "no version of it is deployed"
	if s.Deployed != "" {
		version = "version " + brief(s.Deployed)
	}
	line := fmt.Sprintf("%s, %s: %s", show.Text(string(s.App)), version, show.Text(string(s.Phase)))
	if s.Components > 0 && s.Deployed != "" {
		line += fmt.Sprintf(", %d of %s ready", s.Ready, count(s.Components, "component"))
	}
	return line
}

func partRows(s *control.AppStatus) []show.Row {
	rows := make([]show.Row, len(s.Parts))
	for i := range s.Parts {
		p := &s.Parts[i]
		ready, revision := "-", "-"
		if p.Kind == "component" {
			ready = fmt.Sprintf("%d/%d", p.Ready, p.Wanted)
			if p.Old > 0 {
				ready += fmt.Sprintf(" +%d old", p.Old)
			}
			revision = strconv.FormatUint(p.Revision, 10)
		}
		names := make([]string, len(p.Hosts))
		for i := range p.Hosts {
			names[i] = hostName(&p.Hosts[i])
		}
		rows[i] = show.Row{Key: p.Kind + " " + p.Name, Cells: []string{
			p.Kind, brief(p.Name), phase(p.Phase, p.Reason), ready, revision, orNone(few(names)), orNone(p.ID), orNone(brief(p.Ref)),
		}}
	}
	return rows
}

func hostRows(s *control.AppStatus, now time.Time) []show.Row {
	var rows []show.Row
	for i := range s.Parts {
		p := &s.Parts[i]
		for j := range p.Hosts {
			h := &p.Hosts[j]
			state := string(h.State)
			switch {
			case h.Leaving != "":
				state = "leaving: " + h.Leaving
			case h.Reason != "":
				state += ": " + h.Reason
			}
			rows = append(rows, show.Row{Key: p.Name + " " + string(h.Host), Cells: []string{
				brief(p.Name), hostName(h), strconv.FormatUint(h.Revision, 10), strconv.Itoa(h.Instances),
				orNone(brief(state)), age(now, h.Since), orNone(brief(h.Why)),
			}})
		}
	}
	return rows
}

// maxNames bounds the names that are listed in a cell.
const maxNames = 4

// few lists the first of some names.
func few(names []string) string {
	if more := len(names) - maxNames; more > 0 {
		return strings.Join(names[:maxNames], ",") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ",")
}

// worst are the phases in which something has to be done, the worst first.
var worst = []control.AppPhase{control.AppFailed, control.AppWaiting, control.AppDegraded, control.AppCanary, control.AppProgressing}

// Trouble returns the parts that are not ready, those that need attention the most
// first.
func Trouble(s *control.AppStatus) []*control.PartStatus {
	var parts []*control.PartStatus
	for i := range s.Parts {
		if slices.Contains(worst, s.Parts[i].Phase) {
			parts = append(parts, &s.Parts[i])
		}
	}
	slices.SortStableFunc(parts, func(a, b *control.PartStatus) int {
		return cmp.Compare(slices.Index(worst, a.Phase), slices.Index(worst, b.Phase))
	})
	return parts
}
