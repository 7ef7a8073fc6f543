package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	// beatEvery is the time between two beats of a leader, in milliseconds.
	beatEvery = 1000
	// retryAfter is when what could not be written is tried again.
	retryAfter = 1000
	// writeTime is how long a write may take.
	writeTime = 2000
	// fresh is how old a report may be to count as heard.
	fresh = 2000
	// mostWaiting is how many commands wait, mostUnderWay how many decisions.
	mostWaiting  = 64
	mostUnderWay = 4
	beatKey      = "leader"
	// avoid is how long a host is avoided on which a component failed: shorter than by
	// default, as a world is at rest only when that is over.
	avoid = 45_000
)

// service is what a leader does from when its term begins until it hears that it has
// ended, which may be long after: what package scheduler does around package lead, with
// the model of the log and of the buckets.
type service struct {
	r     *replica
	w     *World
	term  uint64
	ended bool
	// since is when it began, and heard when it heard of each host, for the invariants.
	since int64
	heard map[lattice.HostID]int64

	l       *lead.Leader
	watches []*watch
	synced  int
	begun   bool

	waiting []request
	// under are the decisions that are on their way to the log, and done how many of
	// them are there.
	under []*decision
	// done are those that arrived last.
	done []*decision
	// writing is how many documents are on their way.
	writing int
	poked   bool
	alarm   int64
	retry   int64
}

// request is a command that waits for its answer.
type request struct {
	cmd    control.Command
	answer func(any, error)
}

// decision is a proposal on its way to the log.
type decision struct {
	p    *lead.Proposal
	left int
	done func()
}

func newService(r *replica) *service {
	s := &service{r: r, w: r.w, term: r.term, since: r.w.now, heard: map[lattice.HostID]int64{}}
	s.l = lead.New(lead.Options{Term: s.term, Reconcile: reconcile.Options{Avoid: avoid}}, s.mono(), r.state)
	r.note("begins to decide in term %d", s.term)
	follow := func(b *bucket, f func(item)) {
		linked := func() bool { return r.up && r.service == s && !s.ended && !s.w.faults.away[r.id] }
		take := func(i item) {
			r.after(0, func() {
				if !s.ended {
					f(i)
					s.poke()
				}
			})
		}
		s.watches = append(s.watches, b.watch("", linked, take, func() {
			r.after(0, func() {
				s.synced++
				s.poke()
			})
		}))
	}
	r.service = s
	follow(s.w.reports, s.hear)
	follow(s.w.beats, s.beatBack)
	for at, b := range s.w.documents {
		follow(b, func(i item) { s.saw(lead.Bucket(at), i) })
	}
	s.beat()
	return s
}

// end ends the service.
func (s *service) end() {
	if s.ended {
		return
	}
	s.ended = true
	for _, w := range s.watches {
		w.end()
	}
	for _, one := range s.waiting {
		s.reply(one, nil, errSilence)
	}
}

// again begins anew: what was decided did not come to be.
func (s *service) again() {
	if s.ended {
		return
	}
	s.r.note("begins again")
	s.end()
	if s.r.up && s.r.leading && s.r.term == s.term {
		newService(s.r)
	}
}

// mono is the time by a clock that does not jump, and that means nothing elsewhere.
func (s *service) mono() int64 { return s.w.now + int64(s.r.life)*1_000_003 }

// after has f be called in a while, unless the service has ended by then.
func (s *service) after(ms int64, f func()) {
	s.r.after(ms, func() {
		if !s.ended {
			f()
		}
	})
}

// listens reports whether commands are taken.
func (s *service) listens() bool {
	return !s.ended && s.synced >= len(s.watches) && !s.w.faults.away[s.r.id] && s.r.up
}

// beat puts the leader's beat.
func (s *service) beat() {
	s.after(s.w.latency(), func() {
		if !s.w.faults.away[s.r.id] {
			_, _ = s.w.beats.put(beatKey, fmt.Appendf(nil, "%d %d %d", s.r.id, s.term, s.w.now), false, 0)
		}
	})
	s.after(beatEvery, s.beat)
}

// beatBack sees a beat.
func (s *service) beatBack(i item) {
	var id int
	var term uint64
	if _, err := fmt.Sscanf(string(i.value), "%d %d", &id, &term); err == nil && id == s.r.id && term == s.term {
		s.l.Beat(s.mono())
	}
}

// hear takes in a report.
func (s *service) hear(i item) {
	id, err := lattice.ParseHostID(i.key)
	if err != nil {
		return
	}
	if i.deleted {
		s.l.Heard(s.mono(), id, nil, false)
		return
	}
	report, err := wire.DecodeHostReport(i.value, latticeName, id)
	if err != nil {
		return
	}
	s.heard[id] = s.w.now
	s.l.Heard(s.mono(), id, report, s.synced >= len(s.watches) || s.w.now-i.at < fresh)
}

// saw takes in a document of the schedulers.
func (s *service) saw(at lead.Bucket, i item) {
	s.l.Saw(lead.Doc{Bucket: at, Key: i.key}, i.value, i.revision, i.deleted)
}

// command takes a command.
func (s *service) command(cmd control.Command, answer func(any, error)) {
	if !s.listens() || len(s.waiting) >= mostWaiting {
		s.w.after(s.w.latency(), func() { answer(nil, errSilence) })
		return
	}
	s.waiting = append(s.waiting, request{cmd, answer})
	s.poke()
}

// reply sends an answer.
func (s *service) reply(one request, result any, err error) {
	s.w.after(s.w.latency(), func() { one.answer(result, err) })
}

// poke has the service look soon what there is to do.
func (s *service) poke() {
	if s.poked || s.ended {
		return
	}
	s.poked = true
	s.after(1, func() {
		s.poked = false
		s.round()
	})
}

// wake has the service look again at a time.
func (s *service) wake(at int64) {
	if s.alarm > s.w.now && s.alarm <= at {
		return
	}
	s.alarm = at
	s.after(max(1, at-s.w.now), func() {
		if s.alarm == at {
			s.poke()
		}
	})
}

// round does the next thing: a command, then what the leader does by itself, then
// documents.
func (s *service) round() {
	if s.synced < len(s.watches) {
		return
	}
	if !s.begun {
		s.begun = true
		if err := s.l.Begin(); err != nil {
			// One that was deposed with an empty log sees what its successor wrote.
			if s.w.check.last.state.Seq == 0 {
				s.w.fail("a leader decides", "scheduler %d: %v", s.r.id, err)
				return
			}
			s.r.note("decides nothing: its log is empty")
		}
	}
	if len(s.under) < mostUnderWay {
		if len(s.waiting) > 0 {
			one := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.serve(one)
			s.poke()
			return
		}
		if s.plan() {
			s.poke()
			return
		}
	}
	if len(s.under) == 0 && s.writing == 0 && s.retry <= s.w.now {
		s.write()
		s.seek()
	}
}

// seek looks whether documents are there that no watch has given since they were written.
func (s *service) seek() {
	docs, next := s.l.Unseen(s.mono())
	for _, d := range docs {
		s.w.after(s.w.latency(), func() { // the way there
			if s.w.faults.away[s.r.id] || s.w.chance(s.w.faults.drop) {
				return
			}
			now, there := s.w.documents[d.Bucket].items[d.Key]
			s.w.after(s.w.latency(), func() {
				s.after(0, func() {
					s.l.Looked(d, now.value, now.revision, !there || now.deleted)
					s.poke()
				})
			})
		})
	}
	if next < math.MaxInt64 {
		s.wake(s.w.now + next - s.mono())
	}
}

// serve carries out a command.
func (s *service) serve(one request) {
	p, err := s.l.Decide(s.mono(), s.r.wall(), one.cmd)
	if err != nil {
		s.reply(one, nil, err)
		return
	}
	if stop, ok := one.cmd.(*control.StopComponent); ok && stop.Host != "" {
		// Whoever names the host wants it to end there, whatever else there is.
		s.w.check.missed[stop.ID] = s.w.now
	}
	s.propose(p, "command "+one.cmd.Name(), func() {
		p.Decision.Done(len(p.Entries) > 0, s.l.State().Stamp)
		s.reply(one, p.Decision.Result, nil)
		if len(s.done) == 1 {
			s.twice(one.cmd)
		}
	})
}

// twice sees that a command which was carried out just now would change nothing.
//
// Invariant: whoever has heard no answer may ask again.
func (s *service) twice(cmd control.Command) {
	if !control.Repeatable(cmd) {
		return
	}
	p, err := s.l.Decide(s.mono(), s.r.wall(), cmd)
	if err != nil {
		return // there is nothing left to do it to
	}
	for i := range p.Decision.Changes {
		if c := p.Decision.Changes[i].Component; c != nil && s.l.State().Component(c.ID).Failed != "" {
			continue // it is to be tried again
		}
		s.w.fail("the same command again changes nothing", "%s would change %s", describe(cmd), s.w.tellChange(&p.Decision.Changes[i]))
	}
}

// plan has what the leader does by itself be committed, and reports whether there is
// such.
func (s *service) plan() bool {
	p, next, err := s.l.Round(s.mono(), s.r.wall())
	if err != nil {
		s.w.fail("what a leader does by itself can be done", "scheduler %d: %v", s.r.id, err)
		return true
	}
	if p == nil {
		if next > 0 {
			s.wake(s.w.now + max(1, next-s.mono()))
		}
		return s.churn()
	}
	if s.dropped(p) {
		return false
	}
	what := "plan"
	if p.Decision != nil {
		what = "by itself"
	}
	s.propose(p, what, func() {})
	return true
}

// propose has what was decided be committed.
func (s *service) propose(p *lead.Proposal, what string, done func()) {
	s.tamper(p)
	s.r.note("proposes on %d, %s:", s.r.state.Seq, what)
	for _, e := range p.Entries {
		for i := range e.Changes {
			s.w.note("    %s", s.w.tellChange(&e.Changes[i]))
		}
	}
	if err := s.l.Accept(s.mono(), p); err != nil {
		s.w.fail("what is decided can be applied", "scheduler %d, %s: %v", s.r.id, what, err)
		return
	}
	d := &decision{p, len(p.Entries), done}
	s.under = append(s.under, d)
	if d.left == 0 {
		s.settle()
		return
	}
	for _, e := range p.Entries {
		data, err := state.EncodeEntry(e)
		if err != nil {
			s.w.fail("entries can be written", "scheduler %d, %s: %v", s.r.id, what, err)
			return
		}
		s.r.propose(data, func(err error) {
			switch {
			case s.ended:
			case err == nil:
				d.left--
				s.settle()
			case errors.Is(err, errDeposed), errors.Is(err, errNotLeader), errors.Is(err, lattice.ErrConflict):
				s.again()
			default:
				s.w.fail("what is decided can be applied", "scheduler %d, %s: %v", s.r.id, what, err)
			}
		})
	}
}

// settle goes on when all that is on its way has arrived.
func (s *service) settle() {
	if slices.ContainsFunc(s.under, func(d *decision) bool { return d.left > 0 }) {
		return
	}
	all := s.under
	s.under, s.done = nil, all
	proposals := make([]*lead.Proposal, len(all))
	for i, d := range all {
		proposals[i] = d.p
	}
	s.l.Applied(s.mono(), s.r.state, proposals...)
	for _, d := range all {
		d.done()
	}
	s.poke()
}

// write writes the documents that are due, of the first phase that has any.
func (s *service) write() {
	for _, phase := range s.l.Due() {
		for _, d := range phase {
			write, err := s.l.Write(d)
			switch {
			case errors.Is(err, lead.ErrAhead):
				s.r.note("is behind: %v", err)
				s.poke()
				return
			case err != nil:
				s.w.fail("documents can be written", "scheduler %d: %v", s.r.id, err)
				return
			case write != nil:
				s.send(write)
			}
		}
		if s.writing > 0 {
			return
		}
	}
}

// send sends a document on its way.
func (s *service) send(d *lead.Write) {
	b := s.w.documents[d.Bucket]
	s.writing++
	answered := false
	finish := func(revision uint64, err error) {
		if answered || s.ended {
			return
		}
		answered = true
		s.writing--
		switch {
		case err == nil:
			s.l.Wrote(d, revision)
		case errors.Is(err, errRevision): // it is looked at anew
			now, there := b.items[d.Key]
			s.l.Looked(d.Doc, now.value, now.revision, !there || now.deleted)
		case s.w.opts.Break == NotAgain:
			s.l.Wrote(d, revision)
		default:
			s.retry = s.w.now + retryAfter
			s.wake(s.retry)
		}
		s.poke()
	}
	s.w.after(s.w.latency(), func() { // the way there
		if s.w.faults.away[s.r.id] || s.w.chance(s.w.faults.drop) {
			return
		}
		var now uint64
		var err error
		if d.Delete {
			err = b.remove(d.Key, false, 0)
			now = b.items[d.Key].revision
		} else {
			now, err = b.put(d.Key, d.Value, true, d.Revision)
		}
		if !s.w.chance(s.w.faults.drop) {
			s.w.after(s.w.latency(), func() { s.after(0, func() { finish(now, err) }) }) // and back
		}
	})
	s.after(writeTime, func() { finish(0, errNoAnswer) })
}
