package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/hostgroup/machine"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Daemon is a host on a lattice. Run runs it.
type Daemon struct {
	l         lattice.Lattice
	opts      Options
	log       *slog.Logger
	subjects  wire.Subjects
	buckets   wire.Buckets
	engine    *component.Engine
	artifacts *artifacts
	binaries  *binaries
	ready     *readiness
	shelf     *shelf
	logs      *logs
	meter     *machine.Meter // used by the reporter
	slots     chan struct{}  // holds a token for each component that is loaded
	started   time.Time
	services  services
	report    chan struct{} // asks for a report
	ended     chan struct{} // is closed when an operator has the daemon stop
	work      sync.WaitGroup

	opened   sync.Map // name of a bucket to a lattice.Bucket
	measured atomic.Pointer[lattice.Load]
	reports  atomic.Uint64 // that were made

	// targets are the components that can be called. The map is never changed.
	targets atomic.Pointer[map[lattice.ComponentID]*running]
	beat    atomic.Pointer[time.Time] // of the last report that was taken

	mu       sync.Mutex
	desired  *lattice.Desired // nil until there is one
	leaving  bool             // Run ends
	stopped  bool             // nothing will run any more
	runners  map[lattice.ComponentID]*runner
	lastSeen observed
}

// observed is what events have been made of.
type observed struct {
	state  lattice.HostState
	labels map[string]string
}

// New returns a daemon. It does nothing until Run, which also frees what it
// holds.
func New(l lattice.Lattice, o Options) (*Daemon, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w: choose another, or have it be made", err)
	}
	engine, err := component.NewEngine(context.Background(), &o.Engine)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		l: l, opts: o, log: o.Logger.With("host", o.ID, "lattice", string(o.Lattice)), engine: engine,
		subjects: wire.Subjects{Lattice: o.Lattice}, buckets: wire.Buckets{Lattice: o.Lattice},
		meter: machine.NewMeter(), slots: make(chan struct{}, o.Parallel), started: time.Now(),
		report: make(chan struct{}, 1), ended: make(chan struct{}), runners: map[lattice.ComponentID]*runner{},
	}
	d.artifacts = &artifacts{
		dir: filepath.Join(o.DataDir, "artifacts"), limit: o.MaxArtifacts, files: o.AllowFileRefs, log: d.log,
		open: func(ctx context.Context) (lattice.Objects, error) {
			return l.Objects(ctx, d.buckets.Artifacts(), false)
		},
	}
	d.binaries = newBinaries(engine, d.artifacts.get)
	d.ready = newReadiness(d)
	d.shelf = newShelf(d)
	d.logs = newLogs(d)
	d.targets.Store(&map[lattice.ComponentID]*running{})
	if err := d.services.init(d); err != nil {
		return nil, errors.Join(err, engine.Close(context.Background()))
	}
	if err := o.Telemetry.ObserveHeartbeat(d.sinceBeat); err != nil {
		return nil, errors.Join(err, engine.Close(context.Background()))
	}
	if err := o.Telemetry.ObserveLimits(d.eachExceeded); err != nil {
		return nil, errors.Join(err, engine.Close(context.Background()))
	}
	return d, nil
}

// sinceBeat is how long ago the last report was taken.
func (d *Daemon) sinceBeat() time.Duration {
	if last := d.beat.Load(); last != nil {
		return time.Since(*last)
	}
	return time.Since(d.started)
}

// Router returns what carries out invocations: in process if the target runs here,
// and over the lattice otherwise. It can be used before Run and until Run returns.
func (d *Daemon) Router() lattice.Invoker { return d.services.router }

// Directory returns what Router goes by: which hosts can be called for what. Run
// keeps it up to date.
func (d *Daemon) Directory() *directory.Directory { return d.services.directory }

// Run runs the host until ctx ends, or an operator has it stop. Then it drains and
// says that it has stopped. The error tells what could not be ended in good order.
func (d *Daemon) Run(ctx context.Context) error {
	background, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(errEnded)
	d.log.InfoContext(ctx, "host started", "group", string(d.opts.Group), "isolation", d.opts.Machine.Isolation, "evidence", d.opts.Machine.Evidence)
	d.restore(background)
	if err := d.opts.Telemetry.ObserveHeartbeat(d.beatAge); err != nil {
		d.log.WarnContext(ctx, "heartbeats are not measured", "error", err)
	}
	d.services.start(background, d)
	d.event(lattice.EventHostStarted, "", d.Report())
	var watches sync.WaitGroup
	watches.Go(func() { d.watch(background) })
	watches.Go(func() { d.ready.run(background) })
	watches.Go(func() { d.ready.watch(background) })
	watches.Go(func() { d.shelf.run(background) })
	watches.Go(func() { d.keepLeases(background) })
	reports, cancelReports := context.WithCancel(background)
	var reporter sync.WaitGroup
	reporter.Go(func() { d.reportAll(reports) })

	select {
	case <-ctx.Done():
	case <-d.ended:
	}
	d.log.InfoContext(ctx, "host leaves the lattice")
	err := d.leave(background)
	cancelReports()
	reporter.Wait() // the last report is ours
	d.farewell(background)
	d.services.close()
	cancel(errEnded)
	watches.Wait()
	return err
}

// errEnded is why things end that last as long as the daemon.
var errEnded = errors.New("the host has stopped")

// changed has a report be made.
func (d *Daemon) changed() {
	select {
	case d.report <- struct{}{}:
	default:
	}
}
