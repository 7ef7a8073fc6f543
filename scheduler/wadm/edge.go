package wadm

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Commander carries out commands: a *control.Client, or a *scheduler.Service in the
// same process.
type Commander interface {
	// Do carries out a command or a query and fills result, as control.Client.Do does.
	// It may be called at any time.
	Do(ctx context.Context, cmd control.Command, result any) error
}

// Options configures an Edge. The zero value is usable.
type Options struct {
	// Logger receives what the edge does. If nil, nothing is logged.
	Logger *slog.Logger
	// Fetch brings the component of an image in a registry into the lattice and returns
	// its digest, empty if the text names no such image. If nil, nothing is fetched: the
	// scheduler knows the digest of an image or does not.
	Fetch func(ctx context.Context, image string) (digest string, err error)
	// Interval is the time between two looks at the statuses. If zero, DefaultInterval.
	Interval time.Duration
	// NewID makes the IDs of events. If nil, they are random.
	NewID func() string
	// Now is the time of events. If nil, time.Now.
	Now func() time.Time
}

// DefaultInterval is the time between two looks at the statuses of applications.
const DefaultInterval = 2 * time.Second

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	opts.Interval = cmp.Or(opts.Interval, DefaultInterval)
	if opts.NewID == nil {
		opts.NewID = rand.Text
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return opts
}

// Bounds of what waits, of what is done at once, and of the work for one request.
const (
	maxRequests = 1024
	workers     = 4
	workTimeout = 30 * time.Second
)

// Edge answers for the applications of a lattice in the manner of wadm.
type Edge struct {
	name     lattice.Name
	lattice  lattice.Lattice
	commands Commander
	opts     Options
	log      *slog.Logger
	subject  string // what requests begin with
	ready    chan struct{}
	requests chan *lattice.Message
	// poke has the statuses looked at now.
	poke chan struct{}
}

// New returns an edge of a lattice. It does nothing until Run.
func New(l lattice.Lattice, name lattice.Name, commands Commander, options *Options) *Edge {
	opts := options.withDefaults()
	return &Edge{
		name: name, lattice: l, commands: commands, opts: opts, log: opts.Logger,
		subject: apiSubject(name), ready: make(chan struct{}),
		requests: make(chan *lattice.Message, maxRequests), poke: make(chan struct{}, 1),
	}
}

// apiSubject is what the subjects of the API begin with.
func apiSubject(name lattice.Name) string { return "wadm.api." + string(name) + "." }

// Ready is closed when requests are answered.
func (e *Edge) Ready() <-chan struct{} { return e.ready }

// Run answers until ctx ends. It may be called once.
func (e *Edge) Run(ctx context.Context) error {
	sub, err := e.lattice.Subscribe(e.subject+">", e.subject+"wattle", e.receive)
	if err != nil {
		return lattice.Ended(ctx, err)
	}
	if err := e.lattice.Flush(ctx); err != nil && ctx.Err() == nil {
		e.log.WarnContext(ctx, "requests are not known to be served yet", "error", err)
	}
	close(e.ready)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { e.work(ctx) })
	}
	wg.Go(func() { e.watch(ctx) })
	wg.Wait()
	if err := lattice.Leave(ctx, e.lattice, sub); err != nil {
		e.log.WarnContext(ctx, "subscription has not ended", "error", err)
	}
	return lattice.Ended(ctx, ctx.Err())
}

// receive takes a request. It does not block: a client whose request is too much asks
// again.
func (e *Edge) receive(m *lattice.Message) {
	if m.Reply == "" || wire.FromJetStream(m) {
		return
	}
	select {
	case e.requests <- m:
	default:
	}
}

// work answers requests, one after the other.
func (e *Edge) work(ctx context.Context) {
	for {
		select {
		case m := <-e.requests:
			bounded, cancel := context.WithTimeout(ctx, workTimeout)
			e.serve(bounded, m)
			cancel()
		case <-ctx.Done():
			return
		}
	}
}

// watch publishes statuses and events, as long as ctx lasts.
func (e *Edge) watch(ctx context.Context) {
	w := &watcher{edge: e}
	tick := time.NewTicker(e.opts.Interval)
	defer tick.Stop()
	for {
		bounded, cancel := context.WithTimeout(ctx, workTimeout)
		w.look(bounded)
		cancel()
		select {
		case <-tick.C:
		case <-e.poke:
		case <-ctx.Done():
			return
		}
	}
}

// changed has the statuses looked at soon.
func (e *Edge) changed() {
	select {
	case e.poke <- struct{}{}:
	default: // they will be anyway
	}
}
