package cli

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

const appHelp = `Deploy applications: components that a manifest lists with what they need, which
the scheduler has run on hosts and keeps running.

A manifest is a file, an Application of the Open Application Model as wadm takes
it. "wattle app schema" prints what an editor needs to check one.`

const appExamples = `  wattle app validate wattle.yaml
  wattle app deploy wattle.yaml
  wattle app status shop
  wattle app explain shop`

func appCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "app",
		Short:   "Deploy applications that a manifest describes",
		Long:    appHelp,
		Example: appExamples,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(appDeployCommand(env), appValidateCommand(env), appSchemaCommand(env),
		appListCommand(env), appGetCommand(env), appStatusCommand(env), appExplainCommand(env), appHistoryCommand(env),
		appRollbackCommand(env), appScaleCommand(env), appPromoteCommand(env), appUndeployCommand(env), appDeleteCommand(env))
	return cmd
}

// appArgs demands the name of an application and up to more other arguments.
func appArgs(more int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || len(args) > 1+more {
			return &usageError{fmt.Errorf("%q takes %s, got %d arguments", cmd.CommandPath(), usage, len(args))}
		}
		if _, err := lattice.ParseAppName(args[0]); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// argument returns an argument, or nothing.
func argument(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// by returns who gives commands, for histories: the user of the credentials, or of
// this machine.
func (s *session) by() string {
	name := ""
	if s.creds != nil {
		name = s.creds.Name
	} else if u, err := user.Current(); err == nil {
		name = u.Username
	}
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	if len(name) > wire.MaxText {
		return "" // nobody is called so
	}
	return name
}

// completeApps completes the names of applications as the first argument, and what
// next offers after it.
func (c *connectFlags) completeApps(env *Env, next cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			if next == nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return next(cmd, args, typed)
		}
		list := new(control.AppList)
		c.ask(cmd, env, &control.ListApps{}, list)
		var out []string
		for i := range list.Apps {
			out = append(out, string(list.Apps[i].App))
		}
		return begins(out, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeVersions completes the versions of the application that is the first
// argument, as far as its history has them.
func (c *connectFlags) completeVersions(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		h := new(control.AppHistory)
		c.ask(cmd, env, &control.AppHistoryOf{App: lattice.AppName(args[0])}, h)
		var out []string
		for i := range h.Deployments {
			out = append(out, h.Deployments[i].Version)
		}
		return begins(out, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeParts completes the components of the application that is the first
// argument, as the second.
func (c *connectFlags) completeParts(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		s := new(control.AppStatus)
		c.ask(cmd, env, &control.AppStatusOf{App: lattice.AppName(args[0])}, s)
		var out []string
		for i := range s.Parts {
			if s.Parts[i].Kind == "component" {
				out = append(out, s.Parts[i].Name)
			}
		}
		return begins(out, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// ask asks the scheduler for a shell. Without an answer there is nothing to offer.
func (c *connectFlags) ask(cmd *cobra.Command, env *Env, query control.Command, answer any) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
	defer cancel()
	quiet := *env
	quiet.Stderr = io.Discard
	s, err := c.open(ctx, &quiet, cmd.Flags())
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	_ = s.control.Do(ctx, query, answer)
}

// begins returns the names that begin so, each once, safe for a terminal.
func begins(names []string, typed string) []cobra.Completion {
	var out []cobra.Completion
	seen := map[string]bool{}
	for _, n := range names {
		if n = show.Text(n); strings.HasPrefix(n, typed) && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
