package memlattice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Member is a connection to a Network.
type Member struct {
	network *Network
	user    string
	number  uint64

	// These are guarded by the network's mutex.

	connected     bool
	closed        bool
	published     uint64
	inboxes       uint64
	subscribed    uint64
	subscriptions []*subscription
	buffer        []*lattice.Message // waits for the connection
	waiting       int                // bytes in buffer
}

var _ lattice.Lattice = (*Member)(nil)

// errClosed is the error of everything after Close.
var errClosed = fmt.Errorf("%w: the member is closed", lattice.ErrUnavailable)

// Publish implements lattice.Messenger.
func (m *Member) Publish(msg *lattice.Message) error {
	if err := m.publish(msg); err != nil {
		return fmt.Errorf("publish to %q: %w", msg.Subject, err)
	}
	return nil
}

func (m *Member) publish(msg *lattice.Message) error {
	if err := checkSubject("subject", msg.Subject, false); err != nil {
		return err
	}
	if msg.Reply != "" {
		if err := checkSubject("reply", msg.Reply, false); err != nil {
			return err
		}
	}
	size := messageSize(msg)
	n := m.network
	if size > n.options.MaxPayload {
		return fmt.Errorf("%w: %d bytes, the limit is %d", lattice.ErrExhausted, size, n.options.MaxPayload)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case m.closed:
		return errClosed
	case !m.connected:
		// Many small messages are not small.
		size += len(msg.Subject) + 64
		if m.waiting+size > n.options.MaxBuffer {
			return fmt.Errorf("%w: %d bytes wait for the connection", lattice.ErrUnavailable, m.waiting)
		}
		m.buffer = append(m.buffer, clone(msg))
		m.waiting += size
	default:
		n.route(m, msg)
	}
	return nil
}

// resend publishes what waited for the connection.
func (m *Member) resend() {
	for _, msg := range m.buffer {
		m.network.route(m, msg)
	}
	m.buffer, m.waiting = nil, 0
}

// lose drops what is on its way to the member.
func (m *Member) lose() {
	for _, s := range m.subscriptions {
		s.arrived()
	}
}

// Request implements lattice.Messenger.
func (m *Member) Request(ctx context.Context, msg *lattice.Message) (*lattice.Message, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	reply, err := m.request(ctx, msg)
	if err != nil {
		if e, ok := errors.AsType[*lattice.Error](err); ok {
			return nil, e
		}
		return nil, fmt.Errorf("request to %q: %w", msg.Subject, err)
	}
	return reply, nil
}

func (m *Member) request(ctx context.Context, msg *lattice.Message) (*lattice.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sent := *msg
	sent.Reply = m.NewInbox()
	replies := make(chan *lattice.Message, 1)
	sub, err := m.Subscribe(sent.Reply, "", func(reply *lattice.Message) {
		select {
		case replies <- reply:
		default: // only the first counts
		}
	})
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // it has no error
	if err := m.publish(&sent); err != nil {
		return nil, err
	}
	for {
		m.network.mu.Lock()
		closed, changed := m.closed, m.network.changed.next()
		m.network.mu.Unlock()
		if closed {
			return nil, errClosed
		}
		select {
		case reply := <-replies:
			if !reply.NoResponders() {
				return reply, nil
			}
			return nil, &lattice.Error{
				Code:        lattice.CodeUnavailable,
				Message:     fmt.Sprintf("request to %q: nobody is there to answer", msg.Subject),
				Undelivered: true,
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// bounded gives a context without a deadline one.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, lattice.DefaultTimeout)
}

// Subscribe implements lattice.Messenger.
func (m *Member) Subscribe(subject, queue string, f func(*lattice.Message)) (lattice.Subscription, error) {
	if err := checkSubject("subject", subject, true); err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	if queue != "" {
		if err := checkSubject("queue", queue, false); err != nil {
			return nil, fmt.Errorf("subscribe to %q: %w", subject, err)
		}
	}
	n := m.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.closed {
		return nil, fmt.Errorf("subscribe to %q: %w", subject, errClosed)
	}
	m.subscribed++
	s := &subscription{member: m, number: m.subscribed, subject: subject, queue: queue, f: f, wake: make(chan struct{}, 1), done: make(chan struct{})}
	m.subscriptions = append(m.subscriptions, s)
	go s.run()
	return s, nil
}

// Flush implements lattice.Messenger.
func (m *Member) Flush(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := m.await(ctx, func() bool { return m.connected }); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// await waits until a condition on who can reach what is true.
func (m *Member) await(ctx context.Context, condition func() bool) error {
	n := m.network
	for {
		n.mu.Lock()
		closed, ok, changed := m.closed, condition(), n.changed.next()
		n.mu.Unlock()
		switch {
		case closed:
			return errClosed
		case ctx.Err() != nil:
			return ctx.Err()
		case ok:
			return nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// ask has the servers do something, as one of their answers is waited for. do is
// called with the network's mutex held.
func (m *Member) ask(ctx context.Context, subject string, size int, do func() error) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	n := m.network
	if err := m.await(ctx, func() bool { return n.stored(m) }); err != nil {
		return err
	}
	n.mu.Lock()
	m.published++
	f := n.fate(m.user, "", subject, size, m.number, m.published)
	n.mu.Unlock()
	if err := sleep(ctx, f.delay+f.transfer); err != nil {
		return err
	}
	if f.dropped && !f.afterwards {
		return lost(ctx)
	}
	n.mu.Lock()
	err := errClosed
	if !m.closed {
		err = do()
	}
	n.mu.Unlock()
	if f.dropped {
		return lost(ctx)
	}
	return err
}

// lost waits for an answer that does not come.
func lost(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// MaxPayload implements lattice.Messenger.
func (m *Member) MaxPayload() int { return m.network.options.MaxPayload }

// User implements lattice.Messenger.
func (m *Member) User() string { return m.user }

// NewInbox implements lattice.Messenger.
func (m *Member) NewInbox() string {
	m.network.mu.Lock()
	defer m.network.mu.Unlock()
	m.inboxes++
	return fmt.Sprintf("_INBOX.%s.%d.%d", m.user, m.number, m.inboxes)
}

// Connected implements lattice.Messenger.
func (m *Member) Connected() bool {
	m.network.mu.Lock()
	defer m.network.mu.Unlock()
	return m.connected && !m.closed
}

// Close implements lattice.Lattice.
func (m *Member) Close() error {
	n := m.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	for _, s := range m.subscriptions {
		s.closed = true
		s.end()
	}
	m.subscriptions, m.buffer, m.waiting = nil, nil, 0
	n.members = slices.DeleteFunc(n.members, func(o *Member) bool { return o == m })
	n.changed.fire()
	return nil
}
