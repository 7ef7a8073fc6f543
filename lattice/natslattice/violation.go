package natslattice

import (
	"context"
	"fmt"
	"regexp"
	"sync"

	"github.com/wattle-dev/wattle/lattice"
)

// violation is a missing permission of which the server has told.
type violation struct {
	// err is the error as nats.go has it.
	err error
	// subscribe says that it is about a subscription, else about publishing.
	subscribe bool
	subject   string
	queue     string
}

var (
	publishViolation   = regexp.MustCompile(`Permissions Violation for Publish to "([^"]*)"`)
	subscribeViolation = regexp.MustCompile(`Permissions Violation for Subscription to "([^"]*)"(?: using queue "([^"]*)")?`)
)

// parseViolation finds out what a permission error of the server is about.
func parseViolation(err error) (violation, bool) {
	text := err.Error()
	if m := publishViolation.FindStringSubmatch(text); m != nil {
		return violation{err: err, subject: m[1]}, true
	}
	if m := subscribeViolation.FindStringSubmatch(text); m != nil {
		return violation{err: err, subscribe: true, subject: m[1], queue: m[2]}, true
	}
	return violation{}, false
}

func (v *violation) String() string {
	if v.subscribe {
		return fmt.Sprintf("this user may not subscribe to %q", v.subject)
	}
	return fmt.Sprintf("this user may not publish to %q", v.subject)
}

func deniedError(v *violation) error {
	return fmt.Errorf("%w: %s: use credentials of a role that may", lattice.ErrDenied, v)
}

// maxDeniedLogged bounds how many subjects are remembered as logged.
const maxDeniedLogged = 256

// calls are the requests under way, so that one that lacks a permission can be
// ended before its time.
type calls struct {
	mu     sync.Mutex
	last   uint64
	active map[uint64]call
	// idle is closed when no request is under way, if somebody waits for that.
	idle chan struct{}
	// logged has the subjects of which a missing permission was logged.
	logged map[string]bool
	// seen is the error of the last violation of which the handler was told, and
	// changed is closed at the next one.
	seen    error
	changed chan struct{}
	// refused are the subscriptions that the server did not accept and nobody has
	// asked for yet.
	refused map[subscriptionKey]violation
}

type call struct {
	subject string
	cancel  context.CancelCauseFunc
}

type subscriptionKey struct{ subject, queue string }

func newCalls() *calls {
	return &calls{
		active:  map[uint64]call{},
		logged:  map[string]bool{},
		changed: make(chan struct{}),
		refused: map[subscriptionKey]violation{},
	}
}

// begin notes a request to a subject.
func (c *calls) begin(subject string, cancel context.CancelCauseFunc) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.active[c.last] = call{subject, cancel}
	return c.last
}

func (c *calls) end(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, id)
	if len(c.active) == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// whenIdle returns a channel that is closed when no request is under way.
func (c *calls) whenIdle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.active) == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	return c.idle
}

// deny ends the requests that suffer from v, and reports whether v should be
// logged.
func (c *calls) deny(v violation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.subscribe {
		if len(c.refused) < maxDeniedLogged {
			c.refused[subscriptionKey{v.subject, v.queue}] = v
		}
	} else {
		for _, have := range c.active {
			if have.subject == v.subject {
				have.cancel(deniedError(&v))
			}
		}
	}
	c.seen = v.err
	close(c.changed)
	c.changed = make(chan struct{})

	text := v.String()
	if c.logged[text] || len(c.logged) >= maxDeniedLogged {
		return false
	}
	c.logged[text] = true
	return true
}

// await waits until the handler was told of err.
func (c *calls) await(ctx context.Context, err error) {
	for {
		c.mu.Lock()
		seen, changed := c.seen, c.changed
		c.mu.Unlock()
		if seen == err { //nolint:errorlint // the same error, not the same kind
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// take returns the refusal of a subscription, if there was one.
func (c *calls) take(subject, queue string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := subscriptionKey{subject, queue}
	v, ok := c.refused[key]
	if !ok {
		return nil
	}
	delete(c.refused, key)
	return deniedError(&v)
}
