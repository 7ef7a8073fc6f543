package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// receive takes a command from its subject. It does not block.
func (s *Service) receive(m *lattice.Message) {
	if m.Reply == "" {
		return
	}
	answer := func(result any, err error) {
		if err := s.lattice.Publish(&lattice.Message{Subject: m.Reply, Data: control.EncodeReply(result, err)}); err != nil {
			s.log.Warn("answer to a command is lost", "subject", m.Reply, "error", err)
		}
	}
	if wire.FromJetStream(m) {
		s.log.Warn("command was not sent by an operator", "subject", m.Subject)
		return
	}
	cmd, err := control.Decode(strings.TrimPrefix(m.Subject, s.subjects.Control("")), m.Data)
	if err != nil {
		answer(nil, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
	c := &call{ctx: ctx, cmd: cmd, done: func(result any, err error) { cancel(); answer(result, err) }}
	select {
	case s.calls <- c:
	default:
		c.done(nil, fmt.Errorf("%w: %d commands wait: try again", lattice.ErrExhausted, maxCalls))
	}
}

// Do carries out a command, as if it had come from the lattice: it fills result as
// control.Client.Do does. It may be called while Run runs.
func (s *Service) Do(ctx context.Context, cmd control.Command, result any) error {
	if err := cmd.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	type outcome struct {
		result any
		err    error
	}
	out := make(chan outcome, 1)
	select {
	case s.calls <- &call{ctx: ctx, cmd: cmd, done: func(result any, err error) { out <- outcome{result, err} }}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case o := <-out:
		if o.err != nil {
			return o.err
		}
		return control.DecodeReply(control.EncodeReply(o.result, nil), result)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve carries out a command and answers it.
func (s *Service) serve(c *call) {
	if c.ctx.Err() != nil {
		c.done(nil, fmt.Errorf("%w: the command waited too long and was not carried out", lattice.ErrUnavailable))
		return
	}
	d, err := s.carryOut(c.ctx, c.cmd)
	switch {
	case err != nil:
		s.log.InfoContext(c.ctx, "command refused", "command", c.cmd.Name(), "error", err)
		c.done(nil, err)
	case d.Component != nil:
		c.done(d.Component, nil)
	default:
		c.done(d.Other, nil)
	}
}

// carryOut decides, writes down, and tells.
func (s *Service) carryOut(ctx context.Context, cmd control.Command) (*Decision, error) {
	for attempt := range maxAttempts {
		pause(ctx, attempt)
		if err := s.truth.refresh(ctx); err != nil {
			return nil, err
		}
		before := s.truth.state
		d, err := Decide(s.name, before, s.observed(time.Now()), cmd)
		if err != nil {
			return nil, err
		}
		if len(d.Changes) > 0 {
			if err := s.stored(ctx, d.Digest); err != nil {
				return nil, err
			}
			err = s.truth.commit(ctx, d.Changes, before.Stamp.Index+1)
			if errors.Is(err, lattice.ErrConflict) {
				continue
			}
			if err != nil {
				return nil, err
			}
			s.dirty.add(reachOf(before, s.truth.state, d.Changes))
		}
		result := d.Other
		if d.Component != nil {
			result = &d.Component.Result
		}
		result.Changed, result.Stamp = len(d.Changes) > 0, s.truth.state.Stamp
		if result.Changed {
			s.log.InfoContext(ctx, "command carried out", "command", cmd.Name(), "index", result.Stamp.Index)
		}
		if err := s.tell(ctx); err != nil {
			s.log.WarnContext(ctx, "documents are not written yet", "error", err)
			result.Notes = append(result.Notes, "it is written down, and hosts are told as soon as the lattice allows: "+err.Error())
		}
		s.publish(ctx, d.events)
		return d, nil
	}
	return nil, fmt.Errorf("%w: other commands were always first: try again", lattice.ErrConflict)
}

// stored reports a binary that is not in the lattice.
func (s *Service) stored(ctx context.Context, digest string) error {
	if digest == "" {
		return nil
	}
	name, err := wire.ArtifactName(digest)
	if err != nil {
		return err
	}
	has, err := s.artifacts.Has(ctx, name)
	if err != nil {
		return fmt.Errorf("object store %q: %w", s.buckets.Artifacts(), err)
	}
	if !has {
		return fmt.Errorf("binary %s: %w in the lattice: store it with `wattle component push`", digest, lattice.ErrNotFound)
	}
	return nil
}

// tell writes the records of the last entry and what follows from it.
func (s *Service) tell(ctx context.Context) error {
	if s.truth.unwritten {
		if err := s.truth.write(ctx); err != nil {
			return err
		}
	}
	err := s.sync(ctx)
	if !errors.Is(err, errAhead) {
		return err
	}
	// Another service has gone on, or the state is older than what was told in its
	// name: as of now it is the newest.
	if err := s.truth.refresh(ctx); err != nil {
		return err
	}
	if newest := s.newest(); newest.Compare(s.truth.state.Stamp) >= 0 {
		if err := s.truth.commit(ctx, nil, newest.Index+1); err != nil {
			return err
		}
	}
	s.dirty.addAll(s.truth.state)
	return s.sync(ctx)
}

// repair mends what is not as it should be.
func (s *Service) repair(ctx context.Context) error {
	if s.dirty.empty() && len(s.damaged) == 0 && len(s.revive) == 0 && !s.truth.unwritten {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	before := s.truth.state
	if err := s.truth.refresh(ctx); err != nil {
		return err
	}
	if s.truth.state != before {
		// Another service is about to write all that follows. It may crash.
		s.dirty.addAll(s.truth.state)
	}
	for _, key := range slices.Sorted(maps.Keys(s.damaged)) {
		if err := s.truth.mend(ctx, key); err != nil {
			return err
		}
		delete(s.damaged, key)
	}
	for len(s.revive) > 0 {
		id := s.revive[0]
		if w := s.truth.state.Hosts[id]; w != nil && w.State == lattice.HostStopped {
			if _, err := s.carryOut(ctx, &control.SetHostState{Host: id, State: lattice.HostReady}); err != nil {
				return err
			}
		}
		s.revive = s.revive[1:]
	}
	return s.tell(ctx)
}

// mendAll loads the state and has everything be as it should.
func (s *Service) mendAll(ctx context.Context) error {
	damaged, err := s.truth.load(ctx)
	if err != nil {
		return err
	}
	if err := s.truth.refresh(ctx); err != nil {
		return err
	}
	lost := s.salvaged(damaged)
	for _, c := range lost {
		s.log.WarnContext(ctx, "record is taken back from what was derived from it", "key", c.Key)
	}
	newest := s.newest()
	if len(lost) > 0 || newest.Compare(s.truth.state.Stamp) > 0 {
		if err := s.truth.commit(ctx, lost, max(newest.Index, s.truth.state.Stamp.Index)+1); err != nil {
			return err
		}
	}
	for _, key := range damaged {
		s.damaged[key] = true
	}
	s.dirty.addAll(s.truth.state)
	return s.repair(ctx)
}

// salvaged returns what is left of damaged records.
func (s *Service) salvaged(damaged []string) []Change {
	if len(damaged) == 0 {
		return nil
	}
	desired := map[lattice.HostID]*lattice.Desired{}
	for key, have := range s.desired.seen {
		if d, err := wire.DecodeDesired(have.value, s.name, lattice.HostID(key)); err == nil {
			desired[d.Host] = d
		}
	}
	links := map[string]*lattice.Link{}
	for key, have := range s.links.seen {
		if l, err := wire.DecodeLink(have.value, key); err == nil {
			links[key] = l
		}
	}
	configs := map[lattice.ConfigName]lattice.Config{}
	for key, have := range s.configs.seen {
		if c, err := wire.DecodeConfig(have.value); err == nil {
			configs[lattice.ConfigName(key)] = c
		}
	}
	return salvage(damaged, desired, links, configs)
}

// publish tells of what happened. Events are for those who watch: nothing depends
// on them.
func (s *Service) publish(ctx context.Context, events []happening) {
	for _, h := range events {
		data, err := json.Marshal(h.data)
		if err != nil {
			s.log.ErrorContext(ctx, "event has no form", "error", err)
			continue
		}
		message, err := wire.EncodeEvent(&lattice.Event{
			SpecVersion:     "1.0",
			ID:              s.opts.NewID(),
			Source:          "scheduler",
			Type:            lattice.EventPrefix + h.kind,
			Subject:         h.subject,
			Time:            time.Now().UTC(),
			DataContentType: "application/json",
			Data:            data,
		})
		if err == nil {
			err = s.lattice.Publish(&lattice.Message{Subject: s.subjects.SchedulerEvent(h.kind), Data: message})
		}
		if err != nil {
			s.log.WarnContext(ctx, "event is lost", "error", err)
		}
	}
}
