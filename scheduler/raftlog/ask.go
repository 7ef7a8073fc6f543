package raftlog

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxAnswer bounds what a node says of itself, in bytes.
const maxAnswer = 64 << 10

// Answer is what a node says of itself to another.
type Answer struct {
	Lattice lattice.Name `json:"lattice"`
	ID      string       `json:"id"`
	// Members are those of the cluster that it is part of, as far as it knows. One that
	// waits to be added has none.
	Members []string `json:"members,omitempty"`
	// Leader is who leads it, empty if it knows of none.
	Leader string `json:"leader,omitempty"`
	// Applied is the index of the log up to which it has the state.
	Applied uint64 `json:"applied"`
	// Log tells the log that it keeps from others, empty if it does not know yet.
	Log logName `json:"log,omitzero"`
}

// Ask asks the node at an address how it is.
func (n *Node) Ask(ctx context.Context, address string) (*Answer, error) {
	if n.stream == nil {
		return nil, fmt.Errorf("ask node at %q: %w: this node has no address of its own; start it with one", address, lattice.ErrInvalid)
	}
	ctx, cancel := context.WithTimeout(ctx, lattice.DefaultTimeout)
	defer cancel()
	a, err := ask(ctx, n.stream, address)
	if err != nil {
		return nil, &lattice.Error{Code: lattice.CodeUnavailable, Message: fmt.Sprintf("ask node at %q: %v", address, err), Undelivered: true}
	}
	return a, nil
}

func ask(ctx context.Context, s *stream, address string) (*Answer, error) {
	conn, err := s.connect(ctx, address, protocolAsk)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(conn, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	a := new(Answer)
	if err := wire.DecodeForeign("answer", data, maxAnswer, a); err != nil {
		return nil, err
	}
	return a, nil
}

// answer tells another node how this one is.
func (n *Node) answer(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return
	}
	a := &Answer{Lattice: n.opts.Lattice, ID: n.id, Log: n.logName()}
	if r := n.raft.Load(); r != nil {
		a.Applied = r.AppliedIndex()
		_, leader := r.LeaderWithID()
		a.Leader = string(leader)
		for _, s := range r.GetConfiguration().Configuration().Servers {
			a.Members = append(a.Members, string(s.ID))
		}
	}
	data, err := wire.EncodeObject("answer", a, maxAnswer)
	if err != nil {
		n.log.Error("answer to another node not made", "error", err)
		return
	}
	if _, err := conn.Write(data); err != nil {
		n.log.Debug("answer to another node not sent", "error", err)
	}
}
