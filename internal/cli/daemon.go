package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/daemon"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// daemonFlags are those of a host of a lattice.
type daemonFlags struct {
	grants  grantFlags
	cache   cacheFlags
	compile compileFlags
	name    string
	group   string
	labels  map[string]string
	maxBody size
	drain   time.Duration
	quiet   bool
}

func (f *daemonFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "name", "", "what people call the host, a `NAME` (default: that of the machine)")
	fs.StringVar(&f.group, "group", string(lattice.DefaultGroup), "the `GROUP` that the host belongs to")
	fs.StringToStringVar(&f.labels, "labels", nil, "labels of the host, `KEY=VALUE,…`; arch, os, cpu, memory and isolation are detected")
	f.maxBody = wasihttp.DefaultMaxRequestBody
	fs.Var(&f.maxBody, "max-body", "the longest body, a `SIZE`, of an HTTP request that components are given")
	fs.DurationVar(&f.drain, "drain-timeout", daemon.DefaultDrainTimeout, "how long calls under way may take when a component or the host stops, a `DURATION`")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but warnings and errors")
	f.grants.add(fs)
	f.cache.add(fs)
	f.compile.add(fs)
}

func (*daemonFlags) completions() map[string]cobra.CompletionFunc {
	completions := (&guestFlags{}).completions()
	delete(completions, "memory")
	delete(completions, "timeout")
	for _, name := range []string{"name", "group", "labels", "max-body", "drain-timeout"} {
		completions[name] = completeNothing
	}
	return completions
}

// check judges the flags.
func (f *daemonFlags) check() error {
	if _, err := lattice.ParseGroupName(f.group); err != nil {
		return &usageError{fmt.Errorf("--group: %w", err)}
	}
	if f.maxBody == 0 || f.maxBody > math.MaxInt64 {
		return &usageError{errors.New("--max-body must be positive, and less than 8 EiB")}
	}
	if f.drain <= 0 {
		return &usageError{errors.New("--drain-timeout must be positive")}
	}
	return f.compile.check()
}

// identity is who a host is.
type identity struct {
	id     lattice.HostID
	signer lattice.Signer
}

// hostIdentity returns the identity that credentials give.
func hostIdentity(c *trust.Creds) (*identity, error) {
	if c.Role != trust.RoleHost {
		return nil, &usageError{fmt.Errorf("the credentials are those of role %q, and a host needs those of role %q: make them with wattle lattice creds host", c.Role, trust.RoleHost)}
	}
	signer, err := trust.NewSigner(c)
	if err != nil {
		return nil, err
	}
	return &identity{c.HostID(), signer}, nil
}

// options returns what the flags say of a daemon. closed frees what it holds.
func (f *daemonFlags) options(env *Env, name lattice.Name, id *identity, l *log, self ...netip.AddrPort) (_ *daemon.Options, closed func(), err error) {
	cache, err := f.cache.path(env)
	if err != nil {
		return nil, nil, err
	}
	g, err := f.grants.open(env, self...)
	if err != nil {
		return nil, nil, err
	}
	given := g.options()
	given.HTTP.MaxRequestBody = int64(f.maxBody)
	return &daemon.Options{
		Lattice: name, ID: id.id, Signer: id.signer, Name: f.name, Group: lattice.GroupName(f.group), Labels: f.labels,
		Version:      version(),
		Engine:       component.EngineOptions{CacheDir: cache, Compiler: f.compile.compiler(env), Progress: l.compiling},
		WASI:         given,
		DrainTimeout: f.drain,
		Output:       l.line,
		Logger:       l.logger(),
	}, func() { _ = g.close() }, nil
}

// connectWait is the longest pause between attempts to reach a lattice.
const connectWait = 5 * time.Second

// connectDaemon connects to a lattice, and waits for one that cannot be reached.
func connectDaemon(ctx context.Context, o natslattice.Options, log *slog.Logger) (lattice.Lattice, error) {
	o.Logger = log
	for pause := connectWait / 16; ; pause = min(2*pause, connectWait) {
		l, err := natslattice.Connect(ctx, o)
		switch {
		case err == nil:
			return l, nil
		case ctx.Err() != nil:
			return nil, errInterrupted
		case !errors.Is(err, lattice.ErrUnavailable) || errors.Is(err, lattice.ErrDenied):
			return nil, err
		}
		log.WarnContext(ctx, "waiting for the lattice", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, errInterrupted
		}
	}
}

// measures returns telemetry as the environment asks for it; end sends what waits.
func measures(ctx context.Context, env *Env, name lattice.Name, id lattice.HostID, log *slog.Logger) (_ *telemetry.Telemetry, end func(), err error) {
	t, err := telemetry.New(ctx, telemetry.Options{
		Getenv: env.Getenv, Version: version(), Logger: log,
		Attributes: map[string]string{"wattle.lattice": string(name), "wattle.host": string(id)},
	})
	if err != nil {
		return nil, nil, &usageError{err}
	}
	return t, func() { _ = t.Shutdown(context.WithoutCancel(ctx)) }, nil
}
