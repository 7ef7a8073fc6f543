package natsmessaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/providers/messaging"
)

// Options configure a Broker. Messenger, Lattice and Component must be given.
type Options struct {
	// Messenger is a connection to the lattice.
	Messenger lattice.Messenger
	Lattice   lattice.Name
	// Component is whose messages it carries.
	Component lattice.ComponentID
	// Logger is told of messages that are dropped. It may be nil.
	Logger *slog.Logger
}

// Broker carries the messages of one component. It has nothing to be closed.
type Broker struct {
	m         lattice.Messenger
	component lattice.ComponentID
	prefix    string // of subjects of components
	log       *slog.Logger
}

var _ messaging.Broker = (*Broker)(nil)

// New returns a broker.
func New(o Options) *Broker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Broker{
		m: o.Messenger, component: o.Component, log: o.Logger,
		prefix: strings.TrimSuffix(wire.Subjects{Lattice: o.Lattice}.Message("x"), "x"),
	}
}

// outward returns the subject of NATS for one that a message is sent to.
func (b *Broker) outward(s string) (string, error) {
	if subject.IsInbox(s) {
		return s, nil
	}
	if err := subject.Check(s); err != nil {
		return "", fmt.Errorf("%w: %w", lattice.ErrInvalid, err)
	}
	return b.prefix + s, nil
}

// inward returns the subject that components have for one of NATS, which is an inbox or
// one of theirs.
func (b *Broker) inward(s string) (string, bool) {
	if subject.IsInbox(s) {
		return s, true
	}
	own, ok := strings.CutPrefix(s, b.prefix)
	return own, ok && subject.Check(own) == nil
}

// encode returns a message as it is sent.
func (b *Broker) encode(ctx context.Context, m *messaging.Message) (*lattice.Message, error) {
	to, err := b.outward(m.Subject)
	if err != nil {
		return nil, err
	}
	out := &lattice.Message{Subject: to, Data: m.Body}
	if out.Header, err = b.header(ctx, m); err != nil {
		return nil, err
	}
	if most := b.m.MaxPayload(); len(m.Body) > most {
		return nil, fmt.Errorf("%w: a message of %d bytes is larger than %d", lattice.ErrExhausted, len(m.Body), most)
	}
	return out, nil
}

// Publish implements messaging.Broker.
func (b *Broker) Publish(ctx context.Context, m *messaging.Message) error {
	out, err := b.encode(ctx, m)
	if err != nil {
		return err
	}
	if m.Reply != "" {
		if out.Reply, err = b.outward(m.Reply); err != nil {
			return fmt.Errorf("reply: %w", err)
		}
	}
	return plain(b.m.Publish(out))
}

// Request implements messaging.Broker.
func (b *Broker) Request(ctx context.Context, m *messaging.Message, answers int) ([]*messaging.Message, error) {
	out, err := b.encode(ctx, m)
	if err != nil {
		return nil, err
	}
	if answers > 1 {
		return b.gather(ctx, out, answers)
	}
	got, err := b.m.Request(ctx, out)
	if err != nil {
		return nil, plain(err)
	}
	return []*messaging.Message{b.decode(got)}, nil
}

// gather sends a message and waits for several answers.
func (b *Broker) gather(ctx context.Context, out *lattice.Message, answers int) ([]*messaging.Message, error) {
	out.Reply = b.m.NewInbox()
	arrived := make(chan *lattice.Message, answers)
	sub, err := b.m.Subscribe(out.Reply, "", func(m *lattice.Message) {
		select {
		case arrived <- m:
		default: // there are enough
		}
	})
	if err != nil {
		return nil, plain(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // it ends with the connection otherwise
	if err := b.m.Publish(out); err != nil {
		return nil, plain(err)
	}
	var all []*messaging.Message
	for size := 0; len(all) < answers && size < messaging.MaxAnswerBytes; {
		select {
		case m := <-arrived:
			if m.NoResponders() {
				return nil, errNobody
			}
			size += len(m.Data)
			all = append(all, b.decode(m))
		case <-ctx.Done():
			if len(all) == 0 {
				return nil, ctx.Err()
			}
			return all, nil
		}
	}
	return all, nil
}

// Subscribe implements messaging.Broker.
func (b *Broker) Subscribe(pattern subject.Pattern, queue string, f func(context.Context, *messaging.Message)) (func() error, error) {
	sub, err := b.m.Subscribe(b.prefix+pattern.String(), queue, func(m *lattice.Message) {
		if _, ok := b.inward(m.Subject); !ok {
			b.log.Debug("message dropped: nobody can have sent it on this subject", "subject", m.Subject)
			return
		}
		f(b.context(m.Header), b.decode(m))
	})
	if err != nil {
		return nil, plain(err)
	}
	return func() error {
		err := sub.Unsubscribe()
		if b.m.Connected() { // otherwise nothing arrives
			<-sub.Done()
		}
		return err
	}, nil
}

// decode returns a message as it has arrived.
func (b *Broker) decode(m *lattice.Message) *messaging.Message {
	in := &messaging.Message{Body: m.Data}
	in.Subject, _ = b.inward(m.Subject)
	if m.Reply != "" {
		var ok bool
		if in.Reply, ok = b.inward(m.Reply); !ok {
			in.Reply = ""
			b.log.Debug("reply dropped: it is neither an inbox nor a subject of components", "subject", in.Subject)
		}
	}
	fields(in, m.Header)
	return in
}

var errNobody = fmt.Errorf("%w: nobody subscribes to the subject", lattice.ErrUnavailable)

// plain returns an error without what components do not know: the subject as NATS has
// it, and the state of the connection.
func plain(err error) error {
	switch {
	case err == nil:
		return nil
	case lattice.Undelivered(err):
		return errNobody
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	for _, e := range []struct {
		kind error
		text string
	}{
		{lattice.ErrExhausted, "the message is too large, with its metadata"},
		{lattice.ErrDenied, "the host lacks the permission"},
		{lattice.ErrInvalid, "the message cannot be sent as it is"},
	} {
		if errors.Is(err, e.kind) {
			return fmt.Errorf("%w: %s", e.kind, e.text)
		}
	}
	return fmt.Errorf("%w: messages cannot be sent now", lattice.ErrUnavailable)
}
