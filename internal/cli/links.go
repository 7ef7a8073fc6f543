package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func linkCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Link components to what serves their imports",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(linkPutCommand(env), linkDelCommand(env), getKindCommand(env, "links"))
	return cmd
}

// getKindCommand is `wattle get` of one kind, for who looks for it there.
func getKindCommand(env *Env, kind string) *cobra.Command {
	f := &getFlags{}
	k := inventory.KindOf(kind)
	cmd := &cobra.Command{
		Use:     "get [flags] [NAME]",
		Short:   "Print " + k.Short,
		Long:    "Print " + k.Short + ": the same as \"wattle get " + kind + "\".",
		Example: "  wattle get " + kind,

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("get takes one name, got %d", len(args))}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, kind, 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, env, k, strings.Join(args, ""))
		},
	}
	f.addGet(cmd)
	return cmd
}

// parseInterfaces reads NAMESPACE:PACKAGE/INTERFACE,…
func parseInterfaces(text string) (namespace, pkg string, interfaces []string, err error) {
	id, list, ok := strings.Cut(text, "/")
	namespace, pkg, named := strings.Cut(id, ":")
	switch {
	case !named || !ok || list == "":
		return "", "", nil, fmt.Errorf("interfaces %q: want NAMESPACE:PACKAGE/INTERFACE,… as in wasi:keyvalue/store,atomics", text)
	case strings.Contains(text, "@"):
		return "", "", nil, fmt.Errorf("interfaces %q: leave out the version: a link is for all", text)
	}
	return namespace, pkg, strings.Split(list, ","), nil
}

func linkPutCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	var name string
	var source, target []string
	cmd := &cobra.Command{
		Use:   "put [flags] SOURCE TARGET INTERFACES",
		Short: "Have a component reach interfaces of another, or of a provider",
		Long: `Have the component SOURCE reach interfaces of TARGET, which is another component
or a provider. INTERFACES is NAMESPACE:PACKAGE/INTERFACE,… without a version. A
link with the same source, package and name is changed.`,
		Example: "  wattle link put shop cart demo:cart/store\n  wattle link put shop redis wasi:keyvalue/store,atomics --target-config redis-url",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return &usageError{errors.New("put takes a source, a target and interfaces, as in: wattle link put shop cart demo:cart/store")}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "components", 0, f.completeKind(env, "components", 1, nil)),
		RunE: func(cmd *cobra.Command, args []string) error {
			l := lattice.Link{Source: lattice.ComponentID(args[0]), Target: args[1], Name: lattice.LinkName(name)}
			var err error
			if l.Namespace, l.Package, l.Interfaces, err = parseInterfaces(args[2]); err != nil {
				return &usageError{err}
			}
			for _, n := range source {
				l.SourceConfig = append(l.SourceConfig, lattice.ConfigName(n))
			}
			for _, n := range target {
				l.TargetConfig = append(l.TargetConfig, lattice.ConfigName(n))
			}
			put := &control.PutLink{Link: l}
			return f.change(cmd, env, put, "link %s -> %s for %s", l.Source, l.Target, args[2])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&name, "name", string(lattice.DefaultLink), "the `NAME` that tells links of one package apart")
	fs.StringArrayVar(&source, "source-config", nil, "the configuration `NAME` of the source; repeatable")
	fs.StringArrayVar(&target, "target-config", nil, "the configuration `NAME` of the target; repeatable")
	f.add(fs)
	completions := f.completions()
	completions["name"] = completeNothing
	completions["source-config"] = f.completeFlag(env, "config")
	completions["target-config"] = f.completeFlag(env, "config")
	completeFlags(cmd, completions)
	return cmd
}

func linkDelCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	var name string
	cmd := &cobra.Command{
		Use:     "del [flags] SOURCE NAMESPACE:PACKAGE",
		Aliases: []string{"delete"},
		Short:   "Remove a link",
		Long:    "Remove the link of a component for the interfaces of a package.",
		Example: "  wattle link del shop demo:cart",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || !strings.Contains(args[1], ":") {
				return &usageError{errors.New("del takes a source and a package, as in: wattle link del shop demo:cart")}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "components", 0, nil),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, _, _ := strings.Cut(args[1], "/")
			namespace, pkg, _ := strings.Cut(id, ":")
			del := &control.DeleteLink{Source: lattice.ComponentID(args[0]), LinkName: lattice.LinkName(name), Namespace: namespace, Package: pkg}
			return f.change(cmd, env, del, "link of %s for %s deleted", args[0], args[1])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&name, "name", string(lattice.DefaultLink), "the `NAME` of the link")
	f.add(fs)
	completions := f.completions()
	completions["name"] = completeNothing
	completeFlags(cmd, completions)
	return cmd
}

// change sends a command that is answered with a Result, and says what was done.
func (c *connectFlags) change(cmd *cobra.Command, env *Env, change control.Command, format string, args ...any) error {
	if err := change.Check(); err != nil {
		return &usageError{err}
	}
	ctx := cmd.Context()
	s, err := c.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	r := new(control.Result)
	if err := s.control.Do(ctx, change, r); err != nil {
		return interrupted(ctx, err)
	}
	s.notes(env, r)
	if !r.Changed {
		format += " (as it was)"
	}
	return done(env, format, args...)
}
