package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

func mcpCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Look into the MCP servers of a lattice, and call their tools",
		Long: `Look into the MCP servers of a lattice, and use them as an agent does.

A component is an MCP server if it was started with --mcp, or its manifest has the
trait mcp.wattle.dev. All servers together are at /mcp of the front door, with the
names of their tools after ALIAS_; each by itself is at /mcp/NAME.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(mcpListCommand(env), mcpToolsCommand(env), mcpCallCommand(env), mcpConfigCommand(env), mcpInspectCommand(env), mcpConformanceCommand(env))
	return cmd
}

func mcpListCommand(env *Env) *cobra.Command {
	f := &getFlags{}
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the MCP servers of a lattice, and what is wrong with them",
		Long: `List the MCP servers of a lattice: what they are, how many of their hosts can be
called, how many tools they offer, and what is wrong with them. It is wattle get mcp.`,
		Example: "  wattle mcp list\n  wattle mcp list -o wide\n  wattle mcp list -o json",

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env, inventory.KindOf("mcp"), "") },
	}
	f.addGet(cmd)
	return cmd
}

// gatewayFlags say where a gateway is, for commands that use it as agents do.
type gatewayFlags struct {
	dataDir string
	url     string
	token   string
	legacy  bool
}

func (f *gatewayFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.dataDir, "data-dir", "", "the `DIR` of a wattle up (default $WATTLE_DATA_DIR, or wattle in the user's state directory)")
	fs.StringVar(&f.url, "url", "", "use the gateway at this `URL`, that of all servers, as in https://tools.example.com/mcp")
	fs.StringVar(&f.token, "token-file", "", "the `FILE` with the token for --url")
}

func (f *gatewayFlags) addLegacy(fs *pflag.FlagSet) {
	fs.BoolVar(&f.legacy, "legacy", false, "speak the revision of 2025-11-25, which has sessions")
}

func (*gatewayFlags) completions() map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{"data-dir": completeDirectory, "url": completeNothing}
}

// completeServers completes the name of a server of the lattice in the data directory.
func (f *gatewayFlags) completeServers(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if _, err := settings(env, cmd.Flags()); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		c := connectFlags{dataDir: f.dataDir}
		return c.completeKind(env, "mcp", 0, nil)(cmd, args, typed)
	}
}

// endpoint finds the gateway, and what it takes.
func (f *gatewayFlags) endpoint(cmd *cobra.Command, env *Env) (*endpoint, error) {
	if _, err := settings(env, cmd.Flags()); err != nil {
		return nil, err
	}
	if f.url != "" || f.token != "" {
		switch {
		case f.url == "":
			return nil, &usageError{fmt.Errorf("--token-file goes with --url")}
		case f.token == "":
			return nil, &usageError{errNoToken}
		}
		u, err := url.Parse(f.url)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return nil, &usageError{fmt.Errorf("--url %q is not the address of a gateway: write it like https://tools.example.com/mcp", f.url)}
		case u.Scheme == "http" && !webserver.Machine(u.Host):
			return nil, &usageError{fmt.Errorf("--url %q would send the token in the clear: use https, or a tunnel to an address of this machine", f.url)}
		}
		token, err := trust.OpenShared(f.token)
		if err != nil {
			return nil, fmt.Errorf("--token-file: %w", cause(f.token, err))
		}
		return &endpoint{url: strings.TrimSuffix(f.url, "/"), file: f.token, token: token}, nil
	}
	c := connectFlags{dataDir: f.dataDir}
	dir, err := c.dir(env)
	if err != nil {
		return nil, err
	}
	r, err := dir.now("name a gateway with --url and --token-file")
	if err != nil {
		return nil, err
	}
	return dir.endpointOf(r)
}

// of returns the URL of a server, or of all servers if the name is empty.
func (e *endpoint) of(server lattice.ServerName) string {
	if server == "" {
		return e.url
	}
	return e.url + "/" + string(server)
}

// connect connects to a server, or to all if the name is empty.
func (f *gatewayFlags) connect(ctx context.Context, e *endpoint, server lattice.ServerName, o mcpclient.Options) (*mcpclient.Client, error) {
	o.URL, o.Token, o.Version, o.Legacy = e.of(server), e.token.Reveal(), version(), f.legacy
	c, err := mcpclient.Connect(ctx, &o)
	return c, interrupted(ctx, err)
}
