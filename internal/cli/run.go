package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	wasicli "github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/wit"
)

// Defaults of `wattle run`.
const (
	defaultAddr           = "127.0.0.1:8000"
	defaultRequestTimeout = 60 * time.Second
	defaultCommandTimeout = time.Hour
)

// The exports that say how a component is run.
const (
	incomingHandler = "wasi:http/incoming-handler"
	commandRun      = "wasi:cli/run"
)

// runFlags are the flags of `wattle run`.
type runFlags struct {
	guestFlags
	serve serveFlags
}

const runHelp = `Run a component.

A component that exports wasi:http/incoming-handler is served over HTTP, an MCP
server for instance: each request gets a fresh instance. One that exports
wasi:cli/run is run as a command with the arguments after --, and wattle exits
with its exit code.

Nothing is open to the component unless a flag opens it.`

const runExamples = `  wattle run examples/mcp-ts/server.wasm
  wattle run server.wasm --addr 127.0.0.1:9000 --allow-http 'GET https://api.example.com/v1/'
  wattle run tool.wasm --dir ./data::/data:ro -- --verbose /data/input.txt`

func runCommand(env *Env) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:     "run [flags] FILE [-- ARG...]",
		Short:   "Run a component: serve it over HTTP, or run it as a command",
		Long:    runHelp,
		Example: runExamples,

		DisableFlagsInUseLine: true, // ours says that they come before --

		ValidArgsFunction: completeFile,
		Args: func(cmd *cobra.Command, args []string) error {
			switch n := cmd.ArgsLenAtDash(); {
			case len(args) == 0 || n == 0:
				return &usageError{errors.New("run takes a component file")}
			case n < 0 && len(args) > 1, n > 1:
				return &usageError{fmt.Errorf("run takes one file; put the guest's arguments after --, as in: wattle run %s -- %s", args[0], strings.Join(args[1:], " "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), env, args[0], args[1:], cmd.Flags().Changed("timeout"))
		},
	}
	fs := cmd.Flags()
	f.add(fs, "how long a request or the command may take, a `DURATION` such as 1m30s (default 1m for a request, 1h for a command)")
	f.serve.add(fs)
	completions := f.completions()
	for _, name := range []string{"addr", "concurrency", "queue"} {
		completions[name] = completeNothing
	}
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

// run does what can fail quickly before what takes long, which is to compile.
func (f *runFlags) run(ctx context.Context, env *Env, file string, args []string, timed bool) error {
	if err := f.check(timed); err != nil {
		return err
	}
	if err := f.serve.check(); err != nil {
		return err
	}
	p, err := openProgram(ctx, env, file)
	if err != nil {
		return err
	}
	served, command := exported(p.exports(), incomingHandler) != "", exported(p.exports(), commandRun) != ""
	switch {
	case served && len(args) == 0:
		if !timed {
			f.timeout = defaultRequestTimeout
		}
		return f.serveHTTP(ctx, env, p)
	case command:
		if !timed {
			f.timeout = defaultCommandTimeout
		}
		return f.command(ctx, env, p, args)
	case served:
		return &usageError{fmt.Errorf("%q is served over HTTP and takes no arguments", file)}
	}
	what := "nothing"
	if names := p.exports(); len(names) > 0 {
		what = strings.Join(names, ", ")
	}
	return fmt.Errorf("%q exports %s; run needs %s or %s, version 0.2", file, what, incomingHandler, commandRun)
}

// exported returns the export of an interface in any version of 0.2.
func exported(exports []string, iface string) string {
	i := slices.IndexFunc(exports, func(e string) bool {
		name, version, _ := strings.Cut(e, "@")
		return name == iface && (version == "" || strings.HasPrefix(version, "0.2."))
	})
	if i < 0 {
		return ""
	}
	return exports[i]
}

// newLinker returns what Wattle offers to components.
func newLinker() (*component.Linker, error) {
	l := &component.Linker{}
	return l, wasi.Define(l)
}

// command runs a component that exports wasi:cli/run.
func (f *runFlags) command(ctx context.Context, env *Env, p *program, args []string) error {
	g, err := f.grants.open(env)
	if err != nil {
		return err
	}
	defer func() { _ = g.close() }()
	c, unload, err := f.load(ctx, env, p)
	if err != nil {
		return err
	}
	defer unload()
	opts := f.options(g)
	opts.CLI.Args = append([]string{filepath.Base(p.file)}, args...)
	opts.CLI.Stdin, opts.CLI.Stdout, opts.CLI.Stderr = env.Stdin, env.Stdout, env.Stderr
	opts.CLI.Terminals = wasicli.Terminals{Stdin: isTerminal(env.Stdin), Stdout: isTerminal(env.Stdout), Stderr: isTerminal(env.Stderr)}
	state := wasi.NewState(opts)
	defer func() { _ = state.Close() }()

	timed, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("out of time: --timeout is %v", f.timeout))
	defer cancel()
	failed, err := call(timed, c, state, component.Limits{Memory: uint64(f.memory)})
	flush, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if e := state.Drain(flush); err == nil && e != nil {
		err = fmt.Errorf("guest output: %w", e)
	}
	var exit *component.ExitError
	switch {
	case errors.As(err, &exit):
		if exit.Code == 0 {
			return nil
		}
		return &exitError{code: exit.Code}
	case err != nil && ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return fmt.Errorf("%q: %w", p.file, err)
	case failed:
		return &exitError{code: exitFailure}
	}
	return nil
}

// call instantiates a command and calls it once. failed is its result.
func call(ctx context.Context, c *component.Component, state *wasi.State, limits component.Limits) (failed bool, err error) {
	in, err := c.Instantiate(ctx, state, limits)
	if err != nil {
		return false, err
	}
	defer in.Close()
	run, err := in.Func(exported(c.Exports(), commandRun), "run")
	if err != nil {
		return false, err
	}
	if got, want := run.Type().Signature(), wasicli.RunRunSignature; got != want {
		return false, fmt.Errorf("run has type %s, not %s", got, want)
	}
	results, err := run.Call(ctx)
	if err != nil {
		return false, err
	}
	result, ok := results[0].(wit.ResultValue)
	return ok && result.Failed, nil
}
