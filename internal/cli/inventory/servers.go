package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Server is an MCP server as all of a lattice says it is.
type Server struct {
	lattice.MCP
	Component lattice.ComponentID `json:"component"`
	Status    []HostStatus        `json:"status"`
	// Kind is what the component is, empty if no host has said yet what it exports.
	Kind lattice.MCPKind `json:"kind,omitempty"`
	// Listed is who said what it offers, nil if nobody has yet.
	Listed *Listed `json:"listed,omitempty"`
}

// Listed is what a host has found out that a server offers.
type Listed struct {
	Host     lattice.HostID `json:"host"`
	Digest   string         `json:"digest"`
	Revision uint64         `json:"revision"`
	catalogue.Contents
	// Names are those by which its tools are offered.
	Names []string `json:"names"`
}

// serversKind is called mcp, as there are other servers.
var serversKind = &Kind{
	Name: "mcp", Singular: "server", Short: "the MCP servers, and what they offer", Things: "MCP servers",
	Columns: []show.Column{
		{Name: "NAME"},
		{Name: "COMPONENT"},
		{Name: "KIND"},
		{Name: "READY"},
		{Name: "HOSTS"},
		{Name: "TOOLS"},
		{Name: "PROBLEMS"},
		{Name: "ALIAS", Wide: true},
		{Name: "PROMPTS", Wide: true},
		{Name: "RESOURCES", Wide: true},
		{Name: "SPEAKS", Wide: true},
	},
	buckets: []bucket{hostsBucket, componentsBucket, readyBucket, catalogueBucket},
	rows: func(inv *Inventory, now time.Time) []show.Row {
		var rows []show.Row
		for _, s := range inv.Servers(now) {
			ready := 0
			var hosts []string
			for _, h := range s.Status {
				hosts = append(hosts, h.HostName)
				if h.Ready && h.Reachable {
					ready++
				}
			}
			tools, prompts, resources, speaks, problems := "-", "-", "-", "-", "not asked yet"
			if ready == 0 {
				problems = "no host runs it"
			}
			if l := s.Listed; l != nil {
				tools, prompts = strconv.Itoa(len(l.Names)), strconv.Itoa(len(l.Prompts))
				resources = strconv.Itoa(len(l.Resources) + len(l.Templates))
				speaks = orNone(strings.Join(l.Versions, ","))
				switch n := len(l.Problems); {
				case n == 1:
					problems = brief(l.Problems[0])
				case n > 1:
					problems = fmt.Sprintf("%s (1 of %d)", brief(l.Problems[0]), n)
				case ready > 0:
					problems = "-"
				}
			}
			rows = append(rows, show.Row{Key: string(s.Name), Doc: s, Cells: []string{
				string(s.Name), string(s.Component), orNone(string(s.Kind)), fmt.Sprintf("%d/%d", ready, len(s.Status)), orNone(strings.Join(hosts, ",")), tools, problems,
				s.Alias, prompts, resources, speaks,
			}})
		}
		return rows
	},
}

// Servers returns the MCP servers in the order of their names.
func (inv *Inventory) Servers(now time.Time) []*Server {
	said := map[lattice.ComponentID][]*wire.Packed{}
	for _, p := range inv.Listings {
		said[p.Component] = append(said[p.Component], p)
	}
	var all []*Server
	for id, a := range inv.Components {
		if a.MCP == nil {
			continue
		}
		s := &Server{MCP: *a.MCP, Component: id, Status: inv.Component(id, now).Status, Kind: a.MCP.Kind}
		if exports := inv.exports(&a); exports != nil {
			s.Kind = a.MCP.KindOf(exports)
		}
		for _, p := range catalogue.Believed(&a, said[id]) {
			l, err := catalogue.Unpack(p)
			if err != nil {
				continue // another host may have one that can be read
			}
			tools, problems := catalogue.Offer(&l.Contents, a.MCP)
			s.Listed = &Listed{Host: l.Host, Digest: l.Digest, Revision: l.Revision, Contents: l.Contents, Names: []string{}}
			s.Listed.Problems = slices.Concat(l.Problems, problems)
			for _, t := range tools {
				s.Listed.Names = append(s.Listed.Names, t.Name)
			}
			break
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Server) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// exports returns what a component exports, as the first of its hosts says that runs it.
func (inv *Inventory) exports(a *lattice.Assignment) []string {
	for _, host := range a.Hosts() {
		if r, ok := inv.Ready[wire.ReadyKey(host, a.Component)]; ok {
			return r.Exports
		}
	}
	return nil
}
