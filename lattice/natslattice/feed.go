package natslattice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// heartbeat is how often the server says that a consumer has nothing to give.
	heartbeat = time.Second
	// missedHeartbeats end a feed.
	missedHeartbeats = 3
	// inactive is how long the server keeps a consumer to which nobody listens.
	inactive = 10 * time.Second
	// inactiveKeys is the same for one that gives keys: what asks for a page of them
	// may do so often.
	inactiveKeys = 2 * time.Second
	// maxWaiting bounds what waits for a slow reader here. The server stops at
	// 32 MiB that were not acknowledged.
	maxWaiting = 64 << 20
)

// position is where a feed begins. The zero value is the last message of each
// subject.
type position struct {
	sequence uint64
	time     time.Time
}

// delivery is a message of a feed.
type delivery struct {
	msg      *nats.Msg
	sequence uint64
	// pending is how many messages follow that there are already.
	pending uint64
	time    time.Time
}

// feedFuncs are called by feed, one at a time, in its goroutine.
type feedFuncs struct {
	// begin is told how many messages there are already.
	begin func(pending uint64) error
	// message is given each message.
	message func(*delivery) error
	// renew, unless it is zero, is after how long the feed begins anew.
	renew time.Duration
	// keys has messages come without their data, and the consumer be forgotten soon.
	keys bool
}

var (
	// errEnough ends a feed without an error.
	errEnough = errors.New("enough")
	// errInterrupted says that a feed has to begin anew.
	errInterrupted = errors.New("interrupted")
)

// callbackError is an error of a function of the caller, which is not looked
// into.
type callbackError struct{ err error }

func (e callbackError) Error() string { return e.err.Error() }

// consumerRequest asks for a consumer.
type consumerRequest struct {
	Stream string                   `json:"stream_name"`
	Config jetstream.ConsumerConfig `json:"config"`
	Action string                   `json:"action"`
}

// consumerInfo is the answer to it.
type consumerInfo struct {
	Pending uint64    `json:"num_pending"`
	Now     time.Time `json:"ts"`
}

// feed gives the messages of a stream that match filter, from a position on, to
// f until ctx ends or f returns an error, which it returns. If it returns
// errInterrupted, messages may have been lost: it has to be called again.
func (l *Lattice) feed(ctx context.Context, stream, filter string, from position, f feedFuncs) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renewed := l.reconnection()
	inbox := l.NewInbox()
	messages := make(chan *nats.Msg, 64)
	sub, err := l.subscribe(inbox, "", func(m *nats.Msg) {
		select {
		case messages <- m:
		case <-ctx.Done():
		}
	}, func() {})
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(-1, maxWaiting); err != nil {
		return errInterrupted
	}
	c := &consumer{l: l, stream: stream, keys: f.keys}
	pending, err := c.create(ctx, filter, inbox, from)
	if err != nil {
		return err
	}
	if err := f.begin(pending); err != nil {
		return err
	}
	silence := time.NewTimer(missedHeartbeats * heartbeat)
	defer silence.Stop()
	var old <-chan time.Time
	if f.renew > 0 {
		timer := time.NewTimer(f.renew)
		defer timer.Stop()
		old = timer.C
	}
	for {
		select {
		case m := <-messages:
			silence.Reset(missedHeartbeats * heartbeat)
			d, err := c.receive(m)
			if err != nil {
				return err
			}
			if d == nil {
				continue
			}
			if err := f.message(d); err != nil {
				return err
			}
		case <-renewed:
			return errInterrupted
		case <-silence.C:
			return errInterrupted
		case <-old:
			return errInterrupted
		case <-l.done:
			return errClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// consumer is a consumer of JetStream that sends what it has to an inbox.
type consumer struct {
	l      *Lattice
	stream string
	name   string
	// keys has it leave out the data.
	keys bool
	// delivered counts the messages.
	delivered uint64
}

// create makes the consumer and returns how many messages it has to give.
func (c *consumer) create(ctx context.Context, filter, inbox string, from position) (uint64, error) {
	c.name = rand.Text()
	config := jetstream.ConsumerConfig{
		Name:              c.name,
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubject:     filter,
		ReplayPolicy:      jetstream.ReplayInstantPolicy,
		InactiveThreshold: inactive,
		Replicas:          1,
		MemoryStorage:     true,
		DeliverSubject:    inbox,
		FlowControl:       true,
		IdleHeartbeat:     heartbeat,
	}
	if c.keys {
		config.HeadersOnly, config.InactiveThreshold = true, inactiveKeys
	}
	switch {
	case from.sequence > 0:
		config.DeliverPolicy = jetstream.DeliverByStartSequencePolicy
		config.OptStartSeq = from.sequence
	case !from.time.IsZero():
		config.DeliverPolicy = jetstream.DeliverByStartTimePolicy
		config.OptStartTime = &from.time
	}
	var info consumerInfo
	begun := time.Now()
	err := c.l.call(ctx, "CONSUMER.CREATE."+c.stream+"."+c.name+"."+filter, &consumerRequest{c.stream, config, "create"}, &info)
	c.l.heard(time.Now(), begun, info.Now)
	return info.Pending, err
}

// receive returns the next message, or nil if m is only a sign of life.
func (c *consumer) receive(m *nats.Msg) (*delivery, error) {
	// A message that is kept may have a status, if somebody had an answer with one
	// sent to its subject: the consumer's own have no metadata.
	meta, err := m.Metadata()
	if err != nil && len(m.Data) == 0 && m.Header.Get("Status") != "" {
		return nil, c.control(m)
	}
	if err != nil || meta.Stream != c.stream || meta.Consumer != c.name {
		// Not from the consumer: somebody found the inbox.
		return nil, nil //nolint:nilerr // it is passed over
	}
	c.delivered++
	if meta.Sequence.Consumer != c.delivered {
		return nil, errInterrupted
	}
	return &delivery{msg: m, sequence: meta.Sequence.Stream, pending: meta.NumPending, time: meta.Timestamp}, nil
}

// control deals with heartbeats and flow control.
func (c *consumer) control(m *nats.Msg) error {
	if status := m.Header.Get("Status"); status != "100" {
		return fmt.Errorf("%w: %s %s", errInterrupted, status, m.Header.Get("Description"))
	}
	if m.Reply != "" {
		// Flow control: all before this was received.
		_ = c.l.nc.Publish(m.Reply, nil) // if it is lost, heartbeats say so
		return nil
	}
	if stalled := m.Header.Get("Nats-Consumer-Stalled"); stalled != "" {
		_ = c.l.nc.Publish(stalled, nil)
	}
	if last, err := strconv.ParseUint(m.Header.Get("Nats-Last-Consumer"), 10, 64); err == nil && last != c.delivered {
		return errInterrupted
	}
	return nil
}

// resume decides what follows when a feed ended with err: it reports whether to
// stop, and with which error, or returns when it is time to begin anew. The error
// of a function of the caller stays a callbackError. begun says that the feed was
// there once.
func (l *Lattice) resume(ctx context.Context, attempt int, err error, begun bool) (bool, error) {
	if _, ok := errors.AsType[callbackError](err); ok {
		return true, err
	}
	switch {
	case errors.Is(err, errEnough):
		return true, nil
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	case l.closed():
		return true, errClosed
	case errors.Is(err, lattice.ErrDenied), errors.Is(err, lattice.ErrInvalid), errors.Is(err, lattice.ErrExhausted),
		errors.Is(err, lattice.ErrNotFound) && !begun:
		return true, err
	}
	if !errors.Is(err, errInterrupted) {
		l.log.WarnContext(ctx, "reading a stream was interrupted", "attempt", attempt+1, "error", err)
	}
	pause := time.NewTimer(reconnectDelay(attempt + 1))
	defer pause.Stop()
	renewed := l.reconnection()
	select {
	case <-pause.C:
	case <-renewed:
	case <-ctx.Done():
		return true, context.Cause(ctx)
	case <-l.done:
		return true, errClosed
	}
	return false, nil
}
