package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/directory"
	"github.com/wattle-dev/wattle/lattice/invoke"
	"github.com/wattle-dev/wattle/lattice/microservice"
)

// services are how others on the lattice reach the daemon, and it them.
type services struct {
	handler   lattice.Handler
	directory *directory.Directory
	client    *invoke.Client
	router    lattice.Invoker
	cancel    context.CancelFunc
	running   sync.WaitGroup

	mu     sync.Mutex
	server *invoke.Server // nil until it listens
}

// local is what runs in this process.
type local struct {
	lattice.Invoker
	d *Daemon
}

// Runs implements invoke.Local. A component that is unhealthy is called here only by
// those who have not heard of it.
func (l local) Runs(c lattice.ComponentID) bool {
	run := (*l.d.targets.Load())[c]
	return run != nil && !run.sick.Load()
}

func (s *services) init(d *Daemon) (err error) {
	t := d.opts.Telemetry
	s.handler = t.Handler(handler{d})
	s.directory = directory.New(d.l, d.opts.Lattice, d.opts.Verifier, &directory.Options{Logger: d.log})
	if s.client, err = invoke.NewClient(d.l, d.opts.Lattice, &invoke.Options{Logger: d.log}); err != nil {
		return err
	}
	s.router = t.Invoker(invoke.NewRouter(s.client, s.directory, local{s.handler, d}, d.opts.ID))
	return nil
}

// start serves until close.
func (s *services) start(ctx context.Context, d *Daemon) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.running.Go(func() {
		if err := s.directory.Run(ctx); err != nil {
			d.log.ErrorContext(ctx, "hosts of components are not followed any more", "error", err)
		}
	})
	s.running.Go(func() { s.answerCalls(ctx, d) })
	s.running.Go(func() { s.answerQuestions(ctx, d) })
}

// drain waits until the last answers have been sent.
func (s *services) drain(ctx context.Context) error {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Drain(ctx)
}

// close ends what start began.
func (s *services) close() {
	s.cancel()
	s.running.Wait()
	s.client.Close()
}

// answerCalls takes calls from elsewhere until ctx ends.
func (s *services) answerCalls(ctx context.Context, d *Daemon) {
	var server *invoke.Server
	ok := retry(ctx, d, func() (err error) {
		server, err = invoke.NewServer(d.l, d.opts.Lattice, d.opts.ID, s.handler, &invoke.Options{Logger: d.log})
		return err
	})
	if !ok {
		return
	}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	<-ctx.Done()
	if err := server.Close(); err != nil && !errors.Is(err, lattice.ErrUnavailable) {
		d.log.WarnContext(ctx, "calls not ended in good order", "error", err)
	}
}

// answerQuestions answers requests about the host until ctx ends.
func (s *services) answerQuestions(ctx context.Context, d *Daemon) {
	var service *microservice.Service
	ok := retry(ctx, d, func() (err error) {
		service, err = microservice.Serve(d.l, d.service())
		return err
	})
	if !ok {
		return
	}
	<-ctx.Done()
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := service.Close(over); err != nil && !errors.Is(err, lattice.ErrUnavailable) {
		d.log.WarnContext(ctx, "requests about the host not ended in good order", "error", err)
	}
}

// retry calls f until it returns no error, and reports whether it came to that
// before ctx ended.
func retry(ctx context.Context, d *Daemon, f func() error) bool {
	for said := false; ; said = true {
		err := f()
		if err == nil {
			return true
		}
		if !said {
			d.log.WarnContext(ctx, "the host does not listen yet: calls, or requests about it, are not answered", "error", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(watchAgain):
		}
	}
}
