package sim

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Times of claims, in milliseconds, and how often one is tried at once.
const (
	beatEvery = 1000
	lookEvery = 500
	maxClaims = 4
	// anewAfter is how long it takes until somebody has a scheduler begin anew.
	anewAfter = 6000
)

// Where the beat is, and the name of the log.
const (
	beatKey = "leader"
	ourLog  = "ours"
)

// identify has the log say which it is, and then contends for the lattice.
func (s *service) identify() {
	if s.r.state.Meta().Cluster != "" {
		s.contend()
		return
	}
	meta := *s.r.state.Meta()
	meta.Cluster = ourLog
	data, err := state.EncodeEntry(&state.Entry{Base: s.r.state.Seq, At: max(s.r.wall(), 0), Changes: []state.Change{state.Put(state.Record{Meta: &meta})}})
	if err != nil {
		s.w.fail("entries can be written", "scheduler %d: %v", s.r.id, err)
		return
	}
	s.r.propose(data, func(err error) {
		switch {
		case s.ended:
		case err != nil:
			s.again()
		default:
			s.contend()
		}
	})
}

// contend waits until nobody else leads the lattice.
func (s *service) contend() {
	r := s.r
	s.claim = lead.NewClaim(latticeName, lead.Beat{
		Cluster: r.state.Meta().Cluster, ID: fmt.Sprintf("node-%d", r.id), Service: fmt.Sprintf("service-%d-%d", r.id, r.life), Term: s.term, Beat: r.beats,
	})
	s.follow(s.w.beats, s.beatSeen, func() {
		s.claim.Synced(s.mono(), r.anew || !lead.Blank(r.state))
		s.contending = true
		s.wait()
	})
}

func (s *service) wait() {
	if !s.contending {
		return
	}
	if at := s.claim.Standing(s.mono()); at == lead.Free || at == lead.Held {
		s.prepare()
		return
	}
	s.after(lookEvery, s.wait) // silence says nothing by itself
}

// beatSeen takes in a beat that the watch gives.
func (s *service) beatSeen(i item) {
	own := s.claim.Saw(s.mono(), i.live(), beatOf(i))
	if own && s.l != nil {
		s.l.Beat(s.mono())
		s.beaten = s.w.now
	}
	s.stands()
}

// beatOf returns the beat that a value is, nil if it is none.
func beatOf(i item) *lead.Beat {
	b := new(lead.Beat)
	if i.deleted || json.Unmarshal(i.value, b) != nil {
		return nil
	}
	return b
}

// take claims the lattice.
func (s *service) take(tries int) {
	if tries == 0 || s.claim.Err(s.mono()) != nil {
		s.again()
		return
	}
	s.beat(func(err error) {
		switch {
		case err == nil:
			s.r.note("has claimed the lattice")
			s.acts, s.r.anew = true, false
			s.keep()
			s.poke()
		case errors.Is(err, errRevision):
			s.take(tries - 1)
		default:
			s.again()
		}
	})
}

// keep has the beat go on.
func (s *service) keep() {
	s.after(beatEvery, func() {
		s.beat(func(error) { s.stands() })
		s.stands()
		s.keep()
	})
}

// stands ends what is done when the lattice is another one's.
func (s *service) stands() {
	if !s.ended && s.acts && s.claim.Standing(s.mono()) != lead.Held {
		s.r.note("does not lead the lattice any more")
		s.again()
	}
}

// beat puts a beat, over nothing but what is known to be there.
func (s *service) beat(done func(error)) {
	b, over := s.claim.Next()
	s.r.beats = b.Beat
	sent, answered := s.mono(), false
	finish := func(err error, f func()) {
		s.after(0, func() {
			if !answered {
				answered = true
				f()
				done(err)
			}
		})
	}
	s.w.putBeat(&b, over, func() bool { return !s.w.faults.away[s.r.id] }, func(now item, err error) {
		finish(err, func() {
			if err == nil {
				s.claim.Wrote(sent, now.revision)
			} else {
				s.claim.Looked(s.mono(), now.live(), beatOf(now))
			}
		})
	})
	s.after(beatEvery, func() { finish(errNoAnswer, func() {}) })
}

// putBeat sends a beat, which is put if the last one has the revision that is given, and
// calls done with what is there then, unless a message is lost.
func (w *World) putBeat(b *lead.Beat, over uint64, linked func() bool, done func(item, error)) {
	value, err := json.Marshal(b)
	if err != nil {
		w.fail("documents can be written", "%v", err)
		return
	}
	w.after(w.latency(), func() {
		if !linked() || w.chance(w.faults.drop) {
			return
		}
		_, err := w.beats.put(beatKey, value, true, over)
		now, there := w.beats.items[beatKey]
		now.deleted = now.deleted || !there
		if !w.chance(w.faults.drop) {
			w.after(w.latency(), func() { done(now, err) })
		}
	})
}
