package cli

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wattle-dev/wattle/host/daemon"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
)

func hostGroupCommand(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hostgroup",
		Short: "Run hosts of a lattice",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(hostGroupRunCommand(env))
	return cmd
}

// hostGroupFlags are the flags of `wattle hostgroup run`.
type hostGroupFlags struct {
	connectFlags
	daemonFlags
	output string
}

const hostGroupHelp = `Run a host that joins a lattice on other machines.

The host is known by the key in its credentials, which "wattle lattice creds host"
makes. On NATS servers without credentials it makes a key of its own, and has to be
told with --trust whose scheduler it shall believe.

It runs what the scheduler of the lattice wants it to run, and goes on while the
lattice is away, from its start if need be: then with what it ran last. The first
Ctrl-C or SIGTERM drains it: calls under way are finished, for --drain-timeout at
most. A second one ends it at once.

Nothing is open to the components unless a flag opens it.`

const hostGroupExamples = `  wattle hostgroup run --join nats://10.0.0.1:4222 --creds edge-1.creds --group edge --labels zone=a
  wattle hostgroup run --config /etc/wattle/host.yaml`

func hostGroupRunCommand(env *Env) *cobra.Command {
	f := &hostGroupFlags{}
	cmd := &cobra.Command{
		Use:     "run [flags]",
		Short:   "Run a host that joins a lattice",
		Long:    hostGroupHelp,
		Example: hostGroupExamples,

		DisableFlagsInUseLine: true,

		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, env) },
	}
	fs := cmd.Flags()
	fs.StringSliceVar(&f.nats, "join", nil, "the NATS servers of the lattice, `URL,…`")
	f.addLattice(fs)
	fs.Lookup("data-dir").Usage = "keep the host's key and components in `DIR` (default: one of its own in the user's state directory)"
	f.addNATS(fs)
	f.daemonFlags.add(fs)
	fs.StringVarP(&f.output, "output", "o", "text", "announce the host as `FORMAT`: text or json")
	completions := f.daemonFlags.completions()
	for name, complete := range f.connectFlags.completions() {
		if name != "nats" {
			completions[name] = complete
		}
	}
	completions["join"] = completeNothing
	completions["output"] = completeOutput
	completeFlags(cmd, completions)
	return cmd
}

func (f *hostGroupFlags) run(cmd *cobra.Command, env *Env) error {
	if _, err := settings(env, cmd.Flags()); err != nil {
		return err
	}
	if err := errors.Join(f.check(), checkOutput(f.output)); err != nil {
		return err
	}
	if len(f.nats) == 0 {
		return &usageError{errors.New("run takes the NATS servers of a lattice: --join nats://HOST:4222; wattle up starts a lattice of its own")}
	}
	p, err := f.remote()
	if err != nil {
		return err
	}
	dir, id, err := f.identify(env, p)
	if err != nil {
		return err
	}
	release, err := dir.open()
	if err != nil {
		return err
	}
	defer release()
	if id == nil {
		key, err := trust.OpenOrCreateKey(filepath.Join(string(dir), "host.nk"))
		if err != nil {
			return dir.explain(err)
		}
		id = &identity{id: key.HostID(), signer: trust.NewHostSigner(key), key: key}
	}
	return f.daemon(cmd.Context(), env, p, dir, id)
}

// identify returns the host's data directory, and who it is if its credentials say
// so.
func (f *hostGroupFlags) identify(env *Env, p *place) (dataDir, *identity, error) {
	var id *identity
	own := string(p.name)
	if key := p.options.Key; key != nil && p.creds == nil {
		id = &identity{id: key.HostID(), signer: trust.NewHostSigner(key), key: key}
		own = string(id.id)
	}
	if p.creds != nil {
		var err error
		if id, err = hostIdentity(p.creds); err != nil {
			return "", nil, err
		}
		own = string(id.id)
	}
	if len(p.issuers) == 0 {
		return "", nil, &usageError{errors.New("the host has to know whose scheduler it shall believe: give it --creds, or the public key of the lattice's account with --trust")}
	}
	if f.dataDir != "" {
		return dataDir(f.dataDir), id, nil
	}
	dir, err := defaultDataDir(env)
	return dataDir(filepath.Join(string(dir), "hosts", own)), id, err
}

// daemon runs the host until ctx ends.
func (f *hostGroupFlags) daemon(ctx context.Context, env *Env, p *place, dir dataDir, id *identity) error {
	out := newLog(env.Stderr, f.quiet)
	defer out.close()
	out.hide("host", string(id.id))
	out.hide("lattice", string(p.name))
	log := out.logger()
	t, end, err := measures(ctx, env, p.name, id.id, log)
	if err != nil {
		return err
	}
	defer end()
	o, err := f.options(env, p.name, id, out)
	if err != nil {
		return err
	}
	o.DataDir, o.Telemetry = dir.host(), t
	if o.Verifier, err = trust.NewVerifier(p.name, p.issuers...); err != nil {
		return &usageError{err}
	}
	nats, err := connectDaemon(ctx, p.options, log)
	if err != nil {
		return err
	}
	l := t.Lattice(nats)
	defer func() { _ = l.Close() }()
	if o.Secrets, err = id.vault(l, p.name, o.Verifier, dir, log); err != nil {
		return err
	}
	d, err := daemon.New(l, *o)
	if err != nil {
		return dir.explain(err)
	}
	r := d.Report()
	if err := f.announce(env, r); err != nil {
		return err
	}
	stopping := context.AfterFunc(ctx, func() {
		out.note("stopping; calls under way are given %v; Ctrl-C again stops at once", f.drain)
	})
	defer stopping()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := nats.Established(ctx); err != nil {
			cancel(err)
		}
	}()
	err = d.Run(ctx)
	if e := context.Cause(ctx); e != nil && !errors.Is(e, context.Canceled) {
		return e
	}
	if err != nil {
		return err
	}
	out.note("stopped")
	return nil
}

// announce says what has started.
func (f *hostGroupFlags) announce(env *Env, r *lattice.HostReport) error {
	switch {
	case f.output == "json":
		return json.NewEncoder(env.Stdout).Encode(r)
	case f.quiet:
		return nil
	}
	return done(env, "host %s (%s) of group %s in lattice %s\n\nCtrl-C drains and stops the host.", r.Name, r.ID, r.Group, r.Lattice)
}
