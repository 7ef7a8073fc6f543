package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/internal/cli/inventory"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// componentFlags are those of the commands for a component of a lattice.
type componentFlags struct {
	connectFlags
	wait time.Duration
}

func (f *componentFlags) addWait(fs *pflag.FlagSet) {
	fs.DurationVar(&f.wait, "wait", defaultWait, "how long to wait until it is done everywhere, a `DURATION`; 0 does not wait")
}

// oneComponent demands the ID of a component, and n arguments in all.
func oneComponent(n int, usage string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return &usageError{fmt.Errorf("%q takes %s, got %d arguments", cmd.CommandPath(), usage, len(args))}
		}
		if _, err := lattice.ParseComponentID(args[0]); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// startFlags are the flags of `wattle component start`.
type startFlags struct {
	componentFlags
	host         string
	group        string
	labels       map[string]string
	count        int
	maxInstances int
	routes       []string
	configs      []string
	preinit      bool
	mcp          mcpFlags
	memory       size
	timeout      time.Duration
	clock        resolution
	secrets      []string
	annotations  map[string]string
}

const startHelp = `Have a component run on hosts of a lattice.

The component is a file, which is stored in the lattice first, or the ref or
digest of one that is there. The scheduler chooses among the hosts that are ready;
--host, --group and --label say which of them may be.

One that runs already is changed to be as the command says: give all the flags
that it is to have. The command waits until the component runs on all its hosts.

With --secret the component may ask for a secret of the lattice, by wasmcloud:secrets,
under the NAME that it has for it. Without a VERSION it is given the newest, and new ones
as they are stored.`

const startExamples = `  wattle component start hello examples/hello-http/hello.wasm
  wattle component start shop shop.wasm --count 3 --label zone=a --route /shop --route shop.example.com/
  wattle component start tools examples/mcp-go/mcp.wasm --mcp
  wattle component start shop shop.wasm --config-name shop-settings --memory 64MiB --timeout 10s
  wattle component start shop shop.wasm --secret api-token --secret db=shop-db@2 --clock-resolution 1ms`

func componentStartCommand(env *Env) *cobra.Command {
	f := &startFlags{}
	cmd := &cobra.Command{
		Use:     "start [flags] ID FILE|REF",
		Short:   "Have a component run on hosts of a lattice",
		Long:    startHelp,
		Example: startExamples,

		DisableFlagsInUseLine: true,

		Args:              oneComponent(2, "the ID of a component and a file"),
		ValidArgsFunction: f.completeKind(env, "components", 0, completeSecondFile),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd, env, lattice.ComponentID(args[0]), args[1])
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.host, "host", "", "run on this `HOST`: a name, an ID, or the beginning of an ID")
	fs.StringVar(&f.group, "group", "", "run on hosts of this `GROUP`")
	fs.StringToStringVar(&f.labels, "label", nil, "run on hosts with these labels, `KEY=VALUE`; repeatable")
	fs.IntVar(&f.count, "count", 0, "run on `N` hosts (default: as many as before, 1 at first)")
	fs.IntVar(&f.maxInstances, "max-instances", control.DefaultMaxInstances, "run `N` calls at once on each host")
	fs.StringArrayVar(&f.routes, "route", nil, "answer HTTP requests of a `ROUTE`: /PATH, HOST/ or HOST/PATH; repeatable")
	fs.StringArrayVar(&f.configs, "config-name", nil, "give it the values of the configuration `NAME`; later ones go over earlier ones; repeatable")
	fs.StringArrayVar(&f.secrets, "secret", nil, "a secret of the lattice that it may ask for by NAME, "+secretUsage+"; repeatable")
	fs.BoolVar(&f.preinit, "preinit", false, "start instances from the state after initialization")
	fs.Var(&f.memory, "memory", "the memory, a `SIZE`, of an instance (default: the host's)")
	fs.DurationVar(&f.timeout, "timeout", 0, "how long a call may take, a `DURATION` (default: the host's)")
	fs.Var(&f.clock, "clock-resolution", resolutionUsage)
	fs.StringToStringVar(&f.annotations, "annotation", nil, "note `KEY=VALUE` with the component; repeatable")
	f.mcp.add(fs)
	f.addWait(fs)
	f.add(fs)
	completions := f.completions()
	f.mcp.completions(completions)
	for _, name := range []string{"label", "count", "max-instances", "route", "memory", "timeout", "clock-resolution", "annotation", "wait"} {
		completions[name] = completeNothing
	}
	completions["host"] = f.completeFlag(env, "hosts")
	completions["group"] = f.completeFlag(env, "hostgroups")
	completions["config-name"] = f.completeFlag(env, "config")
	completions["secret"] = f.completeSecretFlag(env)
	completeFlags(cmd, completions)
	return cmd
}

// check refuses what makes no sense, before anything takes time.
func (f *startFlags) check() error {
	switch {
	case f.count < 0:
		return &usageError{errors.New("--count must not be negative")}
	case f.maxInstances < 1:
		return &usageError{errors.New("--max-instances must be positive")}
	case f.timeout < 0:
		return &usageError{errors.New("--timeout must not be negative")}
	case f.wait < 0:
		return &usageError{errors.New("--wait must not be negative")}
	}
	return nil
}

func (f *startFlags) run(cmd *cobra.Command, env *Env, id lattice.ComponentID, what string) error {
	if err := f.check(); err != nil {
		return err
	}
	start, err := f.command(id)
	if err != nil {
		return &usageError{err}
	}
	ctx := cmd.Context()
	b, err := readBinary(ctx, env, what)
	if err != nil {
		return err
	}
	s, err := f.open(ctx, env, cmd.Flags())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if f.host != "" {
		h, err := s.host(ctx, f.host)
		if err != nil {
			return err
		}
		start.Where.Host = h.ID
	}
	if start.Ref, start.Digest, err = s.push(ctx, env, b, what); err != nil {
		return interrupted(ctx, err)
	}
	r := new(control.ComponentResult)
	if err := s.control.Do(ctx, start, r); err != nil {
		return interrupted(ctx, err)
	}
	return f.finish(ctx, env, s, id, r, "started")
}

// command returns what the flags ask for.
func (f *startFlags) command(id lattice.ComponentID) (*control.StartComponent, error) {
	c := &control.StartComponent{
		ID: id, Hosts: f.count, MaxInstances: f.maxInstances, Preinit: f.preinit, Annotations: f.annotations, AllowUpdate: true,
		Limits: lattice.Limits{
			MemoryBytes: uint64(f.memory), TimeoutMillis: f.timeout.Milliseconds(), ClockResolutionMicros: time.Duration(f.clock).Microseconds(),
		},
	}
	c.Where.Labels = f.labels
	if f.group != "" {
		g, err := lattice.ParseGroupName(f.group)
		if err != nil {
			return nil, err
		}
		c.Where.Group = g
	}
	for _, name := range f.configs {
		n, err := lattice.ParseConfigName(name)
		if err != nil {
			return nil, err
		}
		c.Config = append(c.Config, n)
	}
	var err error
	if c.MCP, err = f.mcp.declaration(id); err != nil {
		return nil, err
	}
	secrets, err := parseSecrets(f.secrets)
	if err != nil {
		return nil, err
	}
	c.Secrets = secrets
	for _, text := range f.routes {
		host, path, ok := strings.Cut(text, "/")
		if !ok {
			return nil, fmt.Errorf("--route %q has no path: write /PATH, HOST/ or HOST/PATH", text)
		}
		c.Routes = append(c.Routes, lattice.Route{Host: host, Path: "/" + path})
	}
	return c, nil
}

// finish says what the scheduler decided and waits until the hosts have done it.
func (f *componentFlags) finish(ctx context.Context, env *Env, s *session, id lattice.ComponentID, r *control.ComponentResult, verb string) error {
	s.notes(env, &r.Result)
	for _, p := range r.Hosts {
		name := p.Name
		if name == "" {
			name = p.Host.Short()
		}
		fmt.Fprintf(env.Stderr, "wattle: host %s: %s\n", printable(name), printable(p.Why))
	}
	if f.wait == 0 {
		return done(env, "component %s is to be %s", id, verb)
	}
	shown := newWait(env, "component "+string(id))
	http := false
	var server *lattice.MCP
	err := s.waitFor(ctx, f.wait, "components", func(inv *inventory.Inventory, now time.Time) (bool, error) {
		ready := readiness(inv, id)
		if ready == nil && len(r.Hosts) > 0 {
			_, err := runs(inv, id, r, now, shown)
			return false, err // it runs, perhaps, but nobody would be sent there yet
		}
		server = inv.Components[id].MCP
		http = ready != nil && exported(ready.Exports, incomingHandler) != ""
		return runs(inv, id, r, now, shown)
	})
	shown.end()
	if err != nil {
		return fmt.Errorf("component %q is not %s: %w", id, verb, err)
	}
	if err := done(env, "component %s %s: revision %d on %s", id, verb, r.Revision, count(len(r.Hosts), "host")); err != nil {
		return err
	}
	if s.local != nil && s.local.HTTP != "" && http {
		if err := done(env, "  %s", componentURL(s.local.HTTP, id)); err != nil {
			return err
		}
	}
	if server != nil {
		return s.offered(ctx, env, id, server, r.Revision)
	}
	return nil
}

// readiness returns what a host says of a component that it takes calls for, or
// nil.
func readiness(inv *inventory.Inventory, id lattice.ComponentID) *lattice.Ready {
	for _, r := range inv.Ready {
		if r.Component == id {
			return &r
		}
	}
	return nil
}

// componentURL returns where the front door of a `wattle up` serves a component.
func componentURL(front string, id lattice.ComponentID) string {
	at := strings.LastIndexByte(front, ':')
	if at < 0 {
		return front
	}
	return "http://" + string(id) + ".localhost" + front[at:] + "/"
}

// runs reports whether all hosts of a component run it as the scheduler decided.
// It fails if one of them cannot.
func runs(inv *inventory.Inventory, id lattice.ComponentID, want *control.ComponentResult, now time.Time, shown *wait) (bool, error) {
	a, ok := inv.Components[id]
	if !ok || a.Stamp.Compare(want.Stamp) < 0 && want.Changed {
		shown.say("the scheduler has not written it yet")
		return false, nil
	}
	c := inv.Component(id, now)
	ready := 0
	for _, s := range c.Status {
		switch {
		case s.Component == nil:
		case s.Component.Revision < want.Revision:
			// The new revision is beside the old one until it is ready.
			if n := s.Component.Next; n != nil && n.Revision >= want.Revision && n.State == lattice.ComponentFailed {
				return false, fmt.Errorf("host %s: %s; the revision before goes on there", s.HostName, n.Reason)
			}
		case s.Component.State == lattice.ComponentFailed:
			return false, fmt.Errorf("host %s: %s", s.HostName, s.Component.Reason)
		case s.Ready && s.Component.State == lattice.ComponentRunning:
			ready++
		}
	}
	shown.say("runs on %d of %s", ready, count(len(c.Status), "host"))
	return ready == len(c.Status) && ready > 0, nil
}

// readBinary reads a file, or returns nil if what names something in the lattice.
func readBinary(ctx context.Context, env *Env, what string) (*program, error) {
	if _, err := os.Stat(what); err != nil && !isImage(what) && !isWeb(what) {
		if strings.HasPrefix(what, "sha256:") || !strings.HasSuffix(what, ".wasm") && !strings.HasPrefix(what, ".") && !strings.HasPrefix(what, "/") {
			return nil, nil //nolint:nilnil // it is no file
		}
		return nil, cause(what, err)
	}
	return openProgram(ctx, env, what)
}
