package memlattice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// stream is a stream as the servers have it.
type stream struct {
	config   lattice.StreamConfig
	messages []*lattice.Message // oldest first
	bytes    int64
}

// trim drops the oldest until the rest is within the bounds.
func (s *stream) trim() {
	oldest := now().Add(-s.config.MaxAge)
	for len(s.messages) > 0 {
		first := s.messages[0]
		if int64(len(s.messages)) <= s.config.MaxMessages && s.bytes <= s.config.MaxBytes && !first.Time.Before(oldest) {
			return
		}
		s.bytes -= keptSize(first)
		s.messages = s.messages[1:]
	}
}

func keptSize(m *lattice.Message) int64 { return int64(messageSize(m) + len(m.Subject) + overhead) }

// keep keeps a message in the streams that have its subject.
func (n *Network) keep(from *Member, m *lattice.Message) {
	if !n.stored(from) {
		return
	}
	for _, s := range n.streams {
		if !slices.ContainsFunc(s.config.Subjects, func(p string) bool { return matches(p, m.Subject) }) {
			continue
		}
		if n.fate(from.user, "", m.Subject, messageSize(m), from.number, from.published).dropped {
			continue
		}
		kept := clone(m)
		kept.Reply, kept.Time = "", now()
		s.messages = append(s.messages, kept)
		s.bytes += keptSize(kept)
		s.trim()
	}
}

// CreateStream implements lattice.Lattice.
func (m *Member) CreateStream(ctx context.Context, c lattice.StreamConfig) error {
	err := checkStream(&c)
	if err == nil {
		c.Subjects = slices.Clone(c.Subjects)
		err = m.ask(ctx, "$STREAM."+c.Name, 0, func() error {
			s := m.network.streams[c.Name]
			if s == nil {
				s = new(stream)
				m.network.streams[c.Name] = s
			}
			s.config = c
			s.trim()
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("create stream %q: %w", c.Name, err)
	}
	return nil
}

func checkStream(c *lattice.StreamConfig) error {
	if err := checkName("stream", c.Name); err != nil {
		return err
	}
	if len(c.Subjects) == 0 || c.MaxAge <= 0 || c.MaxBytes <= 0 || c.MaxMessages <= 0 {
		return fmt.Errorf("%w: it needs subjects, and bounds of age, bytes and messages", lattice.ErrInvalid)
	}
	for _, s := range c.Subjects {
		if err := checkSubject("subject", s, true); err != nil {
			return err
		}
	}
	return nil
}

// Replay implements lattice.Lattice.
func (m *Member) Replay(ctx context.Context, name, subject string, since time.Time, f func(*lattice.Message) error) error {
	var kept []*lattice.Message
	err := checkSubject("subject", subject, true)
	if err == nil {
		err = m.ask(ctx, "$STREAM."+name, 0, func() error {
			s := m.network.streams[name]
			if s == nil {
				return lattice.ErrNotFound
			}
			s.trim()
			for _, k := range s.messages {
				if matches(subject, k.Subject) && !k.Time.Before(since) {
					kept = append(kept, k)
				}
			}
			return nil
		})
	}
	for i := 0; err == nil && i < len(kept); i++ {
		if err = ctx.Err(); err == nil {
			err = f(clone(kept[i]))
		}
	}
	if err != nil {
		return fmt.Errorf("replay stream %q: %w", name, err)
	}
	return nil
}
