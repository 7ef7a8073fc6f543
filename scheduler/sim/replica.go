package sim

import (
	"bytes"
	"errors"
	"slices"

	"github.com/wattle-dev/wattle/scheduler/state"
)

// Times of the log, in milliseconds.
const (
	logBeat       = 500  // between two messages of a leader that has nothing to say
	logLease      = 1500 // a leader that a majority has not answered for so long steps down
	electionFirst = 1500 // how long a follower waits at least for a leader
	electionMore  = 2500 // and how much longer at most
	keepTrailing  = 8    // entries stay in the log behind a snapshot
)

// record is an entry of the log. One without data begins a term.
type record struct {
	term uint64
	data []byte
}

// replica is a scheduler's process, with its part of the log.
type replica struct {
	w    *World
	id   int
	life int // counts starts: what was begun by an earlier one does not go on
	up   bool
	// paused is until when the process is stopped, without knowing it.
	paused int64
	// skew is how far its clock is off.
	skew int64

	// What is on disk. log begins after base; what is after synced may be lost.
	term     uint64
	base     uint64
	baseTerm uint64
	snapshot []byte
	log      []record
	synced   uint64

	// What is in memory.
	state    *state.State
	commit   uint64
	applied  uint64
	applying bool
	heard    int64 // when there was a leader
	patience int64
	leading  bool
	follower []follower
	waiting  []proposal
	service  *service
	// beats counts its beats, and anew has it begin anew.
	beats uint64
	anew  bool
	// leads is the term for which a service begins when barrier is applied.
	leads, barrier uint64
}

// follower is what a leader knows of another replica.
type follower struct {
	next, match uint64
	answered    int64
}

// proposal waits for its entry.
type proposal struct {
	index, term uint64
	done        func(error)
}

// Errors of proposals.
var (
	errNotLeader = errors.New("not the leader")
	errDeposed   = errors.New("the leader was deposed: it may have been done, or be done later")
)

// after has f be called in a while, unless the process has ended by then. One that is
// paused goes on when the pause is over.
func (r *replica) after(ms int64, f func()) {
	life := r.life
	var run func()
	run = func() {
		switch {
		case r.life != life || !r.up:
		case r.w.now < r.paused:
			r.w.queue.add(r.paused, run)
		default:
			f()
		}
	}
	r.w.queue.add(r.w.now+ms, run)
}

func (r *replica) last() uint64 { return r.base + uint64(len(r.log)) }

func (r *replica) termOf(index uint64) uint64 {
	if index <= r.base {
		return r.baseTerm
	}
	return r.log[index-r.base-1].term
}

// wall is the time of day as the process has it.
func (r *replica) wall() int64 { return epoch + r.w.now + r.skew }

// start begins the process from what is on disk.
func (r *replica) start() {
	r.life++
	r.up, r.paused = true, 0
	r.state, r.commit, r.applied, r.applying = state.New(latticeName), r.base, r.base, false
	r.leading, r.follower, r.waiting, r.service, r.leads, r.beats, r.anew = false, nil, nil, nil, 0, 0, false
	if r.snapshot != nil {
		restored, err := state.Restore(bytes.NewReader(r.snapshot))
		if err != nil {
			r.w.fail("a snapshot can be restored", "scheduler %d: %v", r.id, err)
			return
		}
		r.state = restored
	}
	r.listen()
	r.note("starts, with %d of %d entries in its snapshot, term %d", r.base, r.last(), r.term)
	r.tick()
	r.snapshots()
}

// stop ends the process. What was not on disk may be gone.
func (r *replica) stop() {
	r.note("dies")
	r.up, r.leading, r.waiting = false, false, nil
	if r.service != nil {
		r.service.end()
	}
	if r.w.opts.Break == LoseCommitted {
		r.log, r.synced = nil, r.base
	}
	if keep := r.synced; keep < r.last() && r.w.chance(0.5) {
		r.note("loses entries %d to %d, which were not on its disk", keep+1, r.last())
		r.log = slices.Clip(r.log[:keep-r.base])
	}
	r.synced = r.last()
}

func (r *replica) note(format string, args ...any) {
	r.w.note("scheduler %d "+format, append([]any{r.id}, args...)...)
}

// listen says that there is no reason to want to lead for a while.
func (r *replica) listen() {
	r.heard = r.w.now
	r.patience = electionFirst + r.w.rand.Int64N(electionMore)
}

// tick does what is due from time to time.
func (r *replica) tick() {
	switch {
	case r.leading:
		answered := 1
		for i := range r.follower {
			if i != r.id && r.w.now-r.follower[i].answered <= logLease {
				answered++
			}
		}
		if answered <= len(r.w.replicas)/2 {
			r.note("steps down: no majority answers")
			r.follow()
			break
		}
		r.broadcast()
	case r.w.now-r.heard > r.patience:
		r.campaign()
	}
	r.after(logBeat, r.tick)
}

// campaign tries to become the leader. Votes are counted at once: what matters is that
// whoever wins has a majority which has given its word for the term.
func (r *replica) campaign() {
	r.listen()
	term := r.term + 1
	var voters []*replica
	for _, v := range r.w.replicas {
		if v != r && (!v.up || v.paused > r.w.now || !r.w.faults.linked(r, v) || !r.w.faults.linked(v, r) || v.w.now-v.heard < electionFirst/2) {
			continue // a follower that has a leader keeps to it
		}
		if v.term >= term {
			term = v.term + 1
		}
		last, mine := v.termOf(v.last()), r.termOf(r.last())
		if last > mine || last == mine && v.last() > r.last() {
			continue
		}
		voters = append(voters, v)
	}
	if !slices.Contains(voters, r) {
		voters = append(voters, r)
	}
	if len(voters) <= len(r.w.replicas)/2 {
		r.term = term // as it asked for votes
		return
	}
	for _, v := range voters {
		if v.leading && v != r {
			v.follow()
		}
		v.term = term
		v.listen()
	}
	r.leading = true
	r.follower = make([]follower, len(r.w.replicas))
	for i := range r.follower {
		r.follower[i] = follower{next: r.last() + 1, answered: r.w.now}
	}
	r.note("leads term %d with %d votes", term, len(voters))
	r.append(nil)
	r.broadcast()
}

// follow ends the leadership, of which the service hears later.
func (r *replica) follow() {
	if !r.leading {
		return
	}
	r.leading = false
	r.listen()
	waiting := r.waiting
	r.waiting = nil
	for _, p := range waiting {
		p.done(errDeposed)
	}
	if s := r.service; s != nil {
		r.after(r.w.rand.Int64N(1+r.w.faults.denial), func() {
			if r.service == s && !s.ended && (!r.leading || r.term != s.term) {
				r.note("hears that it does not lead any more")
				s.end()
			}
		})
	}
}

// propose appends an entry, and calls done when it has been applied here, or may never
// be.
func (r *replica) propose(data []byte, done func(error)) {
	if !r.leading {
		done(errNotLeader)
		return
	}
	index := r.append(data)
	r.waiting = append(r.waiting, proposal{index, r.term, done})
	r.broadcast()
}

func (r *replica) append(data []byte) uint64 {
	r.log = append(r.log, record{r.term, data})
	r.sync(func() { r.advance() })
	return r.last()
}

// sync has what is in the log be on disk in a while, and then calls f.
func (r *replica) sync(f func()) {
	index, term := r.last(), r.termOf(r.last())
	r.after(1+r.w.rand.Int64N(8), func() {
		if r.last() >= index && r.termOf(index) == term {
			r.synced = max(r.synced, index)
		}
		f()
	})
}

// broadcast sends each follower what it lacks.
func (r *replica) broadcast() {
	for _, p := range r.w.replicas {
		if p != r {
			r.send(p)
		}
	}
}

func (r *replica) send(p *replica) {
	w, f := r.w, &r.follower[p.id]
	term, commit := r.term, r.commit
	if f.next <= r.base {
		base, baseTerm, snapshot := r.base, r.baseTerm, r.snapshot
		r.carry(p, func() { p.install(r, term, base, baseTerm, snapshot) })
		return
	}
	prev := f.next - 1
	prevTerm, entries := r.termOf(prev), slices.Clone(r.log[prev-r.base:])
	if w.chance(w.faults.drop) {
		return
	}
	r.carry(p, func() { p.receive(r, term, prev, prevTerm, entries, commit) })
}

// carry has f happen at another replica, if messages get there.
func (r *replica) carry(to *replica, f func()) {
	if !r.w.faults.linked(r, to) {
		return
	}
	life := to.life
	delay := r.w.latency()
	r.w.queue.add(r.w.now+delay, func() {
		if to.up && to.life == life && r.w.faults.linked(r, to) {
			to.after(0, f)
		}
	})
}

// hear takes in the term of a message, and reports whether it is of the leader.
func (r *replica) hear(from *replica, term uint64) bool {
	if term < r.term {
		mine := r.term
		r.carry(from, func() { from.outdated(mine) })
		return false
	}
	if term > r.term {
		r.follow()
		r.term = term
	}
	r.listen()
	return true
}

func (r *replica) outdated(term uint64) {
	if term > r.term {
		if r.leading {
			r.note("hears of term %d", term)
		}
		r.follow()
		r.term = term
	}
}

// receive takes entries of a leader.
func (r *replica) receive(from *replica, term, prev, prevTerm uint64, entries []record, commit uint64) {
	if !r.hear(from, term) {
		return
	}
	if prev > r.last() || prev >= r.base && r.termOf(prev) != prevTerm {
		last := min(r.last(), prev-1)
		r.carry(from, func() { from.lacking(r, term, last) })
		return
	}
	for i := range entries {
		index := prev + 1 + uint64(i) //nolint:gosec // small numbers
		if index <= r.base {
			continue
		}
		if index <= r.last() {
			if r.termOf(index) == entries[i].term {
				continue
			}
			if index <= r.commit {
				r.w.fail("what is committed stays", "scheduler %d: entry %d of term %d is replaced by one of term %d", r.id, index, r.termOf(index), entries[i].term)
				return
			}
			r.log = slices.Clip(r.log[:index-r.base-1])
			r.synced = min(r.synced, index-1)
		}
		r.log = append(r.log, entries[i])
	}
	match := prev + uint64(len(entries))
	r.learn(min(commit, match))
	if match <= r.synced {
		r.carry(from, func() { from.matched(r, term, match) })
		return
	}
	r.sync(func() {
		if r.term == term {
			r.carry(from, func() { from.matched(r, term, min(match, r.synced)) })
		}
	})
}

// install takes a snapshot of a leader.
func (r *replica) install(from *replica, term, base, baseTerm uint64, snapshot []byte) {
	if !r.hear(from, term) {
		return
	}
	if base > r.applied {
		restored, err := state.Restore(bytes.NewReader(snapshot))
		if err != nil {
			r.w.fail("a snapshot can be restored", "scheduler %d: %v", r.id, err)
			return
		}
		r.note("takes the snapshot of scheduler %d, up to %d", from.id, base)
		r.base, r.baseTerm, r.snapshot, r.log, r.synced = base, baseTerm, snapshot, nil, base
		r.state, r.commit, r.applied = restored, base, base
		r.w.check.applied(r, base)
	}
	r.carry(from, func() { from.matched(r, term, base) })
}

// lacking is the answer of a follower whose log ends earlier, or otherwise.
func (r *replica) lacking(p *replica, term, last uint64) {
	if !r.leading || r.term != term {
		return
	}
	f := &r.follower[p.id]
	f.answered = r.w.now
	f.next = max(1, min(f.next, last+1))
	if f.next > f.match {
		r.send(p)
	}
}

// matched is the answer of a follower that has everything up to match on disk.
func (r *replica) matched(p *replica, term, match uint64) {
	if !r.leading || r.term != term {
		return
	}
	f := &r.follower[p.id]
	f.answered = r.w.now
	f.match = max(f.match, match)
	f.next = max(f.next, f.match+1)
	r.advance()
}

// advance commits what a majority has on disk.
func (r *replica) advance() {
	if !r.leading {
		return
	}
	have := make([]uint64, 0, len(r.follower))
	for i := range r.follower {
		if i == r.id {
			have = append(have, r.synced)
		} else {
			have = append(have, r.follower[i].match)
		}
	}
	slices.Sort(have)
	if index := have[(len(have)-1)/2]; index > r.commit && r.termOf(index) == r.term {
		r.learn(index)
		r.broadcast()
	}
}

// learn takes in what is committed, and has it be applied in a while.
func (r *replica) learn(commit uint64) {
	r.commit = max(r.commit, commit)
	if r.applied < r.commit && !r.applying {
		r.applying = true
		r.after(r.w.latency(), func() {
			r.applying = false
			r.apply()
		})
	}
}

// apply applies what is committed.
func (r *replica) apply() {
	for r.applied < r.commit {
		index := r.applied + 1
		one := r.log[index-r.base-1]
		err := r.w.applyEntry(r, index, one)
		r.applied = index
		r.w.check.applied(r, index)
		for i := 0; i < len(r.waiting); {
			p := r.waiting[i]
			if p.index != index {
				i++
				continue
			}
			r.waiting = slices.Delete(r.waiting, i, i+1)
			if p.term != one.term {
				p.done(errDeposed)
			} else {
				p.done(err)
			}
		}
		if r.leading && one.term == r.term && one.data == nil {
			r.lead()
		}
	}
	if r.leading && r.leads == r.term && r.service == nil && r.applied >= r.barrier {
		newService(r)
	}
	if s := r.service; s != nil {
		s.poke()
	}
}

// lead ends what an earlier term has left, and has another service begin when all that is
// in the log by then is applied: the old one may have gone on into this term.
func (r *replica) lead() {
	if r.service != nil {
		r.service.end()
		r.service = nil
	}
	r.leads, r.barrier = r.term, r.last()
}

// snapshots makes snapshots from time to time, and shortens the log.
func (r *replica) snapshots() {
	r.after(2000+r.w.rand.Int64N(30_000), func() {
		r.compact()
		r.snapshots()
	})
}

func (r *replica) compact() {
	if r.applied <= r.base+keepTrailing || r.synced < r.applied {
		return
	}
	// The snapshot is of what is applied; the log keeps what comes after it, and
	// followers that lag behind are sent the snapshot.
	var b bytes.Buffer
	if err := r.state.Snapshot(&b); err != nil {
		r.w.fail("a snapshot can be made", "scheduler %d: %v", r.id, err)
		return
	}
	baseTerm := r.termOf(r.applied)
	r.log = slices.Clone(r.log[r.applied-r.base:])
	r.base, r.baseTerm, r.snapshot = r.applied, baseTerm, b.Bytes()
	r.note("has a snapshot up to %d, of %d bytes", r.base, b.Len())
}
