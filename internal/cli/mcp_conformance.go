package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
)

// conformance is the version of the conformance suite of MCP that Wattle is tested with,
// and minNode the oldest Node.js that runs it.
const (
	conformance = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
	minNode     = 22
)

const conformanceHelp = `Run the conformance suite of MCP against a server, at its address of the gateway.

The suite is fetched and run by npx: Node.js 22 or newer has to be there. It calls
tools by names that a server has to have for it (test_simple_text and others). As
it cannot show a token, it is given an address on this machine for as long as it
runs, which cannot be guessed, and which shows the token for it.

What stands after -- goes to the suite.`

// conformanceFlags are the flags of `wattle mcp conformance`.
type conformanceFlags struct {
	gatewayFlags
	requirements string
}

func mcpConformanceCommand(env *Env) *cobra.Command {
	f := &conformanceFlags{}
	cmd := &cobra.Command{
		Use:     "conformance [flags] SERVER [-- ARG…]",
		Short:   "Run the conformance suite of MCP against a server",
		Long:    conformanceHelp,
		Example: "  wattle mcp conformance everything\n  wattle mcp conformance everything --requirements 2025-11-25 -- --scenario tools-list",

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if n := cmd.ArgsLenAtDash(); n >= 0 {
				args = args[:n]
			}
			return oneServer(true)(cmd, args)
		},
		ValidArgsFunction: f.completeServers(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, env, lattice.ServerName(args[0]), args[1:])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.requirements, "requirements", "2026-07-28", "the `REVISION` of MCP whose requirements are tested")
	f.add(fs)
	completions := f.completions()
	completions["requirements"] = cobra.FixedCompletions([]string{"2026-07-28", "2025-11-25"}, cobra.ShellCompDirectiveNoFileComp)
	completeFlags(cmd, completions)
	return cmd
}

func (f *conformanceFlags) run(cmd *cobra.Command, env *Env, server lattice.ServerName, args []string) error {
	e, err := f.endpoint(cmd, env)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := nodeIsThere(ctx); err != nil {
		return err
	}
	address, stop, err := e.opened(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = stop() }()
	suite := exec.CommandContext(ctx, "npx", append([]string{
		"--yes", conformance, "server", "--url", address, "--requirements", f.requirements,
	}, args...)...)
	suite.Stdout, suite.Stderr = env.Stdout, env.Stderr
	err = suite.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return fmt.Errorf("server %q does not conform to %s: the suite ended with code %d", server, f.requirements, exit.ExitCode())
	}
	return interrupted(ctx, err)
}

// nodeIsThere looks for a Node.js that runs the suite.
func nodeIsThere(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
	n, parseErr := strconv.Atoi(major)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: there is no Node.js on the PATH, and the conformance suite needs version %d: install it from https://nodejs.org", lattice.ErrUnavailable, minNode)
	case err != nil:
		return interrupted(ctx, fmt.Errorf("node --version: %w", err))
	case parseErr != nil || n < minNode:
		return fmt.Errorf("%w: the Node.js on the PATH is %s, and the conformance suite needs version %d", lattice.ErrUnavailable, strings.TrimSpace(string(out)), minNode)
	}
	return nil
}

// opened has an address on this machine that shows the token itself be that of a server,
// until it is stopped.
func (e *endpoint) opened(ctx context.Context, server lattice.ServerName) (address string, stop func() error, err error) {
	target, err := url.Parse(e.of(server))
	if err != nil {
		return "", nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	path := "/" + rand.Text()
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL = target
			r.Out.Header.Set("Authorization", "Bearer "+e.token.Reveal())
			if !webserver.Machine(r.In.Host) {
				r.Out.Host = r.In.Host // the suite looks whether the gateway refuses it
				return
			}
			r.Out.Host = target.Host
		},
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- webserver.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				http.NotFound(w, r)
				return
			}
			proxy.ServeHTTP(w, r)
		}), webserver.Options{})
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	stop = func() error { cancel(); return <-ended }
	return "http://localhost:" + port + path, stop, err
}
