package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/mcp/typed"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times of listing.
const (
	// listTime bounds how long it takes to find out what a server offers.
	listTime = 2 * time.Minute
	// listGap is the shortest time between two times that it is found out.
	listGap = 2 * time.Second
	// listAgain is the time until it is tried again where it failed; it doubles up to
	// listPause.
	listAgain = time.Second
	listPause = 5 * time.Minute
)

// offer is a component as an MCP server.
type offer struct {
	*mcp.Server
	decl *lattice.MCP
	// revision is the last one that was wanted. It is the runner's own.
	revision uint64
	// said is what it offers, nil while that is not known. It is guarded by the daemon's
	// lock.
	said   *catalogue.Contents
	relist chan struct{} // says that what it offers may have changed
	cancel context.CancelFunc
	ended  chan struct{} // closed when it is not listed any more; nil if it never was
}

// newOffer returns a component as the MCP server that decl says, nil if that is nil.
func (d *Daemon) newOffer(ctx context.Context, run *running, decl *lattice.MCP) *offer {
	if decl == nil {
		return nil
	}
	opts := &mcp.Options{Host: d.opts.ID, ShowReasons: d.opts.ShowErrors, Version: d.opts.Version, Logger: d.log.With("component", run.spec.ID)}
	endpoint, err := d.endpoint(ctx, run, decl, opts)
	if err != nil {
		endpoint = mcp.NewUnfit(err)
	}
	return &offer{Server: mcp.New(run.target, endpoint, decl, opts), decl: decl, revision: run.spec.Revision, relist: make(chan struct{}, 1)}
}

// endpoint returns what a component is as a server.
func (d *Daemon) endpoint(ctx context.Context, run *running, decl *lattice.MCP, opts *mcp.Options) (mcp.Endpoint, error) {
	kind := decl.KindOf(run.exports)
	if kind == lattice.MCPHTTP {
		if !run.target.ServesHTTP() {
			return nil, errors.New("the component does not export wasi:http/incoming-handler")
		}
		return mcp.NewHTTP(run.target, run.spec.ID, decl, opts), nil
	}
	wasm, err := d.artifacts.get(ctx, run.spec.Digest, run.spec.Ref)
	if err != nil {
		return nil, err
	}
	about, err := component.Describe(wasm)
	if err != nil {
		return nil, err
	}
	if about.World == nil {
		return nil, fmt.Errorf("the component has no world: %s", about.WorldError)
	}
	return typed.New(run.target, about.World, kind, &typed.Options{ID: run.spec.ID, StateKey: d.stateKey(ctx)})
}

// stateKey returns the secret with which all hosts of the lattice seal what a component
// wants back from a client, nil if this one cannot have it.
func (d *Daemon) stateKey(ctx context.Context) []byte {
	if d.opts.Secrets == nil {
		return nil
	}
	ref := wire.SharedSecret()
	values, err := d.opts.Secrets.Get(ctx, []lattice.SecretRef{ref})
	var shared *seal.Shared
	if err == nil {
		shared, err = seal.ParseShared(values[ref])
	}
	if err == nil {
		shared, err = shared.For("state")
	}
	if err != nil {
		d.log.WarnContext(ctx, "what the lattice's hosts share is not known here: answers to what a component asks clients have to come to this host", "error", err)
		return nil
	}
	return shared[:]
}

// mcp answers an invocation of lattice.MCPInterface.
func (run *running) mcp(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	o := run.offer.Load()
	if o == nil {
		return &lattice.Error{Code: lattice.CodeNotFound, Message: fmt.Sprintf("component %q is not an MCP server", inv.Target), Undelivered: true}
	}
	return o.HTTP(w, r, inv)
}

// reoffer has what runs be offered as a spec says, which may be in another way than before.
func (r *runner) reoffer(run *running, spec *lattice.ComponentSpec) {
	d := r.d
	last := run.offer.Load()
	switch {
	case last == nil && spec.MCP == nil:
		return
	case last != nil && spec.MCP != nil && sameServer(last.decl, spec.MCP):
		if last.revision != spec.Revision {
			last.revision = spec.Revision
			r.shelve(run, last, nil)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	next := d.newOffer(ctx, run, spec.MCP)
	run.offer.Store(next)
	last.unlist()
	r.list(run, next)
	if last != nil {
		d.work.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), d.opts.DrainTimeout)
			defer cancel()
			if err := last.Close(ctx); err != nil {
				d.log.Warn("calls go on after the time to drain", "component", r.id, "error", err)
			}
		})
	}
}

// sameServer reports whether a component is the same server by two declarations: what else
// they say, gateways do.
func sameServer(a, b *lattice.MCP) bool {
	timeouts := func(m *lattice.MCP) map[string]int64 {
		all := map[string]int64{}
		for name, rule := range m.Tools {
			if rule.TimeoutMillis != 0 {
				all[name] = rule.TimeoutMillis
			}
		}
		return all
	}
	return a.Kind == b.Kind && a.Path == b.Path && a.Host == b.Host && a.Pinned == b.Pinned &&
		a.TimeoutMillis == b.TimeoutMillis && maps.Equal(timeouts(a), timeouts(b))
}

// again has it be found out again what the server offers.
func (o *offer) again() {
	if o == nil {
		return
	}
	o.Renew()
	select {
	case o.relist <- struct{}{}:
	default:
	}
}

// list has it be written down what the server offers, until unlist. It may be nil.
func (r *runner) list(run *running, o *offer) {
	if o == nil {
		r.d.shelf.remove(r.id)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel, o.ended = cancel, make(chan struct{})
	go func() {
		defer close(o.ended)
		r.listAll(ctx, run, o)
	}()
}

// unlist ends list.
func (o *offer) unlist() {
	if o != nil && o.ended != nil {
		o.cancel()
		<-o.ended
	}
}

// listAll finds out what a server offers, and does so again when that may have changed,
// until ctx ends.
func (r *runner) listAll(ctx context.Context, run *running, o *offer) {
	d := r.d
	reason, listed := "", false
	for pause := listAgain; ; {
		said, again, err := o.list(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			r.shelve(run, o, said)
			if reason != "" || !listed {
				d.log.InfoContext(ctx, "MCP server listed", "component", r.id, "tools", len(said.Tools), "problems", len(said.Problems))
			}
			reason, listed, pause = "", true, listAgain
		} else {
			if text := explain(err); text != reason {
				reason = text
				d.log.WarnContext(ctx, "MCP server not listed: what it offers is not known", "component", r.id, "error", err)
				r.event(lattice.EventComponentUnlisted)
				if !listed { // or what is known of it stays
					r.shelve(run, o, catalogue.Clean(&catalogue.Contents{Problems: []string{reason}}))
				}
			}
			again = pause
			pause = min(2*pause, listPause)
		}
		if !o.wait(ctx, again, err == nil) {
			return
		}
	}
}

// list finds out once what a server offers.
func (o *offer) list(ctx context.Context) (*catalogue.Contents, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	said, again, err := o.List(ctx)
	if err != nil {
		return nil, 0, err
	}
	return catalogue.Clean(said), again, nil
}

// wait waits until it is to be found out again what a server offers: after a time, if that
// is not zero, or when it may have changed. It returns false when ctx has ended.
func (o *offer) wait(ctx context.Context, again time.Duration, spaced bool) bool {
	var timer, gap <-chan time.Time
	if again > 0 {
		timer = time.After(again)
	}
	if spaced {
		gap = time.After(listGap)
	}
	select {
	case <-ctx.Done():
		return false
	case <-timer:
		return true
	case <-o.relist:
	}
	if gap == nil {
		return true
	}
	select {
	case <-ctx.Done():
		return false
	case <-gap:
		return true
	}
}

// shelve writes down what a component offers, which is what it was if said is nil, under
// the revision that it serves.
func (r *runner) shelve(run *running, o *offer, said *catalogue.Contents) {
	d := r.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if said != nil {
		o.said = said
	}
	if r.current != run || r.closed || o.said == nil {
		return
	}
	d.shelf.set(&catalogue.Listing{Component: r.id, Host: d.opts.ID, Digest: run.spec.Digest, Revision: r.serves.Revision, Contents: *o.said})
}

// shutdown has the component be called for nothing any more, and waits until calls under
// way are done, or ctx ends.
func (run *running) shutdown(ctx context.Context) error {
	var err error
	if o := run.offer.Load(); o != nil {
		err = o.Close(ctx)
	}
	return errors.Join(err, run.target.Shutdown(ctx))
}
