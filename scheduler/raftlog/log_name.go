package raftlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// logName tells a log from all others: from that of another cluster, and from what it was
// before it was restored. Nodes of one log alone may talk, or one that was left behind by
// a restore could be elected, and have the others cut off what they have and it has not.
// It is zero as long as it is not known: for one that begins, or waits to be added.
type logName [16]byte

// nameOf returns the name of the log from which a state follows.
func nameOf(s *state.State) logName {
	m := s.Meta()
	if m.Cluster == "" && m.Restored == "" {
		return logName{}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", m.Lattice, m.Cluster, m.Restored))
	return logName(sum[:len(logName{})])
}

// MarshalText implements encoding.TextMarshaler.
func (l logName) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, l[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *logName) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(l) {
		return fmt.Errorf("the name of a log has %d digits", len(text))
	}
	_, err := hex.Decode(l[:], text)
	return err
}

// errOtherLog is why two nodes do not talk.
var errOtherLog = fmt.Errorf("%w: it keeps another log, that of another cluster or of before a restore; "+
	"stop the one that is not meant, move its data directory away, start it with --join-cluster, and add it with `wattle scheduler add`", lattice.ErrConflict)

// agrees returns errOtherLog unless two names may be those of one log.
func (l logName) agrees(o logName) error {
	if l != o && l != (logName{}) && o != (logName{}) {
		return errOtherLog
	}
	return nil
}

// greet tells the other side of a connection which log is kept here, and hears which is
// kept there.
func greet(ctx context.Context, conn net.Conn, own logName) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Write(own[:]); err != nil {
		return err
	}
	var other logName
	if _, err := io.ReadFull(conn, other[:]); err != nil {
		return fmt.Errorf("it does not say which log it keeps: %w", err)
	}
	return errors.Join(own.agrees(other), conn.SetDeadline(time.Time{}))
}

// logName returns the name of the log that the node keeps.
func (n *Node) logName() logName {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.name
}

// learn keeps the name of the log in the directory when the state says it for the first
// time, so that it is known at the next start before the state is. It is called from one
// goroutine.
func (n *Node) learn(s *state.State) {
	name := nameOf(s)
	if name == n.logName() {
		return
	}
	if err := writeIdentity(n.opts.Dir, identity{Lattice: n.opts.Lattice, ID: n.id, Phase: phaseBegun, Log: name}); err != nil {
		n.log.Warn("name of the log not kept: it is tried again at the next entry", "error", err)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.name = name
}
