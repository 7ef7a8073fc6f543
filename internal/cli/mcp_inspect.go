package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
)

// inspector is the version of the MCP Inspector that Wattle is tested with.
const inspector = "@modelcontextprotocol/inspector@2.12.0"

func mcpInspectCommand(env *Env) *cobra.Command {
	f := &gatewayFlags{}
	cmd := &cobra.Command{
		Use:   "inspect [flags] [SERVER]",
		Short: "Say how to look at the gateway with the MCP Inspector",
		Long: `Say how to look at the gateway, or at one server, with the MCP Inspector. Its
commands can be pasted into a shell, which reads the token from its file. The
Inspector needs Node.js 22.19 or newer.`,
		Example: "  wattle mcp inspect\n  wattle mcp inspect mcp-go",

		DisableFlagsInUseLine: true,

		Args:              oneServer(false),
		ValidArgsFunction: f.completeServers(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := f.endpoint(cmd, env)
			if err != nil {
				return err
			}
			url := shellQuote(e.of(lattice.ServerName(strings.Join(args, ""))))
			_, err = fmt.Fprint(env.Stdout, printable(fmt.Sprintf(`in a browser
  npx %[1]s --web --transport http --server-url %[2]s --header %[3]s

on the command line, in the revision of 2026-07-28
  npx %[1]s --cli %[2]s --header %[3]s --protocol-era modern --method tools/list
and in that of 2025-11-25
  npx %[1]s --cli %[2]s --header %[3]s --protocol-era legacy --method tools/list

in Claude Code
  claude mcp add --transport http wattle %[2]s --header %[3]s
`, inspector, url, e.withToken())))
			return err
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}
