package invoke

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/wit"
)

// maxTries is how many hosts a call is offered.
const maxTries = 16

// Directory says which hosts can be called for a component. It is implemented by
// package lattice/directory.
type Directory interface {
	// Hosts returns the hosts, which are not changed.
	Hosts(c lattice.ComponentID) []lattice.HostID
	// Choose chooses two of the hosts, by the bits of a random number. There are none
	// in the choice if there are none.
	Choose(c lattice.ComponentID, x uint64) directory.Choice
	// Weighted reports whether calls are shared out by weight, and not done here
	// because they can be.
	Weighted(c lattice.ComponentID) bool
	// Assigned returns how many hosts ought to run the component, and whether there
	// is such a component.
	Assigned(c lattice.ComponentID) (hosts int, known bool)
	// Synced reports whether the directory has been complete.
	Synced() bool
	// Said returns when a host has last said that it is ready for anything, zero if
	// that is not known. It does not count what is only read again.
	Said(h lattice.HostID) time.Time
}

// Local is what runs components in this process.
type Local interface {
	lattice.Invoker
	// Runs reports whether calls of a component are carried out here. A call that
	// Local refuses all the same, undelivered, goes to other hosts.
	Runs(c lattice.ComponentID) bool
}

// Router is a lattice.Invoker: it has components be called in this process if they
// run here, and otherwise on one of the hosts that the directory names.
type Router struct {
	client    *Client
	directory Directory
	local     Local
	host      lattice.HostID
	start     time.Time

	turn  atomic.Uint64
	hosts sync.Map     // lattice.HostID to *load
	known atomic.Int64 // how many hosts that has
}

// load is what a router knows of a host.
type load struct {
	calls atomic.Int64
	shun  atomic.Int64 // until when, in nanoseconds since Router.start
	// silence is nil unless the host gives no answers, absent zero unless it was not
	// connected: since when, in nanoseconds since Router.start.
	silence atomic.Pointer[silence]
	absent  atomic.Int64
}

// NewRouter returns a router. Calls that cannot be carried out by local, which may
// be nil, go through client, which may be nil too if there is only local. host is
// this host, which is not called through the lattice, or empty.
func NewRouter(client *Client, d Directory, local Local, host lattice.HostID) *Router {
	r := &Router{client: client, directory: d, local: local, host: host, start: time.Now()}
	if client != nil {
		client.router.Store(r)
	}
	return r
}

// Call implements lattice.Invoker.
func (r *Router) Call(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	if inv.Host != "" {
		return r.callNamed(ctx, inv, fn, args)
	}
	var t tries
	if r.here(inv.Target) {
		results, err := r.local.Call(ctx, inv, fn, args)
		if err == nil || !lattice.Undelivered(err) {
			return results, err
		}
		t.add(r.host, err)
	}
	if r.client == nil {
		return nil, r.nowhere(inv, &t)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.client.opts.Timeout)
		defer cancel()
	}
	var params *[]byte
	defer func() { r.client.release(params) }()
	for {
		host, load := r.pick(inv.Target, &t)
		if load == nil {
			if r.await(ctx, &t) || r.changes(ctx, inv.Target, &t) {
				continue
			}
			return nil, r.nowhere(inv, &t)
		}
		var results []wit.Value
		var err error
		if host != r.host && params == nil {
			if params, err = r.client.params(fn, args); err != nil {
				return nil, err
			}
		}
		load.calls.Add(1)
		if host == r.host {
			results, err = r.local.Call(ctx, inv, fn, args)
		} else {
			results, err = r.client.call(ctx, host, inv, fn, *params)
		}
		load.calls.Add(-1)
		if err == nil {
			load.answered()
			return results, nil
		}
		if !r.retry(ctx, host, load, err, &t) {
			return results, err
		}
	}
}

// HTTP implements lattice.Invoker.
func (r *Router) HTTP(w http.ResponseWriter, req *http.Request, inv *lattice.Invocation) error {
	if inv.Host != "" {
		return r.httpNamed(w, req, inv)
	}
	var t tries
	if r.here(inv.Target) {
		err := r.local.HTTP(w, req, inv)
		if err == nil || !lattice.Undelivered(err) {
			return err
		}
		t.add(r.host, err)
	}
	if r.client == nil {
		return r.nowhere(inv, &t)
	}
	var up *upload
	defer func() {
		if up != nil {
			up.close()
		}
	}()
	for {
		host, load := r.pick(inv.Target, &t)
		if load == nil {
			if r.await(req.Context(), &t) || r.changes(req.Context(), inv.Target, &t) {
				continue
			}
			return r.nowhere(inv, &t)
		}
		if host != r.host && up == nil {
			var err error
			if up, err = newUpload(w, req, r.client.chunk); err != nil {
				return err
			}
		}
		err := r.http(w, req, up, host, load, inv)
		if err == nil {
			load.answered()
			return nil
		}
		again := r.retry(req.Context(), host, load, err, &t)
		switch {
		case up == nil && !again:
			return err
		case up != nil && (!again || !up.again() || wasCut(err)):
			return r.client.report(req.Context(), inv, host, err)
		}
	}
}

// http sends a request to a host. There is no upload if it is this one and the first
// that is tried; once there is one, it goes through the lattice like the others. It
// counts the request out when it panics as well.
func (r *Router) http(w http.ResponseWriter, req *http.Request, up *upload, host lattice.HostID, load *load, inv *lattice.Invocation) error {
	load.calls.Add(1)
	defer load.calls.Add(-1)
	if up == nil {
		return r.local.HTTP(w, req, inv)
	}
	return r.client.http(w, up, host, inv)
}

// tries are the hosts that a call was offered, and what they said.
type tries struct {
	hosts  []lattice.HostID
	errors []error
	pause  time.Duration // before hosts that were absent are tried again
	until  time.Duration // when there is no use in that, since Router.start
}

func (t *tries) add(h lattice.HostID, err error) {
	t.hosts = append(t.hosts, h)
	t.errors = append(t.errors, err)
}

// retry reports whether a call that has failed on a host is offered to another.
func (r *Router) retry(ctx context.Context, host lattice.HostID, l *load, err error, t *tries) bool {
	if errors.Is(err, lattice.ErrUnavailable) {
		l.shun.Store(int64(time.Since(r.start) + shunFor))
	}
	switch {
	case errors.Is(err, errSilent):
		l.silent(time.Now())
	case errors.Is(err, errAbsent):
		t.until = max(t.until, l.away(time.Since(r.start))+absentFor)
	}
	t.add(host, err)
	return lattice.Undelivered(err) && ctx.Err() == nil
}

// here reports whether a call is carried out in this process before all others.
func (r *Router) here(c lattice.ComponentID) bool {
	return r.local != nil && r.local.Runs(c) && (r.directory == nil || r.client == nil || !r.directory.Weighted(c))
}

// pick returns a host that the call was not offered yet, or no load if there is
// none: of two that the directory has chosen at random the one on which fewer calls
// of this router are under way for each of its instances. Hosts that have failed a
// moment ago are taken only if all have.
func (r *Router) pick(c lattice.ComponentID, t *tries) (lattice.HostID, *load) {
	if len(t.hosts) >= maxTries {
		return "", nil
	}
	x := mix(r.turn.Add(1))
	choice := r.directory.Choose(c, x)
	if len(choice.Hosts) == 0 {
		return "", nil
	}
	usable := func(h lattice.HostID) bool {
		return !slices.Contains(t.hosts, h) && (h != r.host || r.local != nil && r.local.Runs(c))
	}
	var best directory.Candidate
	var shunned lattice.HostID
	var bestLoad, shunnedLoad *load
	now := int64(time.Since(r.start))
	consider := func(h directory.Candidate) {
		l := r.load(h.Host)
		switch {
		case l.shun.Load() > now, r.silent(h.Host, l):
			if shunnedLoad == nil || l.shun.Load() < shunnedLoad.shun.Load() {
				shunned, shunnedLoad = h.Host, l
			}
		case bestLoad == nil || l.calls.Load()*int64(best.Instances) < bestLoad.calls.Load()*int64(h.Instances):
			best, bestLoad = h, l
		}
	}
	for _, h := range [2]directory.Candidate{choice.First, choice.Second} {
		if usable(h.Host) {
			consider(h)
		}
	}
	if bestLoad != nil {
		return best.Host, bestLoad
	}
	n := uint64(len(choice.Hosts))
	for k := range n {
		if h := choice.Hosts[(x+k)%n]; usable(h) {
			if consider(directory.Candidate{Host: h, Instances: 1}); bestLoad != nil {
				return best.Host, bestLoad
			}
		}
	}
	return shunned, shunnedLoad
}

// mix makes a number of many bits from a counter (SplitMix64).
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (r *Router) load(h lattice.HostID) *load {
	v, ok := r.hosts.Load(h)
	if !ok {
		if v, ok = r.hosts.LoadOrStore(h, new(load)); !ok && r.known.Add(1) > maxHosts {
			r.prune()
		}
	}
	l, _ := v.(*load)
	return l
}

// prune forgets the hosts of which nothing is known that matters, and the others
// too if there are none. Calls under way keep what they count in.
func (r *Router) prune() {
	left, now := int64(0), int64(time.Since(r.start))
	r.hosts.Range(func(h, v any) bool {
		if l, _ := v.(*load); l.calls.Load() == 0 && l.shun.Load() < now && l.silence.Load() == nil {
			r.hosts.Delete(h)
		} else {
			left++
		}
		return true
	})
	if left > maxHosts/2 {
		r.hosts.Clear()
		left = 0
	}
	r.known.Store(left)
}

// nowhere is the error of a call that no host has begun.
func (r *Router) nowhere(inv *lattice.Invocation, t *tries) error {
	e := &lattice.Error{Code: lattice.CodeUnavailable, Undelivered: true}
	switch n, known := r.assigned(inv.Target); {
	case len(t.errors) > 0:
		var b strings.Builder
		fmt.Fprintf(&b, "component %q: no host began the call: ", inv.Target)
		e.Code = lattice.CodeOf(t.errors[len(t.errors)-1])
		for i, err := range t.errors {
			if i > 0 {
				b.WriteString("; ")
			}
			said, _ := errors.AsType[*lattice.Error](err)
			fmt.Fprintf(&b, "host %s: %s", t.hosts[i].Short(), said.Message)
		}
		e.Message = b.String()
	case r.directory == nil || r.client != nil && !r.directory.Synced():
		e.Message = fmt.Sprintf("component %q: it does not run here, and the hosts of the lattice are not known yet", inv.Target)
	case !known:
		e.Code = lattice.CodeNotFound
		e.Message = fmt.Sprintf("component %q is not on the lattice: start it with wattle component start", inv.Target)
	case n == 0:
		e.Message = fmt.Sprintf("component %q is assigned to no host", inv.Target)
	default:
		e.Message = fmt.Sprintf("component %q: none of the %d hosts that it is assigned to is ready", inv.Target, n)
	}
	return e
}

func (r *Router) assigned(c lattice.ComponentID) (int, bool) {
	if r.directory == nil {
		return 0, false
	}
	return r.directory.Assigned(c)
}
