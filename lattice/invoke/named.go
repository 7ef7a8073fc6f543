package invoke

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// An invocation that names its host is carried out there or nowhere: the host has something
// that no other has.

// callNamed calls a function on the host that the invocation names.
func (r *Router) callNamed(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	here, err := r.named(inv)
	switch {
	case err != nil:
		return nil, err
	case here:
		return r.local.Call(ctx, inv, fn, args)
	}
	return r.client.Call(ctx, inv.Host, inv, fn, args)
}

// httpNamed has the host that the invocation names answer a request.
func (r *Router) httpNamed(w http.ResponseWriter, req *http.Request, inv *lattice.Invocation) error {
	here, err := r.named(inv)
	switch {
	case err != nil:
		return err
	case here:
		return r.local.HTTP(w, req, inv)
	}
	return r.client.HTTP(w, req, inv.Host, inv)
}

// named reports whether the host that an invocation names is this one, unless it is known
// that it would be asked in vain.
func (r *Router) named(inv *lattice.Invocation) (here bool, err error) {
	if r.local != nil && inv.Host == r.host && r.local.Runs(inv.Target) {
		return true, nil
	}
	known := r.directory != nil && r.directory.Synced()
	if inv.Host == r.host || r.client == nil || known && !slices.Contains(r.directory.Hosts(inv.Target), inv.Host) {
		return false, &lattice.Error{
			Code: lattice.CodeUnavailable, Undelivered: true,
			Message: fmt.Sprintf("component %q: host %s, which has to carry out the call, is not ready for it", inv.Target, inv.Host.Short()),
		}
	}
	return false, nil
}
