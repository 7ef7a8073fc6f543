package component

import (
	"context"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// An instance that has come to its end in good order can be made as it was when
// it had started, instead of making another one. That is provably the same if the
// host reaches all that it holds (core.State) and knows what that was (snapshot):
//
//   - memories that have not grown get the pages of their images back;
//   - globals are written, the fuel's and the flags' too;
//   - tables and segments are as they were, since no code of the component can
//     change them: a component whose code might has no snapshot;
//   - handles were dropped, and those of the start are opened anew.
//
// What remains are stacks, which guest code cannot read before it has written.
// An instance that trapped, was stopped, or grew a memory ends for good.

// idleInstances are instances that wait to be used again, of all components of an
// engine, the oldest first.
type idleInstances struct {
	max int

	mu   sync.Mutex
	list []*Instance
}

// DefaultMaxIdle is the default of EngineOptions.MaxIdle.
const DefaultMaxIdle = 64

// put adds an instance and returns the one that has to go for it, or nil.
func (p *idleInstances) put(in *Instance) *Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.max <= 0 {
		return in
	}
	p.list = append(p.list, in)
	if len(p.list) <= p.max {
		return nil
	}
	oldest := p.list[0]
	p.list = slices.Delete(p.list, 0, 1)
	return oldest
}

// take removes an instance of c with these limits, the last that was put there:
// its memory is more likely to be in the caches.
func (p *idleInstances) take(c *Component, from *snapshot, l Limits) *Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, in := range slices.Backward(p.list) {
		if in.of == c && in.from == from && in.limits == l {
			p.list = slices.Delete(p.list, i, i+1)
			return in
		}
	}
	return nil
}

func (p *idleInstances) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.list)
}

// takeAll removes the instances of c, or all if c is nil.
func (p *idleInstances) takeAll(c *Component) []*Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all, others []*Instance
	for _, in := range p.list {
		if c == nil || in.of == c {
			all = append(all, in)
		} else {
			others = append(others, in)
		}
	}
	p.list = others
	return all
}

// keptStack is the most bytes of stack that an idle instance keeps.
const keptStack = 64 << 10

// recycle makes a new instance of one that is at its end and whose handles have
// been dropped, or returns nil. The old one must not be used again, as any that
// is closed; so that it cannot be, the new one is another object.
func (in *Instance) recycle(fine bool) *Instance {
	if !fine || in.from == nil || len(in.active) > 0 || in.depth > 0 || in.nested > 0 {
		return nil
	}
	for _, m := range in.alloc.mems {
		if uint64(len(m.buf)) != m.image.size {
			return nil
		}
	}
	for _, m := range in.alloc.mems {
		if !m.reset() {
			return nil
		}
	}
	for i, st := range in.plan.steps {
		if in.plan.modules[st.module].info.Metered {
			if !setGlobal(in.mods[i], core.FuelExport, 0) {
				return nil
			}
		}
		if in.restore(i, in.mods[i]) != nil {
			return nil
		}
	}
	next := &Instance{
		engine: in.engine, of: in.of, plan: in.plan, limits: in.limits, from: in.from, fuelUsed: in.from.fuel, elements: in.plan.elements,
		mods: in.mods, shims: in.shims, flags: in.flags, mems: in.mems, funcs: in.funcs, opts: in.opts, comps: in.comps,
		alloc: in.alloc, frames: in.frames, calls: in.calls, active: in.active,
	}
	next.ctx.in = next
	next.alloc.refused = false
	for _, m := range next.alloc.mems {
		m.owner = &next.alloc
	}
	for i := range next.opts {
		next.opts[i].in = next
	}
	for _, c := range next.calls {
		c.in = next
	}
	for i := range next.comps {
		c := &next.comps[i]
		c.in = next
		c.setFlags(0)
	}
	for i := range next.funcs {
		f := &next.funcs[i]
		if f.kept == nil {
			continue
		}
		if next.idle+f.kept.size > keptStack {
			f.kept = nil
			continue
		}
		next.idle += f.kept.size
	}
	in.mods, in.shims, in.flags, in.mems, in.funcs, in.opts, in.comps, in.alloc = nil, nil, nil, nil, nil, nil, nil, allocator{}
	in.frames, in.calls, in.active = nil, nil, nil
	return next
}

// revive has an idle instance be used again. The caller holds the component, which
// the instance does from then on.
func (in *Instance) revive(state any) (*Instance, error) {
	in.held, in.state = true, state
	if err := in.reopen(); err != nil {
		in.dead = true
		in.Close()
		return nil, err
	}
	return in, nil
}

func setGlobal(mod api.Module, name string, v uint64) bool {
	global, ok := mod.ExportedGlobal(name).(api.MutableGlobal)
	if ok {
		global.Set(v)
	}
	return ok
}

// free gives back what an instance holds of the engine.
func (in *Instance) free() {
	ctx := context.Background()
	for _, m := range in.mods {
		if m != nil {
			_ = m.Close(ctx)
		}
	}
	for _, m := range in.shims {
		_ = m.Close(ctx)
	}
	in.mods, in.shims, in.funcs = nil, nil, nil
	in.alloc.release()
}
