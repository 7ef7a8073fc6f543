package raftlog

import (
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// shrink makes a snapshot whenever the log has too many bytes: raft itself goes by their
// number, and an entry may have two megabytes.
func (n *Node) shrink(r *raft.Raft) {
	tick := time.NewTicker(n.opts.SnapshotInterval)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-tick.C:
		case <-n.done:
			return
		}
		if n.store.Size() <= n.opts.SnapshotBytes {
			continue
		}
		err := n.cut(r)
		if err != nil && n.Err() == nil && !failing {
			n.log.Warn("log has become long, and no snapshot can be made: it goes on growing", "error", fmt.Errorf("%d bytes: %w", n.store.Size(), err))
		}
		failing = err != nil
	}
}

// cut makes a snapshot after which the log has no more than half of the bytes that it may
// have.
func (n *Node) cut(r *raft.Raft) error {
	keep, err := n.store.within(n.opts.SnapshotBytes / 2)
	if err != nil {
		return err
	}
	c := r.ReloadableConfig()
	trailing := c.TrailingLogs
	c.TrailingLogs = min(trailing, keep)
	if err := r.ReloadConfig(c); err != nil {
		return err
	}
	err = r.Snapshot().Error()
	c.TrailingLogs = trailing
	if back := r.ReloadConfig(c); err == nil {
		err = back
	}
	return err
}

// within is how many of the last entries have no more than so many bytes together.
func (s *store) within(bytes int64) (count uint64, err error) {
	err = s.view(func(log, _ *bbolt.Bucket) error {
		c := log.Cursor()
		for k, v := c.Last(); k != nil; k, v = c.Prev() {
			if bytes -= int64(len(v)); bytes < 0 {
				break
			}
			count++
		}
		return nil
	})
	return count, err
}
