package inventory

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
)

// Provider is a provider on a host.
type Provider struct {
	Host     lattice.HostID `json:"host"`
	HostName string         `json:"host_name"`
	lattice.ProviderStatus
}

var providersKind = &Kind{
	Name: "providers", Singular: "provider", Short: "the providers, and what they serve",
	Columns: []show.Column{
		{Name: "ID"},
		{Name: "NAME"},
		{Name: "HOST"},
		{Name: "STATE"},
		{Name: "ADDRESS"},
		{Name: "INTERFACES", Wide: true},
	},
	buckets: []bucket{hostsBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		var rows []show.Row
		for _, h := range inv.hosts() {
			for _, p := range h.Providers {
				state := p.State
				if h.Unreachable(now) {
					state = h.state(now)
				}
				rows = append(rows, show.Row{Key: string(p.ID) + " " + string(h.ID), Doc: Provider{h.ID, inv.Name(h.ID), p}, Cells: []string{
					string(p.ID), p.Name, inv.Name(h.ID), state, orNone(p.Address), orNone(strings.Join(p.Interfaces, ",")),
				}})
			}
		}
		slices.SortStableFunc(rows, func(a, b show.Row) int { return strings.Compare(a.Key, b.Key) })
		return rows
	},
}

var linksKind = &Kind{
	Name: "links", Singular: "link", Short: "the links between components and providers",
	Columns: []show.Column{
		{Name: "SOURCE"},
		{Name: "TARGET"},
		{Name: "INTERFACES"},
		{Name: "NAME"},
		{Name: "SOURCE CONFIG", Wide: true},
		{Name: "TARGET CONFIG", Wide: true},
	},
	buckets: []bucket{linksBucket},
	rows: func(inv *Inventory, _ time.Time) []show.Row {
		var rows []show.Row
		for _, key := range slices.Sorted(maps.Keys(inv.Links)) {
			l := inv.Links[key]
			rows = append(rows, show.Row{Key: key, Doc: l, Cells: []string{
				string(l.Source), l.Target, l.Namespace + ":" + l.Package + "/" + strings.Join(l.Interfaces, ","), string(l.Name),
				orNone(joined(l.SourceConfig)), orNone(joined(l.TargetConfig)),
			}})
		}
		return rows
	},
}

// NamedConfig is a configuration with its name.
type NamedConfig struct {
	Name   lattice.ConfigName `json:"name"`
	Values lattice.Config     `json:"values"`
}

var configKind = &Kind{
	Name: "config", Singular: "configs", Short: "the configurations that components are given",
	Columns: []show.Column{
		{Name: "NAME"},
		{Name: "VALUES"},
		{Name: "KEYS"},
		{Name: "CONTENT", Wide: true},
	},
	buckets: []bucket{configBucket},
	rows: func(inv *Inventory, _ time.Time) []show.Row {
		var rows []show.Row
		for _, name := range slices.Sorted(maps.Keys(inv.Config)) {
			values := inv.Config[name]
			rows = append(rows, show.Row{Key: string(name), Doc: NamedConfig{name, values}, Cells: []string{
				string(name), strconv.Itoa(len(values)), orNone(strings.Join(slices.Sorted(maps.Keys(values)), ",")), orNone(pairs(values)),
			}})
		}
		return rows
	},
}

func joined[T ~string](names []T) string {
	var out []string
	for _, n := range names {
		out = append(out, string(n))
	}
	return strings.Join(out, ",")
}
