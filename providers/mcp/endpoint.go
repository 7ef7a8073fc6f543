package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// endpoint is what is offered at one address to those who may see it. It does not change,
// but for the index, which is made when it is first needed.
type endpoint struct {
	// server is nil if the address is that of all of them.
	server  *server
	servers []*server
	order   [kinds][]*entry
	byName  [kinds]map[string]*entry
	lists   [kinds]page
	// about is what the server, or the gateway for all of them, says of itself.
	about   about
	version string
	index   func() *index
}

// page is a list as it is written: what is before the entries, the entries, and what is
// behind, in both eras.
type page struct {
	entries, legacyEntries []byte
	before, legacyBefore   string
	behind, legacyBehind   []byte
}

// about are the results of server/discover and of initialize, without what is of the
// request.
type about struct {
	discover []byte
	// capabilities, info and instructions are JSON.
	capabilities, info, instructions []byte
}

// metaMissing is the member of _meta of lists that names the servers that cannot be called
// now, or of which nothing is known yet.
const metaMissing = "dev.wattle/missing"

// ttl is for how long clients may keep lists, in milliseconds. Those that listen are told
// of changes earlier.
const ttl = 10_000

// newEndpoint returns what is offered at one address.
func newEndpoint(one *server, all []*server, order [kinds][]*entry, version string) *endpoint {
	p := &endpoint{server: one, servers: all, order: order, version: version}
	for k := range kinds {
		if one == nil && k >= resources {
			p.order[k] = unique(p.order[k])
		}
		p.byName[k] = make(map[string]*entry, len(p.order[k]))
		for _, e := range p.order[k] {
			p.byName[k][e.name] = e
		}
	}
	p.describe()
	meta := p.meta()
	for k := range kinds {
		p.lists[k] = newPage(k, p.order[k], meta, ttl)
	}
	p.index = sync.OnceValue(func() *index { return newIndex(p.order[tools]) })
	return p
}

// meta returns the _meta of lists, and whether there is any for clients of revisions with
// sessions.
func (p *endpoint) meta() []byte {
	b := append([]byte(`{"`+metaServer+`":`), p.about.info...)
	if missing := p.missing(); len(missing) > 0 {
		names, _ := json.Marshal(missing) // they are strings
		b = append(append(b, `,"`+metaMissing+`":`...), names...)
	}
	return append(b, '}')
}

// missing names the servers that cannot be called now, or have not been listed.
func (p *endpoint) missing() []lattice.ServerName {
	var all []lattice.ServerName
	for _, s := range p.servers {
		if len(s.Hosts) == 0 || s.Listing == nil {
			all = append(all, s.MCP.Name)
		}
	}
	return all
}

// newPage writes a list.
func newPage(k kind, order []*entry, meta []byte, ttl int) page {
	join := func(of func(*entry) []byte) []byte {
		size := 0
		for _, e := range order {
			size += len(of(e)) + 1
		}
		b := make([]byte, 0, size)
		for i, e := range order {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, of(e)...)
		}
		return b
	}
	l := page{
		entries:      join(func(e *entry) []byte { return e.definition }),
		before:       `,"result":{"resultType":"complete","` + members[k] + `":[`,
		legacyBefore: `,"result":{"` + members[k] + `":[`,
		behind:       fmt.Appendf(nil, `],"ttlMs":%d,"cacheScope":"private","_meta":%s}}`, ttl, meta),
		legacyBehind: fmt.Appendf(nil, `],"_meta":%s}}`, meta),
	}
	l.legacyEntries = l.entries
	if legacy := join(legacyDefinition); !bytes.Equal(legacy, l.entries) {
		l.legacyEntries = legacy
	}
	return l
}

// describe says what the endpoint can do.
func (p *endpoint) describe() {
	capabilities := map[string]json.RawMessage{}
	instructions := ""
	switch {
	case p.server != nil:
		maps.Copy(capabilities, p.server.capabilities)
		delete(capabilities, "tasks") // those of 2025-11-25, which is not relayed
		p.about.info = p.server.info
		instructions = p.server.instructions
	default:
		for _, s := range p.servers {
			for _, name := range []string{"logging", "completions"} {
				if s.capabilities[name] != nil {
					capabilities[name] = json.RawMessage("{}")
				}
			}
		}
		p.about.info = fmt.Appendf(nil, `{"name":"wattle","title":"Wattle","version":%s}`, jsonrpc.AppendString(nil, p.version))
		instructions = p.joined()
	}
	for k := range kinds {
		delete(capabilities, capability[k])
	}
	subscribe := false
	for k := range kinds {
		for _, s := range p.servers {
			if s.offers(k) {
				capabilities[capability[k]] = json.RawMessage(`{"listChanged":true}`)
			}
			subscribe = subscribe || s.subscribe
		}
	}
	if subscribe {
		capabilities["resources"] = json.RawMessage(`{"listChanged":true,"subscribe":true}`)
	}
	p.about.capabilities, _ = json.Marshal(capabilities) // members are JSON, and in order
	if instructions != "" {
		p.about.instructions = jsonrpc.AppendString(nil, instructions)
	}
	b := append([]byte(`,"result":{"resultType":"complete","supportedVersions":["`), strings.Join(versions, `","`)...)
	b = append(append(b, `"],"capabilities":`...), p.about.capabilities...)
	if p.about.instructions != nil {
		b = append(append(b, `,"instructions":`...), p.about.instructions...)
	}
	b = fmt.Appendf(b, `,"ttlMs":%d,"cacheScope":"private","_meta":`, ttl)
	p.about.discover = append(append(b, p.meta()...), "}}"...)
}

// joined says, for models, what the address of all servers is.
func (p *endpoint) joined() string {
	var b strings.Builder
	b.WriteString("Several servers answer here. The name of a tool or prompt begins with that of its server:")
	for _, s := range p.servers {
		fmt.Fprintf(&b, "\n%s_", s.MCP.Alias)
		if name := textMember(s.info, "title"); name != "" {
			fmt.Fprintf(&b, " (%.80s)", name)
		}
	}
	if len(p.servers) == 0 {
		return ""
	}
	return b.String()
}

// setKey is what decides on who sees what of an endpoint.
type setKey struct {
	of       *endpoint
	rights   string
	revision uint64
}

// seen returns what a principal sees of an endpoint.
func (g *Gateway) seen(ctx context.Context, v *view, p *endpoint, who *Principal) *endpoint {
	if g.opts.Vet == nil {
		return p
	}
	key := setKey{p, who.rights(), g.opts.Vet.Revision()}
	if known, ok := v.sets.get(key); ok {
		return known
	}
	own := p.filtered(func(e *entry) bool {
		return g.opts.Vet.Vet(ctx, &Action{
			Principal: who, Method: useMethods[e.kind], Server: e.server.MCP.Name, Component: e.server.Component, Name: e.own, Listing: true,
		}) == nil
	})
	v.sets.put(key, own)
	return own
}

// filtered returns an endpoint without the entries that are not allowed.
func (p *endpoint) filtered(allowed func(*entry) bool) *endpoint {
	var order [kinds][]*entry
	all := true
	for k := range kinds {
		for _, e := range p.order[k] {
			if allowed(e) {
				order[k] = append(order[k], e)
			} else {
				all = false
			}
		}
	}
	if all {
		return p
	}
	own := *p
	own.order = order
	meta := p.meta()
	for k := range kinds {
		own.byName[k] = make(map[string]*entry, len(order[k]))
		for _, e := range order[k] {
			own.byName[k][e.name] = e
		}
		own.lists[k] = newPage(k, order[k], meta, 0)
	}
	own.index = sync.OnceValue(func() *index { return newIndex(own.order[tools]) })
	return &own
}

// differ returns which kinds of entries two endpoints list otherwise.
func differ(a, b *endpoint) (other [kinds]bool) {
	for k := range kinds {
		other[k] = a != b && !bytes.Equal(a.lists[k].entries, b.lists[k].entries)
	}
	return other
}

// find returns the entry that has a URI, or is a template of it, nil if none does.
func (p *endpoint) find(uri string) *entry {
	if e := p.byName[resources][uri]; e != nil {
		return e
	}
	if i := slices.IndexFunc(p.order[templates], func(e *entry) bool { return e.pattern.matches(uri) }); i >= 0 {
		return p.order[templates][i]
	}
	return nil
}
