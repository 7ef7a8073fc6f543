package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// handler carries out invocations in process.
type handler struct{ d *Daemon }

var _ lattice.Handler = handler{}

// target returns what runs of a component.
func (h handler) target(id lattice.ComponentID) (*running, error) {
	if run := (*h.d.targets.Load())[id]; run != nil {
		return run, nil
	}
	return nil, &lattice.Error{Code: lattice.CodeUnavailable, Message: fmt.Sprintf("component %q does not run here", id), Undelivered: true}
}

// replaced returns what has taken the place of a component that refused an
// invocation, or nil.
func (h handler) replaced(id lattice.ComponentID, run *running, err error) *running {
	if err == nil || !lattice.Undelivered(err) || !errors.Is(err, lattice.ErrUnavailable) {
		return nil
	}
	if next := (*h.d.targets.Load())[id]; next != run {
		return next
	}
	return nil
}

// Call implements lattice.Invoker.
func (h handler) Call(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	run, err := h.target(inv.Target)
	if err != nil {
		return nil, err
	}
	results, err := run.call(ctx, inv, fn, args)
	if next := h.replaced(inv.Target, run, err); next != nil {
		return next.call(ctx, inv, fn, args)
	}
	return results, err
}

// HTTP implements lattice.Invoker.
func (h handler) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	run, err := h.target(inv.Target)
	if err != nil {
		return err
	}
	err = run.http(w, r, inv)
	if next := h.replaced(inv.Target, run, err); next != nil {
		return next.http(w, r, inv)
	}
	return err
}

// Func implements lattice.Handler.
func (h handler) Func(inv *lattice.Invocation) (*wit.Func, error) {
	run, err := h.target(inv.Target)
	if err != nil {
		return nil, err
	}
	return run.target.Func(inv)
}
