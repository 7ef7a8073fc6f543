package inventory_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/wire"
)

func TestServers(t *testing.T) {
	w := newWorld(t)
	defer w.l.Close()
	a, b := newNode(t, "alpha", "edge"), newNode(t, "beta", "edge")
	w.report(a)
	w.report(b)
	m := &lattice.MCP{Name: "tools", Alias: "t", Deny: []string{"hidden"}, Tools: map[string]lattice.ToolRule{"one": {Name: "first"}}}
	assign := func(c lattice.ComponentID, m *lattice.MCP) {
		t.Helper()
		doc, err := wire.EncodeAssignment(&lattice.Assignment{
			Component: c, MCP: m,
			Variants: []lattice.Variant{{Ref: "x", Digest: digest, Revision: 2, Hosts: map[lattice.HostID]int{a.report.ID: 4}}},
		})
		w.put(w.scheduler, buckets.Components(), string(c), doc, err)
	}
	list := func(n *node, c lattice.ComponentID, contents catalogue.Contents) {
		t.Helper()
		doc, err := catalogue.Encode(&catalogue.Listing{Component: c, Host: n.report.ID, Digest: digest, Revision: 2, Contents: contents})
		w.put(n.signer, buckets.Catalogue(), wire.ReadyKey(n.report.ID, c), doc, err)
	}
	tool := func(name string) json.RawMessage {
		return json.RawMessage(`{"name":"` + name + `","inputSchema":{"type":"object"}}`)
	}
	assign("none", nil)
	assign("shop", m)
	w.want("mcp", []string{"tools", "shop", "-", "0/1", "alpha", "-", "no host runs it"})
	doc, err := wire.EncodeReady(&lattice.Ready{Component: "shop", Host: a.report.ID, Digest: digest, Since: a.report.Started, Exports: []string{"wattle:mcp/tools@0.1.0"}})
	w.put(a.signer, buckets.Ready(), wire.ReadyKey(a.report.ID, "shop"), doc, err)
	w.want("mcp", []string{"tools", "shop", "wattle", "1/1", "alpha", "-", "not asked yet"})
	list(b, "shop", catalogue.Contents{Tools: []json.RawMessage{tool("forged")}}) // it was not told to run it
	w.want("mcp", []string{"tools", "shop", "wattle", "1/1", "alpha", "-", "not asked yet"})
	list(a, "shop", catalogue.Contents{Versions: []string{"2026-07-28"}, Tools: []json.RawMessage{tool("hidden"), tool("one"), tool("two")}})
	w.want("mcp", []string{"tools", "shop", "wattle", "1/1", "alpha", "2", "-"})

	inv, err := w.source.Load(t.Context(), inventory.KindOf("mcp"))
	if err != nil {
		t.Fatal(err)
	}
	server := inv.Servers(a.report.Time)[0]
	if diff := cmp.Diff([]string{"first", "two"}, server.Listed.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}

	list(a, "shop", catalogue.Contents{Tools: []json.RawMessage{tool("first"), tool("one")}, Problems: []string{"the tool \"x\" is left out"}})
	w.want("mcp", []string{"tools", "shop", "wattle", "1/1", "alpha", "0", `the tool "x" is left out (1 of 3)`})
	if len(w.refused) > 0 {
		t.Errorf("refused: %q", w.refused)
	}
}
