package component

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// coreFeatures are the WebAssembly features that guests may use: those of
// version 2, with extended constant expressions and tail calls of version 3.
const coreFeatures = api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesTailCall

// EngineOptions configure an Engine. The zero value compiles in this process and
// keeps no compiled code on disk.
type EngineOptions struct {
	// CacheDir is where compiled code is kept between runs: a directory that
	// belongs to this user and is closed to others. It is made if it does not
	// exist. If empty, code is kept nowhere.
	CacheDir string
	// Compiler compiles what takes long in processes of its own. If nil, modules
	// are compiled in this process, one at a time: such a compilation cannot be
	// stopped, takes seconds for crafted code, and leaves hundreds of megabytes to
	// the garbage collector. Modules whose cost seems out of proportion to their
	// size are then refused with a *core.LimitError.
	Compiler *Compiler
	// Progress is called before a core module is compiled that the cache does
	// not hold and that is large or may take long, with its size in bytes, and
	// again with done set when that has ended. Calls for several modules may
	// overlap. It may be nil.
	Progress func(size int, done bool)
	// MaxIdle is how many instances of all components, which have come to their
	// end and were made as they had been when they started, are kept to be used
	// again. If zero, DefaultMaxIdle; if negative, none.
	MaxIdle int
	// MaxCode is how many bytes of machine code may be in memory. When there is
	// more, components that have no instances and are not pinned are unloaded, those
	// first that were used longest ago; they are loaded again from CacheDir when
	// they are needed. What is in use stays, even if that is more. If zero,
	// DefaultMaxCode; if negative, there is no limit. Without a cache nothing is
	// unloaded.
	MaxCode int64
	// MaxUnused is how long a component without instances stays in memory. If zero,
	// as long as there is room.
	MaxUnused time.Duration
}

// Engine compiles core modules and holds compiled code. It is safe for
// concurrent use. Equal core modules are compiled and held once.
type Engine struct {
	opts   EngineOptions
	idle   idleInstances
	rt     wazero.Runtime
	cache  *codeCache // nil: code is made in rt
	refill api.Module
	slots  chan struct{}  // taken by compilations that may take long
	making sync.WaitGroup // compilations

	residency residency

	mu      sync.Mutex
	modules map[moduleKey]*sharedCode
	images  map[[sha256.Size]byte]*sharedImage
	hosts   map[hostKey]*hostModule
}

// NewEngine returns an engine. Close frees it.
func NewEngine(ctx context.Context, opts *EngineOptions) (*Engine, error) {
	e := &Engine{
		modules: map[moduleKey]*sharedCode{}, images: map[[sha256.Size]byte]*sharedImage{}, hosts: map[hostKey]*hostModule{},
	}
	if opts != nil {
		e.opts = *opts
	}
	if e.idle.max = e.opts.MaxIdle; e.idle.max == 0 {
		e.idle.max = DefaultMaxIdle
	}
	e.residency.init(e)
	parallel := 1
	if c := e.opts.Compiler; c != nil {
		if len(c.Command) == 0 {
			return nil, errors.New("compiler has no command")
		}
		e.opts.Compiler = c.withDefaults()
		parallel = e.opts.Compiler.Parallel
	}
	e.slots = make(chan struct{}, parallel)
	config := runtimeConfig()
	var err error
	switch {
	case e.opts.CacheDir != "":
		e.cache, err = openCache(e.opts.CacheDir)
	case e.opts.Compiler != nil:
		e.cache, err = openEphemeralCache()
	}
	if err != nil {
		return nil, err
	}
	if e.cache != nil {
		config = config.WithCompilationCache(e.cache.engine)
	}
	e.rt = wazero.NewRuntimeWithConfig(ctx, config)
	if err := e.defineRefill(ctx); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	e.residency.start()
	return e, nil
}

// Close frees all code, and ends what is still being compiled. No instance may
// be in use.
func (e *Engine) Close(ctx context.Context) error {
	e.residency.stop()
	e.mu.Lock()
	for _, s := range e.modules {
		s.cancel()
	}
	e.mu.Unlock()
	e.making.Wait()
	for _, in := range e.idle.takeAll(nil) {
		in.free()
	}
	err := e.rt.Close(ctx)
	e.mu.Lock()
	for _, s := range e.images {
		if i := s.image.Load(); i != nil {
			err = errors.Join(err, i.close())
		}
	}
	e.mu.Unlock()
	if e.cache != nil {
		err = errors.Join(err, e.cache.close(ctx))
	}
	return err
}

// defineRefill makes the module that every metered core module imports.
func (e *Engine) defineRefill(ctx context.Context) error {
	fn := func(ctx context.Context, _ api.Module, stack []uint64) {
		stack[0] = uint64(instanceOf(ctx).ask(int64(stack[0])))
	}
	i64 := []api.ValueType{api.ValueTypeI64}
	compiled, err := e.rt.NewHostModuleBuilder(core.RefillModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(fn), i64, i64).WithName("fuel").Export(core.RefillName).Compile(ctx)
	if err != nil {
		return err
	}
	e.refill, err = e.rt.InstantiateModule(ctx, compiled, anonymous)
	return err
}

// anonymous is how every module is instantiated: without a name, so that any
// number may be, and running nothing. Guests cannot reach the source of random
// numbers; but if there is none the engine seeds one for each module, which
// takes longer than all the rest of a small one.
var anonymous = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// instanceOf returns the instance whose call ctx belongs to.
func instanceOf(ctx context.Context) *Instance {
	if c, ok := ctx.(*callCtx); ok {
		return c.in
	}
	panic(&internalError{errors.New("core code runs outside of an instance")})
}

// Component is a component that has been decoded, linked and compiled: an
// immutable plan of which any number of instances can be made.
type Component struct {
	engine *Engine
	plan   *plan
	shared []*sharedCode       // of Engine.modules
	images [][sha256.Size]byte // keys of Engine.images

	// snapshot is what instances start from, if there is one. snapshotTried says
	// that it was tried to take one unasked.
	snapshot      atomic.Pointer[snapshot]
	snapshotTried atomic.Bool

	mu       sync.Mutex
	open     int // instances that are not closed
	closed   bool
	resident // guarded by mu
}

// Load decodes and validates a component, links its imports to l and compiles it. The bytes
// must not change meanwhile. Imports that cannot be satisfied are reported
// all at once, as *LinkError. If ctx ends while code is compiled, Load returns its
// cause; the compilation goes on only if others wait for the same code.
func (e *Engine) Load(ctx context.Context, wasm []byte, l *Linker) (*Component, error) {
	p, err := e.Prepare(wasm)
	if err != nil {
		return nil, err
	}
	c, err := p.Load(ctx, l)
	return c, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
}

// Exports returns the names of the component's exports, in order.
func (c *Component) Exports() []string { return slices.Clone(c.plan.names) }

// Func returns the type of an exported function, as Instance.Func finds it.
func (c *Component) Func(iface, name string) (*wit.Func, error) {
	f, err := c.plan.exported(iface, name)
	if err != nil {
		return nil, err
	}
	typ := *f.typ
	typ.Name = name
	return &typ, nil
}

// Close releases the component's code. It is an error, and nothing happens, as
// long as there are instances that are not closed: they run that code. A second
// Close does nothing.
func (c *Component) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open > 0 {
		return fmt.Errorf("component has %d instances: close them first", c.open)
	}
	c.closed = true
	c.engine.residency.dismiss(c)
	errs := []error{c.unload(ctx)}
	for _, s := range c.shared {
		errs = append(errs, c.engine.release(ctx, s))
	}
	for _, key := range c.images {
		errs = append(errs, c.engine.releaseImage(key))
	}
	c.shared, c.images = nil, nil
	if s := c.snapshot.Swap(nil); s != nil {
		s.close()
	}
	return errors.Join(errs...)
}
