package invoke

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Server carries out the calls that others on the lattice make to this host.
type Server struct {
	l        lattice.Lattice
	subjects wire.Subjects
	host     lattice.HostID
	handler  lattice.Handler
	opts     Options
	log      *slog.Logger
	chunk    int
	started  time.Time
	memory   budget
	hashes   hashes
	sub      lattice.Subscription
	names    wire.Names // for frame

	shards [shards]struct {
		mu     sync.Mutex
		active map[wire.ExchangeID]*call
		done   ring
	}
	active   atomic.Int64
	draining atomic.Bool
	left     chan struct{} // has an element when a call has ended
	wake     chan struct{} // has one when there is something to look after

	workers workers

	stop    context.CancelFunc
	stopped context.Context //nolint:containedctx // it is the end of the server
	wg      sync.WaitGroup  // for keep
}

// NewServer returns a server that carries out calls with h from now on. opts may
// be nil.
func NewServer(l lattice.Lattice, name lattice.Name, host lattice.HostID, h lattice.Handler, opts *Options) (*Server, error) {
	s := &Server{
		l: l, subjects: wire.Subjects{Lattice: name}, host: host, handler: h, opts: withDefaults(opts),
		chunk: chunk(l), started: time.Now(), left: make(chan struct{}, 1), wake: make(chan struct{}, 1),
	}
	s.log = s.opts.Logger
	s.memory.left = s.opts.MaxMemory
	s.stopped, s.stop = context.WithCancel(context.Background())
	for i := range s.shards {
		s.shards[i].active = map[wire.ExchangeID]*call{}
	}
	s.wg.Go(s.keep)
	sub, err := l.Subscribe(s.subjects.Invoke(host), "", s.frame)
	if err != nil {
		s.stop()
		s.wg.Wait()
		return nil, fmt.Errorf("listen for calls: %w", err)
	}
	s.sub = sub
	return s, nil
}

// Active is how many calls are under way.
func (s *Server) Active() int { return int(s.active.Load()) }

// Drain has calls be refused from now on, so that their callers go elsewhere, and
// waits until those under way have ended, or ctx ends.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	for s.active.Load() > 0 {
		select {
		case <-s.left:
		case <-ctx.Done():
			return fmt.Errorf("drain: %d calls are under way: %w", s.active.Load(), context.Cause(ctx))
		}
	}
	return s.l.Flush(ctx)
}

// Close cancels the calls under way, waits for them and ends the server.
func (s *Server) Close() error {
	s.draining.Store(true)
	err := s.sub.Unsubscribe()
	s.each(func(c *call) { c.cancelWith(errServerClosed) })
	s.workers.close()
	s.stop()
	s.wg.Wait()
	return err
}

var errServerClosed = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the host is stopping"}

// each calls f with every call under way.
func (s *Server) each(f func(*call)) {
	for i := range s.shards {
		shard := &s.shards[i]
		shard.mu.Lock()
		all := make([]*call, 0, len(shard.active))
		for _, c := range shard.active {
			all = append(all, c)
		}
		shard.mu.Unlock()
		for _, c := range all {
			f(c)
		}
	}
}

// frame takes a frame of a caller.
func (s *Server) frame(m *lattice.Message) {
	if wire.FromJetStream(m) {
		s.log.Debug("frame ignored: nobody has published it")
		return
	}
	f, err := wire.ParseFrame(m.Data)
	if err == nil {
		if f.Kind == wire.KindOpen {
			err = s.open(m, f)
		} else {
			err = s.other(m, f)
		}
	}
	if err != nil {
		s.log.Debug("frame ignored", "error", err)
	}
}

var errReply = fmt.Errorf("%w: the frame does not say where its caller listens", lattice.ErrInvalid)

// open takes the frame that begins a call.
func (s *Server) open(m *lattice.Message, f wire.Frame) error {
	caller, id, ok := s.subjects.ReplyToken(m.Reply)
	if !ok || id != f.Exchange {
		return errReply
	}
	o, err := f.Open(&s.names)
	refusal := wire.Fault{Code: lattice.CodeUnavailable, Undelivered: true}
	switch n := s.active.Add(1); {
	case err != nil:
		refusal.Code, refusal.Message = lattice.CodeInvalid, err.Error()
	case s.draining.Load():
		refusal.Message = "it is draining"
	case n > int64(s.opts.MaxCalls):
		refusal.Message = fmt.Sprintf("it carries out %d calls, which is its limit", s.opts.MaxCalls)
	}
	shard := &s.shards[id[0]%shards]
	shard.mu.Lock()
	if shard.active[id] != nil || shard.done.find(id) != nil {
		shard.mu.Unlock()
		s.leave()
		return nil // it has come twice
	}
	now := time.Now()
	if refusal.Message == "" {
		c := newCall(s, id, caller, &o, m.Header, now)
		shard.active[id] = c
		shard.mu.Unlock()
		signal(s.wake)
		if !s.workers.start(c) {
			c.cancelWith(errServerClosed)
			s.finish(c)
		}
		return nil
	}
	// It is remembered, so that it does not begin when it comes again.
	d := wire.Data{Flags: wire.FlagEnd | wire.FlagFault, Section: wire.AppendFault(nil, &refusal)}
	answer := wire.AppendData(nil, id, &d)
	shard.done.add(ended{id: id, at: now, to: caller, first: answer})
	shard.mu.Unlock()
	s.leave()
	_ = s.l.Publish(&lattice.Message{Subject: caller, Data: answer})
	return nil
}

// leave counts a call out.
func (s *Server) leave() {
	if s.active.Add(-1); s.draining.Load() {
		signal(s.left)
	}
}

// other takes a frame of a call that has begun, or has not.
func (s *Server) other(m *lattice.Message, f wire.Frame) error {
	now := time.Now()
	shard := &s.shards[f.Exchange[0]%shards]
	shard.mu.Lock()
	c := shard.active[f.Exchange]
	shard.mu.Unlock()
	switch f.Kind {
	case wire.KindData:
		d, err := f.Data()
		if err == nil && c != nil {
			c.receive(&d, now)
		}
		return err
	case wire.KindCredit, wire.KindProbe:
		st, err := f.State()
		switch {
		case err != nil:
			return err
		case c == nil:
			return s.stranger(m, f, &st, now)
		}
		c.state(&st, st.Flags&wire.FlagSilent != 0, now)
		if f.Kind == wire.KindProbe {
			c.alive(st.Age)
		}
	case wire.KindResend:
		from, err := f.Resend()
		switch {
		case err != nil:
			return err
		case c != nil:
			c.resend(from, now)
		default:
			return s.stranger(m, f, &wire.State{Received: from}, now)
		}
	case wire.KindCancel:
		code, err := f.Cancel()
		switch {
		case err != nil:
			return err
		case c != nil:
			c.cancelWith(code.Sentinel())
		default:
			s.bury(f.Exchange, now)
		}
	default:
		return fmt.Errorf("%w: %s frame from a caller", lattice.ErrInvalid, f.Kind)
	}
	return nil
}

// bury has a call that is not known not begin any more.
func (s *Server) bury(id wire.ExchangeID, now time.Time) {
	shard := &s.shards[id[0]%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	if shard.active[id] == nil && shard.done.find(id) == nil {
		shard.done.add(ended{id: id, at: now, gotAll: true})
	}
}

// stranger answers a frame of a call that is not under way: with the frames that
// have ended it, or with the word that it is unknown, after which it will not
// begin.
func (s *Server) stranger(m *lattice.Message, f wire.Frame, st *wire.State, now time.Time) error {
	shard := &s.shards[f.Exchange[0]%shards]
	shard.mu.Lock()
	if shard.active[f.Exchange] != nil {
		shard.mu.Unlock()
		return nil // it has begun meanwhile
	}
	e := shard.done.find(f.Exchange)
	if e != nil && f.Kind == wire.KindCredit {
		shard.done.acknowledge(e, st.Received)
	}
	if f.Kind == wire.KindCredit {
		shard.mu.Unlock()
		return nil
	}
	if e != nil && e.to != "" {
		to := e.to
		frames, _ := e.from(st.Received)
		shard.mu.Unlock()
		if len(frames) == 0 {
			return s.unknown(m, f.Exchange, 0, st.Age)
		}
		for _, frame := range frames {
			_ = s.l.Publish(&lattice.Message{Subject: to, Data: frame})
		}
		return nil
	}
	if e == nil {
		shard.done.add(ended{id: f.Exchange, at: now, gotAll: true})
	}
	// The call has not begun here if it was opened when this server ran, and if
	// calls that have ended since are all remembered.
	opened := now.Add(-time.Duration(min(st.Age, wire.MaxMillis))*time.Millisecond - slack) //nolint:gosec // it is bounded
	var flags wire.Flags
	if opened.After(s.started) && opened.After(shard.done.forgot) {
		flags = wire.FlagCertain
	}
	shard.mu.Unlock()
	if f.Kind != wire.KindProbe {
		return nil
	}
	return s.unknown(m, f.Exchange, flags, st.Age)
}

// unknown tells a caller that its call is not known.
func (s *Server) unknown(m *lattice.Message, id wire.ExchangeID, flags wire.Flags, age uint64) error {
	caller, ok := s.subjects.ParseCaller(m.Reply)
	if !ok {
		return errReply
	}
	_ = s.l.Publish(&lattice.Message{Subject: caller, Data: wire.AppendUnknown(nil, id, flags, age)})
	return nil
}

// finish takes a call that has ended out, and remembers it.
func (s *Server) finish(c *call) {
	c.mu.Lock()
	e := ended{id: c.id, to: c.to, base: c.out.base}
	if kept := c.out.kept; len(kept) > 0 && c.out.ended {
		e.first = kept[0].data
		if len(kept) > 1 {
			e.rest = append([]sent(nil), kept[1:]...)
		}
	} else {
		e.lost = !c.out.ended
		e.gotAll = c.out.ended
	}
	c.out.kept, c.out.base = nil, c.out.next
	if c.err == nil {
		c.err = errStopped
	}
	e.at = time.Now()
	c.mu.Unlock()
	shard := &s.shards[c.id[0]%shards]
	shard.mu.Lock()
	delete(shard.active, c.id)
	shard.done.add(e)
	shard.mu.Unlock()
	s.leave()
}

// keep looks after calls, while there are any.
func (s *Server) keep() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	connected := time.Now()
	for {
		if s.active.Load() == 0 {
			tick.Stop()
			select {
			case <-s.stopped.Done():
				return
			case <-s.wake:
			}
			tick.Reset(lookEvery)
		}
		select {
		case <-s.stopped.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		if !s.l.Connected() {
			connected = now
		}
		s.each(func(c *call) { c.look(now, connected) })
	}
}

var errVanished = errors.New("nothing has come from the caller for too long")
