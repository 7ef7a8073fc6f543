package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"

	"github.com/wattle-dev/wattle/scheduler/state"
)

// roomTime is how often it is looked whether a full disk has room again.
const roomTime = time.Second

// maxStored bounds an entry in the log, raft's own ones included.
const maxStored = state.MaxEntry + 64<<10

var (
	bucketLog    = []byte("log")
	bucketStable = []byte("stable")
	// keyBounds has the first and the last index of the log. It is the last key of its
	// bucket: what loses the end of a page loses it as well.
	keyBounds  = []byte("~bounds")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	// errNotFound has the text by which raft knows that there is no value.
	errNotFound = errors.New("not found")
)

// store is raft's log and what else raft must not forget, in a file of bbolt. Each
// call is one transaction, which is on the disk when it returns.
type store struct {
	path string
	// fail is told of an error that raft would not survive. The goroutine that has it
	// then ends, because it must not go on and raft would panic.
	fail func(error)
	// done ends who waits for room on a full disk. Nobody does if it is nil.
	done <-chan struct{}
	// trouble is why something could not be written since the last entry that was, nil
	// if all was.
	trouble atomic.Pointer[error]

	db *bbolt.DB
	// broken says that db must not be used any more.
	broken atomic.Bool
	// write is held by who writes, mu only to read or set what is beneath it.
	write       sync.Mutex
	mu          sync.Mutex
	first, last uint64
	size        int64
}

// openStore opens a log. It must exist unless create is set, and then it may not. All
// of it is read, and checked.
func openStore(path string, create bool) (*store, error) {
	if create {
		if err := checkAbsent(path); err != nil {
			return nil, err
		}
	} else if err := checkFile(path); err != nil {
		return nil, err
	}
	s := &store{path: path, fail: func(error) {}}
	err := guarded(func() error {
		var err error
		// The list of free pages is no part of the file: nothing can be wrong with it.
		s.db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
		if err != nil {
			return err
		}
		if create {
			return s.db.Update(func(tx *bbolt.Tx) error {
				_, err := tx.CreateBucket(bucketLog)
				stable, err2 := tx.CreateBucket(bucketStable)
				if err := errors.Join(err, err2); err != nil {
					return err
				}
				return putBounds(stable, 0, 0)
			})
		}
		return s.db.View(s.checkEntries)
	})
	if err != nil {
		if s.db != nil && !errors.Is(err, errFault) {
			_ = s.Close()
		}
		if create {
			return nil, fmt.Errorf("make log %q: %w", path, err)
		}
		return nil, damaged(path, "%w", err)
	}
	return s, nil
}

func checkAbsent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%q exists already", path)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	return nil
}

// checkEntries reads all entries.
func (s *store) checkEntries(tx *bbolt.Tx) error {
	log, stable := tx.Bucket(bucketLog), tx.Bucket(bucketStable)
	if log == nil || stable == nil {
		return errors.New("it is no log of a scheduler")
	}
	err := log.ForEach(func(key, value []byte) error {
		if len(key) != 8 {
			return fmt.Errorf("a key of %d bytes is in the log", len(key))
		}
		index := binary.BigEndian.Uint64(key)
		if s.last != 0 && index != s.last+1 {
			return fmt.Errorf("entry %d comes after entry %d", index, s.last)
		}
		if s.first == 0 {
			s.first = index
		}
		s.last = index
		s.size += int64(len(value))
		return decodeLog(index, value, new(raft.Log))
	})
	if err != nil {
		return err
	}
	want := sealValue(keyBounds, appendBounds(s.first, s.last))
	if have := stable.Get(keyBounds); !bytes.Equal(have, want) {
		return fmt.Errorf("it has entries %d to %d, which are not all that were written", s.first, s.last)
	}
	return stable.ForEach(func(key, value []byte) error {
		_, err := openValue(key, value)
		return err
	})
}

func appendBounds(first, last uint64) []byte {
	return binary.BigEndian.AppendUint64(indexKey(first), last)
}

func putBounds(stable *bbolt.Bucket, first, last uint64) error {
	return stable.Put(keyBounds, sealValue(keyBounds, appendBounds(first, last)))
}

// view reads.
func (s *store) view(f func(log, stable *bbolt.Bucket) error) error {
	return s.transact(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return f(tx.Bucket(bucketLog), tx.Bucket(bucketStable)) })
	})
}

// update writes, wholly or not at all.
func (s *store) update(f func(log, stable *bbolt.Bucket) error) error {
	err := s.transact(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error { return f(tx.Bucket(bucketLog), tx.Bucket(bucketStable)) })
	})
	if err != nil {
		err = fmt.Errorf("write log %q: %w", s.path, err)
		s.trouble.Store(&err)
		return err
	}
	return nil
}

func (s *store) transact(f func() error) error {
	if s.broken.Load() {
		return errFault
	}
	err := guarded(f)
	if errors.Is(err, errFault) {
		s.broken.Store(true)
		s.fail(damaged(s.path, "%w", err))
	}
	return err
}

// stop is for an error after which raft would panic.
func (s *store) stop(err error) {
	s.fail(fmt.Errorf("%w. The scheduler has stopped, and nothing is lost: see to its disk, and start it again", err))
	runtime.Goexit()
}

// Close closes the file. One that cannot be read stays open until the process ends.
func (s *store) Close() error {
	if s.broken.Load() {
		return nil
	}
	return guarded(s.db.Close)
}

// FirstIndex implements raft.LogStore.
func (s *store) FirstIndex() (uint64, error) {
	first, _, _ := s.numbers()
	return first, nil
}

// LastIndex implements raft.LogStore.
func (s *store) LastIndex() (uint64, error) {
	_, last, _ := s.numbers()
	return last, nil
}

// Size is how many bytes the entries have.
func (s *store) Size() int64 {
	_, _, size := s.numbers()
	return size
}

func (s *store) numbers() (first, last uint64, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first, s.last, s.size
}

func (s *store) setNumbers(first, last uint64, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first, s.last, s.size = first, last, size
}

// GetLog implements raft.LogStore. The only error that it returns is raft.ErrLogNotFound.
func (s *store) GetLog(index uint64, l *raft.Log) error {
	found := false
	err := s.view(func(log, _ *bbolt.Bucket) error {
		value := log.Get(indexKey(index))
		if value == nil {
			return nil
		}
		found = true
		return decodeLog(index, value, l)
	})
	if err != nil {
		s.stop(damaged(s.path, "%w", err))
	}
	if !found {
		return raft.ErrLogNotFound
	}
	return nil
}

// StoreLog implements raft.LogStore.
func (s *store) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore.
func (s *store) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	first, last, size := s.numbers()
	err := s.update(func(log, stable *bbolt.Bucket) error {
		for _, l := range logs {
			if last != 0 && l.Index != last+1 {
				return fmt.Errorf("entry %d does not follow entry %d", l.Index, last)
			}
			if len(l.Data)+len(l.Extensions) > maxStored {
				return fmt.Errorf("entry %d has %d bytes, the limit is %d", l.Index, len(l.Data)+len(l.Extensions), maxStored)
			}
			if first == 0 {
				first = l.Index
			}
			last = l.Index
			value := encodeLog(l)
			size += int64(len(value))
			if err := log.Put(indexKey(l.Index), value); err != nil {
				return err
			}
		}
		return putBounds(stable, first, last)
	})
	if err != nil {
		return err
	}
	s.setNumbers(first, last, size)
	s.trouble.Store(nil)
	return nil
}

// IsMonotonic implements raft.MonotonicLogStore: there are no gaps between entries.
func (*store) IsMonotonic() bool { return true }

// DeleteRange implements raft.LogStore.
func (s *store) DeleteRange(low, high uint64) error {
	s.write.Lock()
	defer s.write.Unlock()
	first, last, size := s.numbers()
	low, high = max(low, first), min(high, last)
	if first == 0 || low > high {
		return nil
	}
	if low > first && high < last {
		return fmt.Errorf("entries %d to %d are neither the first nor the last of %d to %d", low, high, first, last)
	}
	switch {
	case low == first && high == last:
		first, last = 0, 0
	case low == first:
		first = high + 1
	default:
		last = low - 1
	}
	err := s.update(func(log, stable *bbolt.Bucket) error {
		for i := low; i <= high; i++ {
			size -= int64(len(log.Get(indexKey(i))))
			if err := log.Delete(indexKey(i)); err != nil {
				return err
			}
		}
		return putBounds(stable, first, last)
	})
	if err != nil {
		return err
	}
	s.setNumbers(first, last, size)
	return nil
}

// Set implements raft.StableStore.
func (s *store) Set(key, value []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.update(func(_, stable *bbolt.Bucket) error { return stable.Put(key, sealValue(key, value)) })
}

// Get implements raft.StableStore.
func (s *store) Get(key []byte) ([]byte, error) {
	var value []byte
	err := s.view(func(_, stable *bbolt.Bucket) error {
		sealed := stable.Get(key)
		if sealed == nil {
			return nil
		}
		var err error
		value, err = openValue(key, sealed)
		return err
	})
	switch {
	case err != nil:
		return nil, damaged(s.path, "%w", err)
	case value == nil:
		return nil, errNotFound
	}
	return value, nil
}

// SetUint64 implements raft.StableStore. It returns no error: raft keeps its term by
// it, and panics if it cannot. If the disk is full it waits until there is room: the node
// answers nobody meanwhile, and so promises nothing. What is there already, as at each
// start, needs no room.
func (s *store) SetUint64(key []byte, value uint64) error {
	if have, err := s.GetUint64(key); err == nil && have == value {
		return nil
	}
	for {
		err := s.Set(key, binary.BigEndian.AppendUint64(nil, value))
		switch {
		case err == nil:
			return nil
		case s.done == nil || !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT):
			s.stop(err)
		}
		select {
		case <-time.After(roomTime):
		case <-s.done:
			runtime.Goexit()
		}
	}
}

// GetUint64 implements raft.StableStore.
func (s *store) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, damaged(s.path, "%q has %d bytes", key, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

// logForm begins an entry of the log: form, checksum of what follows and of the index,
// type, term, time, and how long the extensions are.
const (
	logForm = 1
	logHead = 1 + 4 + 1 + 8 + 8 + 4
)

func encodeLog(l *raft.Log) []byte {
	b := make([]byte, 5, logHead+len(l.Extensions)+len(l.Data))
	b = append(b, byte(l.Type))
	b = binary.BigEndian.AppendUint64(b, l.Term)
	at := int64(0)
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	b = binary.BigEndian.AppendUint64(b, uint64(at))                //nolint:gosec // bits
	b = binary.BigEndian.AppendUint32(b, uint32(len(l.Extensions))) //nolint:gosec // bounded by maxStored
	b = append(append(b, l.Extensions...), l.Data...)
	b[0] = logForm
	binary.BigEndian.PutUint32(b[1:], logSum(l.Index, b[5:]))
	return b
}

func logSum(index uint64, b []byte) uint32 {
	return crc32.Update(crc32.Checksum(indexKey(index), castagnoli), castagnoli, b)
}

func decodeLog(index uint64, b []byte, l *raft.Log) error {
	switch {
	case len(b) < logHead || len(b) > logHead+maxStored:
		return fmt.Errorf("entry %d has %d bytes", index, len(b))
	case b[0] != logForm:
		return fmt.Errorf("entry %d is of form %d, this version of Wattle knows form %d", index, b[0], logForm)
	case logSum(index, b[5:]) != binary.BigEndian.Uint32(b[1:]):
		return fmt.Errorf("entry %d is damaged, its checksum is another", index)
	}
	extensions := binary.BigEndian.Uint32(b[22:])
	if uint64(extensions) > uint64(len(b)-logHead) {
		return fmt.Errorf("entry %d has %d bytes of extensions", index, extensions)
	}
	rest := append([]byte(nil), b[logHead:]...)
	*l = raft.Log{Index: index, Type: raft.LogType(b[5]), Term: binary.BigEndian.Uint64(b[6:]), Data: rest[extensions:]}
	if extensions > 0 {
		l.Extensions = rest[:extensions:extensions]
	}
	if at := int64(binary.BigEndian.Uint64(b[14:])); at != 0 { //nolint:gosec // bits
		l.AppendedAt = time.Unix(0, at)
	}
	return nil
}

// sealValue puts a checksum before a value.
func sealValue(key, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, valueSum(key, value)), value...)
}

func valueSum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

func openValue(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || valueSum(key, sealed[4:]) != binary.BigEndian.Uint32(sealed) {
		return nil, fmt.Errorf("%q is damaged, its checksum is another", key)
	}
	return append([]byte{}, sealed[4:]...), nil
}
