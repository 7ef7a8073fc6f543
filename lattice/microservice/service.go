package microservice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Defaults of Options.
const (
	DefaultMaxConcurrent = 16
	DefaultMaxWaiting    = 64
	DefaultTimeout       = 5 * time.Second
)

// Options configure a Service.
type Options struct {
	// Name is what all instances of the service are called: letters, digits,
	// hyphens and underscores.
	Name string
	// ID tells this instance from the others. It is a token of subjects.
	ID string
	// Version is a semantic version. If it is none, as that of a build from a work
	// tree, NoVersion stands in for it.
	Version     string
	Description string
	Metadata    map[string]string
	Endpoints   []Endpoint
	// MaxConcurrent is how many handlers run at once. If zero,
	// DefaultMaxConcurrent.
	MaxConcurrent int
	// MaxWaiting is how many requests wait for that. If zero, DefaultMaxWaiting.
	MaxWaiting int
	// Timeout bounds a handler, the wait included. If zero, DefaultTimeout.
	Timeout time.Duration
	// Logger receives what goes wrong. If nil, nothing is logged.
	Logger *slog.Logger
}

// NoVersion is the version of a service that has none.
const NoVersion = "0.0.0"

// Endpoint is something that a service can be asked.
type Endpoint struct {
	Name    string
	Subject string
	// Queue is the group of subscribers of which one gets a request. It is empty
	// for an endpoint that one instance has for itself.
	Queue    string
	Metadata map[string]string
	// Handle answers a request with a value of which the JSON is sent, or an error.
	// It is called by many goroutines at once. ctx has a deadline.
	Handle func(ctx context.Context, m *lattice.Message) (any, error)
}

var (
	validName    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	validVersion = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
)

func (o Options) withDefaults() (Options, error) {
	for _, s := range []string{o.Name, o.ID} {
		if !validName.MatchString(s) {
			return o, fmt.Errorf("service name or ID %.80q: %w: only letters, digits, hyphens and underscores may be in it", s, lattice.ErrInvalid)
		}
	}
	for _, e := range o.Endpoints {
		if !validName.MatchString(e.Name) {
			return o, fmt.Errorf("endpoint %.80q: %w: only letters, digits, hyphens and underscores may be in it", e.Name, lattice.ErrInvalid)
		}
	}
	if !validVersion.MatchString(o.Version) {
		o.Version = NoVersion
	}
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = DefaultMaxConcurrent
	}
	if o.MaxWaiting == 0 {
		o.MaxWaiting = DefaultMaxWaiting
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Service is a service that can be asked. Close ends it.
type Service struct {
	messenger lattice.Messenger
	opts      Options
	started   time.Time
	endpoints []*endpoint
	slots     chan struct{}   // holds a token for each handler that runs
	ctx       context.Context //nolint:containedctx // it is the end of the service
	cancel    context.CancelCauseFunc
	handlers  sync.WaitGroup

	mu     sync.Mutex
	subs   []lattice.Subscription
	inside int // handlers that run or wait
	closed bool
}

// Serve makes a service answer on m.
func Serve(m lattice.Messenger, o Options) (*Service, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Service{messenger: m, opts: o, started: time.Now().UTC(), slots: make(chan struct{}, o.MaxConcurrent)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	for _, e := range o.Endpoints {
		s.endpoints = append(s.endpoints, &endpoint{Endpoint: e})
	}
	if err := s.subscribe(); err != nil {
		return nil, errors.Join(err, s.Close(s.ctx))
	}
	return s, nil
}

func (s *Service) subscribe() error {
	for _, v := range verbs {
		for _, subject := range []string{v.subject, v.subject + "." + s.opts.Name, v.subject + "." + s.opts.Name + "." + s.opts.ID} {
			if err := s.listen(subject, "", func(m *lattice.Message) { s.send(m, v.answer(s), nil) }); err != nil {
				return err
			}
		}
	}
	for _, e := range s.endpoints {
		if err := s.listen(e.Subject, e.Queue, func(m *lattice.Message) { s.begin(e, m) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) listen(subject, queue string, f func(*lattice.Message)) error {
	sub, err := s.messenger.Subscribe(subject, queue, func(m *lattice.Message) {
		if wire.FromJetStream(m) {
			s.opts.Logger.Debug("request ignored: nobody has published it", "subject", m.Subject)
			return
		}
		f(m)
	})
	if err != nil {
		return fmt.Errorf("service %q: subject %q: %w", s.opts.Name, subject, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs = append(s.subs, sub)
	return nil
}

// errClosed is why handlers end before they have an answer.
var errClosed = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the service is closed"}

// Close takes no requests any more and waits for the handlers until ctx ends, when
// they are told to end. A second Close does nothing.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	subs := s.subs
	s.subs, s.closed = nil, true
	s.mu.Unlock()
	var errs []error
	for _, sub := range subs {
		errs = append(errs, sub.Unsubscribe())
	}
	defer context.AfterFunc(ctx, func() { s.cancel(errClosed) })()
	s.handlers.Wait()
	s.cancel(errClosed)
	return errors.Join(errs...)
}
