package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

func latticeCredsCommand(env *Env) *cobra.Command {
	var (
		keys    keyringFlag
		of      latticeFlag
		name    string
		expires time.Duration
		file    string
	)
	cmd := &cobra.Command{
		Use:   "creds ROLE",
		Short: "Make credentials for who joins a lattice",
		Long: `Make credentials for who joins a lattice, in the form that NATS tools read.
Everyone gets a file of their own:

  host       runs components; it writes of itself and nothing else
  scheduler  decides what runs where; hosts believe whoever has these
  gateway    brings in calls from outside
  operator   gives commands to the scheduler and stores components
  viewer     reads
  wasmcloud  gives commands with wasmCloud's tools, such as wash up to 0.44; it
             hears events, and nothing else of the lattice

The file has a key that is nowhere else. It is written for its owner alone; with
-o - it is printed.`,
		Example: `  wattle lattice creds host --name edge-1
  wattle lattice creds operator --name ann --expires 720h -o ann.creds
  wattle lattice creds wasmcloud --name wash
  wattle lattice creds host --name edge-2 -o - | ssh edge-2 'umask 077; cat > edge-2.creds'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{fmt.Errorf("%q takes one role, %s: got %d", cmd.CommandPath(), roleNames(), len(args))}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return strings.Fields(strings.ReplaceAll(roleNames(), ",", "")), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			role, err := trust.ParseRole(args[0])
			if err != nil {
				return &usageError{err}
			}
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return &usageError{fmt.Errorf("--expires must be positive, got %s", expires)}
			}
			ring, err := keys.open(env)
			if err != nil {
				return err
			}
			l, err := of.in(env, ring)
			if err != nil {
				return err
			}
			user := &trust.User{Name: name}
			if expires > 0 {
				user.Expires = time.Now().Add(expires)
			}
			if file == "" {
				file = credsFile(role, name)
			}
			return makeCreds(env, ring, l, role, user, file)
		},
	}
	keys.add(cmd)
	of.add(cmd.Flags())
	cmd.Flags().StringVar(&name, "name", "", "what people call the user (default: its role)")
	cmd.Flags().DurationVar(&expires, "expires", 0, "have the credentials end after a `TIME`, as 720h (default: never)")
	cmd.Flags().StringVarP(&file, "output", "o", "", "the `FILE` to write, - to print it (default: NAME.creds)")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"lattice": completeNothing, "name": completeNothing, "expires": completeNothing})
	return cmd
}

func roleNames() string {
	names := make([]string, 0, len(trust.Roles()))
	for _, r := range trust.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// credsFile is the file of credentials that was not named.
func credsFile(role trust.Role, name string) string {
	if _, err := lattice.ParseComponentID(name); err != nil {
		name = string(role) // what is no name of a file, or nothing
	}
	return name + ".creds"
}

// makeCreds makes credentials, writes them, and says who gets them.
func makeCreds(env *Env, ring *trust.Keyring, l lattice.Name, role trust.Role, user *trust.User, file string) error {
	if file != "-" {
		switch _, err := os.Lstat(file); {
		case err == nil:
			return fmt.Errorf("%q: %w: these credentials would be lost: name another file with -o", file, fs.ErrExist)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	creds, err := ring.Issue(l, role, user)
	if err != nil {
		return err
	}
	if file == "-" {
		text, err := creds.Text()
		if err != nil {
			return err
		}
		_, err = env.Stdout.Write(text)
		return err
	}
	if err := room(creds.Write(file)); err != nil {
		return err
	}
	until := "they do not end"
	if !creds.Expires.IsZero() {
		until = "they end at " + creds.Expires.Local().Format(time.DateTime)
	}
	who := fmt.Sprintf("user %s", creds.User())
	if role == trust.RoleHost {
		who = fmt.Sprintf("host %s", creds.HostID())
	}
	_, err = fmt.Fprintf(env.Stdout, "%s has the credentials of %s %q of lattice %q; %s\n%s\n\n%s\n", file, role, creds.Name, l, until, who, credsNext(creds, file))
	return err
}

// credsNext says what credentials are used for.
func credsNext(c *trust.Creds, file string) string {
	const (
		private = "Give the file to that machine, readable by nobody else, and keep no copy. There:\n  "
		person  = "Give the file to that person alone. Then:\n  "
	)
	// The tools of NATS listen for answers where only this user may.
	tools := fmt.Sprintf("\n  nats --server NATS_URL --creds %s --inbox-prefix %s kv ls", file, c.InboxPrefix())
	switch c.Role {
	case trust.RoleHost:
		return private + "wattle hostgroup run --join NATS_URL --creds " + file
	case trust.RoleScheduler:
		return "Hosts do what whoever has this file says. " + private + "wattle scheduler run --join NATS_URL --creds " + file
	case trust.RoleGateway:
		return "Give the file to what brings in calls from outside, readable by nobody else, and keep no copy."
	case trust.RoleOperator, trust.RoleViewer:
		return person + "wattle get hosts --nats NATS_URL --creds " + file + tools
	case trust.RoleWasmCloud:
		return fmt.Sprintf("Give the file to whoever uses wasmCloud's tools. Then:\n  wash get hosts --ctl-host HOST --ctl-port PORT --ctl-credsfile %s --lattice %s", file, c.Lattice)
	}
	return ""
}
