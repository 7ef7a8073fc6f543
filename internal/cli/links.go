package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
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
	var source, target, secrets []string
	cmd := &cobra.Command{
		Use:   "put [flags] SOURCE TARGET INTERFACES",
		Short: "Have a component reach interfaces of another, or of a capability",
		Long: `Have the component SOURCE reach interfaces of TARGET, which is another component, or
a capability of its hosts: wattle://KIND, as "wattle capability list" prints them.
INTERFACES is NAMESPACE:PACKAGE/INTERFACE,… without a version. A link with the same
source, package and name is changed. Calls that are under way go on as they began.

What a capability may do for the component is in configurations, those of the source over
those of the target. Their values may ask for secrets: ${secret:NAME}, for which
--secret NAME=SECRET says which one of the lattice it is, --secret NAME that it is the one
of the same name. With @VERSION it stays at that version.`,
		Example: "  wattle link put shop cart demo:cart/store\n" +
			"  wattle config put shop-http allow='GET https://api.example.com/' 'header.authorization=Bearer ${secret:token}'\n" +
			"  wattle link put shop wattle://httpclient wasi:http/outgoing-handler --target-config shop-http --secret token=shop-token",

		DisableFlagsInUseLine: true,

		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 3 {
				return &usageError{errors.New("put takes a source, a target and interfaces, as in: wattle link put shop cart demo:cart/store")}
			}
			return nil
		},
		ValidArgsFunction: f.completeKind(env, "components", 0, f.completeTarget(env)),
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
			if l.Secrets, err = parseSecrets(secrets); err != nil {
				return &usageError{err}
			}
			put := &control.PutLink{Link: l}
			return f.change(cmd, env, put, "link %s -> %s for %s", l.Source, l.Target, args[2])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&name, "name", string(lattice.DefaultLink), "the `NAME` that tells links of one package apart")
	fs.StringArrayVar(&source, "source-config", nil, "the configuration `NAME` of the source; repeatable")
	fs.StringArrayVar(&target, "target-config", nil, "the configuration `NAME` of the target; repeatable")
	fs.StringArrayVar(&secrets, "secret", nil, "a secret that configurations may ask for by NAME, "+secretUsage+"; repeatable")
	f.add(fs)
	completions := f.completions()
	completions["name"] = completeNothing
	completions["secret"] = f.completeSecretFlag(env)
	completions["source-config"] = f.completeFlag(env, "config")
	completions["target-config"] = f.completeFlag(env, "config")
	completeFlags(cmd, completions)
	return cmd
}

// secretUsage is the grammar of --secret.
const secretUsage = "`NAME[=SECRET][@VERSION]`"

// parseSecrets reads NAME, NAME=SECRET, NAME@VERSION and NAME=SECRET@VERSION. Without
// SECRET the secret of the lattice has the same name.
func parseSecrets(args []string) (map[string]lattice.SecretRef, error) {
	var all map[string]lattice.SecretRef
	for _, a := range args {
		name, secret, ok := strings.Cut(a, "=")
		if !ok {
			secret = a
			name, _, _ = strings.Cut(a, "@")
		}
		secret, version, versioned := strings.Cut(secret, "@")
		ref := lattice.SecretRef{Name: lattice.SecretName(secret)}
		if versioned {
			var err error
			if ref.Version, err = strconv.ParseUint(version, 10, 64); err != nil || ref.Version == 0 {
				return nil, fmt.Errorf("--secret %q: %q is no version: wattle secret history %s lists them", a, version, secret)
			}
		}
		if name == "" || secret == "" {
			return nil, fmt.Errorf("--secret %q: want NAME, NAME=SECRET or NAME=SECRET@VERSION", a)
		}
		if _, err := lattice.ParseSecretName(secret); err != nil {
			return nil, fmt.Errorf("--secret %q: %w", a, err)
		}
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("--secret %q is there twice", name)
		}
		if all == nil {
			all = map[string]lattice.SecretRef{}
		}
		all[name] = ref
	}
	return all, nil
}

// completeTarget completes the target of a link, which is the second argument.
func (c *connectFlags) completeTarget(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var addresses []string
		for _, name := range kindNames() {
			addresses = append(addresses, capability.Scheme+name)
		}
		return append(c.names(cmd, env, inventory.KindOf("components"), typed), begins(addresses, typed)...), cobra.ShellCompDirectiveNoFileComp
	}
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
	r := new(control.Result)
	return c.send(cmd, env, change, r, r, func() string { return fmt.Sprintf(format, args...) })
}

// send sends a command that is answered with result, of which r is part, and says what
// was done.
func (c *connectFlags) send(cmd *cobra.Command, env *Env, change control.Command, result any, r *control.Result, says func() string) error {
	if err := change.Check(); err != nil {
		return &usageError{err}
	}
	ctx := cmd.Context()
	s, err := c.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.control.Do(ctx, change, result); err != nil {
		return interrupted(ctx, err)
	}
	s.notes(env, r)
	text := says()
	if !r.Changed {
		text += " (as it was)"
	}
	return done(env, "%s", text)
}
