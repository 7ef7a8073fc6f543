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
	replace := false
	cmd := &cobra.Command{
		Use:   "put [flags] NAME KEY=VALUE...",
		Short: "Make a configuration, or set values of it",
		Long: `Make a configuration, or set values of it: those of other keys stay, and are named.
With --replace the configuration has the values that are given and no others, and the
keys that go away are named. KEY=@FILE takes the value from a file. Components that are
given the configuration get the new values. Keys that begin with "env." become
environment variables of the components: env.LOG_LEVEL is LOG_LEVEL.

"wattle config del NAME KEY" takes single values away. A configuration is no place for
secrets: who can look at the lattice can read it.`,
		Example: "  wattle config put shop-settings currency=EUR env.LOG_LEVEL=debug\n  wattle config put shop-texts terms=@terms.txt\n  wattle config put shop-settings currency=EUR --replace",

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
			name := lattice.ConfigName(args[0])
			if name == lattice.ImagePolicy {
				return &usageError{fmt.Errorf("%s is the image policy: set it with wattle image-policy put FILE, which says what it stops", name)}
			}
			r := new(control.ConfigResult)
			return f.send(cmd, env, &control.PutConfig{Config: name, Values: values, Keep: !replace}, r, &r.Result, func() string {
				return fmt.Sprintf("config %s: %s%s", name, count(len(values), "value"), others(r))
			})
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "take away the values of all other keys")
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// maxKeys bounds how many keys are named of those that stay or go.
const maxKeys = 8

// others says what became of the values of a configuration that were not given.
func others(r *control.ConfigResult) string {
	var text strings.Builder
	for _, o := range []struct {
		what string
		keys []string
	}{{"kept", r.Kept}, {"taken away", r.Dropped}} {
		if len(o.keys) > 0 {
			fmt.Fprintf(&text, "; %s: %s", o.what, printable(some(o.keys, maxKeys)))
		}
	}
	return text.String()
}

// some names the first of several.
func some(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
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
		Use:     "del [flags] NAME [KEY...]",
		Aliases: []string{"delete"},
		Short:   "Remove a configuration, or values of it",
		Long:    "Remove a configuration that no component and no link names; or if keys are named, only\ntheir values, of a configuration that may be in use.",
		Example: "  wattle config del shop-settings\n  wattle config del shop-settings env.LOG_LEVEL",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{errors.New("del takes the name of a configuration, and perhaps keys")}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "config", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keys := args[1:]; len(keys) > 0 {
				r := new(control.ConfigResult)
				del := &control.PutConfig{Config: lattice.ConfigName(args[0]), Keep: true, Drop: keys}
				return f.send(cmd, env, del, r, &r.Result, func() string {
					return fmt.Sprintf("config %s: %s taken away", args[0], count(len(r.Dropped), "value"))
				})
			}
			del := &control.DeleteConfig{Config: lattice.ConfigName(args[0])}
			return f.change(cmd, env, del, "config %s deleted", args[0])
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}
