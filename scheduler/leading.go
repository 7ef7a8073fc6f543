package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/lead"
)

// leading is a service while it leads. It belongs to one goroutine.
type leading struct {
	*Service
	term  uint64
	began time.Time
	lead  *lead.Leader
	claim *claim
	// old says that this is no new log, or one that is to begin anew.
	old bool

	documents [4]lattice.Bucket // by lead.Bucket
	artifacts lattice.Objects
	changes   chan *changed
	checks    checks
	own       ownWords
	calls     chan *call
	// aside is what is done beside the loop.
	aside  sync.WaitGroup
	places chan struct{}
	roll   rollCall
	// revisions are those of the reports of hosts that were taken in.
	revisions map[lattice.HostID]uint64
	// told is what was last said to have gone wrong, by what it was about.
	told map[string]string
	// away says that the lattice could not be written to for a while.
	away bool
	// unwatched is how many watches have not given all that there was.
	unwatched int
}

// changed is a change in a bucket.
type changed struct {
	bucket string
	of     lead.Bucket // or hosts, or beat
	entry  lattice.Entry
	// at is when it came, and live says that it was made while it was watched.
	at   time.Time
	live bool
	// checked is closed when it is known what the entry is worth, and nil if there is
	// nothing to check. Then value is the document, nil if no scheduler wrote it, and
	// report that of a host, unless err says what is wrong with it.
	checked chan struct{}
	value   []byte
	report  *lattice.HostReport
	err     error
}

// What stands for the buckets of hosts' reports and of the beat where others are of
// documents.
const (
	hosts lead.Bucket = -1 - iota
	beat
)

func (l *leading) now() int64 { return l.at(time.Now()) }

// at is a time by the clock of the leadership.
func (l *leading) at(t time.Time) int64 { return t.Sub(l.began).Milliseconds() }

// lead prepares the lattice, mends what is not as it should be, and serves commands until
// ctx ends.
func (s *Service) lead(ctx context.Context, term uint64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	defer s.status.Store(nil)

	if err := s.allowed(ctx); err != nil {
		return err
	}
	verified, err := s.node.Verify(ctx)
	if err != nil {
		return err
	}
	if verified, err = s.identify(ctx, verified); err != nil {
		return err
	}
	l := &leading{Service: s, term: term, began: time.Now(), changes: make(chan *changed, 1024), checks: make(checks, maxChecks), own: ownWords{all: map[lead.Doc]ownWord{}}, places: make(chan struct{}, 4), roll: newRollCall(), revisions: map[lattice.HostID]uint64{}, told: map[string]string{}}
	l.claim, l.old = l.newClaim(verified), s.opts.BeginAnew || !lead.Blank(verified)
	watched, beats, err := l.prepare(ctx)
	if err != nil {
		return err
	}
	watch := func(name string, f func() error) {
		wg.Go(func() {
			if err := f(); err != nil {
				cancel(fmt.Errorf("watch bucket %q: %w", name, err))
			}
		})
	}
	watch(s.buckets.Scheduler(), func() error { return l.watchClaim(ctx, beats) })
	if err := l.contend(ctx); err != nil {
		return err
	}
	// Another one may have led meanwhile.
	if verified, err = s.node.Verify(ctx); err != nil {
		return err
	}
	opts := lead.Options{Term: term, BeginAnew: s.opts.BeginAnew, Reconcile: s.opts.reconcileOptions()}
	l.claim.use(func(c *lead.Claim) { opts.Foreign = c.Foreign() })
	l.lead = lead.New(opts, l.now(), verified)
	l.unwatched = len(watched)
	l.checkAll(ctx, &wg)
	for name, bucket := range watched {
		watch(name, func() error { return l.watch(ctx, name, bucket) })
	}
	for l.unwatched > 0 {
		select {
		case c := <-l.changes:
			l.observe(ctx, c)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	refused := l.lead.Begin()
	if refused == nil {
		if err := l.take(ctx, beats); err != nil {
			return err
		}
	}
	wg.Go(func() { l.keepClaim(ctx, cancel, beats, refused == nil) })
	if refused != nil {
		l.holdBack(ctx, refused)
	} else if err := l.mend(ctx); err != nil {
		return err
	}
	defer l.aside.Wait()
	l.calls = s.open()
	defer s.shut()
	// It is no queue group: NATS would go on giving a part of the commands to a leader that
	// was cut off, until it notices. Of two that lead for a moment one reaches the log.
	sub, err := s.lattice.Subscribe(s.subjects.Control(">"), "", s.receive)
	if err != nil {
		return err
	}
	defer func() {
		if err := lattice.Leave(ctx, s.lattice, sub); err != nil {
			s.log.WarnContext(ctx, "subscription has not ended", "error", err)
		}
	}()
	end, err := l.handOut(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := s.lattice.Flush(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "commands are not known to be served yet", "error", err)
	}
	wg.Go(func() { s.keep(ctx) })
	if s.opts.WhileLeading != nil && refused == nil {
		wg.Go(func() {
			if err := s.opts.WhileLeading(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	l.note(nil)
	s.serves()
	s.log.InfoContext(ctx, "scheduler leads", "lattice", string(s.name), "term", term, "index", l.lead.State().Stamp.Index)
	if err := l.loop(ctx); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// allowedEvery is how often a service that may not manage the lattice asks again.
const allowedEvery = 5 * time.Second

// allowed waits until the service may manage the lattice.
func (s *Service) allowed(ctx context.Context) error {
	for s.opts.Allowed != nil {
		err := s.opts.Allowed(ctx)
		if err == nil {
			break
		}
		s.holdBack(ctx, err)
		select {
		case <-time.After(allowedEvery):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// prepare makes what the lattice lacks, and returns the buckets that are watched, and that
// of the beat.
func (l *leading) prepare(ctx context.Context) (watched map[string]lattice.Bucket, beats lattice.Bucket, err error) {
	var made map[string]lattice.Bucket
	err = l.insist(ctx, func(ctx context.Context) (err error) {
		made, l.artifacts, err = l.found(ctx)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the lattice: %w", err)
	}
	watched = map[string]lattice.Bucket{l.buckets.Hosts(): made[l.buckets.Hosts()]}
	for b := range l.documents {
		name := l.bucketName(lead.Bucket(b))
		l.documents[b], watched[name] = made[name], made[name]
	}
	return watched, made[l.buckets.Scheduler()], nil
}

// bucketName is the name of a bucket of documents.
func (s *Service) bucketName(b lead.Bucket) string {
	switch b {
	case lead.Desired:
		return s.buckets.Desired()
	case lead.Components:
		return s.buckets.Components()
	case lead.Links:
		return s.buckets.Links()
	default:
		return s.buckets.Config()
	}
}

// insist does something again until it does not fail for want of a connection.
func (s *Service) insist(ctx context.Context, f func(context.Context) error) error {
	for pause := 250 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if !errors.Is(err, lattice.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, lattice.ErrConflict) {
			return err
		}
		s.log.WarnContext(ctx, "lattice is tried again", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch passes on the changes of a bucket, and has them checked.
func (l *leading) watch(ctx context.Context, name string, b lattice.Bucket) error {
	of := hosts
	for d := range l.documents {
		if name == l.bucketName(lead.Bucket(d)) {
			of = lead.Bucket(d)
		}
	}
	live := false
	return b.Watch(ctx, ">", func(e lattice.Entry) error {
		live = live || e.Synced
		c := &changed{bucket: name, of: of, entry: e, at: time.Now(), live: live}
		if !e.Synced && !e.Deleted {
			c.checked = make(chan struct{})
			select {
			case l.checks <- c:
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case l.changes <- c:
		case <-ctx.Done():
		}
		return nil
	})
}

// observe takes in a change.
func (l *leading) observe(ctx context.Context, c *changed) {
	if c.entry.Synced {
		l.unwatched--
		return
	}
	if c.checked != nil {
		select {
		case <-c.checked:
		case <-ctx.Done():
			return
		}
	}
	switch c.of {
	case hosts:
		l.hear(ctx, c)
	case beat:
		l.lead.Beat(l.at(c.at))
	default:
		d := lead.Doc{Bucket: c.of, Key: c.entry.Key}
		l.saw(ctx, d, c.value, l.lead.Saw(d, c.value, c.entry.Revision, c.entry.Deleted), c.entry.Deleted)
	}
}

// saw tells of a document that was not the scheduler's, if that is news.
func (l *leading) saw(ctx context.Context, d lead.Doc, value []byte, news, gone bool) {
	if news && value == nil && !gone {
		l.log.WarnContext(ctx, "document is not the scheduler's and is replaced", "bucket", l.bucketName(d.Bucket), "key", d.Key)
	}
}

// fresh is how old a report may be, by the clock of who keeps it, to count as one that was
// made just now.
const fresh = 3 * time.Second

// hear takes in a report of a host.
func (l *leading) hear(ctx context.Context, c *changed) {
	id, err := lattice.ParseHostID(c.entry.Key)
	if err != nil {
		return
	}
	if c.entry.Deleted {
		// It expired, or the host's key was removed: either way nobody hears of it.
		delete(l.revisions, id)
		l.lead.Heard(l.at(c.at), id, nil, false)
		return
	}
	if revision, ok := l.revisions[id]; ok && revision == c.entry.Revision {
		return
	}
	if c.err != nil {
		l.log.WarnContext(ctx, "report of a host is ignored", "bucket", c.bucket, "key", c.entry.Key, "error", c.err)
		return
	}
	if !l.lead.Heard(l.at(c.at), id, c.report, c.live || c.at.Sub(c.entry.Time) < fresh) {
		if err := fmt.Errorf("%w: %d hosts are heard", lattice.ErrExhausted, lead.MaxHosts); l.news("hosts", err) {
			l.log.WarnContext(ctx, "hosts are ignored: there are too many", "error", err)
		}
		return
	}
	l.revisions[id] = c.entry.Revision
}

// Bounds of what is done in one turn.
const (
	// maxBatch is how many commands are decided on before the log is waited for.
	maxBatch = 64
	// maxRounds is how many things are done unasked.
	maxRounds = 16
	// maxObserved is how many changes are taken in.
	maxObserved = 8192
)

// loop serves until ctx ends, or something goes wrong so that the lead has to be begun
// again.
func (l *leading) loop(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	roll := time.NewTicker(l.opts.lease() / 6)
	defer roll.Stop()
	for ctx.Err() == nil {
		var first *call
		select {
		case <-ctx.Done():
			return nil
		case first = <-l.calls:
		case c := <-l.changes:
			l.observe(ctx, c)
		case <-roll.C:
			l.callRoll(ctx)
			continue
		case p := <-l.roll.answers:
			l.attend(p)
			continue
		case <-timer.C:
		}
		// What else is there by now is dealt with in the same turn.
		for range maxObserved {
			select {
			case c := <-l.changes:
				l.observe(ctx, c)
				continue
			default:
			}
			break
		}
		next, err := l.turn(ctx, first)
		if err != nil {
			return err
		}
		timer.Reset(next)
	}
	return nil
}

// turn carries out the commands that wait and what is to be done unasked, and returns when
// the next one is due at the latest.
func (l *leading) turn(ctx context.Context, first *call) (time.Duration, error) {
	if l.lead.Refused() == nil {
		away := l.sure() != nil
		if l.away && !away {
			if first != nil {
				first.done(nil, l.notLeading())
			}
			return 0, errAway
		}
		l.away = away
	}
	t := &turn{leading: l}
	t.commands(ctx, first)
	next := t.rounds(ctx)
	if err := t.settle(ctx); err != nil {
		return 0, err
	}
	failed := l.write(ctx)
	t.answer(ctx, failed)
	l.note(failed)
	switch {
	case errors.Is(failed, lead.ErrAhead):
		return 0, nil // the next round leaps
	case failed != nil:
		if ctx.Err() == nil && l.news("documents", failed) {
			l.log.WarnContext(ctx, "documents are not written yet", "error", failed)
		}
		return min(next, retryAfter), nil
	}
	return min(next, l.seek(ctx)), nil
}

// errAway has the lead begin again when the lattice is there again: nothing was heard
// meanwhile, and it must not count against anybody that time has gone by.
var errAway = errors.New("the lattice could not be reached for a while")

// news reports whether something that is tried again and again has gone wrong otherwise
// than before, so that it is told once.
func (l *leading) news(what string, err error) bool {
	text := err.Error()
	is := l.told[what] != text
	l.told[what] = text
	return is
}

// mend has all documents be as they should before commands are served.
func (l *leading) mend(ctx context.Context) error {
	for {
		t := &turn{leading: l}
		t.rounds(ctx)
		if err := t.settle(ctx); err != nil {
			return err
		}
		failed := l.write(ctx)
		t.answer(ctx, nil)
		l.note(failed)
		if !errors.Is(failed, lead.ErrAhead) {
			if failed != nil && l.news("documents", failed) {
				l.log.WarnContext(ctx, "documents are not written yet", "error", failed)
			}
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}
