package memlattice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// sizeChunk is how much of an object goes over the network at once.
const sizeChunk = 128 << 10

// object is an object as the servers have it.
type object struct {
	chunks [][]byte
	sum    [sha256.Size]byte
}

// objects is a member's view of a store.
type objects struct {
	member *Member
	name   string
	store  map[string]*object
}

// Objects implements lattice.Lattice.
func (m *Member) Objects(ctx context.Context, name string, create bool) (lattice.Objects, error) {
	o := &objects{member: m, name: name}
	err := checkName("store", name)
	if err == nil {
		err = m.ask(ctx, "$OBJ."+name, 0, func() error {
			if o.store = m.network.stores[name]; o.store == nil {
				if !create {
					return lattice.ErrNotFound
				}
				o.store = map[string]*object{}
				m.network.stores[name] = o.store
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open store %q: %w", name, err)
	}
	return o, nil
}

// ask does something to an object.
func (o *objects) ask(ctx context.Context, what, name string, size int, do func() error) error {
	err := checkKey(name, false)
	if err == nil {
		err = o.member.ask(ctx, "$OBJ."+o.name+"."+name, size, do)
	}
	if err != nil {
		return fmt.Errorf("%s object %q in store %q: %w", what, name, o.name, err)
	}
	return nil
}

// Put implements lattice.Objects.
func (o *objects) Put(ctx context.Context, name string, r io.Reader) error {
	stored := new(object)
	hash := sha256.New()
	for {
		chunk := make([]byte, sizeChunk)
		n, err := io.ReadFull(r, chunk)
		if n > 0 {
			hash.Write(chunk[:n])
			stored.chunks = append(stored.chunks, chunk[:n])
			if err := o.ask(ctx, "put", name, n, func() error { return nil }); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("put object %q in store %q: %w", name, o.name, err)
		}
	}
	hash.Sum(stored.sum[:0])
	return o.ask(ctx, "put", name, 0, func() error {
		o.store[name] = stored
		return nil
	})
}

// Open implements lattice.Objects.
func (o *objects) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	r := &objectReader{ctx: ctx, objects: o, name: name}
	err := o.ask(ctx, "open", name, 0, func() error {
		stored := o.store[name]
		if stored == nil {
			return lattice.ErrNotFound
		}
		r.chunks, r.sum = slices.Clone(stored.chunks), stored.sum
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Has implements lattice.Objects.
func (o *objects) Has(ctx context.Context, name string) (has bool, err error) {
	err = o.ask(ctx, "look for", name, 0, func() error {
		has = o.store[name] != nil
		return nil
	})
	return has, err
}

// Delete implements lattice.Objects.
func (o *objects) Delete(ctx context.Context, name string) error {
	return o.ask(ctx, "delete", name, 0, func() error {
		delete(o.store, name)
		return nil
	})
}

// objectReader reads an object as it was when it was opened.
type objectReader struct {
	ctx     context.Context //nolint:containedctx // that of Open, which is of all reading
	objects *objects
	name    string
	chunks  [][]byte
	sum     [sha256.Size]byte
	read    [][]byte
	chunk   bytes.Reader
	err     error
}

// Read implements io.Reader.
func (r *objectReader) Read(p []byte) (int, error) {
	for r.err == nil && r.chunk.Len() == 0 {
		r.err = r.next()
	}
	if r.err != nil {
		return 0, r.err
	}
	return r.chunk.Read(p)
}

// next fetches a chunk. At the end it compares the sum of all.
func (r *objectReader) next() error {
	if len(r.chunks) == 0 {
		hash := sha256.New()
		for _, c := range r.read {
			hash.Write(c)
		}
		if [sha256.Size]byte(hash.Sum(nil)) != r.sum {
			return fmt.Errorf("read object %q in store %q: its bytes do not have its digest: it is damaged", r.name, r.objects.name)
		}
		return io.EOF
	}
	chunk := r.chunks[0]
	r.chunks = r.chunks[1:]
	r.read = append(r.read, chunk)
	r.chunk.Reset(chunk)
	return r.objects.ask(r.ctx, "read", r.name, len(chunk), func() error { return nil })
}

// Close implements io.Closer.
func (r *objectReader) Close() error {
	r.err = errors.New("the object is closed")
	return nil
}

// Damage changes a byte of an object as it is stored. Who has it open already
// reads it as it was.
func (n *Network) Damage(store, name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.stores[store][name]
	if o == nil || len(o.chunks) == 0 {
		return fmt.Errorf("damage object %q in store %q: %w", name, store, lattice.ErrNotFound)
	}
	last := len(o.chunks) - 1
	chunks := slices.Clone(o.chunks)
	chunks[last] = slices.Clone(chunks[last])
	chunks[last][0] ^= 1
	n.stores[store][name] = &object{chunks: chunks, sum: o.sum}
	return nil
}
