package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/wit"
)

// Interfaces are what the binary of a component imports and exports, by the names of
// its type: "wasi:http/incoming-handler@0.2.3".
type Interfaces struct {
	Imports, Exports []string
}

const httpHandler = "wasi:http/incoming-handler"

// CheckImports checks what the components of a manifest need against what they are
// linked to. Hosts serve an interface, to who is linked to it or, if it is inert, to
// everybody, if served says so, as Linker.Serves of a linker does that has all that hosts
// define. of has what is known, by the names of components; of others nothing is checked.
// The error is an *Errors.
func (m *Manifest) CheckImports(served func(name string) (wit.InterfaceID, bool), of map[string]Interfaces) (warnings []*FieldError, err error) {
	c := &importChecker{report: &report{file: m.file}, m: m, served: served, of: of}
	for i := range m.Components {
		if known, ok := of[m.Components[i].Name]; ok {
			c.component(&m.Components[i], known)
		}
	}
	return sorted(c.warnings), c.err()
}

type importChecker struct {
	*report
	m      *Manifest
	served func(name string) (wit.InterfaceID, bool)
	of     map[string]Interfaces
}

// part returns the component as it is written.
func (c *importChecker) part(name string) *oamComponent {
	i := slices.IndexFunc(c.m.oam.Spec.Components, func(p *oamComponent) bool { return p.Name == name })
	return c.m.oam.Spec.Components[i]
}

func (c *importChecker) component(comp *Component, known Interfaces) {
	part := c.part(comp.Name)
	used := make([]bool, len(comp.Links))
	for _, name := range known.Imports {
		id, err := wit.ParseInterfaceID(name)
		if err != nil {
			continue // a function of the world, say: the host says what is the matter with it
		}
		have, host := c.served(name)
		link := c.linkOf(part, comp.Links, id)
		switch {
		case link >= 0:
			used[link] = true
			c.linked(part, &comp.Links[link], id, have, host)
		case !capability.Inert(id):
			c.missing(part, id)
		case !host:
			c.unserved(part, id)
		}
	}
	for i := range comp.Links {
		if l := &comp.Links[i]; !used[i] {
			c.warnf(part.at, part.path, "", "%q imports nothing of its link to %q: %s:%s %v", comp.Name, l.To, l.Namespace, l.Package, l.Interfaces)
		}
	}
	if (len(comp.Routes) > 0 || comp.Probe != nil && comp.Probe.HTTPPath != "") && exported(known.Exports, wit.InterfaceID{Namespace: "wasi", Package: "http", Name: "incoming-handler"}) == "" {
		c.errorf(part.at, part.path, "", "%q has routes or an HTTP probe, and does not export %s", comp.Name, httpHandler)
	}
	if comp.MCP != nil {
		c.server(part, comp.MCP, known.Exports)
	}
}

// server checks that a component exports what an MCP server of its kind does.
func (c *importChecker) server(part *oamComponent, m *lattice.MCP, exports []string) {
	prefix := ""
	switch m.Kind {
	case "": // whatever it exports
		return
	case lattice.MCPHTTP:
		prefix = httpHandler
	case lattice.MCPWattle:
		prefix = "wattle:mcp/"
	case lattice.MCPWasmcp:
		prefix = "wasmcp:mcp-"
	case lattice.MCPStrict, lattice.MCPWassette:
		return // any function may become a tool
	}
	if !slices.ContainsFunc(exports, func(name string) bool { return strings.HasPrefix(name, prefix) }) {
		c.errorf(part.at, part.path, "leave out the kind, or name that of what it exports", "%q is an MCP server of kind %q, and exports nothing of %s", part.Name, m.Kind, strings.TrimSuffix(prefix, "/"))
	}
}

// kind returns the capability that a link leads to, nil if it leads to a component or to
// what is not known.
func (c *importChecker) kind(l *Link) *capability.Kind {
	i := slices.IndexFunc(c.m.Providers, func(p Provider) bool { return p.Name == l.To })
	if i < 0 {
		return nil
	}
	return capability.Find(c.m.Providers[i].Kind)
}

// linkOf returns the link that serves an interface, as hosts choose it, or -1.
func (c *importChecker) linkOf(part *oamComponent, links []Link, id wit.InterfaceID) int {
	found := -1
	for i := range links {
		l := &links[i]
		kind := c.kind(l)
		switch {
		case l.Namespace != id.Namespace || l.Package != id.Package:
		case !slices.Contains(l.Interfaces, id.Name) && (kind == nil || !kind.Grants(l.Namespace, l.Package, l.Interfaces, id)):
		case kind != nil || l.Name == lattice.DefaultLink:
			return i // of capabilities a component may have many, and names one where it matters
		case found >= 0:
			c.errorf(part.at, part.path, fmt.Sprintf("give one of them no name, or %q", lattice.DefaultLink), "links %q and %q of %q both serve %q", links[found].Name, l.Name, part.Name, id)
			return i
		default:
			found = i
		}
	}
	return found
}

// linked checks a link against what its target exports, or hosts serve.
func (c *importChecker) linked(part *oamComponent, l *Link, id, have wit.InterfaceID, host bool) {
	if c.part(l.To).Type != typeComponent {
		if !host && c.kind(l) != nil {
			c.unserved(part, id)
		}
		return
	}
	if host && capability.Inert(id) {
		c.errorf(part.at, part.path, "delete the link", "%q is linked to %q for %q, which hosts serve themselves as %q", part.Name, l.To, id, have)
		return
	}
	known, ok := c.of[l.To]
	if !ok {
		return
	}
	switch got := exported(known.Exports, id); got {
	case "":
		c.errorf(part.at, part.path, c.instead(part, id), "%q is linked to %q for %q, which that does not export", part.Name, l.To, id)
	default:
		other, err := wit.ParseInterfaceID(got)
		if err == nil && !other.Compatible(id) {
			c.errorf(part.at, part.path, "", "%q imports %q, and %q exports %q: the versions are not compatible", part.Name, id, l.To, other)
		}
	}
}

// exported returns the export of the interface of any version, of a compatible one if
// there is one.
func exported(exports []string, want wit.InterfaceID) string {
	found := ""
	for _, name := range exports {
		id, err := wit.ParseInterfaceID(name)
		if err != nil || id.Unversioned() != want.Unversioned() {
			continue
		}
		if id.Compatible(want) {
			return name
		}
		found = cmp.Or(found, name)
	}
	return found
}

// exporter returns a component of the manifest that exports an interface, for another one,
// or nothing if there is none.
func (c *importChecker) exporter(part *oamComponent, id wit.InterfaceID) string {
	for i := range c.m.Components {
		if name := c.m.Components[i].Name; name != part.Name && exported(c.of[name].Exports, id) != "" {
			return name
		}
	}
	return ""
}

// instead says what a link ought to lead to.
func (c *importChecker) instead(part *oamComponent, id wit.InterfaceID) string {
	if target := c.exporter(part, id); target != "" {
		return fmt.Sprintf("link it to %q", target)
	}
	return "link it to a component that does"
}

// missing reports an import that no link serves, with what would.
func (c *importChecker) missing(part *oamComponent, id wit.InterfaceID) {
	e := &capability.UnlinkedError{Component: part.Name, Import: id, Exporter: c.exporter(part, id)}
	c.errorf(part.at, part.path, e.Remedy(), "%s", e.Problem())
}

// unserved reports an import of a version that hosts do not serve.
func (c *importChecker) unserved(part *oamComponent, id wit.InterfaceID) {
	c.errorf(part.at, part.path, "build it for a version that they have: `wattle wit` prints them", "%q imports %q, which hosts of this version of Wattle do not serve", part.Name, id)
}
