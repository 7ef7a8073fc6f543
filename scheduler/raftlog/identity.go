package raftlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// The files of a node.
const (
	identityFile = "node.json"
	logFile      = "log.db"
	snapshotsDir = "snapshots"
	lockFile     = "lock"
)

const (
	identityForm = 1
	maxIdentity  = 8 << 10
)

// phase is how far a directory is.
type phase string

const (
	// phaseNew is one of which nothing was ever used: it may be made anew.
	phaseNew phase = "new"
	// phaseRestoring is one in which RestoreDir has not come to its end.
	phaseRestoring phase = "restoring"
	// phaseBegun is one that has all that it needs.
	phaseBegun phase = "begun"
)

// identity is what a directory says of its node.
type identity struct {
	Form    int          `json:"form"`
	Lattice lattice.Name `json:"lattice"`
	// ID is what the node is called among others, for ever: the address by which it was
	// first known.
	ID    string `json:"id"`
	Phase phase  `json:"phase"`
	// Log tells the log from all others, as soon as it says which one it is.
	Log logName `json:"log,omitzero"`
	// Sum is the checksum of the others.
	Sum uint32 `json:"sum"`
}

func (i identity) sum() uint32 {
	i.Sum = 0
	text, err := json.Marshal(i)
	if err != nil {
		panic(err) // it has nothing that cannot be written
	}
	return crc32.Checksum(text, castagnoli)
}

// readIdentity returns nil if there is none.
func readIdentity(dir string) (*identity, error) {
	path := filepath.Join(dir, identityFile)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // as said
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxIdentity+1))
	if err != nil {
		return nil, damaged(path, "%w", err)
	}
	i := new(identity)
	if err := wire.DecodeObject("node", data, maxIdentity, i); err != nil {
		return nil, damaged(path, "%w", err)
	}
	switch {
	case i.Form != identityForm:
		return nil, fmt.Errorf("%q: form %d, this version of Wattle knows form %d: upgrade it", path, i.Form, identityForm)
	case i.Phase != phaseNew && i.Phase != phaseRestoring && i.Phase != phaseBegun:
		return nil, damaged(path, "it is in phase %.40q", i.Phase)
	case i.Sum != i.sum():
		return nil, damaged(path, "it is damaged, its checksum is another")
	}
	return i, nil
}

// writeIdentity writes it as a whole.
func writeIdentity(dir string, i identity) error {
	i.Form = identityForm
	i.Sum = i.sum()
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, identityFile)
	f, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	return syncDir(dir)
}
