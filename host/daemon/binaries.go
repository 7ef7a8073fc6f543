package daemon

import (
	"context"
	"errors"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
)

// binaries are those of components that run or are loaded, by digest. Each is read once,
// however many components are made of it. Its methods may be called at the same time.
type binaries struct {
	engine *component.Engine
	// get returns the bytes with a digest.
	get func(ctx context.Context, digest, ref string) ([]byte, error)

	mu  sync.Mutex
	all map[string]*binary
}

// binary is one of them.
type binary struct {
	digest string
	users  int // guarded by binaries.mu
	// reading has a token while the binary is read, which guards what is below.
	reading  chan struct{}
	prepared *component.Prepared // nil until it was read
}

func newBinaries(engine *component.Engine, get func(ctx context.Context, digest, ref string) ([]byte, error)) *binaries {
	return &binaries{engine: engine, get: get, all: map[string]*binary{}}
}

// load returns a component of the binary with a digest, linked to what linker returns for
// its imports. The caller closes the component and then calls done.
func (b *binaries) load(ctx context.Context, digest, ref string, linker func(imports []string) (*component.Linker, error)) (c *component.Component, done func(), err error) {
	one := b.claim(digest)
	defer func() {
		if err != nil {
			b.release(one)
		}
	}()
	p, err := b.prepare(ctx, one, ref)
	if err != nil {
		return nil, nil, err
	}
	l, err := linker(p.Imports())
	if err != nil {
		return nil, nil, err
	}
	c, err = p.Load(ctx, l)
	if _, gone := errors.AsType[*component.GoneError](err); gone {
		// Somebody has removed the code. To load all of it anew has it be there for the others as well.
		var wasm []byte
		if wasm, err = b.get(ctx, digest, ref); err == nil {
			c, err = b.engine.Load(ctx, wasm, l)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return c, func() { b.release(one) }, nil
}

// prepare reads a binary, if nobody has.
func (b *binaries) prepare(ctx context.Context, one *binary, ref string) (*component.Prepared, error) {
	select {
	case one.reading <- struct{}{}:
		defer func() { <-one.reading }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if one.prepared != nil {
		return one.prepared, nil
	}
	wasm, err := b.get(ctx, one.digest, ref)
	if err != nil {
		return nil, err
	}
	one.prepared, err = b.engine.Prepare(wasm)
	return one.prepared, err
}

// claim returns the binary with a digest, which the caller releases.
func (b *binaries) claim(digest string) *binary {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.all[digest]
	if one == nil {
		one = &binary{digest: digest, reading: make(chan struct{}, 1)}
		b.all[digest] = one
	}
	one.users++
	return one
}

// release says that a component of a binary is there no more. Nothing is kept of one
// that has none.
func (b *binaries) release(one *binary) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one.users--; one.users > 0 {
		return
	}
	delete(b.all, one.digest)
	if one.prepared != nil {
		_ = one.prepared.Close(context.Background()) // closing what nobody uses cannot go wrong
	}
}
