package scheduler

import (
	"cmp"
	"context"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// A rollCall asks hosts of which nothing is heard whether they are there. Reports go through
// the store, which may refuse those of a host for seconds while a server restarts, though
// the host takes calls as before.
type rollCall struct {
	asked   map[lattice.HostID]bool
	answers chan presence
}

// presence is whether a host has answered.
type presence struct {
	host  lattice.HostID
	there bool
	at    time.Time
}

const (
	// maxAsked is how many hosts are asked at the same time.
	maxAsked = 256
	// hostReport is the endpoint of hosts that is asked.
	hostReport = "report"
)

func newRollCall() rollCall {
	return rollCall{asked: map[lattice.HostID]bool{}, answers: make(chan presence, maxAsked)}
}

// lease is how long a host may be silent.
func (o *Options) lease() time.Duration { return cmp.Or(o.Lease, 3*time.Second) }

// callRoll asks the hosts that are quiet, and waits for none.
func (l *leading) callRoll(ctx context.Context) {
	for _, id := range l.lead.Quiet(l.now()) {
		switch {
		case l.roll.asked[id]:
			continue
		case len(l.roll.asked) == maxAsked:
			return
		}
		l.roll.asked[id] = true
		l.aside.Go(func() { l.roll.answers <- presence{id, l.there(ctx, id), time.Now()} }) // there is room for all that are asked
	}
}

// there reports whether a host answers. Nobody but the host may listen where it is asked,
// so the answer need not be signed; it changes nothing but how long the host is waited for.
func (l *leading) there(ctx context.Context, id lattice.HostID) bool {
	ctx, cancel := context.WithTimeout(ctx, l.opts.lease()/3)
	defer cancel()
	m, err := l.lattice.Request(ctx, &lattice.Message{Subject: l.subjects.Endpoint(id, hostReport)})
	if err != nil {
		return false
	}
	_, err = wire.DecodeHostReport(m.Data, l.name, id)
	return err == nil
}

// attend takes in whether a host is there.
func (l *leading) attend(p presence) {
	delete(l.roll.asked, p.host)
	if p.there {
		l.lead.Present(l.at(p.at), p.host)
	}
}
