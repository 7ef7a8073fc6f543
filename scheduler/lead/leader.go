package lead

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/decide"
	"github.com/wattle-dev/wattle/scheduler/reconcile"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Options configure a Leader.
type Options struct {
	// Term is the leader's, as the log has it.
	Term uint64
	// BeginAnew has it decide although hosts were told something that does not follow
	// from its log.
	BeginAnew bool
	// Foreign is the last beat of another log's leader that is gone, nil if it was none:
	// the documents are that log's.
	Foreign *Beat
	// Reconcile are the times that it goes by. The zero value is the defaults.
	Reconcile reconcile.Options
}

// Leader is what the leader knows. It is for one goroutine.
type Leader struct {
	name lattice.Name
	opts Options
	rec  *reconcile.Reconciler
	// state is the last that is known to be in the log, next the one that follows when
	// all that was accepted is there.
	state, next *state.State
	hosts       map[lattice.HostID]*heard
	// first is the stamp that each host was told last when it was first heard of. It is
	// kept when the host is gone, and what the host says later is of no account: or it
	// could have the stamps leap as often as it likes.
	first map[lattice.HostID]lattice.Stamp
	shelf *shelf
	// writing are the documents that are on their way.
	writing map[Doc]*Write
	// unseen are those that were written and that no watch has given since.
	unseen map[Doc]unseen
	// dirty is what may have to be written, and ahead says that something of it has a
	// newer stamp than the state.
	dirty *state.Reach
	ahead bool
	// refused is why nothing is decided.
	refused error

	// revive are hosts that have ended as they were told, resume the applications whose
	// deployment may not be written down as a whole, back those that are to go back, and
	// tidy those that may have what the deployed version has no more.
	revive []lattice.HostID
	resume []lattice.AppName
	back   []reconcile.Rollback
	tidy   []lattice.AppName
}

// heard is a host's last report that verified.
type heard struct {
	report *lattice.HostReport
	// told is the stamp below which the host takes nothing.
	told lattice.Stamp
}

// MaxHosts bounds the hosts that are heard. Those beyond are as if they were not there.
const MaxHosts = 1 << 14

// maxTerm bounds the terms that stamps leap over: a host that lies about what it was told
// can have them leap once, and there is room for as many again.
const maxTerm = state.MaxTermOffset / 2

// New returns what a leader knows when its leadership begins with a state at the time
// now, in milliseconds of a clock that does not jump. Documents are told to it with Saw;
// then Begin has to be called.
func New(opts Options, now int64, s *state.State) *Leader {
	l := &Leader{
		name: s.Lattice(), opts: opts, rec: reconcile.New(&opts.Reconcile), state: s, next: s,
		hosts: map[lattice.HostID]*heard{}, first: map[lattice.HostID]lattice.Stamp{}, shelf: newShelf(), writing: map[Doc]*Write{}, unseen: map[Doc]unseen{}, dirty: s.Everything(),
	}
	l.rec.Reset(now, s)
	for app := range s.Apps() {
		if n := len(app.History); app.Deployed != 0 && n > 0 && app.History[n-1].Outcome == state.OutcomeUnderWay {
			l.resume = append(l.resume, app.Name)
		}
	}
	for c := range s.Components() {
		if c.Dropped != 0 && (len(l.tidy) == 0 || l.tidy[len(l.tidy)-1] != c.App) {
			l.tidy = append(l.tidy, c.App)
		}
	}
	return l
}

// State returns the last state that is known to be in the log.
func (l *Leader) State() *state.State { return l.state }

// Begin judges what there is, once all documents were seen. The error says why nothing is
// decided.
func (l *Leader) Begin() error {
	if told := l.told(); told > 0 {
		switch {
		case l.opts.Foreign != nil:
			l.refused = fmt.Errorf("a scheduler with another log has told %d hosts of lattice %q what to run, and is gone: %s: %w: "+
				"start that one, or restore a snapshot of it with `wattle scheduler restore FILE --yes`, or start this one once with --begin-anew, which stops all that runs and is not in its log",
				told, l.name, l.opts.Foreign.who(), lattice.ErrUnavailable)
		case l.blank():
			l.refused = fmt.Errorf("the log of this scheduler is empty, and a scheduler of lattice %q has told %d hosts what to run: %w: "+
				"restore a snapshot with `wattle scheduler restore FILE --yes`, or join this node to the others of its cluster, or start it once with --begin-anew, which stops all that runs",
				l.name, told, lattice.ErrUnavailable)
		}
	}
	if l.newest().Compare(l.state.Stamp) > 0 {
		l.ahead = true
	}
	return l.refused
}

// told is how many hosts have documents that tell them to run something, if that matters.
func (l *Leader) told() int {
	told := 0
	if l.opts.BeginAnew || l.opts.Foreign == nil && !l.blank() {
		return 0
	}
	for key, have := range l.shelf[Desired] {
		d, err := wire.DecodeDesired(have.value, l.name, lattice.HostID(key))
		if err == nil && len(d.Components) > 0 {
			told++
		}
	}
	return told
}

func (l *Leader) blank() bool { return Blank(l.state) }

// Blank reports whether nothing was ever decided: the log has nothing but whose it is.
func Blank(s *state.State) bool {
	if s.Seq > mostOfMeta {
		return false
	}
	for _, k := range []state.Kind{
		state.KindApp, state.KindManifest, state.KindComponent, state.KindPlacements, state.KindProvider,
		state.KindLink, state.KindConfig, state.KindHost, state.KindRef,
	} {
		if s.Len(k) > 0 {
			return false
		}
	}
	return true
}

// mostOfMeta is how many entries a log begins with that decide nothing: one says whose it
// is, another may have stamps leap.
const mostOfMeta = 2

// Refused says why nothing is decided, if it is not.
func (l *Leader) Refused() error { return l.refused }

// Heard takes in a report of a host that verified, or nil if there is none any more. fresh
// says that it was made a short while ago. It reports whether there was room for the host.
func (l *Leader) Heard(now int64, id lattice.HostID, report *lattice.HostReport, fresh bool) bool {
	if report == nil {
		delete(l.hosts, id)
		l.rec.Gone(now, id)
		return true
	}
	old := l.hosts[id]
	if old != nil && report.Started.Equal(old.report.Started) && report.Sequence < old.report.Sequence {
		return true // it has come late: what it says was so before
	}
	if old == nil && len(l.hosts) >= MaxHosts {
		return false
	}
	if _, ok := l.first[id]; !ok && len(l.first) < 4*MaxHosts {
		l.first[id] = lattice.Stamp{}
		if report.Applied.Term < maxTerm {
			l.first[id] = report.Applied
		}
	}
	known := old != nil && l.wasTold(id)
	l.hosts[id] = &heard{report: report, told: l.first[id]}
	if fresh {
		l.rec.Observe(now, report)
	}
	wish := l.state.Host(id)
	if !known && (old == nil && (wish != nil || l.state.NumOn(id) > 0) || l.wasTold(id)) {
		l.dirty.Hosts[id] = true
	}
	if fresh && wish != nil && report.State == lattice.HostStopped && wish.State == lattice.HostStopped && !slices.Contains(l.revive, id) {
		// It was told to end, and did. Nobody wants it to end again when it is started
		// anew.
		l.revive = append(l.revive, id)
	}
	return true
}

// NumHosts is how many hosts have reported.
func (l *Leader) NumHosts() int { return len(l.hosts) }

// Quiet returns the hosts that are to be asked whether they are there: they have not
// reported for half of the lease.
func (l *Leader) Quiet(now int64) []lattice.HostID { return l.rec.Quiet(now) }

// Present says that a host was there when it was asked.
func (l *Leader) Present(now int64, id lattice.HostID) { l.rec.Present(now, id) }

// Beat says that the leader's own beat came back.
func (l *Leader) Beat(now int64) { l.rec.Beat(now) }

// Saw takes in what a watch gives of the key of a document: the value if a scheduler wrote
// it, or else nil. gone says that there is nothing. It reports whether that is news.
func (l *Leader) Saw(d Doc, value []byte, revision uint64, gone bool) bool {
	if u, ok := l.unseen[d]; ok && revision >= u.revision {
		delete(l.unseen, d)
	}
	return l.Looked(d, value, revision, gone)
}

// Looked is Saw for what was not given by a watch, but read.
func (l *Leader) Looked(d Doc, value []byte, revision uint64, gone bool) bool {
	if w := l.writing[d]; w != nil {
		w.newer, w.gone = revision, gone
	}
	if !l.shelf.observe(d, seen{revision: revision, value: value, gone: gone}) {
		return false
	}
	switch d.Bucket {
	case Desired:
		// A key that is no host's is dealt with like that of one which was told nothing.
		l.dirty.Hosts[lattice.HostID(d.Key)] = true
	case Components:
		l.dirty.Components[lattice.ComponentID(d.Key)] = true
	case Links:
		l.dirty.Links[d.Key] = true
	default:
		l.dirty.Configs[lattice.ConfigName(d.Key)] = true
	}
	return true
}

// in is what is decided on.
func (l *Leader) in(now, wall int64, s *state.State) decide.In {
	return decide.In{State: s, Now: wall, Hosts: func(id lattice.HostID) *decide.Host {
		h := l.hosts[id]
		if h == nil {
			return nil
		}
		host := &decide.Host{Report: h.report, Behind: func(c lattice.ComponentID) bool { return l.rec.Placement(c, id).Behind }}
		switch view, ok := l.rec.Host(now, id); {
		case h.report.State == lattice.HostStopped:
		case !ok || view.Report == nil:
			host.Silent = "it has not reported since this scheduler leads"
		case view.Lost:
			host.Silent = fmt.Sprintf("it has not reported for %.1f s", float64(view.Silent)/1000)
		}
		return host
	}}
}

// newest is the latest stamp that any document of a scheduler has, or that a host says it
// was told. What is no later than the state's is of no account: of most documents no more
// than the stamp is read.
func (l *Leader) newest() lattice.Stamp {
	var newest lattice.Stamp
	see := func(stamp lattice.Stamp) {
		if leapable(stamp) && stamp.Compare(newest) > 0 {
			newest = stamp
		}
	}
	old := func(value []byte) bool {
		stamp, ok := stampIn(value)
		return ok && stamp.Compare(l.state.Stamp) <= 0
	}
	for key, have := range l.shelf[Desired] {
		if old(have.value) {
			continue
		}
		if d, err := wire.DecodeDesired(have.value, l.name, lattice.HostID(key)); err == nil {
			see(d.Stamp)
		}
	}
	for key, have := range l.shelf[Components] {
		if old(have.value) {
			continue
		}
		if a, err := wire.DecodeAssignment(have.value, lattice.ComponentID(key)); err == nil {
			see(a.Stamp)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.hosts)) {
		if l.state.Host(id) != nil || l.state.NumOn(id) > 0 || l.wasTold(id) {
			see(l.hosts[id].told)
		}
	}
	return newest
}
