package messaging

import (
	"context"

	"github.com/wattle-dev/wattle/lattice/capability/subject"
)

// Broker carries the messages of one component. Its methods may be called at the same
// time. It does what it is told: what a component may do is for a Grant to say.
//
// What is over a bound is lattice.ErrExhausted, what has not the form that it should
// lattice.ErrInvalid, and what cannot be sent now lattice.ErrUnavailable. Package
// messagingtest has the contract as tests.
type Broker interface {
	// Publish sends a message. It may return before it was sent.
	Publish(ctx context.Context, m *Message) error
	// Request sends a message, whose Reply is not looked at, and waits for so many
	// answers, or until ctx ends, which must have a deadline. If there is none by then
	// the error is context.DeadlineExceeded, and lattice.ErrUnavailable at once if
	// nobody could answer.
	Request(ctx context.Context, m *Message, answers int) ([]*Message, error)
	// Subscribe has f be called with the messages on the subjects of a pattern, one
	// after the other, of which each reaches one subscription of the queue. ctx is that
	// of the message: on whose behalf, with its trace. f must not block. stop takes no more
	// messages and returns when f was given those that have arrived; f must not call it.
	Subscribe(pattern subject.Pattern, queue string, f func(ctx context.Context, m *Message)) (stop func() error, err error)
}
