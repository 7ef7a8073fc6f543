package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// appChange is a command that changes an application that is there.
type appChange struct {
	rolloutFlags
	// command makes what the scheduler is told.
	command func(app lattice.AppName, args []string, by string) control.Command
	verb    string // what is done to it
}

// add adds the flags.
func (c *appChange) add(cmd *cobra.Command, env *Env, next cobra.CompletionFunc) {
	cmd.DisableFlagsInUseLine = true
	cmd.ValidArgsFunction = c.completeApps(env, next)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return c.run(cmd, env, args) }
	c.addRollout(cmd)
}

func (c *appChange) run(cmd *cobra.Command, env *Env, args []string) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx := cmd.Context()
	s, err := c.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	r := new(control.AppResult)
	if err := s.control.Do(ctx, c.command(lattice.AppName(args[0]), args[1:], s.by()), r); err != nil {
		return interrupted(ctx, err)
	}
	return c.follow(ctx, env, s, r, c.verb)
}

func appRollbackCommand(env *Env) *cobra.Command {
	c := &appChange{verb: "rolled back"}
	cmd := &cobra.Command{
		Use:     "rollback [flags] APP [VERSION]",
		Short:   "Go back to a version of an application that was ready",
		Long:    "Deploy the version of an application that was ready before the one that is\ndeployed, or the one that is named.\n\n" + rolloutHelp,
		Example: "  wattle app rollback shop\n  wattle app rollback shop 1.4.0",
		Args:    appArgs(1, "the name of an application and perhaps a version"),
	}
	c.command = func(app lattice.AppName, args []string, by string) control.Command {
		return &control.RollbackApp{App: app, Version: argument(args, 0), By: by}
	}
	c.add(cmd, env, func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.completeVersions(env)(cmd, args, typed)
	})
	return cmd
}

func appScaleCommand(env *Env) *cobra.Command {
	c := &appChange{verb: "scaled"}
	instances := 0
	cmd := &cobra.Command{
		Use:     "scale [flags] APP [COMPONENT] --instances N",
		Short:   "Change how many instances of a component run",
		Long:    "Change how many instances of a component of an application run: on all hosts\ntogether, or on each host if its manifest says so. It is a new version of the\napplication. COMPONENT is not needed if there is one only.\n\n" + rolloutHelp,
		Example: "  wattle app scale shop cart --instances 6",
		Args: func(cmd *cobra.Command, args []string) error {
			if err := appArgs(1, "the name of an application and perhaps of a component")(cmd, args); err != nil {
				return err
			}
			if instances < 1 {
				return &usageError{errors.New("scale takes --instances, which must be positive; to end an application: wattle app undeploy")}
			}
			return nil
		},
	}
	c.command = func(app lattice.AppName, args []string, by string) control.Command {
		return &control.ScaleApp{App: app, Component: argument(args, 0), Instances: instances, By: by}
	}
	cmd.Flags().IntVar(&instances, "instances", 0, "have `N` instances run")
	c.add(cmd, env, c.completeParts(env))
	completeFlags(cmd, map[string]cobra.CompletionFunc{"instances": completeNothing})
	return cmd
}

func appPromoteCommand(env *Env) *cobra.Command {
	c := &appChange{verb: "promoted"}
	cmd := &cobra.Command{
		Use:     "promote [flags] APP",
		Short:   "End the canary of an application: the new version takes all calls",
		Long:    "End the canary of an application that is being rolled out: the new version goes to\nall hosts and takes all calls.\n\n" + rolloutHelp,
		Example: "  wattle app promote shop",
		Args:    appArgs(0, "the name of an application"),
	}
	c.command = func(app lattice.AppName, _ []string, by string) control.Command {
		return &control.PromoteApp{App: app, By: by}
	}
	c.add(cmd, env, nil)
	return cmd
}

func appUndeployCommand(env *Env) *cobra.Command {
	c := &appChange{verb: "undeployed"}
	cmd := &cobra.Command{
		Use:     "undeploy [flags] APP",
		Short:   "Stop an application; its versions stay",
		Long:    "Stop an application: calls under way are finished. Its versions stay, and \"wattle\napp deploy APP\" has it run again. The command waits until it has stopped.",
		Example: "  wattle app undeploy shop",
		Args:    appArgs(0, "the name of an application"),
	}
	c.command = func(app lattice.AppName, _ []string, by string) control.Command {
		return &control.UndeployApp{App: app, By: by}
	}
	c.add(cmd, env, nil)
	return cmd
}

func appDeleteCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	version := ""
	cmd := &cobra.Command{
		Use:     "delete [flags] APP",
		Short:   "Stop an application and forget it, or forget a version of it",
		Long:    "Stop an application and forget all its versions, or with --version forget one. If\nthat is the one which is deployed, the application is stopped as well, and its other\nversions stay.",
		Example: "  wattle app delete shop\n  wattle app delete shop --version 1.3.0",

		DisableFlagsInUseLine: true,

		Args:              appArgs(0, "the name of an application"),
		ValidArgsFunction: f.completeApps(env, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			r := new(control.AppResult)
			if err := s.control.Do(ctx, &control.DeleteApp{App: lattice.AppName(args[0]), Version: version, By: s.by()}, r); err != nil {
				return interrupted(ctx, err)
			}
			s.notes(env, &r.Result)
			what := fmt.Sprintf("application %s", args[0])
			if version != "" {
				what = fmt.Sprintf("version %s of application %s", version, args[0])
			}
			if !r.Changed {
				return done(env, "%s was not there", what)
			}
			return done(env, "%s deleted", what)
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "forget this `VERSION` alone")
	f.add(cmd.Flags())
	completions := f.completions()
	completions["version"] = f.completeVersions(env)
	completeFlags(cmd, completions)
	return cmd
}
