package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// running is a component that has been loaded and can be called.
type running struct {
	spec *lattice.ComponentSpec // as it was loaded
	// policy is the image policy that allows it. It is the runner's own.
	policy string
	comp   *component.Component
	done   func() // says that comp is closed
	target *host.Target
	// imports and exports are the interfaces of the component.
	imports []string
	exports []string
	since   time.Time
	took    time.Duration         // to load it
	calls   *atomic.Int64         // of all revisions
	prober  *host.Prober          // nil without a probe
	offer   atomic.Pointer[offer] // nil if it is not an MCP server
	// granted is what calls are given from now on. It is guarded by the daemon's lock.
	granted *granted
	closing sync.WaitGroup // of all that was granted
	// sick says that its probes are bad: it is not offered to callers.
	sick atomic.Bool
	// unwatch ends the probes, nil if there are none.
	unwatch func()
	// instances and queue are what the target has been told last. They are guarded by
	// the daemon's lock.
	instances, queue int
}

// call calls a function.
func (run *running) call(ctx context.Context, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	results, err := run.target.Call(ctx, inv, fn, args)
	if err == nil || !lattice.Undelivered(err) {
		run.calls.Add(1)
	}
	return results, err
}

// http has the component answer a request. It counts one that is cut off as well.
func (run *running) http(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) (err error) {
	defer func() {
		if err == nil || !lattice.Undelivered(err) {
			run.calls.Add(1)
		}
	}()
	if inv.Interface == lattice.MCPInterface {
		return run.mcp(w, r, inv)
	}
	return run.target.HTTP(w, r, inv)
}

// same reports whether the code that runs for one can serve the other. How many calls
// may run and wait can be changed while it does, and what it is granted, unless its
// instances begin as one that was given that; its number, its routes and its annotations
// are nothing to it. What it is linked to is part of the code as far as it says which
// interfaces there are, and which of them components serve.
func same(a, b *lattice.ComponentSpec) bool {
	x, y := a.Limits, b.Limits
	x.Queue, y.Queue, x.Connections, y.Connections = 0, 0, 0, 0
	return a.Digest == b.Digest && x == y && a.Preinit == b.Preinit && reflect.DeepEqual(a.Probe, b.Probe) &&
		slices.Equal(dynamic(a.Links), dynamic(b.Links)) && slices.Equal(served(a.Capabilities), served(b.Capabilities)) &&
		(!a.Preinit || sameGrant(a, b))
}

// load makes a component ready to be called.
func (d *Daemon) load(ctx context.Context, spec *lattice.ComponentSpec) (*running, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	policy := d.policy()
	if err := d.allowed(ctx, spec, policy); err != nil {
		leave()
		return nil, err
	}
	var imported []string
	comp, done, err := d.binaries.load(ctx, spec.Digest, spec.Ref, func(imports []string) (*component.Linker, error) {
		imported = imports
		return d.linker(spec, imports)
	})
	leave() // what follows may wait for others
	if err != nil {
		return nil, err
	}
	run := &running{
		spec: spec, policy: policy, comp: comp, imports: imported, done: done, target: host.NewTarget(comp, d.options(spec)), instances: spec.MaxInstances, queue: spec.Limits.Queue,
	}
	for _, name := range comp.Exports() {
		if len(name) <= wire.MaxText && len(run.exports) < wire.MaxInterfaces && printable(name, wire.MaxText) == name {
			run.exports = append(run.exports, name)
		}
	}
	if run.granted, err = d.open(ctx, spec, run.exports); err != nil {
		return nil, errors.Join(err, run.free(context.WithoutCancel(ctx)))
	}
	run.supply(d, run.granted)
	if spec.Preinit {
		if err := d.preinitialize(ctx, run); err != nil {
			return nil, errors.Join(fmt.Errorf("initialize: %w", err), run.free(context.WithoutCancel(ctx)))
		}
	}
	if spec.Probe == nil && !spec.Preinit {
		if err := run.target.Try(ctx); err != nil {
			return nil, errors.Join(err, run.free(context.WithoutCancel(ctx)))
		}
	}
	if spec.Probe != nil {
		if run.prober, err = host.NewProber(run.target, spec.Probe); err != nil {
			return nil, errors.Join(err, run.free(context.WithoutCancel(ctx)))
		}
	}
	run.offer.Store(d.newOffer(ctx, run, spec.MCP))
	run.since = time.Now()
	run.took = run.since.Sub(begun)
	return run, nil
}

// preinitialize has the instances of a component begin as one that has started.
func (d *Daemon) preinitialize(ctx context.Context, run *running) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return run.target.Preinitialize(ctx)
}

// enter waits until few enough components are loaded at the same time.
func (d *Daemon) enter(ctx context.Context) (leave func(), err error) {
	select {
	case d.slots <- struct{}{}:
		return func() { <-d.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// options returns how a component is run. What its instances are given follows.
func (d *Daemon) options(spec *lattice.ComponentSpec) *host.Options {
	l := &spec.Limits
	return &host.Options{
		Name: string(spec.ID), WASI: d.opts.WASI, MaxConcurrent: spec.MaxInstances, MaxQueue: l.Queue,
		Limits:  component.Limits{Memory: l.MemoryBytes, Tables: l.TableElements, HostCalls: l.HostCalls},
		Timeout: time.Duration(l.TimeoutMillis) * time.Millisecond, MaxRequest: l.RequestBytes, MaxResponse: l.ResponseBytes,
		Output: d.logs.line, OutputRate: int(l.LogBytesPerSecond), ShowErrors: d.opts.ShowErrors, Logger: d.log,
	}
}

// reapTime is added to a call's time, for it to end.
const reapTime = 5 * time.Second

// resize has the target take as many calls as a spec says, and reports whether that is
// another number. It is called with the daemon's lock.
func (run *running) resize(spec *lattice.ComponentSpec) bool {
	if run.instances == spec.MaxInstances && run.queue == spec.Limits.Queue {
		return false
	}
	run.instances, run.queue = spec.MaxInstances, spec.Limits.Queue
	run.target.Resize(run.instances, run.queue)
	return true
}

// close ends the probes, takes no calls any more and waits for those under way, for
// Options.DrainTimeout, calls gone, and waits for those that go on: they end by their
// own time. Then it frees what runs.
func (run *running) close(d *Daemon, gone func()) {
	if run.unwatch != nil {
		run.unwatch()
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.opts.DrainTimeout)
	d.mu.Lock()
	granted := run.granted
	d.mu.Unlock()
	run.offer.Load().unlist()
	granted.stop(ctx)
	err := run.shutdown(ctx)
	cancel()
	gone()
	if err != nil {
		d.log.Warn("calls go on after the time to drain", "component", run.spec.ID, "calls", run.target.Metrics().Running.Load())
		timeout := time.Duration(run.spec.Limits.TimeoutMillis) * time.Millisecond
		if timeout == 0 {
			timeout = host.DefaultTimeout
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout+reapTime)
		defer cancel()
		if err := run.shutdown(ctx); err != nil {
			d.log.Error("calls do not end: the component's code is not freed", "component", run.spec.ID, "error", err)
			return
		}
	}
	if err := run.free(context.Background()); err != nil {
		d.log.Error("component not freed", "component", run.spec.ID, "error", err)
	}
}

// free frees what runs, which nobody calls any more.
func (run *running) free(ctx context.Context) error {
	defer run.done()
	run.target.Supply(wasi.Options{}, nil)
	run.closing.Wait()
	return run.comp.Close(ctx)
}

// failures is how many calls went wrong in the guest.
func (run *running) failures() int64 {
	m := run.target.Metrics()
	return m.Failed.Load() + m.Aborted.Load()
}

// explain returns the text of a failure for a report.
func explain(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = printable(lines[i], wire.MaxReason)
	}
	return clip(strings.Join(lines, "\n"), wire.MaxReason)
}
