package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
)

func capabilityCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "capability",
		Short: "Show what components can be linked to that hosts have themselves",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(capabilityListCommand(env), capabilityShowCommand(env))
	return cmd
}

// capabilityDoc is a capability for programs.
type capabilityDoc struct {
	Address string           `json:"address"`
	Summary string           `json:"summary"`
	Serves  []string         `json:"serves"`
	Calls   []string         `json:"calls"`
	Images  []string         `json:"images"`
	Example []string         `json:"example"`
	Keys    []capability.Key `json:"keys"`
}

func docOf(k *capability.Kind) *capabilityDoc {
	list := func(s []string) []string { return append([]string{}, s...) }
	return &capabilityDoc{k.Address(), k.Summary, list(k.Serves), list(k.Calls), list(k.Images), list(k.Example), append([]capability.Key{}, k.Keys()...)}
}

func capabilityListCommand(env *Env) *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:     "list [flags]",
		Short:   "List the capabilities",
		Long:    "List the capabilities that this version of Wattle has, with the interfaces that\ncomponents which are linked to them may import. It takes no lattice.",
		Example: "  wattle capability list\n  wattle capability list -o wide",

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			t := &table{columns: []show.Column{{Name: "CAPABILITY"}, {Name: "WHAT IT DOES"}, {Name: "SERVES", Wide: true}, {Name: "CALLS", Wide: true}}}
			var docs []*capabilityDoc
			for _, k := range capability.All() {
				docs = append(docs, docOf(k))
				t.rows = append(t.rows, show.Row{Key: k.Name, Doc: k, Cells: []string{k.Address(), k.Summary, orDash(strings.Join(k.Serves, " ")), orDash(strings.Join(k.Calls, " "))}})
			}
			if is, err := document(env.Stdout, docs, format); is || err != nil {
				return err
			}
			return t.write(env, format)
		},
	}
	addFormat(cmd, &output)
	return cmd
}

func capabilityShowCommand(env *Env) *cobra.Command {
	output := ""
	cmd := &cobra.Command{
		Use:     "show [flags] CAPABILITY",
		Short:   "Show a capability, and a manifest that uses it",
		Long:    "Show a capability: the interfaces that it serves or calls, the images of wasmCloud that\nstand for it, what its configuration may have, and what a manifest says that links a\ncomponent to it.",
		Example: "  wattle capability show httpclient",

		DisableFlagsInUseLine: true,

		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("%q takes one capability, got %d", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return begins(kindNames(), typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			k := capability.Find(strings.TrimPrefix(args[0], capability.Scheme))
			if k == nil {
				return fmt.Errorf("capability %q: %w%s: wattle capability list prints those that are", args[0], lattice.ErrNotFound, nearest.Hint(args[0], kindNames()))
			}
			if output == "json" {
				return show.JSON(env.Stdout, docOf(k), false)
			}
			return done(env, "%s", capabilityText(k))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print as `FORMAT`: text or json")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"output": completeOutput})
	return cmd
}

func kindNames() []string {
	var names []string
	for _, k := range capability.All() {
		names = append(names, k.Name)
	}
	return names
}

func capabilityText(k *capability.Kind) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", k.Address(), k.Summary)
	for _, part := range []struct {
		what string
		list []string
	}{{"serves", k.Serves}, {"calls", k.Calls}, {"stands for the images", k.Images}} {
		if len(part.list) > 0 {
			fmt.Fprintf(&b, "\n%s:\n  %s\n", part.what, strings.Join(part.list, "\n  "))
		}
	}
	if keys := k.Keys(); len(keys) > 0 {
		b.WriteString("\nits configuration may have:\n")
		widest := 0
		for _, key := range keys {
			widest = max(widest, len(key.Name))
		}
		for _, key := range keys {
			fmt.Fprintf(&b, "  %-*s  %s\n", widest, key.Name, key.Means)
		}
	}
	b.WriteString("\nin a manifest:\n" + k.Manifest("COMPONENT"))
	return b.String()
}
