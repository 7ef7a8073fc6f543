package inventory

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/internal/cli/show"
)

var hostGroupsKind = &Kind{
	Name: "hostgroups", Singular: "hostgroup", Short: "the groups of hosts, and what they have together",
	Columns: []show.Column{
		{Name: "NAME"},
		{Name: "HOSTS"},
		{Name: "READY"},
		{Name: "UNREACHABLE"},
		{Name: "COMPONENTS"},
		{Name: "FAILED"},
		{Name: "CALLS", Live: true},
		{Name: "CPU", Live: true},
		{Name: "MEMORY"},
	},
	buckets: []bucket{hostsBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		var members []hostgroup.Member
		for _, h := range inv.hosts() {
			members = append(members, h.member(now))
		}
		var rows []show.Row
		for _, g := range hostgroup.Summarize(members) {
			rows = append(rows, show.Row{Key: string(g.Name), Doc: g, Cells: []string{
				string(g.Name), strconv.Itoa(g.Hosts), strconv.Itoa(g.Ready), strconv.Itoa(g.Unreachable), strconv.Itoa(g.Components), strconv.Itoa(g.Failed),
				strconv.FormatInt(g.Load.Running, 10), fmt.Sprintf("%.1f/%g", g.Load.CPU, g.Capacity.CPUs), show.Bytes(g.Capacity.MemoryBytes),
			}})
		}
		return rows
	},
}
