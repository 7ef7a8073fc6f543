package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
)

// completeTime bounds how long a shell waits for the names in a lattice.
const completeTime = time.Second

var completeFormat = cobra.FixedCompletions([]string{"table", "wide", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp)

// completeKind completes the names of things in a lattice as the argument at
// index at; what comes after is left to next, which may be nil.
func (c *connectFlags) completeKind(env *Env, kind string, at int, next cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case len(args) == at:
			return c.names(cmd, env, inventory.KindOf(kind), typed), cobra.ShellCompDirectiveNoFileComp
		case next != nil:
			return next(cmd, args, typed)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// complete completes a kind, and the names of that kind.
func (f *getFlags) complete(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		switch len(args) {
		case 0:
			for _, k := range inventory.Kinds() {
				if strings.HasPrefix(k.Name, typed) {
					out = append(out, cobra.CompletionWithDesc(k.Name, k.Short))
				}
			}
		case 1:
			if k := inventory.KindOf(args[0]); k != nil {
				out = f.names(cmd, env, k, typed)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// names asks the lattice for names, if it answers quickly.
func (c *connectFlags) names(cmd *cobra.Command, env *Env, k *inventory.Kind, typed string) []cobra.Completion {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
	defer cancel()
	quiet := *env
	quiet.Stderr = io.Discard
	s, err := c.open(ctx, &quiet, cmd.Flags())
	if err != nil {
		return nil
	}
	defer func() { _ = s.Close() }()
	inv, err := s.Load(ctx, k)
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, r := range k.Rows(inv, time.Now()) {
		if name := show.Text(r.Cells[0]); strings.HasPrefix(name, typed) {
			out = append(out, name)
		}
	}
	return out
}

// completeFlag completes the value of a flag with the names of things in a
// lattice.
func (c *connectFlags) completeFlag(env *Env, kind string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return c.names(cmd, env, inventory.KindOf(kind), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSecondFile completes a component file after another argument.
func completeSecondFile(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return []cobra.Completion{"wasm"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
