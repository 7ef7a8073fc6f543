package objectdir

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/providers/blobstore"
	"github.com/wattle-dev/wattle/providers/filesystem"
)

// index is what is known of the objects: which there are, and so which directories. It
// is read anew when it is asked and older than fresh; what is changed here is in it at
// once.
type index struct {
	store *Store

	// mu is held while the index is read anew: what is stored or removed meanwhile is
	// added after it, and so not lost.
	mu      sync.Mutex
	read    time.Time
	objects map[string]int64 // sizes by path; the path of a directory ends with a slash
	below   map[string]int   // number of objects that are below a directory, by its path
	bytes   int64            // of all objects
	pending int64            // that files which are open have more, or less, than is stored
}

// fresh is how old the index may be.
const fresh = 2 * time.Second

// maxObjects bounds the index.
const maxObjects = 200_000

// use runs f with an index that is fresh enough.
func (x *index) use(ctx context.Context, f func() error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if time.Since(x.read) > fresh {
		if err := x.fill(ctx); err != nil {
			return err
		}
	}
	return f()
}

// fill reads the index.
func (x *index) fill(ctx context.Context) error {
	x.objects, x.below, x.bytes = map[string]int64{}, map[string]int{}, 0
	x.read = time.Time{}
	opts := &x.store.opts
	for q := (blobstore.Query{Prefix: opts.Prefix, Limit: blobstore.MaxPage}); ; {
		page, err := opts.Store.List(ctx, opts.Container, q)
		switch {
		case errors.Is(err, blobstore.ErrNoContainer):
			page = blobstore.Page{}
		case err != nil:
			return wrap(err)
		}
		for _, info := range page.Objects {
			if p, ok := strings.CutPrefix(info.Name, opts.Prefix); ok && isPath(p) {
				x.set(p, info.Size)
			}
		}
		if len(x.objects) > maxObjects {
			return filesystem.Fail(filesystem.NoMemory)
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	x.read = time.Now()
	return nil
}

// isPath reports whether the name of an object, behind the prefix, is a path that a
// guest could say, or that of a directory.
func isPath(p string) bool {
	clean := strings.TrimSuffix(p, "/")
	if clean == "" || clean == ".." || strings.HasPrefix(clean, "/") || strings.HasPrefix(clean, "../") || path.Clean(clean) != clean || strings.IndexByte(p, 0) >= 0 {
		return false
	}
	return !slices.ContainsFunc(strings.Split(clean, "/"), func(name string) bool { return len(name) > filesystem.MaxName })
}

// set notes an object. It is called with mu.
func (x *index) set(p string, size int64) {
	if old, ok := x.objects[p]; ok {
		x.bytes -= old
	} else {
		for dir := range above(p) {
			x.below[dir]++
		}
	}
	x.objects[p] = size
	x.bytes += size
}

// unset notes that an object is gone. It is called with mu.
func (x *index) unset(p string) {
	size, ok := x.objects[p]
	if !ok {
		return
	}
	delete(x.objects, p)
	x.bytes -= size
	for dir := range above(p) {
		if x.below[dir]--; x.below[dir] == 0 {
			delete(x.below, dir)
		}
	}
}

// above are the paths of the directories that an object is below, the root left out.
func above(p string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := range len(p) {
			if p[i] == '/' && !yield(p[:i]) {
				return
			}
		}
	}
}

// stored notes that an object is stored, of which some bytes were pending.
func (x *index) stored(p string, size, pending int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pending -= pending
	if x.objects != nil { // it was read once
		x.set(p, size)
	}
}

// removed notes that an object is gone.
func (x *index) removed(p string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.unset(p)
}

// settle notes that pending bytes will not be stored.
func (x *index) settle(pending int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.pending -= pending
}

// charge makes room for one more object, or for bytes that are not stored yet.
func (x *index) charge(ctx context.Context, bytes int64, files int) error {
	return x.use(ctx, func() error {
		l := x.store.opts.Limits
		if bytes > 0 && bytes > l.Bytes-x.bytes-x.pending || files > 0 && int64(len(x.objects)+files) > l.Files {
			return filesystem.Fail(filesystem.Quota)
		}
		x.pending += bytes
		return nil
	})
}

// isDir reports whether there is a directory.
func (x *index) isDir(ctx context.Context, p string) (found bool, err error) {
	err = x.use(ctx, func() error {
		found = x.below[p] > 0
		return nil
	})
	return found, err
}

// contents returns how many objects are below a directory, and whether one is for the
// directory itself.
func (x *index) contents(ctx context.Context, p string) (n int, marked bool, err error) {
	err = x.use(ctx, func() error {
		n = x.below[p]
		_, marked = x.objects[p+"/"]
		return nil
	})
	return n, marked, err
}

// list returns the objects below a directory, by the rest of their paths, in order.
func (x *index) list(ctx context.Context, p string) (rests []string, err error) {
	prefix := p + "/"
	if p == "" {
		prefix = ""
	}
	err = x.use(ctx, func() error {
		for _, path := range slices.Sorted(maps.Keys(x.objects)) {
			if rest, ok := strings.CutPrefix(path, prefix); ok {
				rests = append(rests, rest)
			}
		}
		return nil
	})
	return rests, err
}
