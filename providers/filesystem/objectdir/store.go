package objectdir

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"sync"

	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/filesystem"
)

// Options say what a tree is made of, and what may be done with it.
type Options struct {
	// Store has the container. Its operations end in time.
	Store     blobstore.Store
	Container string
	// Prefix begins the names of all objects of the tree. Unless it is empty it ends
	// with a slash.
	Prefix string
	// Writable lets the tree be changed, within Limits. A container that is not there
	// is made then. Without it the tree is empty.
	Writable bool
	Limits   filesystem.Limits
	// Failed is told what could not be stored when a file was closed.
	Failed func(path string, err error)
}

// The defaults of Options.Limits.
const (
	DefaultBytes = 16 << 20
	DefaultFiles = 1024
	DefaultDepth = 32
)

// Store is what all trees over the same objects share. It can be used by any number of
// goroutines.
type Store struct {
	opts   Options
	device uint64
	index  index
}

// New returns a store. It does not reach for anything.
func New(opts Options) *Store {
	l := &opts.Limits
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	if l.Files == 0 {
		l.Files = DefaultFiles
	}
	if l.Depth == 0 {
		l.Depth = DefaultDepth
	}
	if opts.Failed == nil {
		opts.Failed = func(string, error) {}
	}
	s := &Store{opts: opts, device: rand.Uint64() | 1<<63} //nolint:gosec // it has to differ, not to be a secret
	s.index.store = s
	return s
}

// Root opens a tree for one instance. Whatever waits for the store ends with what ctx
// returns at the time.
func (s *Store) Root(ctx func() context.Context) filesystem.Dir {
	return &dir{t: &tree{Store: s, ctx: ctx, open: map[string]*object{}}}
}

// tree is what all handles of an instance share.
type tree struct {
	*Store
	ctx func() context.Context

	mu     sync.Mutex         // held while the store is asked, as an instance asks one thing at a time
	open   map[string]*object // files that are open, by path
	loaded int64              // bytes of them that are in memory
}

func (s *Store) id(path string) blobstore.ID {
	return blobstore.ID{Container: s.opts.Container, Object: s.opts.Prefix + path}
}

// codes are the errors of stores.
var codes = map[blobstore.Kind]filesystem.Code{
	blobstore.NoContainer: filesystem.NoEntry,
	blobstore.NoObject:    filesystem.NoEntry,
	blobstore.Exists:      filesystem.Exist,
	blobstore.Denied:      filesystem.Access,
	blobstore.Invalid:     filesystem.Invalid,
	blobstore.TooLarge:    filesystem.FileTooLarge,
	blobstore.Full:        filesystem.NoSpace,
}

// wrap gives an error its code.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*filesystem.Error](err); ok {
		return err
	}
	code := filesystem.IO
	if e, ok := errors.AsType[*blobstore.Error](err); ok {
		if c, known := codes[e.Kind]; known {
			code = c
		}
	}
	return &filesystem.Error{Code: code, Err: err}
}

// missing reports whether there is no such object, or no container for it.
func missing(err error) bool {
	return errors.Is(err, blobstore.ErrNoObject) || errors.Is(err, blobstore.ErrNoContainer)
}

// put stores an object, and makes the container for the first one.
func (s *Store) put(ctx context.Context, path string, content []byte) error {
	err := s.opts.Store.Put(ctx, s.id(path), bytes.NewReader(content))
	if errors.Is(err, blobstore.ErrNoContainer) {
		if err := s.opts.Store.CreateContainer(ctx, s.opts.Container); err != nil && !errors.Is(err, blobstore.ErrExists) {
			return wrap(err)
		}
		err = s.opts.Store.Put(ctx, s.id(path), bytes.NewReader(content))
	}
	return wrap(err)
}

// inode is the identity of a path, as far as a number can be one.
func inode(path string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(path))
	return h.Sum64() | 1
}
