package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/appview"
	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// query asks the scheduler and calls f with the session, which has the answer.
func (c *connectFlags) query(cmd *cobra.Command, env *Env, q control.Command, answer any, f func(s *session) error) error {
	ctx := cmd.Context()
	s, err := c.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.control.Do(ctx, q, answer); err != nil {
		return interrupted(ctx, err)
	}
	return f(s)
}

// document writes a value for a program, and reports whether the format is one of
// those.
func document(w io.Writer, v any, format show.Format) (bool, error) {
	switch format {
	case show.FormatJSON:
		return true, show.JSON(w, v, false)
	case show.FormatYAML:
		return true, show.YAML(w, v)
	case show.FormatTable, show.FormatWide:
	}
	return false, nil
}

// addFormat adds -o to a command that prints tables.
func addFormat(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "table", "print as `FORMAT`: table, wide, json or yaml")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeFormat})
}

func parseFormat(output string) (show.Format, error) {
	format, err := show.ParseFormat(output)
	if err != nil {
		return "", &usageError{err}
	}
	return format, nil
}

func appListCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "list [flags]",
		Short:   "List the applications of a lattice",
		Long:    "List the applications of a lattice: which version of each is deployed, and how it\nis doing.",
		Example: "  wattle app list\n  wattle app list -o wide",

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			list := new(control.AppList)
			return f.query(cmd, env, &control.ListApps{}, list, func(s *session) error {
				if list.Apps == nil {
					list.Apps = []control.AppSummary{}
				}
				if ok, err := document(env.Stdout, list.Apps, format); ok {
					return err
				}
				if len(list.Apps) == 0 {
					fmt.Fprintf(env.Stderr, "lattice %q has no applications: deploy one with wattle app deploy FILE\n", s.name)
					return nil
				}
				table := show.Table{Columns: appview.ListColumns, Wide: format == show.FormatWide}
				return table.Write(env.Stdout, appview.List(list.Apps, time.Now()))
			})
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	addFormat(cmd, &output)
	return cmd
}

func appGetCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	var version, output string
	cmd := &cobra.Command{
		Use:     "get [flags] APP",
		Short:   "Print the manifest of an application",
		Long:    "Print the manifest of an application as it was deployed: of the version that runs,\nor the newest if none does. -o json has the digests of its binaries too.",
		Example: "  wattle app get shop > shop.yaml\n  wattle app get shop --version 1.4.0",

		DisableFlagsInUseLine: true,

		Args:              appArgs(0, "the name of an application"),
		ValidArgsFunction: f.completeApps(env, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			v := new(control.AppVersion)
			return f.query(cmd, env, &control.GetApp{App: lattice.AppName(args[0]), Version: version}, v, func(*session) error {
				if output == "json" {
					return show.JSON(env.Stdout, v, false)
				}
				_, err := io.WriteString(env.Stdout, printable(v.Manifest))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "the `VERSION`")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text, the manifest itself, or json")
	f.add(cmd.Flags())
	completions := f.completions()
	completions["version"] = f.completeVersions(env)
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

// statusFlags are the flags of `wattle app status`.
type statusFlags struct {
	connectFlags
	output string
	watch  bool
}

func appStatusCommand(env *Env) *cobra.Command {
	f := &statusFlags{}
	cmd := &cobra.Command{
		Use:     "status [flags] APP",
		Short:   "Show how an application is doing",
		Long:    "Show how an application is doing, each part of it, and what can be done if one is\nnot ready. -o wide adds where each component runs.\n\nWith --watch it is shown again when it changes, until Ctrl-C; with -o json each is\na line. The exit code says whether the answer came, not how the application is.",
		Example: "  wattle app status shop\n  wattle app status shop --watch\n  wattle app status shop -o json",

		DisableFlagsInUseLine: true,

		Args:              appArgs(0, "the name of an application"),
		ValidArgsFunction: f.completeApps(env, nil),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, env, lattice.AppName(args[0])) },
	}
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on and show it again when it changes")
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	addFormat(cmd, &f.output)
	return cmd
}

func (f *statusFlags) run(cmd *cobra.Command, env *Env, app lattice.AppName) error {
	format, err := parseFormat(f.output)
	if err != nil {
		return err
	}
	status := new(control.AppStatus)
	return f.query(cmd, env, &control.AppStatusOf{App: app}, status, func(s *session) error {
		if f.watch {
			return s.watchStatus(cmd.Context(), env, app, status, format)
		}
		s.locate(cmd.Context(), status)
		if ok, err := document(env.Stdout, status, format); ok {
			return err
		}
		return appview.Status(env.Stdout, status, time.Now(), format == show.FormatWide)
	})
}

func appExplainCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "explain [flags] APP [COMPONENT]",
		Short:   "Show why an application runs where it runs",
		Long:    "Show for each component of an application what it asks of hosts, where it runs and\nwhy there, which hosts were passed over and why, what its links lead to, and what\ncan be done if something is not as it should be.",
		Example: "  wattle app explain shop\n  wattle app explain shop cart -o json",

		DisableFlagsInUseLine: true,

		Args:              appArgs(1, "the name of an application and perhaps of a component"),
		ValidArgsFunction: f.completeApps(env, f.completeParts(env)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			e := new(control.AppExplanation)
			app := lattice.AppName(args[0])
			return f.query(cmd, env, &control.ExplainApp{App: app, Component: argument(args, 1)}, e, func(s *session) error {
				if output == "json" {
					return show.JSON(env.Stdout, e, false)
				}
				return s.explain(cmd.Context(), env, app, e)
			})
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	f.add(cmd.Flags())
	completions := f.completions()
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

func (s *session) explain(ctx context.Context, env *Env, app lattice.AppName, e *control.AppExplanation) error {
	status := new(control.AppStatus)
	if err := s.control.Do(ctx, &control.AppStatusOf{App: app}, status); err != nil {
		return interrupted(ctx, err)
	}
	inv, err := s.Load(ctx, inventory.KindOf("hosts"))
	if err != nil {
		return interrupted(ctx, err)
	}
	return appview.Explain(env.Stdout, e, status, inv.Name, time.Now())
}

func appHistoryCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "history [flags] APP",
		Short:   "List what was deployed of an application, by whom, and what became of it",
		Long:    "List what was deployed of an application, by whom, and what became of it: the\noldest first.",
		Example: "  wattle app history shop",

		DisableFlagsInUseLine: true,

		Args:              appArgs(0, "the name of an application"),
		ValidArgsFunction: f.completeApps(env, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			h := new(control.AppHistory)
			return f.query(cmd, env, &control.AppHistoryOf{App: lattice.AppName(args[0])}, h, func(*session) error {
				if ok, err := document(env.Stdout, h, format); ok {
					return err
				}
				if len(h.Deployments) == 0 {
					fmt.Fprintf(env.Stderr, "nothing of application %q was ever deployed\n", args[0])
					return nil
				}
				table := show.Table{Columns: appview.HistoryColumns, Wide: format == show.FormatWide}
				return table.Write(env.Stdout, appview.History(h))
			})
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	addFormat(cmd, &output)
	return cmd
}
