package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

const schedulerRestoreHelp = `Have a scheduler that does not run begin anew with the state of a snapshot that
"wattle scheduler snapshot" made. What came after the snapshot is not known to it;
what runs on hosts is brought back to what the snapshot says when it starts. Binaries
are not part of a snapshot: they are in the lattice, and if they are lost with it each
is to be stored again with "wattle component push".

It is the only scheduler of the lattice then: the others are stopped first, their
data directories moved away, and they are added again. If the directory has the log of
a scheduler already, --yes is needed; what was there is kept in it, under the name
"replaced".`

func schedulerRestoreCommand(env *Env) *cobra.Command {
	f := &connectFlags{}
	advertise, yes := "", false
	cmd := &cobra.Command{
		Use:     "restore [flags] FILE",
		Short:   "Have a scheduler that does not run begin anew with a snapshot",
		Long:    schedulerRestoreHelp,
		Example: "  wattle scheduler restore prod.snapshot --data-dir /var/lib/wattle --yes",

		DisableFlagsInUseLine: true,

		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := settings(env, cmd.Flags()); err != nil {
				return err
			}
			dir, err := f.dir(env)
			if err != nil {
				return err
			}
			there, err := raftlog.Holds(dir.scheduler())
			if err != nil {
				return dir.explain(err)
			}
			if there && !yes {
				return &usageError{fmt.Errorf("restore replaces what the scheduler on data directory %q knows: if that is meant, say --yes", dir)}
			}
			name := lattice.DefaultName
			if f.lattice != "" {
				if name, err = lattice.ParseName(f.lattice); err != nil {
					return &usageError{fmt.Errorf("--lattice: %w", err)}
				}
			}
			return restoreScheduler(env, dir, name, advertise, args[0])
		},
	}
	fs := cmd.Flags()
	f.addLattice(fs)
	fs.Lookup("data-dir").Usage = "the `DIR` of the scheduler, or of a wattle up (default $WATTLE_DATA_DIR, or wattle in the user's state directory)"
	fs.StringVar(&advertise, "advertise", "", "the `HOST:PORT` by which other schedulers will reach it (default: there are no others)")
	fs.BoolVar(&yes, "yes", false, "replace what a scheduler on the data directory knows")
	completeFlags(cmd, map[string]cobra.CompletionFunc{"lattice": completeNothing, "data-dir": completeDirectory, "advertise": completeNothing})
	return cmd
}

func restoreScheduler(env *Env, dir dataDir, name lattice.Name, advertise, file string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return cause(file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, err := raftlog.RestoreDir(dir.scheduler(), name, advertise, f)
	if err != nil {
		return dir.explain(room(err))
	}
	return done(env, "data directory %s has the state of the snapshot, number %d of lattice %s: start the scheduler, or wattle up, on it", dir, s.Seq, name)
}
