package cli

import (
	"cmp"
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
	"github.com/wattle-dev/wattle/host/wasi"
	wasihttp "github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/natslattice"
	"github.com/wattle-dev/wattle/lattice/telemetry"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// daemonFlags are those of a host of a lattice.
type daemonFlags struct {
	cache   cacheFlags
	compile compileFlags
	name    string
	group   string
	labels  map[string]string
	volumes []string
	maxBody size
	drain   time.Duration
	quiet   bool
}

func (f *daemonFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.name, "name", "", "what people call the host, a `NAME` (default: that of its credentials, or of the machine)")
	fs.StringVar(&f.group, "group", string(lattice.DefaultGroup), "the `GROUP` that the host belongs to")
	fs.StringToStringVar(&f.labels, "labels", nil, "labels of the host, `KEY=VALUE,…`; arch, os, cpu, memory and isolation are detected")
	fs.StringArrayVar(&f.volumes, "volume", nil, "have components be given a directory that their links name, `NAME=DIR[:ro]`; repeatable")
	f.maxBody = wasihttp.DefaultMaxRequestBody
	fs.Var(&f.maxBody, "max-body", "the longest body, a `SIZE`, of an HTTP request that components are given")
	fs.DurationVar(&f.drain, "drain-timeout", daemon.DefaultDrainTimeout, "how long calls under way may take when a component or the host stops, a `DURATION`")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but warnings and errors")
	f.cache.add(fs)
	f.compile.add(fs)
}

func (*daemonFlags) completions() map[string]cobra.CompletionFunc {
	completions := map[string]cobra.CompletionFunc{"cache-dir": completeDirectory}
	for _, name := range []string{"compile-memory", "compile-time", "name", "group", "labels", "max-body", "drain-timeout", "volume"} {
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
	if _, err := volumes(f.volumes); err != nil {
		return err
	}
	return f.compile.check()
}

// identity is who a host is.
type identity struct {
	id     lattice.HostID
	signer lattice.Signer
	key    *trust.Key
	name   string // what whoever made its credentials called it, or nothing
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
	id := &identity{id: c.HostID(), signer: signer, key: c.Key}
	if c.Name != string(trust.RoleHost) { // which is what they have without a name
		id.name = c.Name
	}
	return id, nil
}

// options returns what the flags say of a daemon.
func (f *daemonFlags) options(env *Env, name lattice.Name, id *identity, l *log, self ...netip.AddrPort) (*daemon.Options, error) {
	cache, err := f.cache.path(env)
	if err != nil {
		return nil, err
	}
	component.SpareProcessor()
	shared, err := volumes(f.volumes)
	if err != nil {
		return nil, err
	}
	images, err := imageClient(env)
	if err != nil {
		return nil, err
	}
	return &daemon.Options{
		Lattice: name, ID: id.id, Signer: id.signer, Name: cmp.Or(f.name, id.name), Group: lattice.GroupName(f.group), Labels: f.labels,
		Version:      version(),
		Engine:       component.EngineOptions{CacheDir: cache, Compiler: f.compile.compiler(env), Progress: l.compiling},
		WASI:         wasi.Options{HTTP: wasihttp.Options{MaxRequestBody: int64(f.maxBody)}},
		Volumes:      shared,
		Self:         self,
		Layers:       images.Layers,
		DrainTimeout: f.drain,
		Output:       l.line,
		Logger:       l.logger(),
	}, nil
}

// connectDaemon connects to a lattice. If it is away, that is done later.
func connectDaemon(ctx context.Context, o natslattice.Options, log *slog.Logger) (*natslattice.Lattice, error) {
	o.Logger, o.Background = log, true
	l, err := natslattice.Connect(ctx, o)
	return l, interrupted(ctx, err)
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
