package component

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// Prepared is the binary of a component that has been read: decoded, found valid, its
// core modules rewritten. That is most of the work of Load, and is done once for all
// components that are made of the binary, whatever they are linked to. It is safe for
// concurrent use, until Close.
type Prepared struct {
	engine  *Engine
	ast     *binary.Component
	modules coreModules
	// compiling has a token while core modules are compiled, which guards what is below
	// and what they have of it.
	compiling chan struct{}
	shared    []*sharedCode       // of Engine.modules
	images    [][sha256.Size]byte // keys of Engine.images
}

// Prepare reads the binary of a component. The bytes must not change before a component
// was loaded of it; then they are not needed any more.
func (e *Engine) Prepare(wasm []byte) (*Prepared, error) {
	ast, err := binary.Decode(wasm, nil)
	if err != nil {
		return nil, err
	}
	p := &Prepared{engine: e, ast: ast, compiling: make(chan struct{}, 1)}
	if err := validate.Component(ast, &validate.Options{Module: p.modules.inspect}); err != nil {
		return nil, fmt.Errorf("component is not valid: %w", err)
	}
	dropCustoms(ast)
	return p, nil
}

// dropCustoms has nothing hold the bytes of custom sections, which are those of the whole.
func dropCustoms(c *binary.Component) {
	c.Customs = nil
	for _, d := range c.Defs {
		if inner, ok := d.(*binary.Component); ok {
			dropCustoms(inner)
		}
	}
}

// Imports returns the names of what the component imports, in order.
func (p *Prepared) Imports() []string {
	var names []string
	for _, d := range p.ast.Defs {
		if i, ok := d.(*binary.Import); ok {
			names = append(names, i.Name.Name)
		}
	}
	return names
}

// Load returns a component that is linked to l, as Engine.Load does. The code of the core
// modules is compiled with the first one. A *GoneError says that it was lost since: the
// binary has to be prepared anew.
func (p *Prepared) Load(ctx context.Context, l *Linker) (*Component, error) {
	e := p.engine
	c := &Component{engine: e}
	uses := moduleUses{&p.modules, map[*coreModule]int{}}
	var err error
	if c.plan, err = elaborate(p.ast, l, uses.add); err != nil {
		return nil, err
	}
	if err := p.compile(ctx); err != nil {
		return nil, err
	}
	// All of them, so that what the component is made of stays with it.
	for _, s := range p.shared {
		e.retain(s)
	}
	c.shared = slices.Clone(p.shared)
	for _, key := range p.images {
		e.retainImage(key)
	}
	c.images = slices.Clone(p.images)
	for m, slot := range uses.slots {
		c.plan.modules[slot].shared, c.plan.modules[slot].image = m.shared, m.image
	}
	if err := e.compileShims(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	if err := e.residency.admit(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// compile has the code of all core modules, of those as well that nothing instantiates:
// a component is valid as a whole or not at all. When it has, p keeps no bytes.
func (p *Prepared) compile(ctx context.Context) error {
	select {
	case p.compiling <- struct{}{}:
		defer func() { <-p.compiling }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for _, m := range p.modules.order {
		if m.err != nil || m.shared != nil {
			continue
		}
		s, err := p.engine.share(ctx, m.info.Bytes, m.info)
		if err != nil {
			return fmt.Errorf("core module at %#x: %w", m.ast.Offset, err)
		}
		m.shared = s
		p.shared = append(p.shared, s)
		if m.info.Image != nil {
			key := imageKey(m.info.Image)
			m.image = p.engine.shareImage(key, m.info.Image)
			p.images = append(p.images, key)
		}
		m.info.Bytes, m.info.Image, m.ast.Bytes = nil, nil, nil
	}
	return nil
}

// Close says that no further components are loaded. Those that were stay.
func (p *Prepared) Close(ctx context.Context) error {
	p.compiling <- struct{}{}
	defer func() { <-p.compiling }()
	var errs []error
	for _, s := range p.shared {
		errs = append(errs, p.engine.release(ctx, s))
	}
	for _, key := range p.images {
		errs = append(errs, p.engine.releaseImage(key))
	}
	p.shared, p.images = nil, nil
	return errors.Join(errs...)
}

// compileShims has the code of what goes around the core modules of a component.
func (e *Engine) compileShims(ctx context.Context, c *Component) error {
	share := func(code *coreCode) (err error) {
		if code.shared, err = e.share(ctx, code.bytes, code.info); err == nil {
			code.bytes = nil
			c.shared = append(c.shared, code.shared)
		}
		return err
	}
	for i := range c.plan.steps {
		if shim := c.plan.steps[i].shim; shim != nil {
			if err := share(shim); err != nil {
				return fmt.Errorf("imports of core instance %d: %w", i, err)
			}
		}
	}
	if c.plan.flags != nil {
		return share(c.plan.flags)
	}
	return nil
}

// sharedImage is an image with the number of those who have it.
type sharedImage struct {
	refs  int
	once  sync.Once
	image atomic.Pointer[image]
}

// shareImage makes an image, or finds the equal one that exists. The caller releases it.
func (e *Engine) shareImage(key [sha256.Size]byte, content *core.Image) *image {
	e.mu.Lock()
	s := e.images[key]
	if s == nil {
		s = &sharedImage{}
		e.images[key] = s
	}
	s.refs++
	e.mu.Unlock()
	s.once.Do(func() { s.image.Store(newImage(content)) })
	return s.image.Load()
}

// retainImage says that somebody more has an image, besides one who does not release it
// meanwhile.
func (e *Engine) retainImage(key [sha256.Size]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.images[key].refs++
}

func (e *Engine) releaseImage(key [sha256.Size]byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.images[key]
	if s.refs--; s.refs > 0 {
		return nil
	}
	delete(e.images, key)
	return s.image.Load().close()
}
