package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// mcpFlags say that a component is an MCP server.
type mcpFlags struct {
	name   string
	alias  string
	kind   string
	path   string
	pinned bool
}

// likeID is the value of --mcp that has the server be called like the component. It is the
// name of no server, as those are in lower case.
const likeID = "ID"

func (f *mcpFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "mcp", "", "be an MCP server, with this `NAME` in its URL; without one, called like the component")
	fs.Lookup("mcp").NoOptDefVal = likeID
	fs.StringVar(&f.alias, "mcp-alias", "", "put this `ALIAS` before the names of its tools where all servers are one (default: its name)")
	fs.StringVar(&f.kind, "mcp-kind", "", "what the component is, a `KIND`: "+strings.Join(mcpKinds(), ", ")+" (default: by what it exports)")
	fs.StringVar(&f.path, "mcp-path", "", "where a component that speaks MCP itself listens, a `PATH` (default /mcp)")
	fs.BoolVar(&f.pinned, "mcp-pinned", false, "keep an instance for each session of a client")
}

func (f *mcpFlags) completions(all map[string]cobra.CompletionFunc) {
	for _, name := range []string{"mcp", "mcp-alias", "mcp-path"} {
		all[name] = completeNothing
	}
	all["mcp-kind"] = cobra.FixedCompletions(mcpKinds(), cobra.ShellCompDirectiveNoFileComp)
}

func mcpKinds() []string {
	var all []string
	for _, k := range lattice.MCPKinds() {
		all = append(all, string(k))
	}
	return all
}

// declaration returns what the flags say of a component, nil if it is no MCP server.
func (f *mcpFlags) declaration(id lattice.ComponentID) (*lattice.MCP, error) {
	if f.name == "" {
		if f.alias != "" || f.kind != "" || f.path != "" || f.pinned {
			return nil, errors.New("--mcp-… says how a component is an MCP server: say that it is one with --mcp")
		}
		return nil, nil //nolint:nilnil // it is none
	}
	m := lattice.NewMCP(id)
	if f.name != likeID {
		name, err := lattice.ParseServerName(f.name)
		if err != nil {
			return nil, fmt.Errorf("--mcp: %w", err)
		}
		m.Name, m.Alias = name, ""
		if lattice.CheckAlias(f.name) == nil {
			m.Alias = f.name
		}
	}
	if f.alias != "" {
		m.Alias = f.alias
	}
	m.Kind, m.Path, m.Pinned = lattice.MCPKind(f.kind), f.path, f.pinned
	switch {
	case m.Name == "":
		return nil, fmt.Errorf("the ID %q cannot be the name of an MCP server: give it one with --mcp=NAME", id)
	case m.Alias == "":
		return nil, fmt.Errorf("the name %q is too long to stand before the names of tools: give it a shorter one for that with --mcp-alias", m.Name)
	case f.kind != "" && !slices.Contains(mcpKinds(), f.kind):
		return nil, fmt.Errorf("--mcp-kind %q: use one of %s", f.kind, strings.Join(mcpKinds(), ", "))
	}
	if err := wire.CheckMCP(m); err != nil {
		return nil, fmt.Errorf("--mcp: %w", err)
	}
	return m, nil
}
