package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

func latticeCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lattice",
		Short: "Make the keys of a lattice, and credentials for who joins it",
		Long: `Make the keys of a lattice, and credentials for who joins it.

wattle up does this by itself. These commands are for lattices of several
machines: on one machine, which keeps the keys, they make credentials for the
others and a configuration for the NATS servers.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(latticeInitCommand(env), latticeCredsCommand(env), latticeServerConfigCommand(env))
	return cmd
}

// keyringFlag says where the keys are.
type keyringFlag struct{ dir string }

func (k *keyringFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.dir, "dir", "", "the `DIR` of the keys (default: that of wattle up, keys in $WATTLE_DATA_DIR or in wattle in the user's state directory)")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"dir": completeDirectory})
}

// path returns the directory.
func (k *keyringFlag) path(env *Env) (string, error) {
	if k.dir != "" {
		return k.dir, nil
	}
	if dir := env.Getenv(variables["data-dir"]); dir != "" {
		return dataDir(dir).keys(), nil
	}
	dir, err := defaultDataDir(env)
	if err != nil {
		return "", errors.New("no place for the keys of a lattice: set HOME or WATTLE_DATA_DIR, or use --dir")
	}
	return dir.keys(), nil
}

// open opens a keyring that is there.
func (k *keyringFlag) open(env *Env) (*trust.Keyring, error) {
	dir, err := k.path(env)
	if err != nil {
		return nil, err
	}
	return trust.Open(dir)
}

// latticeFlag names a lattice of a keyring.
type latticeFlag struct{ name string }

func (l *latticeFlag) add(fs *pflag.FlagSet) {
	fs.StringVar(&l.name, "lattice", "", "the `NAME` of the lattice (default $WATTLE_LATTICE, or the only one that has keys)")
}

// in returns the lattice.
func (l *latticeFlag) in(env *Env, ring *trust.Keyring) (lattice.Name, error) {
	name := l.name
	if name == "" {
		name = env.Getenv(variables["lattice"])
	}
	names, err := ring.Lattices()
	if err != nil {
		return "", err
	}
	if name == "" {
		switch len(names) {
		case 0:
			return "", fmt.Errorf("keyring %q has no lattice: make one with: wattle lattice init --dir %s", ring.Dir(), ring.Dir())
		case 1:
			return names[0], nil
		}
		return "", &usageError{fmt.Errorf("the keyring has the lattices %s: say which with --lattice", list(names))}
	}
	n, err := lattice.ParseName(name)
	if err != nil {
		return "", &usageError{err}
	}
	if !slices.Contains(names, n) {
		return "", fmt.Errorf("lattice %q: %w in keyring %q, which has %s: add it with: wattle lattice init --dir %s --name %s", n, lattice.ErrNotFound, ring.Dir(), list(names), ring.Dir(), n)
	}
	return n, nil
}

func list(names []lattice.Name) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}
