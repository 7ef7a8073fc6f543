package capability

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	wasimessaging "github.com/wattle-dev/wattle/host/wasi/messaging"
	wasmcloud "github.com/wattle-dev/wattle/host/wasmcloud/messaging"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/capability"
	"github.com/wattle-dev/wattle/providers/messaging"
	"github.com/wattle-dev/wattle/providers/messaging/natsmessaging"
	"github.com/wattle-dev/wattle/wit"
)

// handlers are the functions of components that are given messages.
var handlers = []handler{
	{
		"wasmcloud:messaging/handler", "0.2.0", "handle-message", wasmcloud.HandlerHandleMessageSignature,
		func(m *messaging.Message) wit.Value { return wasmcloud.Incoming(m) },
	},
	{
		"wasi:messaging/incoming-handler", "0.2.0-draft", "handle", wasimessaging.IncomingHandlerHandleSignature,
		func(m *messaging.Message) wit.Value { return wasimessaging.Incoming(m) },
	},
}

type handler struct {
	iface, version, function, signature string
	arg                                 func(*messaging.Message) wit.Value
}

func (h *handler) name() string { return h.iface + "@" + h.version }

// openMessaging opens the links by which a component sends messages, and those by which
// it is given some.
func openMessaging(_ context.Context, env *Env, links []link, g *Grant) error {
	broker := natsmessaging.New(natsmessaging.Options{Messenger: env.Lattice, Lattice: env.Name, Component: env.Component, Logger: env.Logger})
	grant := &messaging.Grant{Broker: broker}
	for i := range links {
		l := &links[i]
		c, err := capability.ParseMessaging(l.config)
		if err != nil {
			return fmt.Errorf("link %q: %w", l.name, err)
		}
		h, err := handlerOf(l, env.Exports)
		switch {
		case err != nil:
			return fmt.Errorf("link %q: %w", l.name, err)
		case h == nil:
			grant.Links = append(grant.Links, messaging.Link{
				Name: string(l.name), Publish: c.Publish, Timeout: time.Duration(c.TimeoutMillis) * time.Millisecond,
			})
		default:
			i := &inflow{handler: h, subscriptions: c.Subscriptions, log: env.Logger, left: maxPendingBytes}
			g.onServe(func(ctx context.Context, target Target) error { return i.serve(ctx, broker, target) })
		}
	}
	if len(grant.Links) > 0 {
		g.WASI.Messaging.Grant = grant
	}
	return nil
}

// handlerOf returns what a link to a component calls there, nil if it is a link of the
// component.
func handlerOf(l *link, exports []string) (*handler, error) {
	var want []string
	for i := range handlers {
		h := &handlers[i]
		if !slices.Contains(l.interfaces, h.iface) {
			continue
		}
		want = append(want, h.name())
		if slices.ContainsFunc(exports, func(name string) bool { return compatible(name, h.name()) }) {
			return h, nil
		}
	}
	if want == nil {
		return nil, nil //nolint:nilnil // documented: it calls nothing
	}
	return nil, fmt.Errorf("%w: the component does not export %s, which it would be given messages by", lattice.ErrInvalid, strings.Join(want, " or "))
}

func compatible(a, b string) bool {
	x, err := wit.ParseInterfaceID(a)
	if err != nil {
		return false
	}
	y, err := wit.ParseInterfaceID(b)
	return err == nil && x.Compatible(y)
}

// Bounds of the messages that a component on a host has taken and not done with. How
// many of them it handles at once, and how many wait, is for the component's own limits
// to say; these are for all of them.
const (
	maxPending      = 4096
	maxPendingBytes = 64 << 20
	// saidAgain is the time after which it is said again that messages are dropped.
	saidAgain = 10 * time.Second
)

// inflow gives a component messages.
type inflow struct {
	handler       *handler
	subscriptions []capability.Subscription
	log           *slog.Logger

	mu      sync.Mutex
	serving bool
	pending int
	left    int // bytes that may be taken besides
	idle    chan struct{}
	dropped int // since said
	said    time.Time
}

// serve gives the component the messages of its subscriptions, until ctx ends.
func (i *inflow) serve(ctx context.Context, broker messaging.Broker, target Target) error {
	h := i.handler
	fn, err := target.Func(h.name(), h.function)
	if err != nil {
		return err
	}
	if got := fn.Signature(); got != h.signature {
		return fmt.Errorf("%w: the component exports %s of %s as %.500s, want %s", lattice.ErrInvalid, h.function, h.name(), got, h.signature)
	}
	i.mu.Lock()
	i.serving, i.idle = true, make(chan struct{})
	i.mu.Unlock()
	var stops []func() error
	for _, s := range i.subscriptions {
		var stop func() error
		stop, err = broker.Subscribe(s.Subject, s.Queue, func(ctx context.Context, m *messaging.Message) { i.take(ctx, target, m) })
		if err != nil {
			err = fmt.Errorf("subscribe to %q: %w", s.Subject, err)
			break
		}
		stops = append(stops, stop)
	}
	if err == nil {
		<-ctx.Done()
	}
	for _, stop := range stops {
		err = errors.Join(err, stop())
	}
	i.mu.Lock()
	i.serving = false
	i.settle()
	idle := i.idle
	i.mu.Unlock()
	<-idle
	return err
}

// settle says that nothing is pending once nothing is taken any more. It is called with
// the lock.
func (i *inflow) settle() {
	if !i.serving && i.pending == 0 {
		close(i.idle)
	}
}

var errPending = fmt.Errorf("%w: at most %d messages and %d bytes wait for a component", lattice.ErrExhausted, maxPending, maxPendingBytes)

// take has a message be handled, unless too many are already. It does not block.
func (i *inflow) take(ctx context.Context, target Target, m *messaging.Message) {
	i.mu.Lock()
	if !i.serving {
		i.mu.Unlock()
		i.drop(ctx, m, lattice.ErrUnavailable)
		return
	}
	if i.pending == maxPending || len(m.Body) > i.left {
		i.mu.Unlock()
		i.drop(ctx, m, errPending)
		return
	}
	i.pending++
	i.left -= len(m.Body)
	i.mu.Unlock()
	go func() {
		defer func() {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.pending--
			i.left += len(m.Body)
			i.settle()
		}()
		i.handle(ctx, target, m)
	}()
}

// handle has the component handle a message.
func (i *inflow) handle(ctx context.Context, target Target, m *messaging.Message) {
	ctx, given := messaging.Deliver(ctx, m)
	results, err := target.Call(ctx, i.handler.name(), i.handler.function, []wit.Value{i.handler.arg(given)})
	switch {
	case err != nil && lattice.Undelivered(err):
		i.drop(ctx, m, err)
	case err != nil: // the target has logged what is to be known of it
		i.log.DebugContext(ctx, "message not handled", "subject", m.Subject, "error", err)
	default:
		if r, ok := results[0].(wit.ResultValue); ok && r.Failed {
			i.log.WarnContext(ctx, "message not handled", "subject", m.Subject, "error", refusal(r.Value))
		}
	}
}

// drop counts a message that nobody handles, and says so now and then.
func (i *inflow) drop(ctx context.Context, m *messaging.Message, err error) {
	i.mu.Lock()
	i.dropped++
	dropped, now := i.dropped, time.Now()
	say := i.said.IsZero() || now.Sub(i.said) >= saidAgain
	if say {
		i.said, i.dropped = now, 0
	}
	i.mu.Unlock()
	if say {
		i.log.WarnContext(ctx, "messages dropped", "calls", dropped, "subject", m.Subject, "error", err)
	}
}

// refusal is the error that a component returned, for the log.
func refusal(v wit.Value) string {
	const most = 500
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.*q", most, v)
	case wit.VariantValue:
		names := [...]string{"timeout", "connection", "permission-denied", "other"}
		if int(v.Case) >= len(names) {
			break
		}
		if text, ok := v.Value.(string); ok {
			return fmt.Sprintf("%s: %.*q", names[v.Case], most, text)
		}
		return names[v.Case]
	}
	return "the component returned an error"
}
