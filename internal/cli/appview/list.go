package appview

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// ListColumns are those of List.
var ListColumns = []show.Column{
	{Name: "NAME"},
	{Name: "DEPLOYED"},
	{Name: "PHASE"},
	{Name: "READY"},
	{Name: "CHANGED", Live: true},
	{Name: "NEWEST", Wide: true},
	{Name: "VERSIONS", Wide: true},
	{Name: "DESCRIPTION", Wide: true},
}

// List returns a row for each application.
func List(apps []control.AppSummary, now time.Time) []show.Row {
	rows := make([]show.Row, len(apps))
	for i := range apps {
		a := &apps[i]
		rows[i] = show.Row{Key: string(a.App), Doc: a, Cells: []string{
			string(a.App), orNone(brief(a.Deployed)), phase(a.Phase, a.Reason), fmt.Sprintf("%d/%d", a.Ready, a.Components),
			age(now, a.Changed), brief(a.Version), strconv.Itoa(a.Versions), orNone(brief(a.Description)),
		}}
	}
	return rows
}

// HistoryColumns are those of History.
var HistoryColumns = []show.Column{
	{Name: "VERSION"},
	{Name: "WHAT"},
	{Name: "WHEN"},
	{Name: "BY"},
	{Name: "OUTCOME"},
	{Name: "TOOK"},
	{Name: "REASON"},
	{Name: "NUMBER", Wide: true},
}

// History returns a row for each deployment, oldest first.
func History(h *control.AppHistory) []show.Row {
	rows := make([]show.Row, len(h.Deployments))
	for i := range h.Deployments {
		d := &h.Deployments[i]
		took := "-"
		if !d.Ended.IsZero() {
			took = show.Age(d.Ended.Sub(d.At))
		}
		rows[i] = show.Row{Key: strconv.Itoa(i), Doc: d, Cells: []string{
			brief(d.Version), brief(d.What), d.At.Local().Format(time.DateTime), orNone(brief(d.By)),
			brief(d.Outcome), took, orNone(brief(d.Reason)), strconv.FormatUint(d.Number, 10),
		}}
	}
	return rows
}
