package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/mcpclient"
)

// mcpCallFlags are the flags of `wattle mcp call`.
type mcpCallFlags struct {
	gatewayFlags
	args   []string
	json   string
	output string
}

const mcpCallHelp = `Call a tool as an agent does: one of a server by its own name, as SERVER.TOOL, or
one of all servers by the name that it has there, ALIAS_TOOL.

The value of --arg is a text where the tool takes a text, and JSON elsewhere. What a
tool says while it is at work goes to standard error; what it asks for is asked on
the terminal.`

const mcpCallExamples = `  wattle mcp call mcp-go.echo --arg text=hello
  wattle mcp call mcp-go_echo --args '{"text": "hello"}'
  echo '{"text": "hello"}' | wattle mcp call mcp-go.echo --args - -o json`

func mcpCallCommand(env *Env) *cobra.Command {
	f := &mcpCallFlags{}
	cmd := &cobra.Command{
		Use:     "call [flags] SERVER.TOOL|TOOL",
		Short:   "Call a tool as an agent does",
		Long:    mcpCallHelp,
		Example: mcpCallExamples,

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("%q takes one tool, got %d arguments", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&f.args, "arg", nil, "give the tool an argument, `NAME=VALUE`; repeatable")
	fs.StringVar(&f.json, "args", "", "give it all arguments as a `JSON` object; - reads them from standard input")
	fs.StringVarP(&f.output, "output", "o", "text", "print the result as `FORMAT`: text or json")
	f.addLegacy(fs)
	f.add(fs)
	completions := f.completions()
	for _, name := range []string{"arg", "args"} {
		completions[name] = completeNothing
	}
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

// splitTool takes SERVER.TOOL apart. The names of tools of all servers have an underscore
// before any dot, and those of servers have none.
func splitTool(name string) (lattice.ServerName, string) {
	if before, tool, ok := strings.Cut(name, "."); ok {
		if server, err := lattice.ParseServerName(before); err == nil {
			return server, tool
		}
	}
	return "", name
}

func (f *mcpCallFlags) run(cmd *cobra.Command, env *Env, name string) error {
	switch {
	case len(f.args) > 0 && f.json != "":
		return &usageError{errors.New("--arg and --args are given: one of them is the most")}
	case checkOutput(f.output) != nil:
		return checkOutput(f.output)
	}
	server, tool := splitTool(name)
	if err := lattice.CheckToolName(tool); err != nil {
		return &usageError{err}
	}
	given, err := f.given(env)
	if err != nil {
		return err
	}
	e, err := f.endpoint(cmd, env)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	c, err := f.connect(ctx, e, server, f.options(env))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	// The client has to know the tool: some arguments travel in headers as well.
	tools, err := c.Tools(ctx)
	if err != nil {
		return interrupted(ctx, fmt.Errorf("%s: list tools: %w", e.of(server), err))
	}
	t, err := findTool(tools, server, tool)
	if err != nil {
		return err
	}
	if given == nil {
		if given, err = arguments(t, f.args); err != nil {
			return &usageError{err}
		}
	}
	r, err := c.Call(ctx, tool, given)
	if e, ok := errors.AsType[*mcpclient.Error](err); ok && e.Code == codeCapability && !asks(env) {
		return fmt.Errorf("tool %q: %w: it asks the user: run the command on a terminal", name, err)
	}
	if err != nil {
		return interrupted(ctx, fmt.Errorf("tool %q: %w", name, err))
	}
	return f.print(env, name, r)
}

// maxArguments bounds what is read from standard input.
const maxArguments = 4 << 20

// given returns the arguments that --args has, nil if it is not given.
func (f *mcpCallFlags) given(env *Env) (json.RawMessage, error) {
	if f.json == "" {
		return nil, nil
	}
	text := []byte(f.json)
	if f.json == "-" {
		var err error
		if text, err = io.ReadAll(io.LimitReader(env.Stdin, maxArguments+1)); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		if len(text) > maxArguments {
			return nil, fmt.Errorf("standard input has more than %d bytes", maxArguments)
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return nil, &usageError{fmt.Errorf("--args is no JSON object: write it like '{\"text\": \"hello\"}'")}
	}
	return text, nil
}

// codeCapability is the code of a request that needs what the client cannot do (MCP
// 2026-07-28, Base Protocol, "Error Codes").
const codeCapability = -32021

// asks reports whether there is somebody to ask.
func asks(env *Env) bool { return isTerminal(env.Stdin) && isTerminal(env.Stderr) }

// options has the tool say how far it is, and ask.
func (*mcpCallFlags) options(env *Env) mcpclient.Options {
	o := mcpclient.Options{
		Progress: func(message string, progress, total float64) {
			at := fmt.Sprintf("%g", progress)
			if total > 0 {
				at += fmt.Sprintf(" of %g", total)
			}
			if message != "" {
				at += ": " + message
			}
			fmt.Fprintf(env.Stderr, "wattle: %s\n", printable(at))
		},
		Log: func(level, text string) { fmt.Fprintf(env.Stderr, "%s: %s\n", show.Text(level), printable(text)) },
	}
	if asks(env) {
		form := newForm(env.Stdin, env.Stderr)
		o.Ask = func(_ context.Context, q *mcpclient.Question) (*mcpclient.Answer, error) { return form.ask(q) }
	}
	return o
}

// findTool returns the tool of a name.
func findTool(tools []mcpclient.Tool, server lattice.ServerName, name string) (*mcpclient.Tool, error) {
	names := make([]string, len(tools))
	for i := range tools {
		if names[i] = tools[i].Name; names[i] == name {
			return &tools[i], nil
		}
	}
	list := "wattle mcp tools"
	whose := "the gateway"
	if server != "" {
		list += " " + string(server)
		whose = fmt.Sprintf("server %q", server)
	}
	return nil, fmt.Errorf("%w: %s has no tool %q%s; `%s` lists those that it has", lattice.ErrNotFound, whose, name, nearest.Hint(name, names), list)
}

// property is the schema of an argument, as far as it matters for how it is written.
type property struct {
	Type any `json:"type"`
}

// text reports whether an argument is a text, and whether that is known.
func (p *property) text() (text, known bool) {
	switch t := p.Type.(type) {
	case string:
		return t == "string", true
	case []any: // one of several
		for _, one := range t {
			if one == "string" {
				return true, false
			}
		}
		return false, len(t) > 0
	}
	return false, false
}

// arguments makes an object of NAME=VALUE, by what the tool takes.
func arguments(t *mcpclient.Tool, given []string) (json.RawMessage, error) {
	var schema struct {
		Properties map[string]property `json:"properties"`
	}
	_ = json.Unmarshal(t.Input, &schema) // then nothing is known of them
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	all := map[string]json.RawMessage{}
	for _, arg := range given {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--arg %q: write NAME=VALUE", arg)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("--arg %q: %q is there twice", arg, name)
		}
		p, has := schema.Properties[name]
		if !has && len(names) > 0 && nearest.Hint(name, names) != "" {
			return nil, fmt.Errorf("--arg %q: tool %q has no argument %q%s", arg, t.Name, name, nearest.Hint(name, names))
		}
		text, known := p.text()
		switch raw := json.RawMessage(value); {
		case text && known, !known && !json.Valid(raw):
			quoted, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			all[name] = quoted
		case !json.Valid(raw):
			return nil, fmt.Errorf("--arg %q: the tool takes %v there: write it as JSON", arg, p.Type)
		default:
			all[name] = raw
		}
	}
	return json.Marshal(all)
}

// print prints a result. What a tool says of its failure is the error.
func (f *mcpCallFlags) print(env *Env, name string, r *mcpclient.Result) error {
	if f.output == "json" {
		if err := show.JSON(env.Stdout, r.JSON, false); err != nil || !r.Failed {
			return err
		}
		return fmt.Errorf("tool %q failed", name)
	}
	var parts []string
	for i := range r.Content {
		parts = append(parts, partText(&r.Content[i]))
	}
	if len(parts) == 0 && len(r.Structured) > 0 {
		var b strings.Builder
		if err := show.JSON(&b, r.Structured, false); err != nil {
			return err
		}
		parts = append(parts, strings.TrimSuffix(b.String(), "\n"))
	}
	text := printable(strings.Join(parts, "\n"))
	if r.Failed {
		return fmt.Errorf("tool %q failed: %s", name, text)
	}
	_, err := fmt.Fprintln(env.Stdout, text)
	return err
}

// partText is a part of a result for people.
func partText(c *mcpclient.Content) string {
	switch {
	case c.Type == "text":
		return c.Text
	case c.Resource != nil && c.Resource.Text != "":
		return c.Resource.Text
	case c.Resource != nil:
		return fmt.Sprintf("[%s, %s: -o json has it]", c.Resource.URI, orDash(c.Resource.MIMEType))
	case c.URI != "":
		return strings.TrimSpace(c.Name + " " + c.URI)
	}
	return fmt.Sprintf("[%s, %s, %s in base64: -o json has it]", c.Type, orDash(c.MIMEType), count(len(c.Data), "byte"))
}
