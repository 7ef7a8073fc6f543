package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
)

var hostsKind = &Kind{
	Name: "hosts", Singular: "host", Short: "the hosts, and what they use",
	Columns: []show.Column{
		{Name: "NAME"},
		{Name: "ID"},
		{Name: "GROUP"},
		{Name: "STATE"},
		{Name: "COMPONENTS"},
		{Name: "CALLS", Live: true},
		{Name: "CPU", Live: true},
		{Name: "MEMORY", Live: true},
		{Name: "UP", Live: true},
		{Name: "VERSION", Wide: true},
		{Name: "APPLIED", Wide: true},
		{Name: "LABELS", Wide: true},
		{Name: "KEY", Wide: true},
	},
	buckets: []bucket{hostsBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		var rows []show.Row
		for _, h := range inv.hosts() {
			rows = append(rows, show.Row{Key: string(h.ID), Doc: h.HostReport, Cells: []string{
				inv.Name(h.ID), h.ID.Short(), string(h.Group), h.state(now),
				strconv.Itoa(len(h.Components)),
				strconv.FormatInt(h.Load.Running, 10),
				fmt.Sprintf("%.1f/%g", h.Load.CPU, h.Capacity.CPUs),
				show.Bytes(h.Load.MemoryBytes) + "/" + show.Bytes(h.Capacity.MemoryBytes),
				show.Age(h.up(now)),
				h.Version, fmt.Sprintf("%d.%d", h.Applied.Term, h.Applied.Index), pairs(h.Labels), string(h.ID),
			}})
		}
		return rows
	},
}

// up is for how long a host has run. Its own times are compared with each other only:
// its clock may be days off.
func (h *Host) up(now time.Time) time.Duration {
	return max(h.Time.Sub(h.Started), 0) + max(now.Sub(h.Seen), 0)
}

// state returns what a host does, as far as is known.
func (h *Host) state(now time.Time) string {
	if h.Unreachable(now) {
		return "unreachable since " + clock(h.Seen, now)
	}
	return string(h.State)
}

// clock prints a time, with the day if that is not today.
func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

// pairs prints a map as k=v,k=v.
func pairs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, ",")
}

// none is what a cell shows of nothing.
const none = "-"

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}
