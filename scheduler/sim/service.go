package sim

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/lead"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

const (
	// retryAfter is when what could not be written is tried again.
	retryAfter = 1000
	// writeTime is how long a write may take.
	writeTime = 2000
	// fresh is how old a report may be to count as heard.
	fresh = 2000
	// mostWaiting is how many commands wait, mostUnderWay how many decisions.
	mostWaiting  = 64
	mostUnderWay = 4
	// rollEvery is how often hosts that are quiet are asked, and rollTime for how long an
	// answer is waited for.
	rollEvery = lease / 6
	rollTime  = lease / 3
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
	// said is the last report of each host.
	said map[lattice.HostID]*lattice.HostReport

	// claim is nil until the log says which it is, and l until nobody else leads the
	// lattice. acts says that it has claimed it, and away that the claim may have lapsed.
	claim      *lead.Claim
	contending bool
	l          *lead.Leader
	acts, away bool
	// beaten is when its beat came back last, for the invariants.
	beaten int64
	// asked are the hosts that are asked whether they are there.
	asked map[lattice.HostID]bool

	watches []*watch
	synced  int
	begun   bool

	waiting []request
	// under are the decisions that are on their way to the log, and done how many of
	// them are there.
	under []*decision
	// done are those that arrived last.
	done []*decision
	// phases are the documents that are to be written before anything else is decided, and
	// writing is how many are on their way.
	phases  [][]lead.Doc
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

func newService(r *replica) {
	s := &service{r: r, w: r.w, term: r.term, heard: map[lattice.HostID]int64{}, said: map[lattice.HostID]*lattice.HostReport{}, asked: map[lattice.HostID]bool{}}
	r.service = s
	s.identify()
}

// follow watches a bucket.
func (s *service) follow(b *bucket, f func(item), synced func()) {
	r := s.r
	linked := func() bool { return r.up && r.service == s && !s.ended && !s.w.faults.away[r.id] }
	take := func(i item) {
		s.after(0, func() {
			f(i)
			s.poke()
		})
	}
	all := false
	s.watches = append(s.watches, b.watch("", linked, take, func() {
		s.after(0, func() {
			if all { // it has begun anew since
				return
			}
			all = true
			s.synced++
			synced()
			s.poke()
		})
	}))
}

// prepare begins to know what there is: nobody else leads the lattice.
func (s *service) prepare() {
	s.contending = false
	s.since = s.w.now
	s.l = lead.New(lead.Options{
		Term: s.term, BeginAnew: s.r.anew, Foreign: s.claim.Foreign(), Reconcile: reconcile.Options{Avoid: avoid},
	}, s.mono(), s.r.state)
	s.r.note("begins to decide in term %d", s.term)
	s.follow(s.w.reports, s.hear, func() {})
	for at, b := range s.w.documents {
		s.follow(b, func(i item) { s.saw(lead.Bucket(at), i) }, func() {})
	}
	s.roll()
}

// begin judges what there is, and claims the lattice.
func (s *service) begin() {
	s.begun = true
	err := s.l.Begin()
	switch {
	case err == nil:
		s.take(maxClaims)
	case s.claim.Foreign() != nil:
		s.r.note("decides nothing: a rival was here")
		s.w.after(anewAfter, func() {
			// Somebody has read why, and starts it with --begin-anew.
			s.r.anew = true
			s.again()
		})
	case s.l.State().Seq == s.w.check.last.state.Seq:
		s.w.fail("a leader decides", "scheduler %d: %v", s.r.id, err)
	default:
		// One that was deposed with an empty log sees what its successor wrote.
		s.r.note("decides nothing: its log is empty")
	}
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

// again begins anew in a while: what was decided did not come to be, or another one has
// claimed the lattice.
func (s *service) again() {
	if s.ended {
		return
	}
	s.r.note("begins again")
	s.end()
	s.r.after(retryAfter, func() {
		if r := s.r; r.service == s && r.leading && r.term == s.term {
			r.lead()
			r.apply()
		}
	})
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
	return !s.ended && s.acts && !s.w.faults.away[s.r.id] && s.r.up
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
	report, err := s.w.hear(id, i.value)
	if err != nil {
		return
	}
	if last := s.said[id]; last == nil || !last.Started.Equal(report.Started) || last.Sequence <= report.Sequence {
		s.heard[id], s.said[id] = s.w.now, report // or it has come late, and counts for nothing
	}
	s.l.Heard(s.mono(), id, report, s.complete() || s.w.now-i.at < fresh)
}

// roll asks hosts that are quiet whether they are there, again and again.
func (s *service) roll() {
	s.after(rollEvery, s.roll)
	for _, id := range slices.Sorted(slices.Values(s.l.Quiet(s.mono()))) {
		h := s.w.byID[id]
		if s.asked[id] || h == nil {
			continue
		}
		s.asked[id] = true
		s.after(rollTime, func() { delete(s.asked, id) })
		s.w.after(s.w.latency(), func() { // the way there
			if s.w.faults.away[s.r.id] || !h.linked() || s.w.chance(s.w.faults.drop) {
				return
			}
			s.w.after(s.w.latency(), func() { s.after(0, func() { s.present(id) }) }) // and back
		})
	}
}

// present takes in that a host has answered, in time. One that is lost stays so.
func (s *service) present(id lattice.HostID) {
	if s.asked[id] {
		if s.w.opts.Break != NoRollCall {
			s.l.Present(s.mono(), id)
		}
		if s.w.now-max(s.heard[id], s.since) < lease {
			s.heard[id] = s.w.now
		}
	}
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

// complete reports whether all that there was has been seen.
func (s *service) complete() bool { return s.l != nil && s.synced == len(s.watches) }

// round does the next thing: the documents of what was decided last, then a command, then
// what the leader does by itself, then documents that are due for another reason.
func (s *service) round() {
	switch {
	case !s.complete():
		return
	case !s.begun:
		s.begin()
		return
	case !s.acts:
		return
	}
	sure := s.claim.Sure(s.mono())
	if s.away && sure {
		s.again() // nothing was heard meanwhile: that must not count against anybody
		return
	}
	s.away = !sure
	if s.write(sure) {
		return
	}
	if len(s.under) < mostUnderWay {
		if len(s.waiting) > 0 {
			one := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.serve(one)
			s.poke()
			return
		}
		if sure && s.plan() {
			s.poke()
			return
		}
	}
	if sure && len(s.under) == 0 && s.retry <= s.w.now {
		s.phases = s.l.Due()
		s.write(sure)
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
	s.losses(p)
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

// losses sees what is taken from hosts because they count as lost.
//
// Invariant: no host counts as lost that has reported, or has answered, within the lease.
func (s *service) losses(p *lead.Proposal) {
	for _, e := range p.Events {
		data, _ := e.Data.(lead.EventData)
		id := data.Host
		p := s.r.state.Placements(data.Component).On(id)
		if p == nil || p.Leaving != "" || len(s.under) > 0 {
			continue // that was decided before
		}
		if heard := s.w.now - max(s.heard[id], s.since); strings.HasSuffix(data.Reason, "its host does not report") && heard < lease {
			s.w.fail("a host that answers is not lost", "scheduler %d, host %d, heard of %d ms ago: %s", s.r.id, s.w.number(id), heard, data.Reason)
		}
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
	s.phases = s.l.Due()
	for _, d := range all {
		d.done()
	}
	s.poke()
}

// write writes the documents that are due, phase by phase, and reports whether some are on
// their way. What cannot be written stays due, and does not hold up the next phase.
func (s *service) write(sure bool) bool {
	if !sure {
		s.phases = nil
	}
	for s.writing == 0 && len(s.phases) > 0 {
		phase := s.phases[0]
		s.phases = s.phases[1:]
		for _, d := range phase {
			write, err := s.l.Write(d)
			switch {
			case errors.Is(err, lead.ErrAhead):
				s.r.note("is behind: %v", err)
				s.poke()
			case errors.Is(err, lead.ErrHeld):
				s.later()
			case err != nil:
				s.w.fail("documents can be written", "scheduler %d: %v", s.r.id, err)
				return false
			case write != nil:
				s.send(write)
			}
		}
	}
	return s.writing > 0
}

// later has what could not be written be tried again in a while.
func (s *service) later() {
	s.retry = s.w.now + retryAfter
	s.wake(s.retry)
}

// send sends a document on its way.
func (s *service) send(d *lead.Write) {
	s.w.oneLeads()
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
			s.phases = slices.Insert(s.phases, 0, []lead.Doc{d.Doc})
		case s.w.opts.Break == NotAgain:
			s.l.Wrote(d, revision)
		default:
			s.later()
		}
		s.poke()
	}
	s.w.after(s.w.latency(), func() { // the way there
		if s.w.faults.away[s.r.id] || s.w.now < b.closed || s.w.chance(s.w.faults.drop) {
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
