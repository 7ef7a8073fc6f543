package mcp

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// kind is what lists are of.
type kind int

const (
	tools kind = iota
	prompts
	resources
	templates
	kinds
)

// The methods that list entries of a kind, and that use one; the member of the result of
// the list, and the name that its capability has.
var (
	listMethods = [kinds]string{listTools, listPrompts, listResources, listTemplates}
	useMethods  = [kinds]string{callTool, getPrompt, readResource, readResource}
	members     = [kinds]string{"tools", "prompts", "resources", "resourceTemplates"}
	capability  = [kinds]string{"tools", "prompts", "resources", "resources"}
)

// entry is a tool, prompt, resource or template of a server. It does not change.
type entry struct {
	kind   kind
	server *server
	// own is its name as its server has it, name the one that it is offered by at the
	// address of the server alone. Those of resources are their URIs.
	own, name string
	// definition is what lists of modern clients have.
	definition []byte
	// tool is what else is known of a tool.
	tool    *catalogue.Tool
	params  []param
	pattern *pattern // of a template
}

// server is a server as the gateway offers it. It does not change.
type server struct {
	*directory.Server
	entries      [kinds][]*entry
	capabilities map[string]json.RawMessage
	// info and instructions are what it says of itself.
	info         []byte
	instructions string
	subscribe    bool // resources
	logging      bool
	timeout      time.Duration
}

// view is what the gateway offers at one time. It does not change, but for what it keeps
// to be faster.
type view struct {
	servers map[lattice.ServerName]*endpoint
	all     *endpoint
	// stale is closed when there is another one.
	stale chan struct{}
	sets  *lru[setKey, *endpoint]
}

// compile makes a view of servers. Those that are as in the last view are not looked at
// again.
func (g *Gateway) compile(all []*directory.Server, last *view) *view {
	v := &view{servers: make(map[lattice.ServerName]*endpoint, len(all)), stale: make(chan struct{}), sets: newLRU[setKey, *endpoint](g.opts.MaxSets)}
	joined := make([]*server, 0, len(all))
	for _, d := range all {
		var before *endpoint
		if last != nil {
			before = last.servers[d.MCP.Name]
		}
		if before != nil && same(before.servers[0].Server, d) {
			v.servers[d.MCP.Name] = before
		} else {
			s := g.offer(d)
			v.servers[d.MCP.Name] = newEndpoint(s, []*server{s}, s.entries, g.opts.Version)
		}
		if !d.MCP.Single {
			joined = append(joined, v.servers[d.MCP.Name].servers[0])
		}
	}
	if last != nil && slices.Equal(last.all.servers, joined) {
		v.all = last.all
	} else {
		v.all = newEndpoint(nil, joined, join(joined), g.opts.Version)
	}
	return v
}

// same reports whether a server is as it was.
func same(a, b *directory.Server) bool {
	return a.Component == b.Component && a.MCP == b.MCP && a.Listing == b.Listing && slices.Equal(a.Hosts, b.Hosts)
}

// offer returns a server as its declaration wants it to be offered.
func (g *Gateway) offer(d *directory.Server) *server {
	s := &server{Server: d, timeout: lattice.DefaultMCPTimeout * time.Millisecond}
	if d.MCP.TimeoutMillis > 0 {
		s.timeout = time.Duration(d.MCP.TimeoutMillis) * time.Millisecond
	}
	contents := &catalogue.Contents{}
	if d.Listing != nil {
		contents = &d.Listing.Contents
	}
	offered, problems := catalogue.Offer(contents, d.MCP)
	for _, p := range problems {
		g.opts.Logger.Warn("tool cannot be offered", "server", d.MCP.Name, "component", d.Component, "reason", p)
	}
	for i := range offered {
		t := &offered[i]
		s.entries[tools] = append(s.entries[tools], &entry{
			kind: tools, server: s, own: t.Own, name: t.Name, definition: t.Definition, tool: t, params: paramsOf(t.Definition),
		})
	}
	for k, list := range [kinds][]json.RawMessage{prompts: contents.Prompts, resources: contents.Resources, templates: contents.Templates} {
		for _, raw := range list {
			e := &entry{kind: kind(k), server: s, definition: raw}
			switch e.kind {
			case prompts:
				e.own = textMember(raw, "name")
			case resources:
				e.own = textMember(raw, "uri")
			default:
				e.own = textMember(raw, "uriTemplate")
				e.pattern = newPattern(e.own)
			}
			e.name = e.own
			s.entries[k] = append(s.entries[k], e)
		}
	}
	for _, list := range s.entries {
		slices.SortFunc(list, func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	}
	s.describe(contents)
	return s
}

// describe fills in what the server says of itself.
func (s *server) describe(c *catalogue.Contents) {
	s.instructions = c.Instructions
	s.info = c.ServerInfo
	if s.info == nil {
		s.info = append(jsonrpc.AppendString([]byte(`{"name":`), string(s.MCP.Name)), `,"version":"0"}`...)
	}
	_ = json.Unmarshal(c.Capabilities, &s.capabilities) // an object, or nothing
	var of struct{ Subscribe bool }
	_ = json.Unmarshal(s.capabilities["resources"], &of) // what is no such object says nothing
	s.subscribe = of.Subscribe
	s.logging = s.capabilities["logging"] != nil
}

// offers reports whether the server has anything of a kind, or says that it may have.
func (s *server) offers(k kind) bool {
	return len(s.entries[k]) > 0 || s.capabilities[capability[k]] != nil
}

// textMember returns a member of an object that is a string.
func textMember(object []byte, name string) string {
	var at [1]jsonrpc.Span
	if jsonrpc.Scan(object, jsonrpc.Shape{{Name: name}}, at[:]) != nil {
		return ""
	}
	return jsonrpc.Unquote(at[0].Of(object))
}

// maxName bounds the names of tools and prompts that several servers together offer.
const maxName = 128

// join returns what several servers offer together: names begin with the alias of their
// server, and a URI that several have is that of the first one.
func join(all []*server) [kinds][]*entry {
	var out [kinds][]*entry
	for _, s := range all {
		for k := range kinds {
			for _, e := range s.entries[k] {
				if k >= resources {
					out[k] = append(out[k], e)
					continue
				}
				if len(s.MCP.Alias)+1+len(e.name) > maxName {
					continue // its server alone offers it
				}
				other := *e
				other.name = s.MCP.Alias + "_" + e.name
				other.definition = catalogue.Set(e.definition, "name", jsonrpc.AppendString(nil, other.name))
				out[k] = append(out[k], &other)
			}
		}
	}
	for k := range kinds {
		slices.SortStableFunc(out[k], func(a, b *entry) int { return cmp.Compare(a.name, b.name) })
	}
	return out
}

// metaAlso is the member of _meta of a resource that names the servers that have it too,
// and that are not asked for it.
const metaAlso = "dev.wattle/also"

// unique leaves one of the entries of each name, which it tells of the others.
func unique(list []*entry) []*entry {
	var out []*entry
	for i := 0; i < len(list); {
		n := i + 1
		for n < len(list) && list[n].name == list[i].name {
			n++
		}
		e := list[i]
		if n > i+1 {
			also := make([]lattice.ServerName, 0, n-i-1)
			for _, o := range list[i+1 : n] {
				also = append(also, o.server.MCP.Name)
			}
			names, _ := json.Marshal(also) // they are strings
			meta := []byte("{}")
			var at [1]jsonrpc.Span
			if jsonrpc.Scan(e.definition, jsonrpc.Shape{{Name: "_meta"}}, at[:]) == nil && jsonrpc.IsObject(at[0].Of(e.definition)) {
				meta = at[0].Of(e.definition)
			}
			other := *e
			other.definition = catalogue.Set(e.definition, "_meta", catalogue.Set(meta, metaAlso, names))
			e = &other
		}
		out = append(out, e)
		i = n
	}
	return out
}

// legacyDefinition returns a definition as clients of revisions with sessions can read it:
// they know only schemas of objects for results, and would take nothing of a list that
// has another one.
func legacyDefinition(e *entry) []byte {
	if e.kind != tools {
		return e.definition
	}
	const whole, kindOf = 0, 1
	var at [2]jsonrpc.Span
	shape := jsonrpc.Shape{{Name: "outputSchema", Slot: whole, Shape: jsonrpc.Shape{{Name: "type", Slot: kindOf}}}}
	if jsonrpc.Scan(e.definition, shape, at[:]) != nil || !at[whole].Found() || jsonrpc.Is(at[kindOf].Of(e.definition), "object") {
		return e.definition
	}
	all := jsonrpc.Span{To: len(e.definition)}
	return jsonrpc.Splice(nil, e.definition, jsonrpc.Without(e.definition, all, at[whole]))
}
