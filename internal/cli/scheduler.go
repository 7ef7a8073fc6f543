package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
)

func schedulerCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scheduler",
		Short: "Run the schedulers of a lattice, and see how they are",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(schedulerRunCommand(env), schedulerStatusCommand(env), schedulerAddCommand(env), schedulerRemoveCommand(env),
		schedulerSnapshotCommand(env), schedulerRestoreCommand(env))
	return cmd
}

// schedulerRunFlags are the flags of `wattle scheduler run`.
type schedulerRunFlags struct {
	connectFlags
	schedulerFlags
	quiet  bool
	output string
}

const schedulerHelp = `Run a scheduler of a lattice on NATS servers that others run. It makes the buckets of
the lattice, takes commands, and decides what hosts run.

What it decides is kept in a log in its data directory: back it up with "wattle
scheduler snapshot". One scheduler is enough; three or five keep the log on as many
machines, and one of them or two may fail. They talk to each other over a port of
their own, with the credentials that they have. Those that begin together are given
the same --peers; one that comes later waits with --join-cluster until "wattle
scheduler add" has it join.

Hosts go on while none is there. While NATS is away it waits. The first Ctrl-C or
SIGTERM lets the command under way finish; a second one ends it at once.`

const schedulerExamples = `  wattle scheduler run --join nats://10.0.0.1:4222 --creds scheduler.creds --data-dir /var/lib/wattle
  wattle scheduler run --join nats://a:4222,nats://b:4222 --creds s1.creds --listen :7700 --advertise a:7700 --peers a:7700,b:7700,c:7700
  wattle scheduler run --join nats://a:4222 --creds s4.creds --listen 10.0.0.4:7700 --join-cluster
  wattle scheduler run --config /etc/wattle/scheduler.yaml`

func schedulerRunCommand(env *Env) *cobra.Command {
	f := &schedulerRunFlags{}
	cmd := &cobra.Command{
		Use:     "run [flags]",
		Short:   "Run the scheduler of a lattice",
		Long:    schedulerHelp,
		Example: schedulerExamples,

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&f.nats, "join", nil, "the NATS servers of the lattice, `URL,…`")
	f.addLattice(fs)
	fs.Lookup("data-dir").Usage = "keep the log in `DIR`; without --creds, it has the keys of the lattice too, as that of a wattle up (default $WATTLE_DATA_DIR, or wattle in the user's state directory)"
	f.addNATS(fs)
	fs.IntVar(&f.replicas, "replicas", 0, "keep everything on `N` NATS servers of a cluster: 1, 3 or 5 (default: as it is, and at first 1)")
	fs.BoolVar(&f.wasmcloud, "wasmcloud", false, "answer the control interface of wasmCloud as well")
	f.addRaft(fs, "")
	fs.StringSliceVar(&f.peers, "peers", nil, "the schedulers that begin together, this one among them, as they advertise themselves, `HOST:PORT,…`")
	fs.BoolVar(&f.join, "join-cluster", false, "wait until wattle scheduler add has this one join others")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but warnings and errors")
	fs.StringVarP(&f.output, "output", "o", "text", "announce the scheduler as `FORMAT`: text or json")
	completions := map[string]cobra.CompletionFunc{"join": completeNothing, "replicas": completeNothing, "peers": completeNothing, "output": completeOutput}
	maps.Copy(completions, raftCompletions(""))
	for name, complete := range f.completions() {
		if name != "nats" {
			completions[name] = complete
		}
	}
	completeFlags(cmd, completions)
	return cmd
}

// check judges the flags.
func (f *schedulerRunFlags) check() error {
	if len(f.nats) == 0 {
		return &usageError{errors.New("run takes the NATS servers of a lattice: --join nats://HOST:4222; wattle up has a scheduler of its own")}
	}
	if f.replicas != 0 && !slices.Contains([]int{1, 3, 5}, f.replicas) {
		return &usageError{fmt.Errorf("--replicas must be 1, 3 or 5, got %d", f.replicas)}
	}
	return errors.Join(f.checkRaft(""), checkOutput(f.output))
}

// credentials returns who the scheduler is.
func (f *schedulerRunFlags) credentials(p *place, dir dataDir) (*trust.Creds, error) {
	switch {
	case f.creds != "":
	default:
		ring, err := trust.Open(dir.keys())
		if err != nil {
			return nil, &usageError{fmt.Errorf("the scheduler takes credentials of role scheduler with --creds: make them with wattle lattice creds scheduler; in the data directory there are none: %w", err)}
		}
		return ring.Creds(p.name, trust.RoleScheduler, "")
	}
	creds := p.creds
	if creds.Role != trust.RoleScheduler {
		return nil, &usageError{fmt.Errorf("the credentials are those of role %q, and a scheduler needs those of role %q: make them with wattle lattice creds scheduler", creds.Role, trust.RoleScheduler)}
	}
	return creds, nil
}

func (f *schedulerRunFlags) run(cmd *cobra.Command, env *Env) error {
	if _, err := settings(env, cmd.Flags()); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	p, err := f.remote()
	if err != nil {
		return err
	}
	dir, err := f.dir(env)
	if err != nil {
		return err
	}
	creds, err := f.credentials(p, dir)
	if err != nil {
		return err
	}
	if f.creds == "" && p.options.Key == nil {
		p.options.Credentials = creds
	}
	if len(p.issuers) == 0 {
		p.issuers = []string{creds.Account}
	}
	release, err := dir.open()
	if err != nil {
		return err
	}
	defer release()
	log := newLog(env.Stderr, f.quiet)
	defer log.close()
	log.hide("lattice", string(p.name))
	return f.serve(cmd.Context(), env, p, dir, creds, log)
}

// serve runs the scheduler until ctx ends.
func (f *schedulerRunFlags) serve(ctx context.Context, env *Env, p *place, dir dataDir, creds *trust.Creds, log *log) (err error) {
	s := newParts(env, log)
	defer func() {
		if e := s.stop(); err == nil {
			err = e
		}
		if err == nil {
			log.note("stopped")
		}
	}()
	verifier, err := trust.NewVerifier(p.name, p.issuers...)
	if err != nil {
		return &usageError{err}
	}
	who := &identified{name: p.name, creds: creds, issuers: p.issuers}
	node, err := s.openLog(ctx, dir, who, &f.schedulerFlags, "--listen")
	if err != nil {
		return interrupted(ctx, err)
	}
	o := p.options
	o.Name, o.Background, o.Logger = "wattle scheduler", true, log.logger()
	l, err := natslattice.Connect(ctx, o)
	if err != nil {
		return interrupted(ctx, err)
	}
	s.stops = append(s.stops, l.Close)
	if err := l.Established(ctx); err != nil {
		return interrupted(ctx, err)
	}
	service, err := s.serveScheduler(ctx, l, who, verifier, node, &f.schedulerFlags)
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := f.announce(env, p, service, node); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		log.note("stopping; Ctrl-C again stops at once")
		return nil
	case err := <-s.failed:
		return err
	}
}

// announce says what has started.
func (f *schedulerRunFlags) announce(env *Env, p *place, s *scheduler.Service, node *raftlog.Node) error {
	id, problem, status := s.ID(), s.Status().Problem, node.Status()
	waits := f.join && len(status.Members) == 0
	switch {
	case f.output == "json":
		return json.NewEncoder(env.Stdout).Encode(struct {
			Lattice   lattice.Name `json:"lattice"`
			NATS      string       `json:"nats"`
			ID        string       `json:"id"`
			Address   string       `json:"address,omitempty"`
			Waits     bool         `json:"waits,omitempty"`
			WasmCloud bool         `json:"wasmcloud"`
			Problem   string       `json:"problem,omitempty"`
		}{p.name, strings.Join(f.nats, ","), id, raftAddress(node, &f.schedulerFlags), waits, f.wasmcloud, problem})
	case f.quiet:
		return nil
	case waits:
		return done(env, "scheduler %s waits to be added: wattle scheduler add %s\n\nCtrl-C stops it.", id, status.Address)
	case problem != "":
		return done(env, "scheduler %s decides nothing for lattice %s: %s\n\nCtrl-C stops it.", id, p.name, problem)
	}
	return done(env, "scheduler %s serves lattice %s\n\nCtrl-C stops it.", id, p.name)
}
