package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

func latticeInitCommand(env *Env) *cobra.Command {
	var (
		keys   keyringFlag
		name   string
		output string
	)
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the keys of a lattice",
		Long: `Make the keys of a lattice: an operator, whom NATS servers trust, and an
account, which keeps the lattice apart from others on the same servers.

With another name this adds a lattice to those that have keys in the directory.
What is there stays as it is, so that it can be run again. Whoever can read the
directory can do anything on the lattice: back it up, and share it with nobody.`,
		Example: `  wattle lattice init
  wattle lattice init --dir /secure/keys --name production
  wattle lattice init -o json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			l, err := lattice.ParseName(name)
			if err != nil {
				return &usageError{err}
			}
			dir, err := keys.path(env)
			if err != nil {
				return err
			}
			ring, err := trust.OpenOrInit(dir, l)
			if err != nil {
				return room(err)
			}
			return latticeKeys(env, ring, l, output)
		},
	}
	keys.add(cmd)
	cmd.Flags().StringVar(&name, "name", string(lattice.DefaultName), "the `NAME` of the lattice")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "print `text` or json")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"name": completeNothing, "output": completeOutput})
	return cmd
}

// latticeKeys says what there is now, and what to do with it.
func latticeKeys(env *Env, ring *trust.Keyring, l lattice.Name, output string) error {
	account, err := ring.Account(l)
	if err != nil {
		return err
	}
	if output == "json" {
		e := json.NewEncoder(env.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			Lattice       lattice.Name `json:"lattice"`
			Dir           string       `json:"dir"`
			Operator      string       `json:"operator"`
			SystemAccount string       `json:"system_account"`
			Account       string       `json:"account"`
		}{l, ring.Dir(), ring.Operator(), ring.SystemAccount(), account})
	}
	_, err = fmt.Fprintf(env.Stdout, `lattice %q has its keys in %s
account %s

Next, on this machine:
  wattle lattice server-config --dir %[2]s > nats.conf   for the NATS servers
  wattle lattice creds scheduler --dir %[2]s             for who runs the scheduler
  wattle lattice creds host --dir %[2]s --name NAME      for each other machine
  wattle lattice creds operator --dir %[2]s --name NAME  for each person who gives commands

Then, where the credentials are:
  nats-server --config nats.conf
  wattle scheduler run --join NATS_URL --creds scheduler.creds
  wattle hostgroup run --join NATS_URL --creds NAME.creds
  wattle get hosts --nats NATS_URL --creds NAME.creds

The keys stay here. Back the directory up, and share it with nobody.
`, l, ring.Dir(), account)
	return err
}
