package capability

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/wit"
)

// Grant is what a component is linked to, opened.
type Grant struct {
	// WASI is what instances are given. Parts that no link fills are as they were.
	WASI wasi.Options

	closers []func() error
	sources []Source
	kind    string // that is being opened
	health  *health
}

// Faults returns the links that failed when they were last used, by no fault of the
// component.
func (g *Grant) Faults() []lattice.LinkFault { return g.health.list() }

// used has the grant remember whether a link worked when it was used.
func (g *Grant) used(kind string, l *link) func(reason string) {
	h, name := g.health, l.name
	return func(reason string) { h.used(kind, name, reason) }
}

// Target is the component that a source calls.
type Target interface {
	// Func returns the type of a function that the component exports. The interface
	// may be of another version of the same track.
	Func(iface, function string) (*wit.Func, error)
	// Call calls a function, on behalf of the capability.
	Call(ctx context.Context, iface, function string, args []wit.Value) ([]wit.Value, error)
}

// Source is a capability that calls the component.
type Source struct {
	// Kind is the name of its kind.
	Kind string
	// Run calls the component, until ctx ends. Then it takes nothing new, and returns
	// when what it had taken is done. An error that it returns before that has it be
	// started again after a while.
	Run func(ctx context.Context, target Target) error
}

// onClose has f be called when the grant is closed, before what was given earlier.
func (g *Grant) onClose(f func() error) { g.closers = append(g.closers, f) }

// onServe has a source be run while the component takes calls under this grant.
func (g *Grant) onServe(run func(ctx context.Context, target Target) error) {
	g.sources = append(g.sources, Source{g.kind, run})
}

// Sources returns what calls the component.
func (g *Grant) Sources() []Source { return slices.Clone(g.sources) }

// Close closes what the grant has open. No call may be under way that was given it.
func (g *Grant) Close() error {
	var errs []error
	for _, f := range slices.Backward(g.closers) {
		errs = append(errs, f())
	}
	g.closers = nil
	return errors.Join(errs...)
}

// link is a link of a component to a capability.
type link struct {
	name lattice.LinkName
	// interfaces are those that it names, "wasi:keyvalue/store", without versions.
	interfaces []string
	config     *capability.Config
	// reveal returns the value of a secret by the name that the configuration has for
	// it.
	reveal func(name string) (string, bool)
}

// opener opens all links to one kind: it fills in g.WASI, and what is to be closed.
// What it gave to g.onClose before it failed is closed.
type opener func(ctx context.Context, env *Env, links []link, g *Grant) error

// openers have the kinds that serve components, or call them.
var openers = map[string]opener{
	"blobstore-nats": openBlobstoreNATS,
	"blobstore-s3":   openBlobstoreS3,

	"keyvalue-nats":  openKeyValueNATS,
	"keyvalue-redis": openKeyValueRedis,

	"filesystem": openFilesystem,
	"httpclient": openHTTPClient,

	"messaging-nats": openMessaging,
	"postgres":       openPostgres,
}

// Open opens what a component is linked to. base is what instances have without any
// link; secrets returns the value of a version of a secret.
func Open(ctx context.Context, env *Env, base wasi.Options, links []lattice.Capability, secrets func(lattice.SecretRef) (string, bool)) (*Grant, error) {
	g := &Grant{WASI: base, health: newHealth(env.Changed)}
	byKind := map[string][]link{}
	for i := range links {
		c := &links[i]
		byKind[c.Kind] = append(byKind[c.Kind], newLink(env, c, secrets))
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		if err := open(ctx, env, kind, byKind[kind], g); err != nil {
			return nil, errors.Join(fmt.Errorf("capability %s%s: %w", capability.Scheme, kind, err), g.Close())
		}
	}
	return g, nil
}

func open(ctx context.Context, env *Env, kind string, links []link, g *Grant) error {
	f := openers[kind]
	if f == nil {
		return fmt.Errorf("%w: this host does not have it: it may be of another version than the scheduler", lattice.ErrNotFound)
	}
	g.kind = kind
	slices.SortStableFunc(links, func(a, b link) int {
		return cmp.Or(compareBool(b.name == lattice.DefaultLink, a.name == lattice.DefaultLink), cmp.Compare(a.name, b.name))
	})
	return f(ctx, env, links, g)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func newLink(env *Env, c *lattice.Capability, secrets func(lattice.SecretRef) (string, bool)) link {
	l := link{
		name:   c.Name,
		config: &capability.Config{Values: c.Config, Secrets: slices.Sorted(maps.Keys(c.Secrets)), Component: env.Component},
		reveal: func(name string) (string, bool) {
			ref, ok := c.Secrets[name]
			if !ok {
				return "", false
			}
			return secrets(ref)
		},
	}
	for _, iface := range c.Interfaces {
		l.interfaces = append(l.interfaces, c.Namespace+":"+c.Package+"/"+iface)
	}
	return l
}
