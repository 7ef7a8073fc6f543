package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host"
	grants "github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/config"
	"github.com/wattle-dev/wattle/host/wasmcloud/bus"
	"github.com/wattle-dev/wattle/host/wasmcloud/secrets"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// openTime bounds how long it takes to have the secrets of a component and to open what
// it is linked to.
const openTime = 20 * time.Second

// granted is what the instances of a component are given: its configuration, its
// secrets, its links, and what is open behind them.
type granted struct {
	spec  *lattice.ComponentSpec
	grant *grants.Grant
	// cancel ends the sources, which are done when idle is closed; nil without any.
	cancel context.CancelFunc
	idle   chan struct{}
}

// Secrets are those that a host can have the values of.
type Secrets interface {
	// Get returns the values of versions of secrets: of all of them, or an error.
	Get(ctx context.Context, refs []lattice.SecretRef) (map[lattice.SecretRef]string, error)
	// Keep has all others be forgotten.
	Keep(refs []lattice.SecretRef)
}

// secretsOf returns the secrets that a component is given, and those of its links, each
// once.
func secretsOf(spec *lattice.ComponentSpec) []lattice.SecretRef {
	seen := map[lattice.SecretRef]bool{}
	for _, ref := range spec.Secrets {
		seen[ref] = true
	}
	for _, c := range spec.Capabilities {
		for _, ref := range c.Secrets {
			seen[ref] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b lattice.SecretRef) int {
		return strings.Compare(string(a.Name), string(b.Name))
	})
}

// sameGrant reports whether what is granted to one serves the other.
func sameGrant(a, b *lattice.ComponentSpec) bool {
	return a.Limits.Connections == b.Limits.Connections && maps.Equal(a.Config, b.Config) && maps.Equal(a.Secrets, b.Secrets) &&
		reflect.DeepEqual(a.Capabilities, b.Capabilities) && reflect.DeepEqual(a.Links, b.Links)
}

// alike reports whether what runs for one serves the other, with what it is granted.
func alike(a, b *lattice.ComponentSpec) bool { return same(a, b) && sameGrant(a, b) }

// revoked reports whether a component of the same code was linked to something that it
// is not linked to any more.
func revoked(was, now *lattice.ComponentSpec) bool {
	if was.Digest != now.Digest {
		return false
	}
	have := linksOf(now)
	return slices.ContainsFunc(linksOf(was), func(l bus.Link) bool {
		return !slices.ContainsFunc(have, func(m bus.Link) bool { return m.Interface == l.Interface && (m.Target == "") == (l.Target == "") })
	})
}

// open opens what a component with some exports is granted.
func (d *Daemon) open(ctx context.Context, spec *lattice.ComponentSpec, exports []string) (*granted, error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	values := map[lattice.SecretRef]string{}
	if refs := secretsOf(spec); len(refs) > 0 {
		if d.opts.Secrets == nil {
			return nil, fmt.Errorf("secret %q: %w: this host cannot ask for secrets", refs[0].Name, lattice.ErrDenied)
		}
		var err error
		if values, err = d.opts.Secrets.Get(ctx, refs); err != nil {
			return nil, fmt.Errorf("secrets: %w", err)
		}
	}
	env := &grants.Env{
		Lattice: d.l, Name: d.opts.Lattice, Component: spec.ID, Exports: exports, Volumes: d.opts.Volumes, Self: d.opts.Self,
		Layers: d.layers(), Requests: spec.Limits.Connections, MaxSent: spec.Limits.ResponseBytes, MaxReceived: spec.Limits.RequestBytes,
		Logger: d.log.With("component", spec.ID), Changed: d.changed,
	}
	grant, err := grants.Open(ctx, env, d.base(spec, values), spec.Capabilities, func(ref lattice.SecretRef) (string, bool) {
		value, ok := values[ref]
		return value, ok
	})
	if err != nil {
		return nil, err
	}
	return &granted{spec: spec, grant: grant}, nil
}

// envPrefix begins the keys of configurations that become environment variables.
const envPrefix = "env."

// base returns what the instances of a component are given besides capabilities.
func (d *Daemon) base(spec *lattice.ComponentSpec, values map[lattice.SecretRef]string) wasi.Options {
	o := d.opts.WASI
	o.CLI.Env = slices.Clone(o.CLI.Env)
	for _, key := range slices.Sorted(maps.Keys(spec.Config)) {
		// A variable with an equals sign in its name would be another one.
		if name, ok := strings.CutPrefix(key, envPrefix); ok && name != "" && !strings.ContainsAny(name, "=\x00") {
			o.CLI.Env = append(o.CLI.Env, name+"="+spec.Config[key])
		}
	}
	if micros := spec.Limits.ClockResolutionMicros; micros > 0 {
		o.Clocks.Resolution = time.Duration(micros) * time.Microsecond
	}
	o.Config = config.Options{Values: spec.Config}
	o.Bus = bus.Options{Links: linksOf(spec)}
	if len(spec.Secrets) > 0 {
		o.Secrets.Values = make(map[string]secrets.Value, len(spec.Secrets))
		for name, ref := range spec.Secrets {
			o.Secrets.Values[name] = secrets.NewValue(values[ref])
		}
	}
	return o
}

// supply has the calls of a component be given something else from now on. What they
// were given before is closed when the last call that has it has ended.
func (run *running) supply(d *Daemon, g *granted) {
	run.closing.Add(1)
	run.target.Supply(g.grant.WASI, func() {
		go func() { // a source may wait for the call that ends here
			defer run.closing.Done()
			g.stop(context.Background())
			if err := g.grant.Close(); err != nil {
				d.log.Warn("capabilities not closed", "component", run.spec.ID, "error", err)
			}
		}()
	})
}

// regrant replaces what a component is granted, without touching its code. If that
// cannot be opened, the last one goes on.
func (r *runner) regrant(want *lattice.ComponentSpec, run *running) {
	d := r.d
	d.mu.Lock()
	r.advance(want, lattice.ComponentStarting, r.trouble())
	d.mu.Unlock()
	next, err := r.reopen(want, run)
	if errors.Is(err, errOutdated) {
		return
	}
	if err != nil {
		r.fail(want, err)
		return
	}
	d.mu.Lock()
	r.next, r.attempt = progress{}, 0
	if r.want != nil && alike(r.want, want) {
		r.serves = r.want
	}
	d.mu.Unlock()
	r.replace(run, next)
	d.log.Info("component has other links, configurations or secrets", "component", r.id, "revision", want.Revision)
	d.changed()
}

// replace has a component be granted something else from now on.
func (r *runner) replace(run *running, next *granted) {
	run.supply(r.d, next)
	r.d.mu.Lock()
	last := run.granted
	run.granted = next
	r.d.mu.Unlock()
	run.offer.Load().again()
	next.serve(r, run)
	last.cancelSources()
}

// reduce has what runs be granted at once what is wanted, and so lose what was taken
// from it, however long it takes to load it anew. If that cannot be opened it takes no
// calls any more, and reduce returns false.
func (r *runner) reduce(want *lattice.ComponentSpec, run *running) bool {
	next, err := r.d.open(context.Background(), want, run.exports)
	if err != nil {
		r.revoke(run)
		r.fail(want, err)
		return false
	}
	r.replace(run, next)
	return true
}

// reopen opens what a component is granted anew, unless something else is wanted
// meanwhile.
func (r *runner) reopen(want *lattice.ComponentSpec, run *running) (next *granted, err error) {
	outdated := r.whileWanted(want, func(ctx context.Context) {
		if err = checkLinks(want.Links, run.imports); err != nil {
			return
		}
		if next, err = r.d.open(ctx, want, run.exports); err == nil {
			err = r.proveGrant(ctx, run, want, next)
		}
	})
	if (outdated || err != nil) && next != nil {
		err = errors.Join(err, next.grant.Close()) // nobody has used it
	}
	if outdated {
		return nil, errOutdated
	}
	return next, err
}

// proveGrant waits until a probe is good with what is granted next, if there are any.
func (r *runner) proveGrant(ctx context.Context, run *running, want *lattice.ComponentSpec, next *granted) error {
	if want.Probe == nil {
		return nil
	}
	prober, err := host.NewProber(run.target, want.Probe)
	if err != nil {
		return err
	}
	prober.Supply(next.grant.WASI)
	err = r.prove(ctx, prober, want)
	return errors.Join(err, prober.Close(context.WithoutCancel(ctx)))
}

// sourcePause is the time until a source that has failed is started again. It doubles
// up to maxSourcePause.
const (
	sourcePause    = 100 * time.Millisecond
	maxSourcePause = 15 * time.Second
)

// serve starts what calls the component.
func (g *granted) serve(r *runner, run *running) {
	sources := g.grant.Sources()
	if len(sources) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, s := range sources {
		all.Go(func() { r.serveSource(ctx, &s, called{run, s.Kind}) })
	}
	idle := make(chan struct{})
	go func() {
		all.Wait()
		close(idle)
	}()
	g.cancel, g.idle = cancel, idle
}

// serveSource has a source serve until ctx ends.
func (r *runner) serveSource(ctx context.Context, s *grants.Source, target grants.Target) {
	for pause := sourcePause; ; pause = min(2*pause, maxSourcePause) {
		begun := time.Now()
		err := s.Run(ctx, target)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > maxSourcePause {
			pause = sourcePause
		}
		r.d.log.WarnContext(ctx, "capability does not call the component: it is tried again", "component", r.id, "provider", s.Kind, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// cancelSources has the sources take nothing new.
func (g *granted) cancelSources() {
	if g.cancel != nil {
		g.cancel()
	}
}

// stop ends the sources and waits until what they had taken is done, or ctx ends.
func (g *granted) stop(ctx context.Context) {
	g.cancelSources()
	if g.idle == nil {
		return
	}
	select {
	case <-g.idle:
	case <-ctx.Done():
	}
}

// called is a component as its sources see it.
type called struct {
	run  *running
	kind string
}

// invocation returns that of a function: on behalf of what ctx is part of, as the
// message of another component is, or of the capability.
func (c called) invocation(ctx context.Context, iface, function string) *lattice.Invocation {
	inv := &lattice.Invocation{Target: c.run.spec.ID, Interface: iface, Function: function, Depth: lattice.DefaultDepth}
	if from := lattice.InvocationOf(ctx); from != nil && len(from.Callers) > 0 {
		inv.Callers, inv.Depth = from.Callers, from.Depth
	} else {
		inv.Callers = []lattice.Caller{lattice.Caller("capability/" + c.kind)}
	}
	return inv
}

// Func implements capability.Target.
func (c called) Func(iface, function string) (*wit.Func, error) {
	return c.run.target.Func(c.invocation(context.Background(), iface, function))
}

// Call implements capability.Target.
func (c called) Call(ctx context.Context, iface, function string, args []wit.Value) ([]wit.Value, error) {
	return c.run.call(ctx, c.invocation(ctx, iface, function), nil, args)
}
