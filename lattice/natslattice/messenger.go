package natslattice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/wattle-dev/wattle/lattice"
)

// subscribeTimeout bounds the wait for the server's word on a subscription.
const subscribeTimeout = 2 * time.Second

// Publish implements lattice.Messenger.
func (l *Lattice) Publish(m *lattice.Message) error {
	err := checkSubject(m.Subject)
	if err == nil && m.Reply != "" {
		err = checkSubject(m.Reply)
	}
	switch {
	case err != nil:
		return fmt.Errorf("publish %.80q: %w", m.Subject, err)
	case len(m.Header) == 0 && m.Reply == "":
		err = l.nc.Publish(m.Subject, m.Data)
	case len(m.Header) == 0:
		err = l.nc.PublishRequest(m.Subject, m.Reply, m.Data)
	default:
		err = l.nc.PublishMsg(&nats.Msg{Subject: m.Subject, Reply: m.Reply, Header: nats.Header(m.Header), Data: m.Data})
	}
	if err != nil {
		return l.publishError(m.Subject, len(m.Data), err)
	}
	return nil
}

// Request implements lattice.Messenger.
func (l *Lattice) Request(ctx context.Context, m *lattice.Message) (*lattice.Message, error) {
	if err := checkSubject(m.Subject); err != nil {
		return nil, fmt.Errorf("request %.80q: %w", m.Subject, err)
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	answer, err := l.request(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	switch {
	case err == nil:
		return message(answer), nil
	case errors.Is(err, nats.ErrNoResponders):
		return nil, &lattice.Error{
			Code:        lattice.CodeUnavailable,
			Message:     fmt.Sprintf("request %q: nobody subscribes to it", m.Subject),
			Undelivered: true,
		}
	}
	return nil, fmt.Errorf("request %q: %w", m.Subject, err)
}

// request sends a message and waits for one answer, the violation of a permission
// or the end of ctx, which must have a deadline. An error of nats.go that is not
// one of ours is ErrNoResponders.
func (l *Lattice) request(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	id := l.calls.begin(m.Subject, cancel)
	defer l.calls.end(id)
	answer, err := l.nc.RequestMsgWithContext(ctx, m)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, nats.ErrNoResponders):
		return nil, nats.ErrNoResponders
	case ctx.Err() != nil:
		err = context.Cause(ctx)
		if !l.Connected() && !errors.Is(err, lattice.ErrDenied) {
			err = fmt.Errorf("%w: the connection to NATS is lost", err)
		}
		return nil, err
	}
	return nil, l.sendError(len(m.Data), err)
}

// publishError is the error of a message that was not sent.
func (l *Lattice) publishError(subject string, size int, err error) error {
	return fmt.Errorf("publish %q: %w", subject, l.sendError(size, err))
}

func (l *Lattice) sendError(size int, err error) error {
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %d bytes and a header, the server takes %d at most", lattice.ErrExhausted, size, l.nc.MaxPayload())
	case errors.Is(err, nats.ErrReconnectBufExceeded):
		return fmt.Errorf("%w: the connection to NATS is lost, and the buffer for messages is full", lattice.ErrUnavailable)
	case errors.Is(err, nats.ErrConnectionClosed) && l.closed():
		return errClosed
	}
	return fmt.Errorf("%w: %v", lattice.ErrUnavailable, err)
}

var errClosed = fmt.Errorf("%w: the lattice is closed", lattice.ErrUnavailable)

// message returns a message of nats.go as one of ours, sharing all of it.
func message(m *nats.Msg) *lattice.Message {
	return &lattice.Message{Subject: m.Subject, Reply: m.Reply, Header: lattice.Header(m.Header), Data: m.Data}
}

// subscription implements lattice.Subscription.
type subscription struct {
	sub  *nats.Subscription
	done chan struct{}
}

// Done implements lattice.Subscription.
func (s subscription) Done() <-chan struct{} { return s.done }

// Unsubscribe implements lattice.Subscription.
func (s subscription) Unsubscribe() error {
	err := s.sub.Drain()
	switch {
	case err == nil, errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrBadSubscription):
		return nil
	}
	return fmt.Errorf("unsubscribe %q: %w: %v", s.sub.Subject, lattice.ErrUnavailable, err)
}

// Subscribe implements lattice.Messenger. f must not call Close.
func (l *Lattice) Subscribe(subject, queue string, f func(*lattice.Message)) (lattice.Subscription, error) {
	if err := checkSubscription(subject, queue); err != nil {
		return nil, fmt.Errorf("subscribe %.80q: %w", subject, err)
	}
	done := make(chan struct{})
	sub, err := l.subscribe(subject, queue, func(m *nats.Msg) { f(message(m)) }, func() { close(done) })
	if err != nil {
		return nil, fmt.Errorf("subscribe %q: %w", subject, err)
	}
	return subscription{sub, done}, nil
}

// subscribe waits for the server's word on the subscription while there is a
// connection. done is called when f is not called any more.
func (l *Lattice) subscribe(subject, queue string, f nats.MsgHandler, done func()) (*nats.Subscription, error) {
	// Close waits for the goroutines of subscriptions: from this lock on there is
	// one more, or none any more.
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return nil, errClosed
	}
	l.running.Add(1)
	l.mu.Unlock()
	ended := sync.OnceFunc(func() {
		l.running.Done()
		done()
	})
	_ = l.calls.take(subject, queue) // that of an earlier subscription
	sub, err := l.nc.QueueSubscribe(subject, queue, f)
	if err != nil {
		ended()
		return nil, l.sendError(0, err)
	}
	sub.SetClosedHandler(func(string) { ended() })
	if !sub.IsValid() {
		ended() // Close came before the handler was set
	}
	if !l.Connected() {
		return sub, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), subscribeTimeout)
	defer cancel()
	if err := l.nc.FlushWithContext(ctx); err != nil {
		return sub, nil // the connection was lost meanwhile: it subscribes when it comes back
	}
	if last := l.nc.LastError(); errors.Is(last, nats.ErrPermissionViolation) {
		l.calls.await(ctx, last)
	}
	if err := l.calls.take(subject, queue); err != nil {
		_ = sub.Unsubscribe()
		return nil, err
	}
	return sub, nil
}

// Flush implements lattice.Messenger.
func (l *Lattice) Flush(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	err := l.nc.FlushWithContext(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("flush: %w", context.Cause(ctx))
	case l.closed():
		return fmt.Errorf("flush: %w", errClosed)
	}
	return fmt.Errorf("flush: %w: %v", lattice.ErrUnavailable, err)
}

// MaxPayload implements lattice.Messenger.
func (l *Lattice) MaxPayload() int { return int(l.maxPayload.Load()) }

// User implements lattice.Messenger.
func (l *Lattice) User() string { return l.user }

// NewInbox implements lattice.Messenger.
func (l *Lattice) NewInbox() string { return l.inboxes + "." + rand.Text() }

// Connected implements lattice.Messenger.
func (l *Lattice) Connected() bool { return l.connected.Load() }

// withTimeout gives a context without a deadline one.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, lattice.DefaultTimeout)
}
