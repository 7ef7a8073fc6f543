package raftlog

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/raft"

	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	// snapshotMagic begins a snapshot. Four bytes with the length of a snapshotHead,
	// four with its checksum, and the head follow; then the state, up to the end.
	snapshotMagic = "wattle scheduler snapshot 1\n"
	// maxSnapshotHead bounds a snapshotHead.
	maxSnapshotHead = 256 << 10
	// retained is how many snapshots are kept.
	retained = 2

	snapshotSuffix = ".snapshot"
	newSuffix      = ".new"
)

// snapshotHead is where in the log a snapshot is.
type snapshotHead struct {
	Index              uint64           `json:"index"`
	Term               uint64           `json:"term"`
	ConfigurationIndex uint64           `json:"configuration_index"`
	Servers            []snapshotServer `json:"servers,omitempty"`
}

type snapshotServer struct {
	ID       string `json:"id"`
	Address  string `json:"address"`
	Suffrage int    `json:"suffrage"`
}

// snapshots are the snapshots of a node: a file each, which is complete if it has its
// name.
type snapshots struct {
	dir string
	// mu keeps one from being removed while another looks for the last.
	mu sync.Mutex
}

func (s *snapshots) path(id string) string { return filepath.Join(s.dir, id+snapshotSuffix) }

// snapshotID is in the order of terms, then indices.
func snapshotID(term, index uint64) string { return fmt.Sprintf("%016x-%016x", term, index) }

// ids returns the snapshots, newest first.
func (s *snapshots) ids() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), snapshotSuffix); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids, nil
}

// List implements raft.SnapshotStore.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var metas []*raft.SnapshotMeta
	for _, id := range ids {
		f, meta, err := openSnapshot(s.path(id))
		if err != nil {
			// Open has judged whether it can be done without.
			continue
		}
		_ = f.Close()
		meta.ID = id
		metas = append(metas, meta)
	}
	return metas, nil
}

// Open implements raft.SnapshotStore.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	f, meta, err := openSnapshot(s.path(id))
	if err != nil {
		return nil, nil, err
	}
	meta.ID = id
	return meta, f, nil
}

// openSnapshot opens a snapshot at the beginning of its state.
func openSnapshot(path string) (*os.File, *raft.SnapshotMeta, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	head, n, err := readSnapshotHead(f)
	if err != nil {
		_ = f.Close()
		return nil, nil, damaged(path, "%w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	meta := &raft.SnapshotMeta{
		Version: 1, Index: head.Index, Term: head.Term, ConfigurationIndex: head.ConfigurationIndex, Size: info.Size() - n,
	}
	for _, server := range head.Servers {
		meta.Configuration.Servers = append(meta.Configuration.Servers, raft.Server{
			ID: raft.ServerID(server.ID), Address: raft.ServerAddress(server.Address), Suffrage: raft.ServerSuffrage(server.Suffrage),
		})
	}
	return f, meta, nil
}

// readSnapshotHead reads up to the state, and returns how many bytes that is.
func readSnapshotHead(r io.Reader) (*snapshotHead, int64, error) {
	fixed := make([]byte, len(snapshotMagic)+8)
	if _, err := io.ReadFull(r, fixed); err != nil || string(fixed[:len(snapshotMagic)]) != snapshotMagic {
		return nil, 0, errors.New("it is no snapshot that this version of Wattle can read")
	}
	size, sum := binary.BigEndian.Uint32(fixed[len(snapshotMagic):]), binary.BigEndian.Uint32(fixed[len(snapshotMagic)+4:])
	if size > maxSnapshotHead {
		return nil, 0, fmt.Errorf("it is damaged: its head has %d bytes", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil || crc32.Checksum(text, castagnoli) != sum {
		return nil, 0, errors.New("it is damaged, the checksum of its head is another")
	}
	head := new(snapshotHead)
	if err := wire.DecodeObject("head", text, maxSnapshotHead, head); err != nil {
		return nil, 0, err
	}
	for _, s := range head.Servers {
		if s.Suffrage < int(raft.Voter) || s.Suffrage > int(raft.Staging) {
			return nil, 0, fmt.Errorf("head: server %.80q is of kind %d", s.ID, s.Suffrage)
		}
	}
	if head.Index == 0 || head.Term == 0 {
		return nil, 0, errors.New("head: it says no index and term")
	}
	return head, int64(len(fixed)) + int64(size), nil
}

func encodeSnapshotHead(head *snapshotHead) ([]byte, error) {
	text, err := wire.EncodeObject("head of a snapshot", head, maxSnapshotHead)
	if err != nil {
		return nil, err
	}
	b := append([]byte(snapshotMagic), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...) //nolint:gosec // bounded
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(text, castagnoli))
	return append(b, text...), nil
}

// verifySnapshot reads a snapshot to its end. A state ends with its SHA-256.
func verifySnapshot(path string) (*raft.SnapshotMeta, error) {
	f, meta, err := openSnapshot(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if meta.Size < sha256.Size {
		return nil, damaged(path, "it is cut off")
	}
	sum := sha256.New()
	r := bufio.NewReaderSize(f, 64<<10)
	if _, err := io.CopyN(sum, r, meta.Size-sha256.Size); err != nil {
		return nil, damaged(path, "%w", err)
	}
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(r, want); err != nil {
		return nil, damaged(path, "%w", err)
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		return nil, damaged(path, "it is damaged, its checksum is another")
	}
	return meta, nil
}

// Create implements raft.SnapshotStore.
func (s *snapshots) Create(_ raft.SnapshotVersion, index, term uint64, c raft.Configuration, configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	head := &snapshotHead{Index: index, Term: term, ConfigurationIndex: configurationIndex}
	for _, server := range c.Servers {
		head.Servers = append(head.Servers, snapshotServer{string(server.ID), string(server.Address), int(server.Suffrage)})
	}
	data, err := encodeSnapshotHead(head)
	if err != nil {
		return nil, err
	}
	id := snapshotID(term, index)
	f, err := os.OpenFile(s.path(id)+newSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make snapshot: %w", err)
	}
	sink := &snapshotSink{s: s, id: id, f: f, w: bufio.NewWriterSize(f, 64<<10)}
	if _, err := sink.Write(data); err != nil {
		_ = sink.Cancel()
		return nil, err
	}
	return sink, nil
}

// snapshotSink is a snapshot that is being written, under another name until it is on
// the disk as a whole.
type snapshotSink struct {
	s    *snapshots
	id   string
	f    *os.File
	w    *bufio.Writer
	done bool
}

// ID implements raft.SnapshotSink.
func (k *snapshotSink) ID() string { return k.id }

// Write implements raft.SnapshotSink.
func (k *snapshotSink) Write(b []byte) (int, error) {
	n, err := k.w.Write(b)
	if err != nil {
		err = fmt.Errorf("write snapshot: %w", err)
	}
	return n, err
}

// Close implements raft.SnapshotSink. Older snapshots go when this one is complete.
func (k *snapshotSink) Close() error {
	if k.done {
		return nil
	}
	k.done = true
	from, to := k.f.Name(), k.s.path(k.id)
	err := errors.Join(k.w.Flush(), k.f.Sync())
	if err = errors.Join(err, k.f.Close()); err == nil {
		_, err = verifySnapshot(from)
	}
	if err != nil {
		_ = os.Remove(from)
		return fmt.Errorf("write snapshot: %w", err)
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := syncDir(k.s.dir); err != nil {
		return err
	}
	ids, err := k.s.ids()
	if err != nil {
		return err
	}
	for _, id := range ids[min(len(ids), retained):] {
		if err := os.Remove(k.s.path(id)); err != nil {
			return err
		}
	}
	return nil
}

// Cancel implements raft.SnapshotSink.
func (k *snapshotSink) Cancel() error {
	if k.done {
		return nil
	}
	k.done = true
	return errors.Join(k.f.Close(), os.Remove(k.f.Name()))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// check verifies the snapshots of a node with a log, and removes what was not
// completed. It returns the snapshot that will be taken, nil if there is none, and what
// is wrong with newer ones that can be done without.
func (s *snapshots) check(first, last uint64) (use *raft.SnapshotMeta, passed []error, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, nil, damaged(s.dir, "%w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), newSuffix) {
			if err := os.Remove(filepath.Join(s.dir, e.Name())); err != nil {
				return nil, nil, err
			}
		}
	}
	ids, err := s.ids()
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		meta, err := verifySnapshot(s.path(id))
		if err == nil && snapshotID(meta.Term, meta.Index) != id {
			err = damaged(s.path(id), "it has another name than it says")
		}
		if err == nil {
			meta.ID = id
			use = meta
			break
		}
		passed = append(passed, err)
	}
	// What an older snapshot lacks must be in the log.
	from := uint64(1)
	if use != nil {
		from = use.Index + 1
	}
	whole := first == 0 && len(passed) == 0 || first != 0 && first <= from
	if whole && len(passed) > 0 {
		// The newest is the only one of which it is not known how far it went.
		var term, index uint64
		if _, err := fmt.Sscanf(ids[0], "%016x-%016x", &term, &index); err != nil || last < index {
			whole = false
		}
	}
	switch {
	case whole:
		return use, passed, nil
	case len(passed) > 0:
		return nil, nil, passed[0]
	default:
		return nil, nil, damaged(s.dir, "the log begins with entry %d, and there is no snapshot of what was before", first)
	}
}
