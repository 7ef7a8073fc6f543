package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
)

// storedFlags say which store of the lattice a command is about.
type storedFlags struct {
	connectFlags
	component string
}

func (f *storedFlags) add(cmd *cobra.Command, env *Env) {
	cmd.Flags().StringVar(&f.component, "component", "", "the own store of the component `ID`; the path is without BUCKET then")
	f.connectFlags.add(cmd.Flags())
	completions := f.completions()
	completions["component"] = f.completeKind(env, "component", 0, nil)
	completeFlags(cmd, completions)
}

// store is a store of the lattice, by the name that configurations call it or by the
// component whose own it is.
type store struct {
	bucket    string
	component lattice.ComponentID
}

func (s store) String() string { return s.bucket + ownOf(s.component) }

// ownOf is how the own store of a component is shown.
func ownOf(c lattice.ComponentID) string {
	if c == "" {
		return ""
	}
	return "(own of " + string(c) + ")"
}

// store returns which store a path names, and the rest of the path.
func (f *storedFlags) store(path string) (s store, rest string, err error) {
	if f.component != "" {
		id, err := lattice.ParseComponentID(f.component)
		if err != nil {
			return s, "", &usageError{fmt.Errorf("--component: %w", err)}
		}
		return store{component: id}, path, nil
	}
	s.bucket, rest, _ = strings.Cut(path, "/")
	if s.bucket == "" {
		return s, "", &usageError{fmt.Errorf("path %q begins with no BUCKET, and there is no --component", path)}
	}
	return s, rest, nil
}

// onStored connects to the lattice and has f use it.
func onStored(cmd *cobra.Command, env *Env, flags *storedFlags, f func(context.Context, *session) error) error {
	ctx := cmd.Context()
	s, err := flags.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := f(ctx, s); err != nil {
		return interrupted(ctx, err)
	}
	return nil
}

// storedArgs demands a path, after which there may be so many other arguments.
func storedArgs(form string, others int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < 1 || len(args) > 1+others {
			return &usageError{fmt.Errorf("%q takes %s, got %d arguments", cmd.CommandPath(), form, len(args))}
		}
		return nil
	}
}

// atMostOnePath permits one path.
func atMostOnePath(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return &usageError{fmt.Errorf("%q takes one path, got %d arguments", cmd.CommandPath(), len(args))}
	}
	return nil
}

// content opens what is to be stored: the file that is the second argument, or else
// standard input.
func content(env *Env, args []string) (r io.ReadCloser, name string, err error) {
	if len(args) < 2 || args[1] == "-" {
		return io.NopCloser(env.Stdin), "standard input", nil
	}
	f, err := os.Open(args[1])
	if err != nil {
		return nil, args[1], cause(args[1], err)
	}
	return f, args[1], nil
}

// notThere returns an error of a store as one of the lattice if it says that there is no
// such thing.
func notThere(what, path string, err error, missing ...error) error {
	for _, m := range missing {
		if errors.Is(err, m) {
			return fmt.Errorf("%s %q: %w", what, path, lattice.ErrNotFound)
		}
	}
	return fmt.Errorf("%s %q: %w", what, path, err)
}

// byStore compares stores: those with a name are first.
func byStore(a, b store) int {
	return cmp.Or(cmp.Compare(a.component, b.component), cmp.Compare(a.bucket, b.bucket))
}
