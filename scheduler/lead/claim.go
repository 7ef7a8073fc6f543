package lead

import (
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
)

// Beat is what the leader writes again and again under wire.SchedulerLeader. It is the
// claim of a log to the lattice, and as long as it comes back to the leader, the leader
// hears what hosts report.
type Beat struct {
	// Cluster is state.Meta.Cluster of the leader's log.
	Cluster string `json:"cluster"`
	// ID is that of the leader's node of the log, Service that of its microservice.
	ID      string `json:"id"`
	Service string `json:"service"`
	// Address is where the node takes others, empty if it does not.
	Address string `json:"address,omitempty"`
	// Term is that of the log, and Beat counts what the service has written.
	Term uint64 `json:"term"`
	Beat uint64 `json:"beat"`
}

// by reports whether both are by one service.
func (b *Beat) by(o *Beat) bool {
	return b.Cluster == o.Cluster && b.ID == o.ID && b.Service == o.Service
}

// who says whose beat it is, for people.
func (b *Beat) who() string {
	at := "which takes no others (it has no --listen)"
	if b.Address != "" {
		at = fmt.Sprintf("at %.80q", b.Address)
	}
	return fmt.Sprintf("node %.80q %s, scheduler %.80q", b.ID, at, b.Service)
}

// Silence is after how many milliseconds without a new beat a leader counts as gone, and
// for how long one that cannot write its beat still writes anything else.
const Silence = 5000

// Standing is how a claim stands.
type Standing int

// The standings.
const (
	// Unsure: another one has claimed the lattice, and it is not known yet whether it is
	// still there.
	Unsure Standing = iota
	// Free: nobody leads, or one did whose log this is.
	Free
	// Held: this leader has claimed it.
	Held
	// Taken: another one leads.
	Taken
)

// Claim is what a leader knows of who leads its lattice. A log tells which of its nodes
// leads; which of two logs, or of two copies of one, does is told by the beat: it is only
// ever replaced by compare-and-swap, and one that another leader wrote is replaced
//
//   - at once if it is of the same log and of an earlier term. A leader that finds its
//     own beat replaced so, and whose log says that it leads, has met a copy of its log;
//   - when it has said nothing new for Silence otherwise.
//
// So of two that begin at the same moment the one leads whose beat is there first, and of
// two copies of a log the one that began last. A beat may be lost with its bucket, and whoever
// leads writes it again: if there is none, and this is no new log, Silence is waited for as
// well. A Claim is for one goroutine at a time.
type Claim struct {
	name lattice.Name
	self Beat
	// revision is that of what is there, zero if there is nothing.
	revision uint64
	held     bool
	// confirmed is when the last beat was sent that is known to be there.
	confirmed int64
	// rival is the last beat of another leader, nil if there is none. since is when it
	// was seen, alive says that it was not the first of that leader.
	rival *Beat
	since int64
	alive bool
	// met says that some beat was seen, and missing that there was none, when it ought to
	// have been there, at since.
	met, missing bool
}

// NewClaim returns the claim of a leader of which nothing is known. self.Beat is that of
// the last beat that its service has written.
func NewClaim(name lattice.Name, self Beat) *Claim { return &Claim{name: name, self: self} }

// Saw takes in what is there: a beat that verified, or else nil, with its revision. What
// is older than what is known to be there is passed over. It reports whether this is a
// beat of this leader.
func (c *Claim) Saw(now int64, revision uint64, b *Beat) bool {
	own := b != nil && b.by(&c.self)
	if revision != 0 && revision < c.revision {
		return own && b.Term == c.self.Term
	}
	c.revision = revision
	if b != nil {
		c.met, c.missing = true, false
	}
	switch {
	case b == nil: // whoever wrote it writes it again
	case own:
		c.rival = nil
	case c.rival != nil && c.rival.by(b):
		c.held = false
		if b.Term > c.rival.Term || b.Term == c.rival.Term && b.Beat > c.rival.Beat {
			c.rival, c.since, c.alive = b, now, true
		}
	default:
		c.rival, c.since, c.alive, c.held = b, now, false, false
	}
	return own && b.Term == c.self.Term
}

// Synced says that all that was there was given to Saw. old says that something was decided
// in this log, or that it is to begin anew where another one was: then there was a beat.
func (c *Claim) Synced(now int64, old bool) {
	if old && !c.met && !c.held {
		c.missing, c.since = true, now
	}
}

// Looked is Saw for what is certainly there now.
func (c *Claim) Looked(now int64, revision uint64, b *Beat) {
	c.revision = 0
	c.Saw(now, revision, b)
}

// Next returns the beat that is to be written next, and the revision that it replaces.
func (c *Claim) Next() (Beat, uint64) {
	c.self.Beat++
	return c.self, c.revision
}

// Wrote says that a beat of Next which was sent at a time is there, with a revision.
func (c *Claim) Wrote(sent int64, revision uint64) {
	if revision < c.revision {
		return // it is replaced already
	}
	c.revision, c.rival, c.held, c.confirmed = revision, nil, true, sent
}

// Standing returns how the claim stands.
func (c *Claim) Standing(now int64) Standing {
	switch {
	case c.held:
		return Held
	case c.missing && now-c.since < Silence:
		return Unsure
	case c.rival == nil, c.rival.Cluster == c.self.Cluster && c.rival.Term < c.self.Term, now-c.since >= Silence:
		return Free
	case c.alive:
		return Taken
	default:
		return Unsure
	}
}

// Sure reports whether nobody else can have claimed the lattice meanwhile.
func (c *Claim) Sure(now int64) bool { return c.held && now-c.confirmed < Silence }

// Foreign returns the last beat of another log's leader, nil if it was none.
func (c *Claim) Foreign() *Beat {
	if c.rival == nil || c.rival.Cluster == c.self.Cluster {
		return nil
	}
	return c.rival
}

// Err says who leads instead, if another one may, and what is to be done.
func (c *Claim) Err(now int64) error {
	switch c.Standing(now) {
	case Free, Held:
		return nil
	case Unsure:
		if c.rival == nil {
			return fmt.Errorf("no scheduler of lattice %q says that it leads: %w: it is waited whether one does that has to say it anew", c.name, lattice.ErrUnavailable)
		}
		return fmt.Errorf("lattice %q was led by another scheduler: %s: %w: it is waited whether it is still there", c.name, c.rival.who(), lattice.ErrUnavailable)
	default:
	}
	if c.Foreign() == nil {
		return fmt.Errorf("lattice %q is led by a scheduler with a copy of this one's log: %s: %w: nothing is decided here; stop one of the two: "+
			"a snapshot is restored in one place", c.name, c.rival.who(), lattice.ErrExists)
	}
	return fmt.Errorf("lattice %q is led by a scheduler with another log: %s: %w: nothing is decided here; stop one of the two, "+
		"or start this one with an empty directory and --join-cluster, and add it with `wattle scheduler add`", c.name, c.rival.who(), lattice.ErrExists)
}
