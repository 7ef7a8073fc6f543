package cli

import (
	"context"
	"crypto/rand"
	"sync/atomic"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/trust"
	"github.com/wattle-dev/wattle/scheduler"
	"github.com/wattle-dev/wattle/scheduler/wasmcloud"
)

// schedulerFlags are those of a scheduler.
type schedulerFlags struct {
	replicas  int
	wasmcloud bool
}

// serveScheduler starts a scheduler, and the edge for the tools of wasmCloud, and
// waits until they serve. It returns the scheduler's ID.
func (p *parts) serveScheduler(ctx context.Context, l lattice.Lattice, name lattice.Name, creds *trust.Creds, verifier lattice.Verifier, f schedulerFlags) (string, error) {
	defer p.slowly("the scheduler makes itself ready")()
	signer, err := trust.NewSigner(creds)
	if err != nil {
		return "", err
	}
	var edge atomic.Pointer[wasmcloud.Edge]
	o := &scheduler.Options{ID: rand.Text(), Version: version(), Replicas: f.replicas, Logger: p.log.logger()}
	o.LeadsEdge = func() bool { e := edge.Load(); return e != nil && e.Leads() }
	s := scheduler.New(l, name, signer, verifier, o)
	p.begin(ctx, "the scheduler", s.Run)
	if err := p.await(ctx, s.Ready()); err != nil || !f.wasmcloud {
		return o.ID, err
	}
	e := wasmcloud.New(l, name, verifier, s, &wasmcloud.Options{Logger: p.log.logger()})
	edge.Store(e)
	p.begin(ctx, "the interface of wasmCloud", e.Run)
	return o.ID, p.await(ctx, e.Ready())
}
