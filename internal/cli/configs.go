package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func configCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Change the configurations that components are given",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(configPutCommand(env), configDelCommand(env), getKindCommand(env, "config"))
	return cmd
}

func configPutCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:   "put [flags] NAME KEY=VALUE...",
		Short: "Make a configuration, or replace it",
		Long: `Make a configuration, or replace all of it. KEY=@FILE takes the value from a
file. Components that are given it get the new values. Keys that begin with "env."
become environment variables of the components: env.LOG_LEVEL is LOG_LEVEL.

A configuration is no place for secrets: who can look at the lattice can read it.`,
		Example: "  wattle config put shop-settings currency=EUR env.LOG_LEVEL=debug\n  wattle config put shop-texts terms=@terms.txt",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return &usageError{errors.New("put takes a name and values, as in: wattle config put shop-settings currency=EUR")}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "config", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := configValues(args[1:])
			if err != nil {
				return err
			}
			put := &control.PutConfig{Config: lattice.ConfigName(args[0]), Values: values}
			return f.change(cmd, env, put, "config %s: %s", put.Config, count(len(values), "value"))
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// configValues reads KEY=VALUE and KEY=@FILE.
func configValues(args []string) (lattice.Config, error) {
	values := lattice.Config{}
	for _, a := range args {
		key, value, ok := strings.Cut(a, "=")
		if !ok || key == "" {
			return nil, &usageError{fmt.Errorf("%q is no value: write KEY=VALUE or KEY=@FILE", a)}
		}
		if _, twice := values[key]; twice {
			return nil, &usageError{fmt.Errorf("key %q is there twice", key)}
		}
		if file, ok := strings.CutPrefix(value, "@"); ok {
			info, err := os.Stat(file)
			if err != nil {
				return nil, cause(file, err)
			}
			if info.Size() > wire.MaxConfigValue {
				return nil, fmt.Errorf("%q has %s, the limit of a value is %s", file, formatSize(uint64(info.Size())), formatSize(wire.MaxConfigValue))
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, cause(file, err)
			}
			value = string(text)
		}
		values[key] = value
	}
	return values, nil
}

func configDelCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "del [flags] NAME",
		Aliases: []string{"delete"},
		Short:   "Remove a configuration",
		Long:    "Remove a configuration that no component and no link names.",
		Example: "  wattle config del shop-settings",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("del takes the name of a configuration, got %d arguments", len(args))}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "config", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			del := &control.DeleteConfig{Config: lattice.ConfigName(args[0])}
			return f.change(cmd, env, del, "config %s deleted", args[0])
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}
