package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func latticeServerConfigCommand(env *Env) *cobra.Command {
	var keys keyringFlag
	cmd := &cobra.Command{
		Use:   "server-config",
		Short: "Print a configuration for NATS servers",
		Long: `Print a configuration for NATS servers, with all lattices that have keys in the
directory. There are no secrets in it. It says where to put TLS and the other
servers of a cluster.

After a lattice was added, or wattle was upgraded, print it anew and have the
servers read it: nats-server --signal reload.`,
		Example: `  wattle lattice server-config > nats.conf
  nats-server --config nats.conf`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			ring, err := keys.open(env)
			if err != nil {
				return err
			}
			text, err := ring.ServerConfig()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(env.Stdout, text)
			return err
		},
	}
	keys.add(cmd)
	return cmd
}
