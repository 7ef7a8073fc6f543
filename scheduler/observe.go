package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// heard is a host's last report that verified.
type heard struct {
	report   *lattice.HostReport
	revision uint64
	// at is when it came, by the clock of this process.
	at time.Time
	// told is the stamp that the host was told last when it was first heard of: it
	// takes nothing older. What it says later is of no account, or it could have
	// the log leap as often as it likes.
	told lattice.Stamp
}

// observed returns what is known of hosts.
func (s *Service) observed(now time.Time) map[lattice.HostID]*Observed {
	all := make(map[lattice.HostID]*Observed, len(s.hosts))
	for id, h := range s.hosts {
		o := &Observed{
			ID:     id,
			Name:   h.report.Name,
			Group:  h.report.Group,
			Labels: h.report.Labels,
			State:  h.report.State,
		}
		silent := now.Sub(h.at)
		if m := (hostgroup.Member{Report: h.report, Silent: silent.Milliseconds()}); m.Unreachable() {
			o.Silent = fmt.Sprintf("it has not reported for %s", silent.Round(100*time.Millisecond))
		}
		all[id] = o
	}
	return all
}

// hear takes in a report. live says that it was made while this service listened.
func (s *Service) hear(ctx context.Context, e lattice.Entry, live bool) {
	id, err := lattice.ParseHostID(e.Key)
	if err != nil {
		return
	}
	old := s.hosts[id]
	if old != nil && e.Revision == old.revision {
		return
	}
	if e.Deleted {
		// It expired, or the host's key was removed: either way nobody hears of it.
		delete(s.hosts, id)
		return
	}
	report, err := s.openReport(id, e)
	if err != nil {
		s.log.WarnContext(ctx, "report of a host is ignored", "bucket", s.buckets.Hosts(), "key", e.Key, "error", err)
		return
	}
	h := &heard{report: report, revision: e.Revision, at: time.Now()}
	switch {
	case old != nil:
		h.told = old.told
	case report.Applied.Term == term && report.Applied.Index < maxIndex:
		h.told = report.Applied
	}
	if !live && e.Time.Before(h.at) {
		h.at = e.Time
	}
	s.hosts[id] = h
	wish := s.truth.state.Hosts[id]
	if wish == nil {
		return
	}
	if live && report.State == lattice.HostStopped && wish.State == lattice.HostStopped {
		// It was told to end, and did. Nobody wants it to end again when it is
		// started anew.
		s.revive = append(s.revive, id)
	}
	if old == nil {
		s.dirty.hosts[id] = true
	}
}

func (s *Service) openReport(id lattice.HostID, e lattice.Entry) (*lattice.HostReport, error) {
	value, err := s.verifier.Host(id, s.buckets.Hosts(), e.Key, e.Value)
	if err != nil {
		return nil, err
	}
	return wire.DecodeHostReport(value, s.name, id)
}
