package sim

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// check looks after the invariants. What it knows it has seen itself, so that it
// believes neither the schedulers nor the hosts.
type check struct {
	w *World
	// log has what was applied, by index: the first that applied it counts.
	log map[uint64]*applied
	// last is the newest state, and at when something was decided last.
	last *applied
	at   int64
	// states has the states by their stamps.
	states map[lattice.Stamp]*state.State
	// told has the newest stamp of each key that ever was in a bucket.
	told map[string]lattice.Stamp
	// taken has the newest stamp that each host took.
	taken map[lattice.HostID]lattice.Stamp
	// assigned are the assignments that are there.
	assigned map[lattice.ComponentID]*lattice.Assignment
	// writes counts changes of documents.
	writes int
	// decisions counts entries that changed the state.
	decisions int
	// since is when something that must end began.
	since map[string]int64
	// flips are the changes of revision that are under way.
	flips map[flip]*flipped
	// callable has since when each component can be called, and lately the hosts that
	// it was placed on with when that was.
	callable map[lattice.ComponentID]int64
	lately   map[lattice.ComponentID]map[lattice.HostID]int64
	// born has the stamp of the state in which each component appeared. What was assigned
	// before is of another one, with the same name, that was removed.
	born map[lattice.ComponentID]lattice.Stamp
	// revisions has the digests of all revisions that each component has had since.
	revisions map[lattice.ComponentID]map[uint64]string
	// missed is when each component last lacked a place, or an operator took one away.
	missed map[lattice.ComponentID]int64
	// placed has what was ever decided to be where.
	placed map[there]bool
	// lost is when the schedulers last were not able to act, and outage when that began: since
	// then they were for no longer than it takes to know of something.
	lost, outage int64
	// wipedAt is when a bucket was last lost that says what can be called.
	wipedAt int64
	// leaving has since when placements are to go.
	leaving map[flip]int64
	// troubled is when a component was last not well on a host, or could not be loaded.
	troubled map[flip]int64
	// over has since when hosts go on with what is not placed there, and gone is to be
	// that.
	over, gone map[flip]int64
	// counted is when those invariants were last looked at that seldom are.
	counted int64
	// ran has what hosts ever ran.
	ran map[ran]bool
	// strayed is when messages last were late or lost.
	strayed int64
}

// there is a revision of a component on a host.
type there struct {
	host      lattice.HostID
	component lattice.ComponentID
	revision  uint64
}

// applied is an entry of the log and what it made.
type applied struct {
	index uint64
	data  []byte
	state *state.State
	sum   [sha256.Size]byte
}

func newCheck(w *World) check {
	return check{
		w: w, log: map[uint64]*applied{}, states: map[lattice.Stamp]*state.State{}, told: map[string]lattice.Stamp{}, taken: map[lattice.HostID]lattice.Stamp{},
		placed: map[there]bool{}, assigned: map[lattice.ComponentID]*lattice.Assignment{}, since: map[string]int64{}, flips: map[flip]*flipped{},
		callable: map[lattice.ComponentID]int64{}, lately: map[lattice.ComponentID]map[lattice.HostID]int64{}, born: map[lattice.ComponentID]lattice.Stamp{}, revisions: map[lattice.ComponentID]map[uint64]string{}, missed: map[lattice.ComponentID]int64{}, leaving: map[flip]int64{}, over: map[flip]int64{}, troubled: map[flip]int64{}, gone: map[flip]int64{}, ran: map[ran]bool{}, wipedAt: -1 << 40, strayed: -1 << 40,
		last: &applied{state: state.New(latticeName)},
	}
}

// invariants are looked at after every step. Those of a moment, as of an entry that is
// applied or a document that is written, are where that happens.
var invariants = []struct {
	name string
	// seldom says that it is about seconds, and looked at a few times in each.
	seldom bool
	// holds returns what is wrong, or nothing.
	holds func(*check) string
}{
	{"no component runs beyond its count for long", true, (*check).withinCount},
	{"a rollout spares all but a few hosts", false, (*check).rolls},
	{"what runs can be called", false, (*check).canBeCalled},
	{"what ails is placed elsewhere", true, (*check).ails},
	{"what a host does not carry out is said", true, (*check).said},
	{"what is leased ends on a host that is cut off", true, (*check).leased},
}

func (c *check) all() {
	if c.w.failure != nil {
		return
	}
	if !c.w.canAct() {
		if c.w.now-c.lost > lease+react {
			c.outage = c.w.now
		}
		c.lost = c.w.now
	}
	seldom := c.w.now-c.counted >= countEvery
	if seldom {
		c.counted = c.w.now
	}
	for i := range invariants {
		if invariants[i].seldom && !seldom {
			continue
		}
		if wrong := invariants[i].holds(c); wrong != "" {
			c.w.fail(invariants[i].name, "%s", wrong)
			return
		}
	}
}

// applied sees that a replica has applied the log up to an index.
//
// Invariant: an entry is the same on all replicas, for ever, and replicas that have
// applied as much have the same snapshot, byte for byte.
func (c *check) applied(r *replica, index uint64) {
	var b bytes.Buffer
	if err := r.state.Snapshot(&b); err != nil {
		c.w.fail("a snapshot can be made", "scheduler %d: %v", r.id, err)
		return
	}
	sum := sha256.Sum256(b.Bytes())
	var data []byte
	if index > r.base {
		data = r.log[index-r.base-1].data
	}
	if have := c.log[index]; have != nil {
		switch {
		case index > r.base && !bytes.Equal(have.data, data):
			c.w.fail("what is committed stays", "entry %d of scheduler %d is not the one that was applied before", index, r.id)
		case have.sum != sum:
			c.w.fail("replicas agree", "scheduler %d has another state after entry %d", r.id, index)
		}
		return
	}
	if index != c.last.index+1 {
		c.w.fail("what is committed stays", "scheduler %d applies entry %d after %d", r.id, index, c.last.index)
		return
	}
	now := &applied{index: index, data: data, state: r.state, sum: sum}
	before := c.last
	c.log[index], c.last = now, now
	if now.state != before.state && now.state.Seq != before.state.Seq {
		if before.state.Stamp.Compare(now.state.Stamp) >= 0 {
			c.w.fail("stamps rise", "entry %d has stamp %v after %v", index, now.state.Stamp, before.state.Stamp)
		}
		if c.decisions++; c.decisions > mostDecisions {
			c.w.fail("nothing changes without a reason", "%d decisions were made", c.decisions)
			return
		}
		c.at = c.w.now
		c.states[now.state.Stamp] = now.state
		c.decided(before.state, now.state)
		c.judged(before.state, now.state)
	}
}

// desired sees a change of what a host is told.
//
// Invariant: a document says what follows from a state that was committed, and stamps
// of a key never go back.
func (c *check) desired(key string, _, now item) {
	c.writes++
	if now.deleted {
		return
	}
	d, err := wire.DecodeDesired(now.value, latticeName, lattice.HostID(key))
	if err != nil {
		c.w.fail("documents can be read", "desired %s: %v", key, err)
		return
	}
	s := c.states[d.Stamp]
	if s == nil {
		c.w.fail("documents follow from what is committed", "host %d is told stamp %v, which no entry has", c.w.number(d.Host), d.Stamp)
		return
	}
	want, err := wire.EncodeDesired(s.Desired(d.Host))
	if err != nil || !bytes.Equal(want, now.value) {
		c.w.fail("documents follow from what is committed", "host %d is told %s, want %s (%v)", c.w.number(d.Host), now.value, want, err)
		return
	}
	c.w.note("host %d is told %d.%d: %s", c.w.number(d.Host), d.Stamp.Term, d.Stamp.Index, brief(d))
	c.rises("desired "+key, d.Stamp)
}

// assignment sees a change of where a component may be called.
func (c *check) assignment(key string, _, now item) {
	c.writes++
	id := lattice.ComponentID(key)
	if now.deleted {
		// A leader that was deposed, and that has not heard of the document, may make it
		// anew: it will be removed again.
		delete(c.assigned, id)
		delete(c.told, "assignment "+key)
		return
	}
	a, err := wire.DecodeAssignment(now.value, id)
	if err != nil {
		c.w.fail("documents can be read", "assignment %s: %v", key, err)
		return
	}
	s := c.states[a.Stamp]
	if s == nil {
		c.w.fail("documents follow from what is committed", "the assignment of %s has stamp %v, which no entry has", id, a.Stamp)
		return
	}
	if want := s.Assignment(id); want != nil {
		if value, err := wire.EncodeAssignment(want); err != nil || !bytes.Equal(value, now.value) {
			c.w.fail("documents follow from what is committed", "the assignment of %s is %s, want %s (%v)", id, now.value, value, err)
			return
		}
	}
	c.assigned[id] = a
	c.rises("assignment "+key, a.Stamp)
}

func (c *check) rises(key string, stamp lattice.Stamp) {
	if stamp.Compare(c.told[key]) < 0 {
		c.w.fail("stamps rise", "%s goes back from %v to %v", key, c.told[key], stamp)
		return
	}
	c.told[key] = stamp
}

// took sees that a host takes a document.
func (c *check) took(h *host, d *lattice.Desired) {
	if d.Stamp.Compare(c.taken[h.id]) < 0 {
		c.w.fail("hosts never go back", "%s takes %v after %v", h, d.Stamp, c.taken[h.id])
	}
	c.taken[h.id] = d.Stamp
}

// forgot says that a host has lost its disk.
func (c *check) forgot(h *host) { delete(c.taken, h.id) }

// wiped says that a bucket is lost, with all that was in it.
func (c *check) wiped(b *bucket) {
	if b == c.w.assignments || b == c.w.ready {
		c.wipedAt = c.w.now
	}
	if b == c.w.assignments {
		clear(c.assigned)
	}
	if b == c.w.desired || b == c.w.assignments {
		clear(c.told) // what is written next may be what was there before
	}
}

// answered sees that a command was answered.
//
// Invariant: what a scheduler has said is so was decided, and stays.
func (c *check) answered(cmd control.Command, r *control.Result) {
	if !r.Changed {
		return
	}
	if c.states[r.Stamp] == nil {
		c.w.fail("what was answered is committed", "%s was answered with stamp %v, which no entry has", cmd.Name(), r.Stamp)
	}
}

// runs sees that a host has a revision of a component run.
//
// Invariant: that was decided.
func (c *check) runs(h *host, spec *lattice.ComponentSpec) {
	id, revision := spec.ID, spec.Revision
	c.ran[ran{flip{id, h.id}, given(spec)}] = true
	if !c.placed[there{h.id, id, revision}] {
		c.w.fail("a host runs only what it was told", "%s runs %s/%d, which was never decided", h, id, revision)
	}
}

// number returns the number of a host, for people.
func (w *World) number(id lattice.HostID) int {
	if h := w.byID[id]; h != nil {
		return h.n
	}
	return 0
}

// mostDecisions is more than any world needs.
const mostDecisions = 10_000

// deaf is for how long a leader may not hear its beat and still counts time, in
// milliseconds: while it does not, nothing counts against anybody.
const deaf = 2500

// canAct reports whether some scheduler can decide and have it be known.
func (w *World) canAct() bool {
	if slices.ContainsFunc(w.documents[:], func(b *bucket) bool { return w.now < b.closed }) {
		return false
	}
	return slices.ContainsFunc(w.replicas, func(r *replica) bool {
		s := r.service
		if s == nil || s.ended || !r.up || !r.leading || r.paused > w.now || w.faults.away[r.id] || !s.listens() || w.now-s.beaten > deaf {
			return false
		}
		answers := 1
		for _, p := range w.replicas {
			if p != r && p.up && p.paused <= w.now && w.faults.linked(r, p) && w.faults.linked(p, r) {
				answers++
			}
		}
		return answers > len(w.replicas)/2
	})
}
