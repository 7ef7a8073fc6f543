package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
)

// running is a component that has been loaded and can be called.
type running struct {
	spec    *lattice.ComponentSpec // as it was loaded
	comp    *component.Component
	done    func() // says that comp is closed
	target  *host.Target
	exports []string
	since   time.Time
	took    time.Duration // to load it
	calls   *atomic.Int64 // of all revisions
	prober  *host.Prober  // nil without a probe
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
	return run.target.HTTP(w, r, inv)
}

// same reports whether what runs for one can serve the other. How many calls may run
// and wait can be changed while it does; its number, its routes and its annotations
// are nothing to it.
func same(a, b *lattice.ComponentSpec) bool {
	x, y := a.Limits, b.Limits
	x.Queue, y.Queue = 0, 0
	return a.Digest == b.Digest && x == y && a.Preinit == b.Preinit && maps.Equal(a.Config, b.Config) &&
		reflect.DeepEqual(a.Links, b.Links) && reflect.DeepEqual(a.Probe, b.Probe)
}

// load makes a component ready to be called.
func (d *Daemon) load(ctx context.Context, spec *lattice.ComponentSpec) (*running, error) {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	begun := time.Now()
	comp, done, err := d.binaries.load(ctx, spec.Digest, spec.Ref, func(imports []string) (*component.Linker, error) {
		return d.linker(spec, imports)
	})
	if err != nil {
		suggestLinks(spec.ID, err)
		return nil, err
	}
	run := &running{
		spec: spec, comp: comp, done: done, target: host.NewTarget(comp, d.options(spec)), instances: spec.MaxInstances, queue: spec.Limits.Queue,
	}
	if spec.Preinit {
		if err := run.target.Preinitialize(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("initialize: %w", err), run.free(context.WithoutCancel(ctx)))
		}
	}
	if spec.Probe != nil {
		if run.prober, err = host.NewProber(run.target, spec.Probe); err != nil {
			return nil, errors.Join(err, run.free(context.WithoutCancel(ctx)))
		}
	}
	for _, name := range comp.Exports() {
		if len(name) <= wire.MaxText && len(run.exports) < wire.MaxInterfaces && printable(name, wire.MaxText) == name {
			run.exports = append(run.exports, name)
		}
	}
	run.since = time.Now()
	run.took = run.since.Sub(begun)
	return run, nil
}

// envPrefix begins the keys of configurations that become environment variables.
const envPrefix = "env."

// options returns how a component is run.
func (d *Daemon) options(spec *lattice.ComponentSpec) *host.Options {
	o := &host.Options{
		Name: string(spec.ID), WASI: d.opts.WASI, MaxConcurrent: spec.MaxInstances, MaxQueue: spec.Limits.Queue,
		Limits: component.Limits{Memory: spec.Limits.MemoryBytes}, Timeout: time.Duration(spec.Limits.TimeoutMillis) * time.Millisecond,
		Output: d.logs.line, ShowErrors: d.opts.ShowErrors, Logger: d.log,
	}
	o.WASI.CLI.Env = slices.Clone(o.WASI.CLI.Env)
	for _, key := range slices.Sorted(maps.Keys(spec.Config)) {
		// A variable with an equals sign in its name would be another one.
		if name, ok := strings.CutPrefix(key, envPrefix); ok && name != "" && !strings.ContainsAny(name, "=\x00") {
			o.WASI.CLI.Env = append(o.WASI.CLI.Env, name+"="+spec.Config[key])
		}
	}
	return o
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
	err := run.target.Shutdown(ctx)
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
		if err := run.target.Shutdown(ctx); err != nil {
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
