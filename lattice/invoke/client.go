package invoke

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/wit"
	"github.com/wattle-dev/wattle/wit/witbin"
)

// Client calls named hosts. Its methods may be called at the same time.
type Client struct {
	l        lattice.Lattice
	subjects wire.Subjects
	caller   string // the subject of frames to this client
	opts     Options
	chunk    int
	hashes   hashes
	hosts    sync.Map     // lattice.HostID to the subject of its frames
	known    atomic.Int64 // how many hosts that has, or more
	subs     []lattice.Subscription

	shards [shards]struct {
		mu        sync.Mutex
		exchanges map[wire.ExchangeID]*exchange
	}
	count atomic.Int64
	// router is told of hosts that answer no probe; nil if there is none.
	router  atomic.Pointer[Router]
	outlet  outlet
	signals signals
	wake    chan struct{}

	ids struct {
		mu  sync.Mutex
		rng *mathrand.ChaCha8
	}

	stop    context.CancelFunc
	stopped context.Context //nolint:containedctx // it is the end of the client
	wg      sync.WaitGroup
}

// NewClient returns a client of a lattice, and subscribes to what hosts send it.
// opts may be nil.
func NewClient(l lattice.Lattice, name lattice.Name, opts *Options) (*Client, error) {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // it never fails
	c := &Client{l: l, subjects: wire.Subjects{Lattice: name}, opts: withDefaults(opts), chunk: chunk(l), wake: make(chan struct{}, 1)}
	c.caller = c.subjects.Caller(l.User())
	c.ids.rng = mathrand.NewChaCha8(seed)
	c.stopped, c.stop = context.WithCancel(context.Background())
	for i := range c.shards {
		c.shards[i].exchanges = map[wire.ExchangeID]*exchange{}
	}
	for subject, f := range map[string]func(*lattice.Message){c.caller: c.frame, c.subjects.Replies(l.User()): c.reply} {
		sub, err := l.Subscribe(subject, "", f)
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("listen for answers of hosts: %w", err)
		}
		c.subs = append(c.subs, sub)
	}
	c.wg.Go(c.keep)
	return c, nil
}

// Close ends the client, and calls under way with ErrUnavailable.
func (c *Client) Close() {
	c.stop()
	for _, sub := range c.subs {
		_ = sub.Unsubscribe()
	}
	c.wg.Wait()
	c.each(func(x *exchange) { x.fail(errClientClosed) })
}

var errClientClosed = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the caller has left the lattice"}

// Call calls a function on a host. See lattice.Invoker.
func (c *Client) Call(ctx context.Context, host lattice.HostID, inv *lattice.Invocation, fn *wit.Func, args []wit.Value) ([]wit.Value, error) {
	params, err := c.params(fn, args)
	if err != nil {
		return nil, err
	}
	defer c.release(params)
	return c.call(ctx, host, inv, fn, *params)
}

// params returns the parameters of a call as they are sent. They are given back with
// release.
func (c *Client) params(fn *wit.Func, args []wit.Value) (*[]byte, error) {
	buffer := scratch()
	params, err := witbin.AppendParams(*buffer, fn, args)
	switch {
	case err != nil:
		return nil, &lattice.Error{Code: lattice.CodeInvalid, Message: err.Error(), Undelivered: true}
	case len(params) > c.opts.MaxValue:
		return nil, &lattice.Error{Code: lattice.CodeExhausted, Undelivered: true, Message: fmt.Sprintf(
			"function %q: the parameters have %d bytes, the limit between hosts is %d", fn.Name, len(params), c.opts.MaxValue)}
	}
	*buffer = params
	return buffer, nil
}

// release gives parameters back, unless somebody may still be sending them. They may
// be nil.
func (c *Client) release(params *[]byte) {
	if params != nil && len(*params) <= c.chunk {
		putScratch(params)
	}
}

func (c *Client) call(ctx context.Context, host lattice.HostID, inv *lattice.Invocation, fn *wit.Func, params []byte) ([]wit.Value, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.Timeout)
		defer cancel()
	}
	open := c.open(ctx, inv)
	open.Hash = c.hashes.of(fn)
	for try := 1; ; try++ {
		x := c.newExchange(host, len(params) > c.chunk)
		results, err := x.call(ctx, &open, params)
		if err == nil {
			values, err := witbin.DecodeResults(results, fn)
			if err != nil {
				return nil, &lattice.Error{Code: lattice.CodeInternal, Host: host, Message: "the host answered with what is no result: " + err.Error()}
			}
			return values, nil
		}
		if !errors.Is(err, errLost) || try == maxLost {
			return nil, err
		}
	}
}

// open returns the frame that begins a call, without what is special to it.
func (c *Client) open(ctx context.Context, inv *lattice.Invocation) wire.Open {
	o := wire.Open{
		Window: uint64(c.opts.Window), Depth: uint64(min(max(inv.Depth, 0), wire.MaxCallDepth)), //nolint:gosec // neither is negative
		Target: inv.Target, Interface: inv.Interface, Function: inv.Function, Callers: inv.Callers,
	}
	if t, ok := ctx.Deadline(); ok {
		o.Timeout = uint64(min(max(time.Until(t).Milliseconds(), 1), wire.MaxMillis)) //nolint:gosec // it is positive
	}
	return o
}

// chunk is how many bytes of a body go with a frame.
func chunk(l lattice.Messenger) int {
	return max(min(wire.MaxChunk, (l.MaxPayload()-wire.MaxHead)/2), 1<<10)
}

// newID returns the name of a new exchange.
func (c *Client) newID() (id wire.ExchangeID) {
	c.ids.mu.Lock()
	defer c.ids.mu.Unlock()
	_, _ = c.ids.rng.Read(id[:]) // it never fails
	return id
}

// newExchange returns an exchange with a host, which is ended with its end. streams
// says that the caller sends more than a frame.
func (c *Client) newExchange(host lattice.HostID, streams bool) *exchange {
	x := &exchange{client: c, host: host, opened: time.Now()}
	x.side = side{
		id: c.newID(), l: c.l, to: c.subject(host), reply: c.caller, chunk: c.chunk,
		readable: c.signals.get(), heard: x.opened, spoke: x.opened,
	}
	if streams {
		x.writable = make(chan struct{}, 1)
	}
	x.in.window = uint64(c.opts.Window) //nolint:gosec // it is positive
	x.in.limit = x.in.window
	x.out.next, x.out.base, x.out.most = 1, 1, x.in.window
	shard := &c.shards[x.id[0]%shards]
	shard.mu.Lock()
	shard.exchanges[x.id] = x
	shard.mu.Unlock()
	if c.count.Add(1) == 1 {
		signal(c.wake)
	}
	return x
}

// forget drops an exchange. Frames of it are ignored from now on.
func (c *Client) forget(id wire.ExchangeID) {
	shard := &c.shards[id[0]%shards]
	shard.mu.Lock()
	delete(shard.exchanges, id)
	shard.mu.Unlock()
	c.count.Add(-1)
}

// subject is where a host takes frames. Those of hosts that were called are kept.
func (c *Client) subject(host lattice.HostID) string {
	if v, ok := c.hosts.Load(host); ok {
		subject, _ := v.(string)
		return subject
	}
	if c.known.Add(1) > maxHosts {
		c.hosts.Clear()
		c.known.Store(1)
	}
	subject := c.subjects.Invoke(host)
	c.hosts.Store(host, subject)
	return subject
}

func (c *Client) find(id wire.ExchangeID) *exchange {
	shard := &c.shards[id[0]%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	return shard.exchanges[id]
}

func (c *Client) each(f func(*exchange)) {
	for i := range c.shards {
		shard := &c.shards[i]
		shard.mu.Lock()
		all := make([]*exchange, 0, len(shard.exchanges))
		for _, x := range shard.exchanges {
			all = append(all, x)
		}
		shard.mu.Unlock()
		for _, x := range all {
			f(x)
		}
	}
}

// reply takes the word that nobody listens to a frame that began a call.
func (c *Client) reply(m *lattice.Message) {
	if !m.NoResponders() {
		return
	}
	// Servers say which subject it was, and nothing else.
	said := lattice.Message{Reply: m.Reply, Header: maps.Clone(m.Header)}
	delete(said.Header, "Nats-Subject")
	if wire.FromJetStream(&said) {
		return
	}
	if _, id, ok := c.subjects.ReplyToken(m.Subject); ok {
		if x := c.find(id); x != nil {
			x.nobody()
		}
	}
}

// frame takes a frame of a host.
func (c *Client) frame(m *lattice.Message) {
	if wire.FromJetStream(m) {
		return
	}
	f, err := wire.ParseFrame(m.Data)
	if err != nil {
		return // it may be the word that nobody listens to a probe
	}
	x := c.find(f.Exchange)
	if x == nil {
		return // the call has ended
	}
	now := time.Now()
	switch f.Kind {
	case wire.KindData:
		var d wire.Data
		if d, err = f.Data(); err == nil {
			x.receive(&d, now)
		}
	case wire.KindCredit, wire.KindAlive:
		var st wire.State
		if st, err = f.State(); err == nil {
			x.state(&st, false, now)
		}
	case wire.KindResend:
		var from uint64
		if from, err = f.Resend(); err == nil {
			x.resend(from, now)
		}
	case wire.KindUnknown:
		var certain bool
		var age uint64
		if certain, age, err = f.Unknown(); err == nil {
			x.unknown(certain, age, now)
		}
	default:
		err = fmt.Errorf("%w: %s frame from a host", lattice.ErrInvalid, f.Kind)
	}
	if err != nil {
		x.fail(&lattice.Error{Code: lattice.CodeInternal, Host: x.host, Message: err.Error()})
	}
}

// keep looks after the exchanges, while there are any.
func (c *Client) keep() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	connected := time.Now() // since when there is a connection
	for {
		if c.count.Load() == 0 {
			tick.Stop()
			select {
			case <-c.stopped.Done():
				return
			case <-c.wake:
			}
			tick.Reset(lookEvery)
		}
		select {
		case <-c.stopped.Done():
			return
		case <-tick.C:
		}
		now, away := time.Now(), !c.l.Connected()
		if away {
			connected = now
		}
		c.each(func(x *exchange) { x.look(now, connected, away) })
	}
}
