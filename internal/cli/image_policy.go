package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func imagePolicyCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image-policy",
		Short: "Say which binaries the hosts of a lattice run, and who must have signed them",
		Long: `Say which binaries the hosts of a lattice run, and who must have signed them. Each host
checks by itself: that the image's manifest has the binary, and that one of the keys has
signed the manifest, as "cosign sign --key" does. Without a policy everything is run that
somebody may start.

The policy is JSON. The first rule that matches counts; what none matches is refused:

  {"rules": [
    {"match": "ghcr.io/acme/", "keys": ["-----BEGIN PUBLIC KEY-----\n…"]},
    {"match": "registry.example.com/team/tool", "unsigned": true},
    {"match": "file", "unsigned": true}
  ]}

"match" is the beginning of references, or "*" for all; "file" is what comes from no
registry. See the policy with: wattle config get ` + string(lattice.ImagePolicy),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(imagePolicyPutCommand(env), imagePolicyCheckCommand(env), imagePolicyDelCommand(env))
	return cmd
}

// readPolicy reads a policy from a file or standard input.
func readPolicy(env *Env, file string) (text string, p *oci.Policy, err error) {
	data, err := readManifest(env, file)
	if err != nil {
		return "", nil, err
	}
	if len(data) == 0 {
		return "", nil, errors.New("the policy is empty: to have none, use: wattle image-policy del")
	}
	if p, err = oci.ParsePolicy(string(data)); err != nil {
		return "", nil, fmt.Errorf("%q: %w", file, err)
	}
	return string(data), p, nil
}

func completePolicy(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
}

func imagePolicyPutCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	yes := false
	cmd := &cobra.Command{
		Use:   "put [flags] FILE",
		Short: "Set the image policy, from a file or - for standard input",
		Long: `Set the image policy, from a file or - for standard input. Components that it refuses
stop, and are not started any more. If it would stop what runs now, that is listed, and
the policy is set only with --yes.`,
		Example: "  wattle image-policy put policy.json\n  wattle image-policy put policy.json --yes",

		DisableFlagsInUseLine: true,

		Args:              oneFile,
		ValidArgsFunction: completePolicy,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, p, err := readPolicy(env, args[0])
			if err != nil {
				return err
			}
			put := &control.PutConfig{Config: lattice.ImagePolicy, Values: lattice.Config{lattice.PolicyKey: text}}
			if err := put.Check(); err != nil {
				return &usageError{err}
			}
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			stops, err := s.stops(ctx, p)
			if err != nil {
				return interrupted(ctx, err)
			}
			tellStops(env, stops)
			what := fmt.Sprintf("%s on %s", count(len(stops), "component"), count(len(onHosts(stops)), "host"))
			if len(stops) > 0 && !yes {
				return &usageError{fmt.Errorf("the policy stops %s: if that is meant, say --yes", what)}
			}
			r := new(control.ConfigResult)
			if err := s.control.Do(ctx, put, r); err != nil {
				return interrupted(ctx, err)
			}
			s.notes(env, &r.Result)
			switch {
			case !r.Changed:
				return done(env, "image policy: %s (as it was)", count(len(p.Rules), "rule"))
			case len(stops) > 0:
				return done(env, "image policy: %s; it stops %s", count(len(p.Rules), "rule"), what)
			}
			return done(env, "image policy: %s; nothing that runs is refused", count(len(p.Rules), "rule"))
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "set it even if that stops what runs")
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

func imagePolicyCheckCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:   "check [flags] FILE",
		Short: "List what an image policy would stop, without setting it",
		Long: `List the components that run now and that hosts would stop if they had the image policy
of a file, or of - for standard input, with the reasons. Nothing is changed.`,
		Example: "  wattle image-policy check policy.json\n  wattle image-policy check policy.json -o json",

		DisableFlagsInUseLine: true,

		Args:              oneFile,
		ValidArgsFunction: completePolicy,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			_, p, err := readPolicy(env, args[0])
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			stops, err := s.stops(ctx, p)
			if err != nil {
				return interrupted(ctx, err)
			}
			return writeStops(env, stops, format)
		},
	}
	addFormat(cmd, &output)
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

func imagePolicyDelCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "del [flags]",
		Aliases: []string{"delete"},
		Short:   "Have no image policy: hosts run everything that somebody may start",
		Example: "  wattle image-policy del",

		DisableFlagsInUseLine: true,

		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.change(cmd, env, &control.DeleteConfig{Config: lattice.ImagePolicy}, "no image policy")
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}
