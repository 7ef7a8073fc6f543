package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/internal/cli/show"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

func secretCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Store the secrets that components may ask for",
		Long: `Store the secrets that components, and the configurations of their links, may ask
for. A value is sealed here for the schedulers of the lattice, and kept like that. It
is given to the hosts of what may ask for it, sealed for each of them. It cannot be
read back.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(secretPutCommand(env), secretListCommand(env), secretHistoryCommand(env), secretDeleteCommand(env))
	return cmd
}

func secretPutCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	file := ""
	cmd := &cobra.Command{
		Use:   "put [flags] NAME",
		Short: "Store a secret, or a new version of one",
		Long: `Store a secret, or a new version of one. The value is asked for, or read from
standard input if that is no terminal, or from a file; one line break at its end is not
part of it. What runs is given the new version at once, unless it names another.`,
		Example: "  wattle secret put api-token\n  wattle secret put api-token < token.txt\n  wattle secret put tls-key --from-file key.pem",

		DisableFlagsInUseLine: true,

		Args:              oneSecret,
		ValidArgsFunction: completeNothing,
		RunE: func(cmd *cobra.Command, args []string) error {
			name := lattice.SecretName(args[0])
			value, err := secretValue(env, file)
			if err != nil {
				return err
			}
			defer clear(value)
			ctx := cmd.Context()
			s, err := f.open(ctx, env, cmd.Flags())
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			r, err := s.control.StoreSecret(ctx, s.Verify, name, value, s.by())
			if err != nil {
				return interrupted(ctx, err)
			}
			s.notes(env, &r.Result)
			return done(env, "secret %s: version %d", name, r.Version)
		},
	}
	cmd.Flags().StringVar(&file, "from-file", "", "read the value from `FILE`, or from standard input if it is -")
	f.add(cmd.Flags())
	completions := f.completions()
	completions["from-file"] = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	completeFlags(cmd, completions)
	return cmd
}

// oneSecret demands exactly one argument, the name of a secret.
func oneSecret(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &usageError{fmt.Errorf("%q takes the name of a secret, got %d arguments; its value is no argument: others could see it there", cmd.CommandPath(), len(args))}
	}
	if _, err := lattice.ParseSecretName(args[0]); err != nil {
		return &usageError{err}
	}
	return nil
}

// secretValue reads the value of a secret.
func secretValue(env *Env, file string) (value []byte, err error) {
	switch {
	case file != "" && file != "-":
		f, err := os.Open(file)
		if err != nil {
			return nil, cause(file, err)
		}
		defer func() { _ = f.Close() }()
		if value, err = readAll(f, wire.MaxSecretValue+2); err != nil {
			return nil, cause(file, err)
		}
	case file == "" && isTerminal(env.Stdin):
		_, _ = fmt.Fprint(env.Stderr, "value (it is not shown): ")
		value, err = readHidden(env.Stdin, wire.MaxSecretValue+2)
		_, _ = fmt.Fprintln(env.Stderr)
	default:
		value, err = readAll(env.Stdin, wire.MaxSecretValue+2)
	}
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("\n")), []byte("\r"))
	if len(value) == 0 {
		return nil, errors.New("the value is empty")
	}
	return value, nil
}

func secretDeleteCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	cmd := &cobra.Command{
		Use:     "delete [flags] NAME",
		Aliases: []string{"del"},
		Short:   "Remove a secret",
		Long:    "Remove a secret with all its versions, if nothing may ask for it any more.",
		Example: "  wattle secret delete api-token",

		DisableFlagsInUseLine: true,

		Args:              oneSecret,
		ValidArgsFunction: f.completeSecret(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.change(cmd, env, &control.DeleteSecret{Secret: lattice.SecretName(args[0])}, "secret %s deleted", args[0])
		},
	}
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

func secretListCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "list [flags]",
		Short:   "List the secrets, without their values",
		Long:    "List the secrets, without their values: the newest version of each, how many are\nkept, who stored it, and how many components, capabilities and links may ask for it.",
		Example: "  wattle secret list",

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			list := new(control.SecretList)
			return f.query(cmd, env, &control.ListSecrets{}, list, func(*session) error {
				if is, err := document(env.Stdout, list.Secrets, format); is || err != nil {
					return err
				}
				if len(list.Secrets) == 0 {
					return done(env, "there are no secrets: store one with wattle secret put NAME")
				}
				return secretTable(list.Secrets).write(env, format)
			})
		},
	}
	addFormat(cmd, &output)
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

func secretHistoryCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	output := ""
	cmd := &cobra.Command{
		Use:     "history [flags] NAME",
		Short:   "List the versions of a secret, without their values",
		Long:    "List the versions of a secret that are kept, without their values, and what may ask\nfor it.",
		Example: "  wattle secret history api-token",

		DisableFlagsInUseLine: true,

		Args:              oneSecret,
		ValidArgsFunction: f.completeSecret(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := parseFormat(output)
			if err != nil {
				return err
			}
			h := new(control.SecretHistory)
			return f.query(cmd, env, &control.SecretHistoryOf{Secret: lattice.SecretName(args[0])}, h, func(*session) error {
				if is, err := document(env.Stdout, h, format); is || err != nil {
					return err
				}
				if err := versionTable(h.Versions).write(env, format); err != nil {
					return err
				}
				if len(h.Users) == 0 {
					return done(env, "\nnothing may ask for it")
				}
				return done(env, "\nmay be asked for by %s", strings.Join(h.Users, ", "))
			})
		},
	}
	addFormat(cmd, &output)
	f.add(cmd.Flags())
	completeFlags(cmd, f.completions())
	return cmd
}

// table is rows that are printed at once.
type table struct {
	columns []show.Column
	rows    []show.Row
}

func (t *table) write(env *Env, format show.Format) error {
	return (&show.Table{Columns: t.columns, Wide: format == show.FormatWide}).Write(env.Stdout, t.rows)
}

func secretTable(secrets []control.SecretSummary) *table {
	t := &table{columns: []show.Column{{Name: "NAME"}, {Name: "VERSION"}, {Name: "KEPT"}, {Name: "USERS"}, {Name: "CHANGED"}, {Name: "BY"}}}
	for i := range secrets {
		s := &secrets[i]
		t.rows = append(t.rows, show.Row{Key: string(s.Secret), Doc: s, Cells: []string{
			string(s.Secret), strconv.FormatUint(s.Version, 10), strconv.Itoa(s.Versions), strconv.Itoa(s.Users), moment(s.Changed), orDash(s.By),
		}})
	}
	return t
}

func versionTable(versions []control.SecretVersion) *table {
	t := &table{columns: []show.Column{{Name: "VERSION"}, {Name: "STORED"}, {Name: "BY"}}}
	for i := range versions {
		v := &versions[i]
		number := strconv.FormatUint(v.Version, 10)
		t.rows = append(t.rows, show.Row{Key: number, Doc: v, Cells: []string{number, moment(v.At), orDash(v.By)}})
	}
	return t
}

func moment(t time.Time) string { return t.Local().Format(time.DateTime) }

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return show.Text(s)
}

// completeSecret completes the name of a secret.
func (c *connectFlags) completeSecret(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return begins(c.secretNames(cmd, env), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeSecretFlag completes a NAME=SECRET.
func (c *connectFlags) completeSecretFlag(env *Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names := c.secretNames(cmd, env)
		if name, _, ok := strings.Cut(typed, "="); ok {
			for i := range names {
				names[i] = name + "=" + names[i]
			}
		}
		return begins(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *connectFlags) secretNames(cmd *cobra.Command, env *Env) []string {
	list := new(control.SecretList)
	c.ask(cmd, env, &control.ListSecrets{}, list)
	var names []string
	for i := range list.Secrets {
		names = append(names, string(list.Secrets[i].Secret))
	}
	return names
}
