package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
)

func mcpConfigCommand(env *Env) *cobra.Command {
	f := &gatewayFlags{}
	cmd := &cobra.Command{
		Use:   "config [flags] [SERVER]",
		Short: "Print what a client of MCP has to be told, with the token",
		Long: `Print the configuration with which a client of MCP uses the gateway: all servers,
or one. The token is in it: whoever has it can call every tool.`,
		Example: "  wattle mcp config\n  wattle mcp config mcp-go > .mcp.json",

		DisableFlagsInUseLine: true,

		Args:              oneServer(false),
		ValidArgsFunction: f.completeServers(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := f.endpoint(cmd, env)
			if err != nil {
				return err
			}
			return clientConfig(env.Stdout, e, lattice.ServerName(strings.Join(args, "")))
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// clientConfig writes what most clients read.
func clientConfig(w io.Writer, e *endpoint, server lattice.ServerName) error {
	type client struct {
		Type    string            `json:"type"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
	}
	name := "wattle"
	if server != "" {
		name = string(server)
	}
	return show.JSON(w, map[string]map[string]client{"mcpServers": {
		name: {"http", e.of(server), map[string]string{"Authorization": "Bearer " + e.token.Reveal()}},
	}}, false)
}

// oneServer demands the name of a server, or takes none if it does not have to be there.
func oneServer(required bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 1, required && len(args) == 0:
			return &usageError{fmt.Errorf("%q takes one server, got %d; `wattle mcp list` lists those that there are", cmd.CommandPath(), len(args))}
		case len(args) == 0:
			return nil
		}
		if _, err := lattice.ParseServerName(args[0]); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// withToken is a header for command lines of a shell, in which the token itself is not.
func (e *endpoint) withToken() string {
	return fmt.Sprintf(`"Authorization: Bearer $(cat %s)"`, shellQuote(e.file))
}

// shellQuote writes a word so that a shell takes it as it is, within double quotes too.
func shellQuote(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-+,:@", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
