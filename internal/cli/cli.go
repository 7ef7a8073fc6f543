package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
)

// Env is the process as a command sees it.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
}

// Exit codes. The package comment is their documentation.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitBinary   = 120
	exitLink     = 121
	exitLimit    = 122
	exitDeadline = 124
	exitTrap     = 134
)

// usageError is a mistake in how a command was called.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

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
		broken  *binary.Error
		module  *core.Error
		link    *component.LinkError
		limit   *component.LimitError
		limited *core.LimitError
		trap    *component.Trap
	)
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &link):
		return exitLink
	case errors.As(err, &limit), errors.As(err, &limited):
		return exitLimit
	case errors.As(err, &trap) && trap.Kind == component.TrapDeadline:
		return exitDeadline
	case errors.As(err, &trap):
		return exitTrap
	case errors.As(err, &broken), errors.As(err, &module):
		return exitBinary
	}
	return exitFailure
}

// report writes an error for a person.
func report(w io.Writer, err error) {
	fmt.Fprintf(w, "wattle: %v\n", err)
	var trap *component.Trap
	if errors.As(err, &trap) && len(trap.Frames) > 0 {
		fmt.Fprintf(w, "guest backtrace, innermost call first:\n%s", trap.Backtrace())
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
		Short: "Look into component binaries",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	comp.AddCommand(inspectCommand(env))
	root.AddCommand(runCommand(env), comp, versionCommand(env))
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
		return &usageError{fmt.Errorf("%q takes one file, got %d arguments", cmd.CommandPath(), len(args))}
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
