package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/lattice"
)

// Env is the process as a command sees it.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Self is the command line that starts this program anew, for what is done
	// in a process of its own. If empty, all is done in this one.
	Self []string
}

// Exit codes. The package comment is their documentation.
const (
	exitOK        = 0
	exitFailure   = 1
	exitUsage     = 2
	exitAway      = 3
	exitDenied    = 4
	exitNotFound  = 5
	exitBroken    = 120
	exitLink      = 121
	exitLimit     = 122
	exitDeadline  = 124
	exitInterrupt = 130
	exitTrap      = 134
)

// usageError is a mistake in how a command was called.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// loadError is a file that is no component which runs here. The cause says
// whether an import, a limit or the file itself is at fault.
type loadError struct {
	file string
	err  error
}

func (e *loadError) Error() string { return fmt.Sprintf("%q: %v", e.file, e.err) }
func (e *loadError) Unwrap() error { return e.err }

// errInterrupted is work that a signal ended.
var errInterrupted = errors.New("interrupted")

// exitError ends the command with a code; what there was to say is said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// Main runs a command and returns its exit code.
func Main(ctx context.Context, env *Env) int {
	root := rootCommand(env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	report(env.Stderr, err)
	return exitCode(err)
}

// exitCode returns the code that the package comment gives for an error.
func exitCode(err error) int {
	var (
		usage   *usageError
		load    *loadError
		cache   *component.CacheError
		link    *component.LinkError
		limit   *component.LimitError
		limited *core.LimitError
		trap    *component.Trap
	)
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupt
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &cache):
		return exitFailure
	case errors.As(err, &link):
		return exitLink
	case errors.As(err, &limit), errors.As(err, &limited):
		return exitLimit
	case errors.As(err, &trap) && trap.Kind == component.TrapDeadline:
		return exitDeadline
	case errors.As(err, &trap):
		return exitTrap
	case errors.As(err, &load):
		return exitBroken
	}
	return latticeCode(err)
}

// latticeCode returns the code of an error of a lattice.
func latticeCode(err error) int {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return exitDeadline
	case errors.Is(err, lattice.ErrDenied):
		return exitDenied
	case errors.Is(err, lattice.ErrUnavailable):
		return exitAway
	case errors.Is(err, lattice.ErrNotFound):
		return exitNotFound
	}
	return exitFailure
}

// report writes an error for a person. Names in it may come out of a file.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "wattle: %s\n", strings.ReplaceAll(printable(err.Error()), "\n", "\n  "))
	var trap *component.Trap
	if errors.As(err, &trap) && len(trap.Frames) > 0 {
		fmt.Fprintf(w, "guest backtrace, innermost call first:\n%s", printable(trap.Backtrace()))
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintln(w, "wattle: --help shows how it is used")
	}
}

func rootCommand(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:           "wattle",
		Short:         "Run sandboxed WebAssembly components and MCP servers",
		Long:          "Wattle runs WebAssembly components, MCP servers for agents above all. Each\ncan reach only what it was given; everything else is denied.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = false
	comp := &cobra.Command{
		Use:   "component",
		Short: "Look into component binaries, and run components on a lattice",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	comp.AddCommand(inspectCommand(env), validateCommand(env),
		componentStartCommand(env), componentStopCommand(env), componentScaleCommand(env), componentUpdateCommand(env),
		componentPushCommand(env), componentLogsCommand(env))
	root.AddCommand(runCommand(env), callCommand(env), comp, witCommand(env), appCommand(env),
		upCommand(env), hostGroupCommand(env), schedulerCommand(env), getCommand(env), watchCommand(env), hostCommand(env), linkCommand(env), configCommand(env), secretCommand(env), capabilityCommand(env), blobCommand(env), kvCommand(env), mcpCommand(env), gatewayCommand(env), latticeCommand(env),
		imagePushCommand(env), imagePullCommand(env), registryCommand(env), imagePolicyCommand(env),
		versionCommand(env), workerCommand(env))
	return root
}

// noArgs refuses arguments: what looks like one is a mistyped command.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%q has no command %q", cmd.CommandPath(), args[0])}
	}
	return nil
}

// oneFile demands exactly one argument, a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%q takes one file, got %d", cmd.CommandPath(), len(args))}
	}
	return nil
}

// outputs are the forms in which a command prints.
var outputs = []string{"text", "json"}

func checkOutput(output string) error {
	if !slices.Contains(outputs, output) {
		return &usageError{fmt.Errorf("output %q is not known: use %s", output, strings.Join(outputs, " or "))}
	}
	return nil
}

// isTerminal says whether a stream is a terminal, where progress and colour may go.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
