package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

// mcpToolsFlags are the flags of `wattle mcp tools`.
type mcpToolsFlags struct {
	gatewayFlags
	output string
}

func mcpToolsCommand(env *Env) *cobra.Command {
	f := &mcpToolsFlags{}
	cmd := &cobra.Command{
		Use:   "tools [flags] [SERVER]",
		Short: "List the tools that agents see",
		Long: `List the tools that agents see at the gateway: of all servers, or of one by their
own names. -o json prints the definitions.`,
		Example: "  wattle mcp tools\n  wattle mcp tools mcp-go\n  wattle mcp tools mcp-go -o json",

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("%q takes one server, got %d", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		ValidArgsFunction: f.completeServers(env),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, strings.Join(args, "")) },
	}
	fs := cmd.Flags()
	fs.StringVarP(&f.output, "output", "o", "text", "print as `FORMAT`: text or json")
	f.addLegacy(fs)
	f.add(fs)
	completions := f.completions()
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

func (f *mcpToolsFlags) run(cmd *cobra.Command, env *Env, name string) error {
	if err := checkOutput(f.output); err != nil {
		return err
	}
	server := lattice.ServerName("")
	if name != "" {
		var err error
		if server, err = lattice.ParseServerName(name); err != nil {
			return &usageError{err}
		}
	}
	e, err := f.endpoint(cmd, env)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	c, err := f.connect(ctx, e, server, mcpclient.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	tools, err := c.Tools(ctx)
	if err != nil {
		return interrupted(ctx, fmt.Errorf("%s: list tools: %w", e.of(server), err))
	}
	if f.output == "json" {
		all := make([]json.RawMessage, len(tools))
		for i := range tools {
			all[i] = tools[i].Definition
		}
		return show.JSON(env.Stdout, all, false)
	}
	if len(tools) == 0 {
		fmt.Fprintf(env.Stderr, "wattle: %s offers no tools; `wattle mcp list` says what is wrong with servers\n", e.of(server))
		return nil
	}
	rows := make([]show.Row, len(tools))
	for i := range tools {
		t := &tools[i]
		rows[i] = show.Row{Cells: []string{show.Text(t.Name), orDash(show.Text(t.Title)), orDash(firstLine(t.Description))}}
	}
	table := show.Table{Columns: []show.Column{{Name: "NAME"}, {Name: "TITLE"}, {Name: "DESCRIPTION"}}}
	return table.Write(env.Stdout, rows)
}

// maxLine bounds the characters of a description in a table.
const maxLine = 80

// firstLine returns the beginning of a description.
func firstLine(s string) string {
	line, _, more := strings.Cut(strings.TrimSpace(s), "\n")
	line = show.Text(strings.TrimSpace(line))
	if r := []rune(line); len(r) > maxLine {
		line, more = string(r[:maxLine]), true
	}
	if more {
		line += "…"
	}
	return line
}
