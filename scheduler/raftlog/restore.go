package raftlog

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// Snapshot makes a snapshot of the state.
func (n *Node) Snapshot(ctx context.Context) error {
	err := n.await(ctx, n.raft.Load().Snapshot().Error)
	if err != nil {
		return fmt.Errorf("make snapshot: %w", err)
	}
	return nil
}

// Export is a snapshot that is read. It stays as it is while newer ones are made.
type Export struct {
	io.ReaderAt
	io.Closer

	// Name tells it from others, Size is how many bytes it has.
	Name  string
	Size  int64
	Index uint64
	Term  uint64
}

// Export opens the last snapshot, as RestoreDir takes it.
func (n *Node) Export() (*Export, error) {
	n.snaps.mu.Lock()
	defer n.snaps.mu.Unlock()
	ids, err := n.snaps.ids()
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("snapshot: %w: make one with `wattle scheduler snapshot`", lattice.ErrNotFound)
	}
	f, meta, err := openSnapshot(n.snaps.path(ids[0]))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Export{f, f, ids[0], info.Size(), meta.Index, meta.Term}, nil
}

// replacedDir is where RestoreDir puts what was there.
const replacedDir = "replaced"

// Holds reports whether a directory has what RestoreDir would put aside.
func Holds(dir string) (bool, error) {
	for _, part := range []string{identityFile, logFile, snapshotsDir} {
		if _, err := os.Lstat(filepath.Join(dir, part)); !errors.Is(err, os.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// RestoreDir has the node of a directory, which must not run, begin anew with the state
// of a snapshot, as the only one of its cluster. Advertise is the address by which others
// will reach it, empty if there are none. What was there is kept beside it. The log has
// another name than before, so that nodes which still have what it was are refused.
func RestoreDir(dir string, name lattice.Name, advertise string, snapshot io.Reader) (*state.State, error) {
	if advertise == "" {
		advertise = lone
	} else if err := checkAddress("address", advertise); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	head, s, err := readSnapshot(snapshot)
	if err != nil {
		return nil, err
	}
	if s.Lattice() != name {
		return nil, fmt.Errorf("snapshot: %w: it is of lattice %q, not %q", lattice.ErrInvalid, s.Lattice(), name)
	}
	meta := *s.Meta()
	meta.Restored = rand.Text()
	if s, err = s.With(state.Put(state.Record{Meta: &meta})); err != nil {
		return nil, err
	}
	if err := putAside(dir, identity{Lattice: name, ID: advertise, Phase: phaseRestoring}); err != nil {
		return nil, err
	}
	if err := writeRestored(dir, advertise, head, s); err != nil {
		return nil, err
	}
	return s, writeIdentity(dir, identity{Lattice: name, ID: advertise, Phase: phaseBegun, Log: nameOf(s)})
}

// putAside puts away what is in a directory, in which a restore begins. If an earlier one
// has not come to its end, what was there before that is kept, and not what it has left.
func putAside(dir string, who identity) error {
	replaced := filepath.Join(dir, replacedDir)
	before, err := readIdentity(dir)
	if err != nil || before == nil || before.Phase != phaseRestoring {
		if err := os.RemoveAll(replaced); err != nil {
			return err
		}
	}
	if err := errors.Join(os.MkdirAll(replaced, 0o700), writeIdentity(dir, who)); err != nil {
		return err
	}
	for _, part := range []string{logFile, snapshotsDir} {
		from, to := filepath.Join(dir, part), filepath.Join(replaced, part)
		if _, err := os.Lstat(to); err == nil {
			if err := os.RemoveAll(from); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// readSnapshot reads all of an exported snapshot.
func readSnapshot(snapshot io.Reader) (*snapshotHead, *state.State, error) {
	r := bufio.NewReaderSize(snapshot, 64<<10)
	head, _, err := readSnapshotHead(r)
	if err != nil {
		return nil, nil, fmt.Errorf("snapshot: %w: %w", lattice.ErrInvalid, err)
	}
	s, err := state.Restore(r)
	if err != nil {
		return nil, nil, err
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.Join(fmt.Errorf("snapshot: %w: something comes after its end", lattice.ErrInvalid), err)
	}
	return head, s, nil
}

// writeRestored makes the log and the snapshot of a node with a state.
func writeRestored(dir, id string, head *snapshotHead, s *state.State) error {
	snaps := &snapshots{dir: filepath.Join(dir, snapshotsDir)}
	if err := os.Mkdir(snaps.dir, 0o700); err != nil {
		return err
	}
	c := raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(id), Address: raft.ServerAddress(id)}}}
	sink, err := snaps.Create(1, head.Index, head.Term, c, head.Index, nil)
	if err != nil {
		return err
	}
	if err := (frozen{s}).Persist(sink); err != nil {
		return err
	}
	log, err := openStore(filepath.Join(dir, logFile), true)
	if err != nil {
		return err
	}
	// As raft names it. Its next term comes after that of the snapshot.
	err = log.update(func(_, stable *bbolt.Bucket) error {
		return stable.Put([]byte("CurrentTerm"), sealValue([]byte("CurrentTerm"), indexKey(head.Term)))
	})
	return errors.Join(err, log.Close())
}
