package component

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wattle-dev/wattle/host/component/core"
)

// moduleKey is the SHA-256 of a rewritten core module.
type moduleKey = [sha256.Size]byte

// sharedCode is a compiled core module, or one that is being compiled, with the
// number of components that have it or wait for it. Its code is in memory as long
// as one of them is loaded, and can be loaded again as long as there is one.
type sharedCode struct {
	key moduleKey
	// done is closed when the module has been compiled, or err says why not.
	done chan struct{}
	err  error

	cancel context.CancelFunc // ends the compilation
	// Guarded by Engine.mu.
	refs  int
	ended bool

	mu       sync.Mutex
	compiled wazero.CompiledModule // nil while it is not in memory
	size     int64                 // of the code, in bytes, if it is known
	users    int                   // components that are loaded
	// again is what the code is loaded with when it is needed once more; nil if it
	// cannot be, and has to stay.
	again *moduleSource
}

// share returns the compiled module of some bytes, which is not used yet. The caller
// releases it, unless there is an error. A module is compiled once, however many ask for
// it; and when none of them wants it any more, no further. info may be nil.
func (e *Engine) share(ctx context.Context, bytes []byte, info *core.Module) (*sharedCode, error) {
	m := &moduleSource{key: sha256.Sum256(bytes), bytes: bytes}
	if info != nil {
		m.work, m.code = info.Work, info.CodeBytes
	}
	s, err := e.claim(ctx, m)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.done:
		err = s.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err == nil {
		err = e.restore(ctx, s, m)
	}
	if err != nil {
		return nil, errors.Join(err, e.release(context.WithoutCancel(ctx), s))
	}
	return s, nil
}

// retain says that somebody more has a module, besides one who does not release it
// meanwhile.
func (e *Engine) retain(s *sharedCode) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s.refs++
}

// restore sees to it that the code of a module which others have is in memory.
// They might have lost it for good.
func (e *Engine) restore(ctx context.Context, s *sharedCode, m *moduleSource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compiled != nil {
		return nil
	}
	code, err := e.obtain(ctx, m)
	if err == nil {
		s.set(e, m, code)
	}
	return err
}

// set takes over code that is in memory. The caller holds the lock.
func (s *sharedCode) set(e *Engine, m *moduleSource, code madeCode) {
	s.compiled, s.size, s.again = code.compiled, code.size, nil
	if code.held {
		s.again = &moduleSource{key: m.key, shell: m.shell}
	}
	e.residency.add(s.size)
}

// claim returns the code of a module, which the caller releases, and has it made
// if nobody did.
func (e *Engine) claim(ctx context.Context, m *moduleSource) (*sharedCode, error) {
	for {
		e.mu.Lock()
		s := e.modules[m.key]
		switch {
		case s == nil:
			s = &sharedCode{key: m.key, done: make(chan struct{}), refs: 1}
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
	code, err := e.obtain(ctx, m)
	s.mu.Lock()
	if s.err = err; err == nil {
		s.set(e, m, code)
	}
	s.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	s.cancel()
	s.ended = true
	if s.refs == 0 {
		_ = e.forget(ctx, s)
	}
	close(s.done)
}

// forget frees the code of a module that no component has. The caller holds
// Engine.mu.
func (e *Engine) forget(ctx context.Context, s *sharedCode) error {
	delete(e.modules, s.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.again != nil {
		e.cache.unhold(s.key)
	}
	return e.drop(ctx, s)
}

// drop frees the code of a module. The caller holds its lock.
func (e *Engine) drop(ctx context.Context, s *sharedCode) error {
	if s.compiled == nil {
		return nil
	}
	err := s.compiled.Close(ctx)
	s.compiled = nil
	e.residency.add(-s.size)
	return err
}

// release says that a component has a module no more.
func (e *Engine) release(ctx context.Context, s *sharedCode) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return nil
	}
	if !s.ended {
		s.cancel()
		return nil
	}
	return e.forget(ctx, s)
}

// use returns the code of a module, and loads it if it is not in memory.
func (e *Engine) use(ctx context.Context, s *sharedCode) (wazero.CompiledModule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compiled == nil {
		code, err := e.cached(ctx, s.again)
		if errors.Is(err, errNoCode) {
			return nil, &GoneError{Dir: e.cache.dir}
		}
		if err != nil {
			return nil, err
		}
		s.set(e, s.again, code)
	}
	s.users++
	return s.compiled, nil
}

// unuse says that a component which used a module is not loaded any more.
func (e *Engine) unuse(ctx context.Context, s *sharedCode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	return e.retire(ctx, s)
}

// retire frees the code of a module that nobody uses, if it can be loaded again.
// The caller holds its lock.
func (e *Engine) retire(ctx context.Context, s *sharedCode) error {
	if s.users > 0 || s.again == nil {
		return nil
	}
	return e.drop(ctx, s)
}

// GoneError is that a component is not in memory and its code, which had been in
// the cache, is not there any more: somebody has removed or damaged it. The
// component has to be loaded anew, with the same engine or another one; after
// that, those that had lost the code can be used again as well.
type GoneError struct{ Dir string }

// Error implements error.
func (e *GoneError) Error() string {
	return fmt.Sprintf("code of the component is gone from the cache directory %q: load the component again", e.Dir)
}

// moduleSource is a rewritten core module and what is known of it.
type moduleSource struct {
	key   moduleKey
	bytes []byte
	shell []byte // what the engine loads its code with; nil before it is known
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

// madeCode is the code of a module in memory.
type madeCode struct {
	compiled wazero.CompiledModule
	size     int64
	held     bool // the cache keeps it for as long as it is not told otherwise
}

// obtain returns the code of a module: from the cache if it is there, or else
// from a compiler, by way of the cache.
func (e *Engine) obtain(ctx context.Context, m *moduleSource) (code madeCode, err error) {
	small := m.work <= smallWork && m.code <= smallCode
	if e.opts.Compiler == nil {
		if most := spareWork + workPerByte*uint64(len(m.bytes)); m.work > most {
			return code, fmt.Errorf("%w; only a process of its own may compile it (EngineOptions.Compiler)",
				&core.LimitError{What: "units of compile work", Got: m.work, Max: most})
		}
	}
	if e.cache == nil {
		leave, err := e.enter(ctx, small)
		if err != nil {
			return code, err
		}
		defer leave()
		defer e.progress(m, small)()
		code.compiled, err = compileRecovered(ctx, e.rt, m.bytes)
		return code, err
	}
	if m.shell, err = newShell(m.bytes, m.key); err != nil {
		return code, err
	}
	if code, err := e.cached(ctx, m); !errors.Is(err, errNoCode) {
		return code, err
	}
	if !small {
		// Another process may be at it.
		unlock, err := e.cache.lock(ctx, m.key)
		if err != nil {
			return code, err
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
func (e *Engine) cached(ctx context.Context, m *moduleSource) (madeCode, error) {
	staged, err := e.cache.stage(m.key)
	if err != nil {
		return madeCode{}, err
	}
	if len(staged.links) == 0 {
		return madeCode{}, errNoCode
	}
	defer staged.release()
	code, err := e.loadStaged(ctx, m, staged)
	if err != nil && !errors.Is(err, errNoCode) {
		// Whatever the entry is, it is not this module's code.
		staged.discard()
		err = errNoCode
	}
	return code, err
}

// loadStaged has the engine load the code of a module from the staging directory.
// If the code is not there the engine would compile the shell: not for a context
// that has ended, though, if it may use several workers.
func (e *Engine) loadStaged(ctx context.Context, m *moduleSource, staged *stagedCode) (code madeCode, err error) {
	ctx, cancel := context.WithCancelCause(experimental.WithCompilationWorkers(context.WithoutCancel(ctx), 2))
	cancel(errNoCode)
	if code.compiled, err = compileRecovered(ctx, e.rt, m.shell); err == nil {
		code.size, code.held = staged.size, e.cache.hold(staged, m.key)
	}
	return code, err
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
func (e *Engine) produce(ctx context.Context, m *moduleSource, small bool) (code madeCode, err error) {
	leave, err := e.enter(ctx, small)
	if err != nil {
		return code, err
	}
	defer leave()
	done := e.progress(m, small)
	made, err := e.compileAside(ctx, m, small)
	defer func() { _ = os.RemoveAll(made.workshop) }()
	done()
	if err != nil {
		return code, err
	}
	staged, err := e.cache.keep(made, m.key, spareCode+codePerByte*uint64(len(m.bytes)))
	if err != nil {
		return code, err
	}
	defer staged.release()
	return e.loadStaged(ctx, m, staged)
}

// compileAside compiles a module in a workshop, which the caller removes.
func (e *Engine) compileAside(ctx context.Context, m *moduleSource, small bool) (made newCode, err error) {
	if made.workshop, err = e.cache.workshop(); err != nil {
		return made, err
	}
	shell := m.shell
	if &shell[0] == &m.bytes[0] {
		shell = nil
	}
	if small || e.opts.Compiler == nil {
		err = compileBoth(ctx, made.workshop, m.bytes, shell, 1)
	} else {
		err = e.opts.Compiler.compile(ctx, made.workshop, m.bytes, shell)
	}
	if isStorage(err) {
		err = e.cache.fail(err)
	}
	if err == nil {
		err = e.cache.find(&made, shell != nil)
	}
	return made, err
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

// shellDir is where the code of a module's shell is, in a workshop.
const shellDir = "shell"

// compileBoth compiles a module and its shell, unless that is nil, in a workshop.
// The shell takes next to nothing: what matters is the engine's name for it.
func compileBoth(ctx context.Context, workshop string, module, shell []byte, workers int) error {
	if err := compileInto(ctx, workshop, module, workers); err != nil || shell == nil {
		return err
	}
	dir := filepath.Join(workshop, shellDir)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return compileInto(ctx, dir, shell, workers)
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
