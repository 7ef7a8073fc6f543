package wasmcloud

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// Commander carries out commands: a *control.Client, or a *scheduler.Service in the
// same process.
type Commander interface {
	// Do carries out a command and fills result, as control.Client.Do does. It may be
	// called at any time.
	Do(ctx context.Context, cmd control.Command, result any) error
}

// Options configures an Edge. The zero value is usable.
type Options struct {
	// Logger receives what the edge does. If nil, nothing is logged.
	Logger *slog.Logger
	// Prefix begins the subjects of requests. If empty, DefaultPrefix.
	Prefix string
	// AllowFileRefs lets a request name a file of this machine, by a file:// URL: it
	// is read with the rights of this process and put into the lattice.
	AllowFileRefs bool
	// Fetch brings the component of an image in a registry into the lattice and returns
	// its digest, empty if the text names no such image. If nil, nothing is fetched.
	Fetch func(ctx context.Context, image string) (digest string, err error)
	// Heartbeat is the time between the heartbeats of hosts, as wasmCloud has them.
	// If zero, DefaultHeartbeat.
	Heartbeat time.Duration
	// NewID makes the IDs of events. If nil, they are random.
	NewID func() string
}

// Defaults of Options.
const (
	DefaultPrefix    = "wasmbus.ctl"
	DefaultHeartbeat = 30 * time.Second
)

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	opts.Prefix = cmp.Or(opts.Prefix, DefaultPrefix)
	opts.Heartbeat = cmp.Or(opts.Heartbeat, DefaultHeartbeat)
	if opts.NewID == nil {
		opts.NewID = rand.Text
	}
	return opts
}

// Edge answers for the hosts of a lattice in the manner of wasmCloud.
type Edge struct {
	name     lattice.Name
	lattice  lattice.Lattice
	verifier lattice.Verifier
	commands Commander
	opts     Options
	log      *slog.Logger
	buckets  wire.Buckets
	subject  string // what requests begin with
	ready    chan struct{}

	requests chan *lattice.Message
	changes  chan changed
	// work is done by one goroutine, one after the other.
	work chan func(context.Context)
	// leads says that this edge holds the lease.
	leads atomic.Bool
	// posts are what work has for the loop.
	posts chan func()

	// What follows belongs to the loop.

	hosts      map[lattice.HostID]*hostView
	components map[lattice.ComponentID]*lattice.Assignment
	links      map[string]*lattice.Link
	configs    map[lattice.ConfigName]lattice.Config
	// unwatched is how many watches have not given all that there was.
	unwatched int
	// stale says that the mirror may not be what it should be, and unwritten that
	// it could not be written.
	stale, unwritten bool

	mirror *mirror
}

// changed is a change in a bucket.
type changed struct {
	bucket string
	entry  lattice.Entry
}

// Bounds of what waits, and of the work for one request.
const (
	maxRequests = 1024
	maxWork     = 1024
	workTimeout = 15 * time.Second
)

// New returns an edge of a lattice. It does nothing until Run.
func New(l lattice.Lattice, name lattice.Name, verifier lattice.Verifier, commands Commander, options *Options) *Edge {
	opts := options.withDefaults()
	return &Edge{
		name:       name,
		lattice:    l,
		verifier:   verifier,
		commands:   commands,
		opts:       opts,
		log:        opts.Logger,
		buckets:    wire.Buckets{Lattice: name},
		subject:    opts.Prefix + ".v1." + string(name) + ".",
		ready:      make(chan struct{}),
		requests:   make(chan *lattice.Message, maxRequests),
		changes:    make(chan changed, 256),
		work:       make(chan func(context.Context), maxWork),
		posts:      make(chan func(), 256),
		hosts:      map[lattice.HostID]*hostView{},
		components: map[lattice.ComponentID]*lattice.Assignment{},
		links:      map[string]*lattice.Link{},
		configs:    map[lattice.ConfigName]lattice.Config{},
	}
}

// Ready is closed when requests are answered.
func (e *Edge) Ready() <-chan struct{} { return e.ready }

// Leads reports whether this edge writes the mirror, of all edges of the lattice.
func (e *Edge) Leads() bool { return e.leads.Load() }

// Run answers until ctx ends. The scheduler must have made the buckets of the
// lattice: until then Run waits. It may be called once.
func (e *Edge) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)

	names := []string{e.buckets.Hosts(), e.buckets.Components(), e.buckets.Links(), e.buckets.Config()}
	e.unwatched = len(names)
	for _, name := range names {
		bucket, err := e.open(ctx, name)
		if err != nil {
			return lattice.Ended(ctx, err)
		}
		wg.Go(func() {
			if err := e.watch(ctx, name, bucket); err != nil {
				cancel(fmt.Errorf("watch bucket %q: %w", name, err))
			}
		})
	}
	for e.unwatched > 0 {
		select {
		case c := <-e.changes:
			e.observe(ctx, c, false)
		case <-ctx.Done():
			return lattice.Ended(ctx, ctx.Err())
		}
	}
	m, err := newMirror(ctx, e)
	if err != nil {
		return lattice.Ended(ctx, err)
	}
	e.mirror = m
	wg.Go(func() { e.workOff(ctx) })

	sub, err := e.lattice.Subscribe(e.subject+">", e.subject+"edge", e.receive)
	if err != nil {
		return lattice.Ended(ctx, err)
	}
	if err := e.lattice.Flush(ctx); err != nil && ctx.Err() == nil {
		e.log.WarnContext(ctx, "requests are not known to be served yet", "error", err)
	}
	close(e.ready)
	e.loop(ctx)
	if err := lattice.Leave(ctx, e.lattice, sub); err != nil {
		e.log.WarnContext(ctx, "subscription has not ended", "error", err)
	}
	return lattice.Ended(ctx, ctx.Err())
}

// open waits for a bucket.
func (e *Edge) open(ctx context.Context, name string) (lattice.Bucket, error) {
	for {
		bucket, err := e.lattice.Bucket(ctx, name)
		if err == nil || ctx.Err() != nil || !errors.Is(err, lattice.ErrNotFound) && !errors.Is(err, lattice.ErrUnavailable) {
			return bucket, err
		}
		e.log.InfoContext(ctx, "waiting for the scheduler to make a bucket", "bucket", name)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// watch passes on the changes of a bucket.
func (e *Edge) watch(ctx context.Context, name string, b lattice.Bucket) error {
	return b.Watch(ctx, ">", func(entry lattice.Entry) error {
		select {
		case e.changes <- changed{name, entry}:
		case <-ctx.Done():
		}
		return nil
	})
}

// receive takes a request. It does not block: a client whose request is too much
// asks again.
func (e *Edge) receive(m *lattice.Message) {
	if m.Reply == "" || wire.FromJetStream(m) {
		return
	}
	select {
	case e.requests <- m:
	default:
	}
}

// loop serves until ctx ends.
func (e *Edge) loop(ctx context.Context) {
	beat := time.NewTicker(e.opts.Heartbeat)
	defer beat.Stop()
	lease := time.NewTicker(renewEvery)
	defer lease.Stop()
	e.enqueue(ctx, e.mirror.renew)
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-e.requests:
			e.serve(ctx, m)
		case c := <-e.changes:
			e.observe(ctx, c, true)
		case f := <-e.posts:
			f()
		case <-beat.C:
			e.heartbeats(ctx, time.Now())
		case <-lease.C:
			e.stale, e.unwritten = e.stale || e.unwritten, false
			e.enqueue(ctx, e.mirror.renew)
		}
		if e.stale && e.leads.Load() {
			e.stale = !e.enqueue(ctx, e.mirror.write(e.wanted()))
		}
	}
}

// enqueue gives the worker something to do, and reports whether there was room.
func (e *Edge) enqueue(ctx context.Context, f func(context.Context)) bool {
	select {
	case e.work <- f:
		return true
	default:
		e.log.WarnContext(ctx, "too much waits to be done")
		return false
	}
}

// post has the loop do something.
func (e *Edge) post(ctx context.Context, f func()) {
	select {
	case e.posts <- f:
	case <-ctx.Done():
	}
}

// workOff does what is to be done, in its order.
func (e *Edge) workOff(ctx context.Context) {
	for {
		select {
		case f := <-e.work:
			bounded, cancel := context.WithTimeout(ctx, workTimeout)
			f(bounded)
			cancel()
		case <-ctx.Done():
			return
		}
	}
}
