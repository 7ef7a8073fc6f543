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
	cmd.AddCommand(imagePolicyPutCommand(env), imagePolicyDelCommand(env))
	return cmd
}

func imagePolicyPutCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "put [flags] FILE",
		Short:   "Set the image policy, from a file or - for standard input",
		Long:    "Set the image policy. Components that it refuses stop, and are not started any more.",
		Example: "  wattle image-policy put policy.json",

		DisableFlagsInUseLine: true,

		Args: oneFile,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readManifest(env, args[0])
			if err != nil {
				return err
			}
			if len(text) == 0 {
				return errors.New("the policy is empty: to have none, use: wattle image-policy del")
			}
			p, err := oci.ParsePolicy(string(text))
			if err != nil {
				return fmt.Errorf("%q: %w", args[0], err)
			}
			put := &control.PutConfig{Config: lattice.ImagePolicy, Values: lattice.Config{lattice.PolicyKey: string(text)}}
			return f.change(cmd, env, put, "image policy: %s\nwhat it refuses stops now: wattle get components shows it", count(len(p.Rules), "rule"))
		},
	}
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
