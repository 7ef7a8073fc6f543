package scheduler

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/raftlog"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
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
	// Lease is how long a host may be silent before what runs there is replaced. If
	// zero, three seconds.
	Lease time.Duration
	// BeginAnew has it decide although its log is empty and hosts were told something:
	// what runs in the lattice is stopped.
	BeginAnew bool
	// Allowed reports why the service must not manage the lattice, if it must not. It is
	// asked each time that its node begins to lead, and again while the answer is an
	// error. If nil, it may.
	Allowed func(context.Context) error
	// WhileLeading is called each time that the service begins to serve commands, and has
	// to return when its context ends. An error before has the lead begin again. If nil,
	// nothing is called.
	WhileLeading func(context.Context) error
	// Secrets opens the secrets of the lattice, which all its schedulers can. If nil, none
	// can be stored, and hosts are given none.
	Secrets *seal.Key
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

// Service decides what the hosts of a lattice run, while its node of the log leads.
type Service struct {
	name     lattice.Name
	lattice  lattice.Lattice
	signer   lattice.Signer
	verifier lattice.Verifier
	node     *raftlog.Node
	opts     Options
	log      *slog.Logger
	buckets  wire.Buckets
	subjects wire.Subjects
	ready    chan struct{}
	status   atomic.Pointer[acting]
	// beats counts the beats that were written.
	beats atomic.Uint64
	// stored are digests of binaries that were seen in the lattice.
	stored *known
	// again is why the lead was begun again, and said when that was last told.
	again string
	said  time.Time

	mu sync.Mutex
	// calls takes commands while the service leads, and is nil otherwise.
	calls chan *call
	led   bool // ready is closed
}

// call is a command under way.
type call struct {
	ctx  context.Context //nolint:containedctx // it is that of the caller who waits for done
	cmd  control.Command
	done func(result any, err error)
}

// maxCalls bounds the commands that wait.
const maxCalls = 256

// opTimeout bounds the work for one command.
const opTimeout = 10 * time.Second

// New returns a service for a lattice, with a node of the log that runs. It does nothing
// until Run.
func New(l lattice.Lattice, name lattice.Name, signer lattice.Signer, verifier lattice.Verifier, node *raftlog.Node, options *Options) *Service {
	opts := options.withDefaults()
	return &Service{
		name:     name,
		lattice:  l,
		signer:   signer,
		verifier: verifier,
		node:     node,
		opts:     opts,
		log:      opts.Logger,
		buckets:  wire.Buckets{Lattice: name},
		subjects: wire.Subjects{Lattice: name},
		ready:    make(chan struct{}),
		stored:   newKnown(),
	}
}

// Ready is closed when this service serves commands, follows one that leads, or finds that
// a scheduler with another log does.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// Run leads whenever the node of the log does, until ctx ends or the node does. It may be
// called once.
func (s *Service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.answer(context.WithoutCancel(ctx))()
	watch := s.node.Watch()
	defer watch.Close()
	for {
		leader := watch.Take().Leader
		if leader.Self {
			if err := s.reign(ctx, watch, leader.Term); err != nil {
				return lattice.Ended(ctx, err)
			}
			continue
		}
		if leader.ID != "" {
			s.follows(ctx, leader.ID)
		}
		select {
		case <-watch.C:
		case <-s.node.Done():
			return lattice.Ended(ctx, s.node.Err())
		case <-ctx.Done():
			return lattice.Ended(ctx, ctx.Err())
		}
	}
}

// follows notes that another service leads.
func (s *Service) follows(ctx context.Context, leader string) {
	if s.serves() {
		s.log.InfoContext(ctx, "scheduler follows", "lattice", string(s.name), "leader", leader)
	}
}

// serves closes Ready, and reports whether it was not closed before.
func (s *Service) serves() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.led {
		return false
	}
	s.led = true
	close(s.ready)
	return true
}

// reign leads for as long as the node does in a term. Whatever goes wrong meanwhile, it
// begins again; an error is one of ctx or of the node.
func (s *Service) reign(ctx context.Context, watch *raftlog.Watch, term uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { ended <- s.lead(ctx, term) })
	for {
		select {
		case <-watch.C:
			if l := watch.Take().Leader; !l.Self || l.Term != term {
				return nil
			}
		case <-s.node.Done():
			return s.node.Err()
		case err := <-ended:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				s.begunAgain(ctx, err)
			}
			select {
			case <-time.After(retryAfter):
			case <-ctx.Done():
				return ctx.Err()
			}
			return nil
		}
	}
}

// sayAgain is after how long it is told again that the lead was begun again for the same
// reason: with a full disk that is once in a second.
const sayAgain = time.Minute

// begunAgain tells why the lead is begun again.
func (s *Service) begunAgain(ctx context.Context, err error) {
	if why := s.node.Status().Err; why != "" {
		err = fmt.Errorf("%w: %s", err, why)
	}
	if now := time.Now(); err.Error() != s.again || now.Sub(s.said) >= sayAgain {
		s.again, s.said = err.Error(), now
		s.log.WarnContext(ctx, "the lead is begun again", "error", err)
	}
}

// retryAfter is when what could not be done is tried again.
const retryAfter = time.Second

// errNotLeading is the answer to a command that reaches a service when it does not lead
// any more.
func (s *Service) notLeading() error {
	return &lattice.Error{Code: lattice.CodeUnavailable, Message: fmt.Sprintf("this scheduler does not lead lattice %q: send it again", s.name), Undelivered: true}
}

// open has commands be taken.
func (s *Service) open() chan *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = make(chan *call, maxCalls)
	return s.calls
}

// shut has no further commands be taken, and answers those that wait.
func (s *Service) shut() {
	s.mu.Lock()
	calls := s.calls
	s.calls = nil
	s.mu.Unlock()
	for {
		select {
		case c := <-calls:
			c.done(nil, s.notLeading())
		default:
			return
		}
	}
}

// enqueue has a command wait for its turn. It does not block.
func (s *Service) enqueue(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		return s.notLeading()
	}
	select {
	case s.calls <- c:
		return nil
	default:
		return fmt.Errorf("%w: %d commands wait: try again", lattice.ErrExhausted, maxCalls)
	}
}

// receive takes a command from its subject. It does not block.
func (s *Service) receive(m *lattice.Message) {
	if m.Reply == "" {
		return
	}
	answer := func(result any, err error) {
		if err := s.lattice.Publish(&lattice.Message{Subject: m.Reply, Data: control.EncodeReply(result, err)}); err != nil {
			s.log.Warn("answer to a command is lost", "subject", m.Reply, "error", err)
		}
	}
	if wire.FromJetStream(m) {
		s.log.Warn("command was not sent by an operator", "subject", m.Subject)
		return
	}
	cmd, err := control.Decode(strings.TrimPrefix(m.Subject, s.subjects.Control("")), m.Data)
	if err != nil {
		answer(nil, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	c := &call{ctx: ctx, cmd: cmd, done: func(result any, err error) { cancel(); answer(result, err) }}
	if err := s.enqueue(c); err != nil {
		c.done(nil, err)
	}
}

// Do carries out a command, as if it had come from the lattice: it fills result as
// control.Client.Do does. It may be called while Run runs. If another service leads, that
// one is asked.
func (s *Service) Do(ctx context.Context, cmd control.Command, result any) error {
	if err := cmd.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	type outcome struct {
		result any
		err    error
	}
	out := make(chan outcome, 1)
	err := s.enqueue(&call{ctx: ctx, cmd: cmd, done: func(result any, err error) { out <- outcome{result, err} }})
	if err == nil {
		select {
		case o := <-out:
			if err = o.err; err == nil {
				return control.DecodeReply(control.EncodeReply(o.result, nil), result)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if errors.Is(err, lattice.ErrUnavailable) && lattice.Undelivered(err) {
		client := control.Client{Messenger: s.lattice, Lattice: s.name}
		return client.Do(ctx, cmd, result)
	}
	return err
}

// reconcileOptions are the times that the leader goes by.
func (o *Options) reconcileOptions() reconcile.Options {
	return reconcile.Options{Lease: o.Lease.Milliseconds()}
}
