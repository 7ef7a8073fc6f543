package invoke

import (
	"errors"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Why a side waits no longer.
var (
	errStopped = errors.New("stopped")
	errLate    = errors.New("the time for it has passed")
)

// side is one side of an exchange: what it sends and what it receives. Frames of
// the other side come by receive, state and resend; whoever carries out the
// exchange uses next and send.
type side struct {
	id    wire.ExchangeID
	l     lattice.Messenger
	to    string // the subject of the other side
	reply string
	chunk int

	// sending is held by who sends data frames, so that they leave in order.
	sending sync.Mutex

	mu sync.Mutex
	// readable and writable have an element when next and awaitRoom should look
	// again. They are nil where nobody waits.
	readable, writable chan struct{}

	in  inbox
	out outbox
	err error // why the exchange has ended before its time
	// heard is when a frame of the other side came last, spoke when one was sent.
	heard, spoke time.Time
	// asked is the sequence number that was asked for at askedAt, plus one.
	asked    uint64
	askedAt  time.Time
	resentAt time.Time
}

// post publishes a frame. One that is lost is asked for again.
func (s *side) post(frame []byte) {
	_ = publish(s.l, s.to, s.reply, nil, frame)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// fail ends the exchange; the first error stays.
func (s *side) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	readable, writable := s.readable, s.writable
	s.mu.Unlock()
	signal(readable)
	signal(writable)
}

// missing reports whether to ask for the frame that is awaited. It is called with
// the lock.
func (s *side) missing(now time.Time) bool {
	if s.in.ended || s.asked == s.in.next+1 && now.Sub(s.askedAt) < resendAfter {
		return false
	}
	s.asked, s.askedAt = s.in.next+1, now
	return true
}

// receive takes a data frame.
func (s *side) receive(d *wire.Data, now time.Time) {
	s.mu.Lock()
	s.heard = now
	v := s.in.accept(d)
	ask, next, readable := v == gap && s.missing(now), s.in.next, s.readable
	s.mu.Unlock()
	switch v {
	case accepted:
		signal(readable)
	case excess:
		s.fail(&lattice.Error{Code: lattice.CodeInvalid, Message: "the other side sent more than it may"})
	case gap:
		if ask {
			s.post(wire.AppendResend(nil, s.id, next))
		}
	case duplicate:
	}
}

// state takes the other side's word of how far it has come, and with again sends
// what it lacks.
func (s *side) state(st *wire.State, again bool, now time.Time) {
	s.mu.Lock()
	s.heard = now
	more := s.out.acknowledge(st.Received, st.Limit)
	ask, next, writable := st.Sent > s.in.next && s.missing(now), s.in.next, s.writable
	s.mu.Unlock()
	if more {
		signal(writable)
	}
	if ask {
		s.post(wire.AppendResend(nil, s.id, next))
	}
	if again {
		s.resend(st.Received, now)
	}
}

// resend sends frames again, not too often.
func (s *side) resend(from uint64, now time.Time) {
	s.mu.Lock()
	s.heard = now
	var frames [][]byte
	if now.Sub(s.resentAt) >= resendAfter/2 {
		frames = s.out.from(from)
	}
	if frames != nil {
		s.resentAt = now
	}
	s.mu.Unlock()
	for _, f := range frames {
		s.post(f)
	}
}

// stateNow returns how far this side has come. It is called with the lock.
func (s *side) stateNow() wire.State {
	return wire.State{Received: s.in.next, Limit: s.in.limit, Sent: s.out.next}
}

// next waits for the next frame, until stop or late is closed. It lets the other
// side send more.
func (s *side) next(stop, late <-chan struct{}) (wire.Data, error) {
	for {
		s.mu.Lock()
		d, ok := s.in.take()
		err := s.err
		tell := s.in.grant()
		var credit []byte
		if tell && err == nil {
			credit = wire.AppendState(nil, wire.KindCredit, s.id, s.stateNow())
			s.spoke = time.Now()
		}
		readable := s.readable
		s.mu.Unlock()
		if credit != nil {
			s.post(credit)
		}
		switch {
		case ok:
			return d, nil
		case err != nil:
			return wire.Data{}, err
		}
		select {
		case <-readable:
		case <-stop:
			return wire.Data{}, errStopped
		case <-late:
			return wire.Data{}, errLate
		}
	}
}

// awaitRoom waits until a frame with n bytes may be sent, or as many as make sense,
// and returns how many may be.
func (s *side) awaitRoom(n int, stop, late <-chan struct{}) (int, error) {
	n = min(n, s.chunk)
	least := uint64(min(n, minWindow/4) + wire.FrameCost)
	for {
		s.mu.Lock()
		room, err, writable := s.out.room(), s.err, s.writable
		s.mu.Unlock()
		switch {
		case err != nil:
			return 0, err
		case room >= least:
			return min(n, int(room)-wire.FrameCost), nil //nolint:gosec // room is less than a window
		}
		select {
		case <-writable:
		case <-stop:
			return 0, errStopped
		case <-late:
			return 0, errLate
		}
	}
}

// send sends a frame for which there is room, or the last one. It is called with
// sending held.
func (s *side) send(d *wire.Data) error {
	last := d.Flags&wire.FlagEnd != 0
	cost := d.Cost()
	s.mu.Lock()
	if s.err != nil || s.out.ended {
		err := s.err
		s.mu.Unlock()
		if err == nil {
			err = errStopped
		}
		return err
	}
	d.Sequence = s.out.next
	n := maxFrame - wire.MaxChunk + len(d.Section) + len(d.Body)
	var frame []byte
	if last {
		frame = make([]byte, 0, n) // it is kept for long
	} else {
		frame = buffer(n)
	}
	frame = wire.AppendData(frame, s.id, d)
	s.out.add(frame, cost, last)
	s.spoke = time.Now()
	s.mu.Unlock()
	s.post(frame)
	return nil
}

// sendOnly sends a frame that is the first and the last, which is kept.
func (s *side) sendOnly(frame []byte) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	if s.err != nil {
		err := s.err
		s.mu.Unlock()
		return err
	}
	s.out.add(frame, uint64(len(frame)), true)
	s.spoke = time.Now()
	s.mu.Unlock()
	s.post(frame)
	return nil
}

// sendBody sends bytes in frames with flags, the first of them with what first
// has.
func (s *side) sendBody(p []byte, first wire.Data, stop, late <-chan struct{}) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	for d := first; ; d = (wire.Data{Flags: first.Flags & wire.FlagFlush}) {
		n, err := s.awaitRoom(len(p), stop, late)
		if err != nil {
			return err
		}
		d.Body = p[:n]
		if err := s.send(&d); err != nil {
			return err
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
	}
}

// sendLast sends the last frame.
func (s *side) sendLast(d *wire.Data) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.send(d)
}
