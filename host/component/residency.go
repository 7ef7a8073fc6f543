package component

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultMaxCode is the default of EngineOptions.MaxCode.
const DefaultMaxCode = 1 << 30

const (
	// maxGarbage is how much machine code may wait for the garbage collector,
	// which alone knows that nobody runs it. Left to itself it may take minutes:
	// it does not see this memory.
	maxGarbage = 32 << 20
	// housekeeping is how often an engine says that its staging directory is in
	// use, at least.
	housekeeping = time.Hour
)

// residency knows which components are in memory and sees to it that they are
// not too many.
type residency struct {
	engine  *Engine
	maxCode int64 // negative: no limit
	maxAge  time.Duration

	code           atomic.Int64 // bytes in memory
	garbage        atomic.Int64 // bytes that nobody needs and that are not free yet
	collecting     atomic.Bool
	loads, unloads atomic.Int64

	trimming sync.Mutex

	mu         sync.Mutex
	components map[*Component]struct{} // that are not closed
	timer      *time.Timer
	stopped    bool
}

// resident is what of a component is in memory.
type resident struct {
	loaded bool
	pinned bool
	unused time.Time // since when it has no instances
	uses   []*sharedCode
}

func (r *residency) init(e *Engine) {
	r.engine, r.maxCode, r.maxAge = e, e.opts.MaxCode, e.opts.MaxUnused
	if r.maxCode == 0 {
		r.maxCode = DefaultMaxCode
	}
	r.components = map[*Component]struct{}{}
}

// start begins to look after the engine, which is complete.
func (r *residency) start() {
	period := housekeeping
	if r.maxAge > 0 {
		period = max(min(period, r.maxAge/4), time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(period, func() { r.tick(period) })
}

// tick does what is to be done from time to time.
func (r *residency) tick(period time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	if c := r.engine.cache; c != nil {
		_ = c.freshen() // who needs the directory finds out what is wrong with it
	}
	if r.maxAge > 0 {
		last := time.Now().Add(-r.maxAge)
		for c := range r.components {
			c.tryUnload(func() bool { return !c.unused.After(last) })
		}
	}
	r.timer.Reset(period)
}

func (r *residency) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// admit loads a component that has just been made.
func (r *residency) admit(ctx context.Context, c *Component) error {
	c.mu.Lock()
	err := c.load(ctx)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	for _, s := range c.shared { // those of which no instance is made
		s.mu.Lock()
		err = errors.Join(err, r.engine.retire(ctx, s))
		s.mu.Unlock()
	}
	r.mu.Lock()
	r.components[c] = struct{}{}
	r.mu.Unlock()
	r.trim()
	return err
}

func (r *residency) dismiss(c *Component) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.components, c)
}

// add counts bytes of code that were loaded, or dropped if there are less than
// none.
func (r *residency) add(size int64) {
	r.code.Add(size)
	if size >= 0 || r.garbage.Add(-size) < maxGarbage || !r.collecting.CompareAndSwap(false, true) {
		return
	}
	r.garbage.Store(0)
	go func() {
		runtime.GC()
		r.collecting.Store(false)
	}()
}

func (r *residency) over() bool { return r.maxCode >= 0 && r.code.Load() > r.maxCode }

// trim unloads what was used longest ago until the rest fits.
func (r *residency) trim() {
	if !r.over() || r.engine.cache == nil || !r.trimming.TryLock() {
		return
	}
	defer r.trimming.Unlock()
	type candidate struct {
		c      *Component
		unused time.Time
	}
	var all []candidate
	r.mu.Lock()
	for c := range r.components {
		if c.mu.TryLock() {
			if c.unloadable() {
				all = append(all, candidate{c, c.unused})
			}
			c.mu.Unlock()
		}
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b candidate) int { return a.unused.Compare(b.unused) })
	for _, x := range all {
		if !r.over() {
			return
		}
		x.c.tryUnload(func() bool { return x.c.unused.Equal(x.unused) })
	}
}

// unloadable says whether nothing keeps a component in memory. The caller holds
// mu, as for what follows.
func (c *Component) unloadable() bool {
	return c.loaded && c.open == 0 && !c.pinned && !c.closed && c.engine.cache != nil
}

// tryUnload unloads a component if nobody uses it at this moment and a condition
// still holds, and reports whether it has.
func (c *Component) tryUnload(still func() bool) bool {
	if !c.mu.TryLock() {
		return false
	}
	defer c.mu.Unlock()
	if !c.unloadable() || !still() {
		return false
	}
	_ = c.unload(context.Background()) // closing what nobody uses cannot go wrong
	c.engine.residency.unloads.Add(1)
	return true
}

// load has everything in memory that instances are made of.
func (c *Component) load(ctx context.Context) (err error) {
	if c.loaded {
		return nil
	}
	c.loaded = true
	defer func() {
		if err != nil {
			err = errors.Join(err, c.unload(ctx))
		}
	}()
	for code := range c.plan.codes {
		if code.compiled, err = c.engine.use(ctx, code.shared); err != nil {
			return err
		}
		c.uses = append(c.uses, code.shared)
	}
	if c.plan.host, err = c.engine.useHost(ctx, c.plan.tramps); err != nil {
		return err
	}
	c.unused = time.Now()
	c.engine.residency.loads.Add(1)
	return nil
}

// unload gives back what load has got, and the instances that are idle. There
// are no others.
func (c *Component) unload(ctx context.Context) error {
	if !c.loaded {
		return nil
	}
	c.loaded = false
	for _, in := range c.engine.idle.takeAll(c) {
		in.free()
	}
	var errs []error
	for code := range c.plan.codes {
		code.compiled = nil
	}
	for _, s := range c.uses {
		errs = append(errs, c.engine.unuse(ctx, s))
	}
	c.uses = nil
	if h := c.plan.host; h != nil {
		c.plan.host = nil
		errs = append(errs, c.engine.releaseHost(ctx, h))
	}
	return errors.Join(errs...)
}

// hold says that there is an instance more, and loads the component if it is not
// in memory: from the cache, which takes milliseconds. Nothing is compiled.
func (c *Component) hold(ctx context.Context) error {
	loaded, err := c.holdOnly(ctx)
	if loaded {
		c.engine.residency.trim()
	}
	return err
}

func (c *Component) holdOnly(ctx context.Context) (loaded bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false, errors.New("component is closed")
	}
	loaded = !c.loaded
	if err := c.load(ctx); err != nil {
		return false, err
	}
	c.open++
	return loaded, nil
}

// unhold says that there is one less.
func (c *Component) unhold() {
	c.mu.Lock()
	c.open--
	c.unused = time.Now()
	c.mu.Unlock()
	c.engine.residency.trim()
}

// Pin says that the component stays in memory while nobody uses it, whatever
// EngineOptions.MaxCode and MaxUnused say, or with false that it does not.
func (c *Component) Pin(pinned bool) {
	c.mu.Lock()
	c.pinned = pinned
	c.mu.Unlock()
	c.engine.residency.trim()
}

// Warm has the component ready for the next requests: in memory, with n instances
// for these limits that wait to be used, or as many as EngineOptions.MaxIdle
// allows. Each is made as for Instantiate, with what state returns, which may be
// nil. A component whose instances cannot be used again is loaded, and
// none is kept. It stays warm until others are used more, unless it is pinned.
func (c *Component) Warm(ctx context.Context, n int, state func() any, limits Limits) error {
	if state == nil {
		state = func() any { return nil }
	}
	if err := c.hold(ctx); err != nil {
		return err
	}
	defer c.unhold()
	n = min(n, c.engine.idle.max)
	if n <= 0 {
		return nil
	}
	if c.snapshot.Load() == nil { // the first leaves one, if there can be one
		in, err := c.Instantiate(ctx, state(), limits)
		if err != nil {
			return err
		}
		in.Close()
		if c.snapshot.Load() == nil {
			return nil
		}
	}
	all := make([]*Instance, 0, n)
	defer func() {
		for _, in := range all {
			in.Close()
		}
	}()
	for range n {
		in, err := c.Instantiate(ctx, state(), limits)
		if err != nil {
			return err
		}
		all = append(all, in)
	}
	return nil
}

// Stats says what an engine holds.
type Stats struct {
	Components int   // that are not closed
	Loaded     int   // of these, in memory
	Instances  int   // that are not closed
	Idle       int   // instances that wait to be used again
	CodeBytes  int64 // of machine code in memory, if there is a cache; else 0
	ImageBytes int64 // of what memories start with, shared by all instances
	Loads      int64 // how often a component was loaded, new ones included
	Unloads    int64 // how often one was unloaded to make room
}

// Stats returns what the engine holds at this moment.
func (e *Engine) Stats() Stats {
	r := &e.residency
	s := Stats{CodeBytes: r.code.Load(), Loads: r.loads.Load(), Unloads: r.unloads.Load(), Idle: e.idle.count()}
	for _, c := range r.all() {
		s.Components++
		c.mu.Lock()
		s.Instances += c.open
		if c.loaded {
			s.Loaded++
		}
		c.mu.Unlock()
		if snap := c.snapshot.Load(); snap != nil {
			for _, i := range snap.own {
				s.ImageBytes += i.bytes()
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range e.images {
		if img := i.image.Load(); img != nil {
			s.ImageBytes += img.bytes()
		}
	}
	return s
}

func (r *residency) all() []*Component {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Component, 0, len(r.components))
	for c := range r.components {
		all = append(all, c)
	}
	return all
}
