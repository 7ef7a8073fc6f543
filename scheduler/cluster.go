package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
)

// cluster reports whether a command is about the schedulers themselves, and not about what
// they decide.
func cluster(cmd control.Command) bool {
	switch cmd.(type) {
	case *control.AddScheduler, *control.RemoveScheduler, *control.TakeSnapshot, *control.ExportState:
		return true
	}
	return false
}

// administer carries out a command that is about the schedulers themselves.
func (s *Service) administer(ctx context.Context, cmd control.Command) (any, error) {
	result := &control.ClusterResult{Changed: true}
	switch c := cmd.(type) {
	case *control.AddScheduler:
		m, err := s.node.Add(ctx, c.Address)
		switch {
		case errors.Is(err, lattice.ErrExists) && s.member(c.Address):
			result.Changed, result.Notes = false, []string{"it is one of them already"}
		case err != nil:
			return nil, err
		default:
			s.log.InfoContext(ctx, "scheduler added", "id", m.ID, "address", m.Address)
		}
	case *control.RemoveScheduler:
		err := s.node.Remove(ctx, c.ID)
		switch {
		case errors.Is(err, lattice.ErrNotFound):
			result.Changed, result.Notes = false, []string{"it is none of them"}
		case err != nil:
			return nil, err
		default:
			s.log.InfoContext(ctx, "scheduler removed", "id", c.ID)
		}
	case *control.TakeSnapshot:
		if err := s.node.Snapshot(ctx); err != nil {
			return nil, err
		}
	case *control.ExportState:
		return s.export(c)
	}
	result.Index = s.node.Status().Applied
	for _, m := range s.node.Members() {
		result.Members = append(result.Members, m.ID)
	}
	return result, nil
}

func (s *Service) member(address string) bool {
	for _, m := range s.node.Members() {
		if m.Address == address && m.Voter {
			return true
		}
	}
	return false
}

// export reads a part of the last snapshot.
func (s *Service) export(c *control.ExportState) (*control.Export, error) {
	e, err := s.node.Export()
	if err != nil {
		return nil, err
	}
	defer e.Close() //nolint:errcheck // nothing was written
	if c.Snapshot != "" && c.Snapshot != e.Name {
		return nil, fmt.Errorf("snapshot %.80q: %w: the last one is %q now: begin again", c.Snapshot, lattice.ErrConflict, e.Name)
	}
	part := &control.Export{Snapshot: e.Name, Index: e.Index, Offset: c.Offset, Total: e.Size, Data: make([]byte, min(control.MaxExport, max(e.Size-c.Offset, 0)))}
	if n, err := e.ReadAt(part.Data, c.Offset); n < len(part.Data) || err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("snapshot %q at byte %d: %w", e.Name, c.Offset, err)
	}
	return part, nil
}
