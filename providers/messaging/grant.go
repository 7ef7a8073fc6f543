package messaging

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability/subject"
)

// Bounds of requests.
const (
	// MaxAnswers is how many answers a request may wait for, and MaxAnswerBytes how many
	// bytes they may have together: those after that are not waited for.
	MaxAnswers     = 256
	MaxAnswerBytes = 16 << 20
)

// Grant is what a component may do. A nil Grant allows nothing.
type Grant struct {
	Broker Broker
	// Links are its links, at least one, the default one first.
	Links []Link
}

// Link is a link of a component to a broker.
type Link struct {
	Name string
	// Publish are the subjects on which it may send.
	Publish []subject.Pattern
	// Timeout is how long a request waits at most.
	Timeout time.Duration
}

var errNoLink = fmt.Errorf("%w: the component has no such link to messaging", lattice.ErrDenied)

// Link returns the link of a name, which is the default one if it is empty or "default".
func (g *Grant) Link(name string) (*Link, error) {
	switch {
	case g == nil:
		return nil, errNoLink
	case name == "" || name == string(lattice.DefaultLink):
		return &g.Links[0], nil
	}
	i := slices.IndexFunc(g.Links, func(l Link) bool { return l.Name == name })
	if i < 0 {
		return nil, errNoLink
	}
	return &g.Links[i], nil
}

// All returns one link that allows what all of them do, with the timeout of the default
// one: for components that cannot say which they mean.
func (g *Grant) All() (*Link, error) {
	if g == nil {
		return nil, errNoLink
	}
	all := g.Links[0]
	for _, l := range g.Links[1:] {
		all.Publish = append(slices.Clip(all.Publish), l.Publish...)
	}
	return &all, nil
}

// Publish sends a message over a link. Its Subject and Reply are as the component has
// them. Nothing of m is kept.
func (g *Grant) Publish(ctx context.Context, l *Link, m *Message) error {
	out, err := l.outgoing(ctx, m)
	if err != nil {
		return err
	}
	if m.Reply != "" {
		if out.Reply, err = l.resolve(ctx, m.Reply); err != nil {
			return fmt.Errorf("answers to %.80q: %w", m.Subject, err)
		}
	}
	return g.Broker.Publish(ctx, out)
}

// Request sends a message over a link and waits for answers. timeout bounds the wait,
// if it is neither zero nor longer than that of the link.
func (g *Grant) Request(ctx context.Context, l *Link, m *Message, timeout time.Duration, answers int) ([]*Message, error) {
	out, err := l.outgoing(ctx, m)
	if err != nil {
		return nil, err
	}
	if answers < 1 || answers > MaxAnswers {
		return nil, fmt.Errorf("%w: a request waits for 1 to %d answers", lattice.ErrExhausted, MaxAnswers)
	}
	if timeout <= 0 || timeout > l.Timeout {
		timeout = l.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	got, err := g.Broker.Request(ctx, out, answers)
	for _, answer := range got {
		answer.Subject, answer.Reply = m.Subject, "" // whichever inbox it came by
	}
	return got, err
}

// outgoing returns a message as it is sent, without a reply.
func (l *Link) outgoing(ctx context.Context, m *Message) (*Message, error) {
	if err := m.CheckFields(); err != nil {
		return nil, err
	}
	to, err := l.resolve(ctx, m.Subject)
	if err != nil {
		return nil, err
	}
	return &Message{Subject: to, ContentType: m.ContentType, Metadata: m.Metadata, Body: m.Body}, nil
}

// resolve returns where something goes that a component sends to a subject: there if
// the link allows it, or to the inbox that it has another name for.
func (l *Link) resolve(ctx context.Context, s string) (string, error) {
	if inbox, ok := answerable(ctx, s); ok {
		return inbox, nil
	}
	if err := subject.Check(s); err != nil {
		return "", fmt.Errorf("%w: %w", lattice.ErrInvalid, err)
	}
	if !slices.ContainsFunc(l.Publish, func(p subject.Pattern) bool { return p.Matches(s) }) {
		return "", fmt.Errorf("%w: no pattern of the link's publish allows the subject %q", lattice.ErrDenied, s)
	}
	return s, nil
}

type inboxKey struct{}

// inbox is one that a component may answer to, with the name that it has for it.
type inbox struct{ name, subject string }

// alias begins the names of inboxes. No subject of components does.
const alias = "_answer."

// Deliver returns a message as a component is given it, and the context of the call in
// which it is: there, and nowhere else, its reply can be answered.
func Deliver(ctx context.Context, m *Message) (context.Context, *Message) {
	if !subject.IsInbox(m.Reply) {
		return ctx, m
	}
	given := *m
	given.Reply = alias + strings.ToLower(rand.Text())
	return context.WithValue(ctx, inboxKey{}, &inbox{given.Reply, m.Reply}), &given
}

// answerable returns the inbox that a call may answer to by a name.
func answerable(ctx context.Context, name string) (string, bool) {
	box, ok := ctx.Value(inboxKey{}).(*inbox)
	if !ok || box.name != name {
		return "", false
	}
	return box.subject, true
}
