package scheduler

import (
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

// Options configures a Service. The zero value is usable.
type Options struct {
	// Logger receives what the service does. If nil, nothing is logged.
	Logger *slog.Logger
	// Replicas is on how many servers the buckets and streams are kept. If zero, it
	// stays as it is, and those that it makes are on one.
	Replicas int
	// ID tells this service from others of the lattice: letters, digits, hyphens and
	// underscores. If empty, it is random.
	ID string
	// Version is that of the program.
	Version string
	// LeadsEdge reports whether this process writes what the tools of wasmCloud read.
	// If nil, it does not.
	LeadsEdge func() bool
	// NewID makes the IDs of events. If nil, they are random.
	NewID func() string
}

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.ID == "" {
		opts.ID = rand.Text()
	}
	if opts.NewID == nil {
		opts.NewID = rand.Text
	}
	return opts
}

// Service decides what the hosts of a lattice run. Several may serve one lattice.
type Service struct {
	name     lattice.Name
	lattice  lattice.Lattice
	signer   lattice.Signer
	verifier lattice.Verifier
	opts     Options
	log      *slog.Logger
	buckets  wire.Buckets
	subjects wire.Subjects
	ready    chan struct{}
	calls    chan *call
	changes  chan changed
	status   atomic.Pointer[Status]

	// What follows belongs to the goroutine of Run.

	truth       *truth
	desired     *shelf
	assignments *shelf
	links       *shelf
	configs     *shelf
	artifacts   lattice.Objects
	hosts       map[lattice.HostID]*heard
	// dirty is what may have to be written.
	dirty *reach
	// damaged are keys of records that have to be written.
	damaged map[string]bool
	// revive are hosts that have ended as they were told.
	revive []lattice.HostID
	synced int
}

// call is a command under way.
type call struct {
	ctx  context.Context //nolint:containedctx // it is that of the caller who waits for done
	cmd  control.Command
	done func(result any, err error)
}

// changed is a change in a bucket.
type changed struct {
	bucket string
	entry  lattice.Entry
	live   bool
}

// maxCalls bounds the commands that wait.
const maxCalls = 256

// New returns a service for a lattice. It does nothing until Run.
func New(l lattice.Lattice, name lattice.Name, signer lattice.Signer, verifier lattice.Verifier, options *Options) *Service {
	opts := options.withDefaults()
	s := &Service{
		name:     name,
		lattice:  l,
		signer:   signer,
		verifier: verifier,
		opts:     opts,
		log:      opts.Logger,
		buckets:  wire.Buckets{Lattice: name},
		subjects: wire.Subjects{Lattice: name},
		ready:    make(chan struct{}),
		calls:    make(chan *call, maxCalls),
		changes:  make(chan changed, 1024),
		hosts:    map[lattice.HostID]*heard{},
		dirty:    newReach(),
		damaged:  map[string]bool{},
	}
	return s
}

// Ready is closed when commands are served.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// Run makes the buckets and streams of the lattice, mends what is not as it should
// be, and serves commands until ctx ends. It may be called once.
func (s *Service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)

	if err := s.insist(ctx, "prepare the lattice", s.prepare); err != nil {
		return lattice.Ended(ctx, err)
	}
	watched := []struct {
		name   string
		bucket lattice.Bucket
	}{
		{s.truth.name, s.truth.bucket},
		{s.desired.name, s.desired.bucket},
		{s.assignments.name, s.assignments.bucket},
		{s.links.name, s.links.bucket},
		{s.configs.name, s.configs.bucket},
	}
	hosts, err := s.lattice.Bucket(ctx, s.buckets.Hosts())
	if err != nil {
		return lattice.Ended(ctx, err)
	}
	watch := func(name string, b lattice.Bucket) {
		wg.Go(func() {
			if err := s.watch(ctx, name, b); err != nil {
				cancel(fmt.Errorf("watch bucket %q: %w", name, err))
			}
		})
	}
	for _, w := range watched {
		watch(w.name, w.bucket)
	}
	watch(s.buckets.Hosts(), hosts)
	for want := len(watched) + 1; s.synced < want; {
		select {
		case c := <-s.changes:
			s.observe(ctx, c)
		case <-ctx.Done():
			return lattice.Ended(ctx, ctx.Err())
		}
	}
	if err := s.insist(ctx, "mend the state", s.mendAll); err != nil {
		return lattice.Ended(ctx, err)
	}
	sub, err := s.lattice.Subscribe(s.subjects.Control(">"), "scheduler", s.receive)
	if err != nil {
		return lattice.Ended(ctx, err)
	}
	if err := s.lattice.Flush(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "commands are not known to be served yet", "error", err)
	}
	wg.Go(func() { s.keep(ctx) })
	s.note(nil)
	defer s.answer(context.WithoutCancel(ctx))()
	close(s.ready)
	s.log.InfoContext(ctx, "scheduler serves", "lattice", string(s.name), "index", s.truth.state.Stamp.Index)
	s.loop(ctx)
	if err := lattice.Leave(ctx, s.lattice, sub); err != nil {
		s.log.WarnContext(ctx, "subscription has not ended", "error", err)
	}
	for {
		select {
		case c := <-s.calls:
			c.done(nil, fmt.Errorf("%w: the scheduler ends", lattice.ErrUnavailable))
		default:
			return lattice.Ended(ctx, ctx.Err())
		}
	}
}

// insist does something again until it does not fail for want of a connection.
func (s *Service) insist(ctx context.Context, what string, f func(context.Context) error) error {
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, lattice.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, lattice.ErrConflict) {
			return fmt.Errorf("%s: %w", what, err)
		}
		s.log.WarnContext(ctx, "lattice is tried again", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Times for which things are kept.
const (
	reportTTL    = time.Hour
	eventsAge    = 24 * time.Hour
	eventsBytes  = 64 << 20
	eventsNumber = 100_000
)

// prepare makes buckets, the store of objects and the stream of events, and opens
// what the service writes to.
func (s *Service) prepare(ctx context.Context) error {
	made, objects, err := s.found(ctx)
	if err != nil {
		return err
	}
	s.artifacts = objects
	s.truth = &truth{
		name: s.buckets.Specs(), bucket: made[s.buckets.Specs()],
		signer: s.signer, verifier: s.verifier, log: s.log, state: NewState(),
	}
	stand := func(name string) *shelf { return &shelf{name: name, bucket: made[name], seen: map[string]seen{}} }
	s.desired = stand(s.buckets.Desired())
	s.assignments = stand(s.buckets.Components())
	s.links = stand(s.buckets.Links())
	s.configs = stand(s.buckets.Config())
	return nil
}

// found makes what the lattice lacks of its buckets, its store of objects and its
// stream of events.
func (s *Service) found(ctx context.Context) (map[string]lattice.Bucket, lattice.Objects, error) {
	made := map[string]lattice.Bucket{}
	for _, c := range []lattice.BucketConfig{
		{Name: s.buckets.Specs(), Description: "what operators asked for: the scheduler's own"},
		{Name: s.buckets.Desired(), Description: "what each host ought to run"},
		{Name: s.buckets.Components(), Description: "which hosts may be called for each component"},
		{Name: s.buckets.Links(), Description: "links between components and providers"},
		{Name: s.buckets.Config(), Description: "configurations"},
		{Name: s.buckets.Hosts(), Description: "what hosts report of themselves", TTL: reportTTL},
		{Name: s.buckets.Ready(), Description: "which hosts take calls for which components", TTL: reportTTL},
	} {
		c.Replicas = s.opts.Replicas
		b, err := s.lattice.CreateBucket(ctx, c)
		if err != nil {
			return nil, nil, fmt.Errorf("create bucket %q: %w", c.Name, err)
		}
		made[c.Name] = b
	}
	objects, err := s.lattice.Objects(ctx, s.buckets.Artifacts(), true)
	if err != nil {
		return nil, nil, fmt.Errorf("create object store %q: %w", s.buckets.Artifacts(), err)
	}
	err = s.lattice.CreateStream(ctx, lattice.StreamConfig{
		Name:        s.buckets.Events(),
		Description: "events of the lattice",
		Subjects:    []string{s.subjects.Events()},
		MaxAge:      eventsAge,
		MaxBytes:    eventsBytes,
		MaxMessages: eventsNumber,
		Replicas:    s.opts.Replicas,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("create stream %q: %w", s.buckets.Events(), err)
	}
	return made, objects, nil
}

// lookEvery is how often the service looks whether what it has made is there.
const lookEvery = 5 * time.Second

// keep makes anew what somebody has removed, until ctx ends. Watches find then that
// all is gone, and it is written anew.
func (s *Service) keep(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.lattice.Connected() {
			continue
		}
		lacking, err := s.lacking(ctx)
		if lacking {
			s.log.WarnContext(ctx, "buckets or streams are gone and are made anew", "lattice", string(s.name), "error", err)
			_, _, err = s.found(ctx)
		}
		if err != nil && ctx.Err() == nil && !failing {
			s.log.WarnContext(ctx, "what the lattice needs cannot be made: documents may not be written", "error", err)
		}
		failing = err != nil
	}
}

// lacking reports whether something is not there that found makes. It changes
// nothing: another service may have made it otherwise.
func (s *Service) lacking(ctx context.Context) (bool, error) {
	var err error
	for _, name := range []string{
		s.buckets.Specs(), s.buckets.Desired(), s.buckets.Components(), s.buckets.Links(), s.buckets.Config(), s.buckets.Hosts(), s.buckets.Ready(),
	} {
		if _, err = s.lattice.Bucket(ctx, name); err != nil {
			return errors.Is(err, lattice.ErrNotFound), err
		}
	}
	if _, err = s.lattice.Objects(ctx, s.buckets.Artifacts(), false); err == nil {
		err = s.lattice.Replay(ctx, s.buckets.Events(), s.subjects.Events(), time.Now(), func(*lattice.Message) error { return nil })
	}
	return errors.Is(err, lattice.ErrNotFound), err
}

// watch passes on the changes of a bucket.
func (s *Service) watch(ctx context.Context, name string, b lattice.Bucket) error {
	live := false
	return b.Watch(ctx, ">", func(e lattice.Entry) error {
		live = live || e.Synced
		select {
		case s.changes <- changed{name, e, live}:
			return nil
		case <-ctx.Done():
			return nil
		}
	})
}

// observe takes in a change.
func (s *Service) observe(ctx context.Context, c changed) {
	if c.entry.Synced {
		s.synced++
		return
	}
	key := c.entry.Key
	switch c.bucket {
	case s.buckets.Hosts():
		s.hear(ctx, c.entry, c.live)
	case s.truth.name:
		if c.live && s.truth.behind(c.entry) {
			s.damaged[logKey] = true // repair brings the state up to it
		}
		if c.live && s.truth.check(c.entry) {
			s.damaged[key] = true
			if key == logKey {
				// The bucket may have been made anew, and counts anew: what is there is
				// judged by its stamp.
				s.truth.revision = 0
			}
		}
	case s.desired.name:
		if s.news(ctx, s.desired, c.entry) {
			// A key that is no host's is dealt with like that of one which was told
			// nothing.
			s.dirty.hosts[lattice.HostID(key)] = true
		}
	case s.assignments.name:
		if s.news(ctx, s.assignments, c.entry) {
			s.dirty.components[lattice.ComponentID(key)] = true
		}
	case s.links.name:
		if s.news(ctx, s.links, c.entry) {
			s.dirty.links[key] = true
		}
	case s.configs.name:
		if s.news(ctx, s.configs, c.entry) {
			s.dirty.configs[lattice.ConfigName(key)] = true
		}
	}
}

// news takes in a change of a document, and reports whether it is one.
func (s *Service) news(ctx context.Context, at *shelf, e lattice.Entry) bool {
	news := at.observe(s.verifier, e)
	if now := at.seen[e.Key]; news && now.value == nil && !now.gone {
		s.log.WarnContext(ctx, "document is not the scheduler's and is replaced", "bucket", at.name, "key", e.Key)
	}
	return news
}

// opTimeout bounds the work for one command, or one round of repair.
const opTimeout = 10 * time.Second

// retryAfter is when what could not be written is tried again.
const retryAfter = time.Second

// loop serves until ctx ends.
func (s *Service) loop(ctx context.Context) {
	var retry <-chan time.Time
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case c := <-s.calls:
			s.serve(c)
		case c := <-s.changes:
			s.observe(ctx, c)
		case <-retry:
		}
		// What else is there by now is dealt with in the same round.
		for more := true; more; {
			select {
			case c := <-s.changes:
				s.observe(ctx, c)
			default:
				more = false
			}
		}
		retry = nil
		err := s.repair(ctx)
		s.note(err)
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "documents are not written yet", "error", err)
			retry = time.After(retryAfter)
		}
	}
}
