package component

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/core"
)

// moduleKey is the SHA-256 of a rewritten core module.
type moduleKey = [sha256.Size]byte

// sharedCode is a compiled core module, or one that is being compiled, with the
// number of components that use it or wait for it.
type sharedCode struct {
	// done is closed when the rest is known.
	done     chan struct{}
	compiled wazero.CompiledModule
	err      error

	cancel context.CancelFunc // ends the compilation
	// Guarded by Engine.mu.
	refs  int
	ended bool
}

// share gives code the compiled module of its bytes, which it then forgets. A
// module is compiled once, however many ask for it; and when none of them wants
// it any more, no further.
func (e *Engine) share(ctx context.Context, c *Component, code *coreCode) error {
	m := &moduleSource{key: sha256.Sum256(code.bytes), bytes: code.bytes}
	if code.info != nil {
		m.work, m.code = code.info.Work, code.info.CodeBytes
	}
	s, err := e.claim(ctx, m)
	if err != nil {
		return err
	}
	c.shared = append(c.shared, m.key)
	select {
	case <-s.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	code.compiled, code.bytes = s.compiled, nil
	if code.info != nil {
		code.info.Bytes = nil
	}
	return s.err
}

// claim returns the code of a module, which the caller releases, and has it made
// if nobody did.
func (e *Engine) claim(ctx context.Context, m *moduleSource) (*sharedCode, error) {
	for {
		e.mu.Lock()
		s := e.modules[m.key]
		switch {
		case s == nil:
			s = &sharedCode{done: make(chan struct{}), refs: 1}
			e.modules[m.key] = s
			making, cancel := context.WithCancel(context.WithoutCancel(ctx))
			s.cancel = cancel
			e.making.Go(func() { e.make(making, m, s) })
		case s.refs == 0:
			// Its compilation was given up and has not ended yet.
			e.mu.Unlock()
			select {
			case <-s.done:
				continue
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		default:
			s.refs++
		}
		e.mu.Unlock()
		return s, nil
	}
}

// make fills in the code of a module.
func (e *Engine) make(ctx context.Context, m *moduleSource, s *sharedCode) {
	compiled, err := e.obtain(ctx, m)
	e.mu.Lock()
	defer e.mu.Unlock()
	s.cancel()
	s.compiled, s.err, s.ended = compiled, err, true
	if s.refs == 0 {
		_ = e.forget(ctx, m.key, s)
	}
	close(s.done)
}

// forget frees the code of a module that nobody uses. The caller holds mu.
func (e *Engine) forget(ctx context.Context, key moduleKey, s *sharedCode) error {
	delete(e.modules, key)
	if s.compiled == nil {
		return nil
	}
	return s.compiled.Close(ctx)
}

// release says that a component uses a module no more.
func (e *Engine) release(ctx context.Context, key moduleKey) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.modules[key]
	if s.refs--; s.refs > 0 {
		return nil
	}
	if !s.ended {
		s.cancel()
		return nil
	}
	return e.forget(ctx, key, s)
}

// moduleSource is a rewritten core module and what is known of it.
type moduleSource struct {
	key   moduleKey
	bytes []byte
	// What core.Module says of it; zero for what this package has made itself.
	work uint64
	code int // bytes
}

// What a module may cost that is compiled in this process, where nothing can
// stop it, in nanoseconds or so.
const (
	// With a Compiler only that is which costs no more than starting a process:
	// code made for the purpose takes five times as long at most. The estimate is
	// worst for what is merely long, hence smallCode.
	smallWork = 20_000_000
	smallCode = 64 << 10
	// Without, a module may cost workPerByte for each of its bytes and spareWork
	// besides. The largest real modules take a quarter of that.
	workPerByte = 6_500
	spareWork   = 5_500_000_000
	// How many bytes of machine code a byte of a module may become, and how many
	// besides: it lies in this process's memory. Compilers' code becomes five times
	// as long; a call of three bytes can become ten thousand.
	codePerByte = 16
	spareCode   = 16 << 20
)

// obtain returns the code of a module: from the cache if it is there, or else
// from a compiler, by way of the cache.
func (e *Engine) obtain(ctx context.Context, m *moduleSource) (wazero.CompiledModule, error) {
	small := m.work <= smallWork && m.code <= smallCode
	if e.opts.Compiler == nil {
		if most := spareWork + workPerByte*uint64(len(m.bytes)); m.work > most {
			return nil, fmt.Errorf("%w; only a process of its own may compile it (EngineOptions.Compiler)",
				&core.LimitError{What: "units of compile work", Got: m.work, Max: most})
		}
	}
	if e.cache == nil {
		leave, err := e.enter(ctx, small)
		if err != nil {
			return nil, err
		}
		defer leave()
		defer e.progress(m, small)()
		return compileRecovered(ctx, e.rt, m.bytes)
	}
	if code, err := e.cached(ctx, m); !errors.Is(err, errNoCode) {
		return code, err
	}
	if !small {
		// Another process may be at it.
		unlock, err := e.cache.lock(ctx, m.key)
		if err != nil {
			return nil, err
		}
		defer unlock()
		if code, err := e.cached(ctx, m); !errors.Is(err, errNoCode) {
			return code, err
		}
	}
	return e.produce(ctx, m, small)
}

// errNoCode is that the cache has no code of a module for this processor.
var errNoCode = errors.New("no code")

// cached returns the code of a module from the cache, or errNoCode.
func (e *Engine) cached(ctx context.Context, m *moduleSource) (wazero.CompiledModule, error) {
	staged, err := e.cache.stage(m.key)
	if err != nil {
		return nil, err
	}
	if len(staged.links) == 0 {
		return nil, errNoCode
	}
	defer staged.release()
	code, err := e.loadStaged(ctx, m)
	if err != nil && !errors.Is(err, errNoCode) {
		// Whatever the entry is, it is not this module's code.
		staged.discard()
		err = errNoCode
	}
	return code, err
}

// loadStaged has the engine check a module and load its code from the staging
// directory. If the code is not there the engine would compile it: not for a
// context that has ended, though, if it may use several workers.
func (e *Engine) loadStaged(ctx context.Context, m *moduleSource) (wazero.CompiledModule, error) {
	ctx, cancel := context.WithCancelCause(experimental.WithCompilationWorkers(context.WithoutCancel(ctx), 2))
	cancel(errNoCode)
	return compileRecovered(ctx, e.rt, m.bytes)
}

// enter waits for a slot for a compilation that may take long.
func (e *Engine) enter(ctx context.Context, small bool) (leave func(), err error) {
	if small {
		return func() {}, nil
	}
	select {
	case e.slots <- struct{}{}:
		return func() { <-e.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// produce compiles a module into the cache, in this process or in a child, and
// loads it from there.
func (e *Engine) produce(ctx context.Context, m *moduleSource, small bool) (wazero.CompiledModule, error) {
	leave, err := e.enter(ctx, small)
	if err != nil {
		return nil, err
	}
	defer leave()
	workshop, err := e.cache.workshop()
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(workshop) }()
	done := e.progress(m, small)
	if small || e.opts.Compiler == nil {
		err = compileInto(ctx, workshop, m.bytes, 1)
	} else {
		err = e.opts.Compiler.compile(ctx, workshop, m.bytes)
	}
	done()
	if isStorage(err) {
		return nil, e.cache.fail(err)
	}
	if err != nil {
		return nil, err
	}
	staged, err := e.cache.keep(workshop, m.key, spareCode+codePerByte*uint64(len(m.bytes)))
	if err != nil {
		return nil, err
	}
	defer staged.release()
	return e.loadStaged(ctx, m)
}

// progress says that a compilation begins, if it may take long, and returns what
// says that it is done.
func (e *Engine) progress(m *moduleSource, small bool) func() {
	const worthMentioning = 256 << 10
	if e.opts.Progress == nil || small && len(m.bytes) <= worthMentioning {
		return func() {}
	}
	e.opts.Progress(len(m.bytes), false)
	return func() { e.opts.Progress(len(m.bytes), true) }
}

// runtimeConfig is that of every runtime: code made by one is loaded by others.
func runtimeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().WithCoreFeatures(coreFeatures).WithDebugInfoEnabled(false)
}

// compileInto compiles a module and leaves the code in a directory, in the form
// of the engine's own cache.
func compileInto(ctx context.Context, dir string, module []byte, workers int) (err error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cache.Close(ctx)) }()
	rt := wazero.NewRuntimeWithConfig(ctx, runtimeConfig().WithCompilationCache(cache))
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	if workers > 1 {
		_, err = rt.CompileModule(experimental.WithCompilationWorkers(ctx, workers), module)
		return err
	}
	_, err = compileRecovered(ctx, rt, module)
	return err
}

// compileRecovered compiles a module in this goroutine, where a panic of the
// compiler can be caught: its workers would take the process with them.
func compileRecovered(ctx context.Context, rt wazero.Runtime, module []byte) (_ wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			if re, ok := r.(runtime.Error); ok {
				r = re.Error()
			}
			err = fmt.Errorf("compiler cannot cope with the module: %v", r)
		}
	}()
	return rt.CompileModule(ctx, module)
}
