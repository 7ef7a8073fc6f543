package component

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/core"
)

// A snapshot is the state of an instance that has started: what its start
// functions have left in memories and globals. Instances that are made from it do
// not run them again.
//
// The state is the same for every instance if it depends on nothing outside,
// which is known when no function of the host was called on the way there. Then
// the snapshot is taken without asking. Otherwise somebody has to say that
// instances may share what the host answered: see Preinitialize.
type snapshot struct {
	images  []*image   // of memories, in the order in which they are made
	globals [][]uint64 // for each step, as State.Globals has them
	handles []handleTable
	own     []*image // those images that nothing else has
	memory  uint64   // bytes of all memories
	fuel    int64    // that starting has taken
}

// SnapshotError says why instances of a component cannot start from a common
// state.
type SnapshotError struct{ Reason string }

// Error implements error.
func (e *SnapshotError) Error() string {
	return "instances cannot start from a common state: " + e.Reason
}

// Preinitialize starts an instance and has every later one start from the state
// that it is in then, instead of starting anew. state and limits are as for
// Instantiate.
//
// What the component has been told by the host on the way, such as the time, its
// environment and random numbers, is thereby the same in all instances, and what
// it did outside is done once. A component that keeps secrets or unique names
// from then must not be preinitialized; one that draws them when it needs them
// may be. An instance with less memory than the state needs starts anew.
//
// An error of type *SnapshotError means that the component does not allow it:
// its instances start anew as before.
func (c *Component) Preinitialize(ctx context.Context, state any, limits Limits) error {
	if err := c.hold(ctx); err != nil {
		return err
	}
	in, err := c.instantiate(ctx, state, limits, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	s, err := in.snapshot()
	if err != nil {
		return err
	}
	c.setSnapshot(s)
	return nil
}

// Preinitialized reports whether instances start from a common state.
func (c *Component) Preinitialized() bool { return c.snapshot.Load() != nil }

// keepSnapshot takes a snapshot of an instance that has just started, if that is
// certain to be the state of any other.
func (c *Component) keepSnapshot(in *Instance) {
	if in.asked != "" || !c.snapshotTried.CompareAndSwap(false, true) {
		return
	}
	if s, err := in.snapshot(); err == nil {
		c.setSnapshot(s)
	}
}

// setSnapshot makes s the one that instances start from, unless there is one.
func (c *Component) setSnapshot(s *snapshot) {
	if !c.snapshot.CompareAndSwap(nil, s) {
		s.close()
	}
}

func (s *snapshot) close() {
	for _, i := range s.own {
		_ = i.close()
	}
}

// snapshot returns the state of an instance that has started and was not called
// yet.
func (in *Instance) snapshot() (*snapshot, error) {
	s := &snapshot{
		globals: make([][]uint64, len(in.plan.steps)), handles: make([]handleTable, len(in.comps)), fuel: in.fuelUsed,
	}
	for i := range in.comps {
		t := &in.comps[i].handles
		for _, h := range t.entries {
			if _, ok := h.rep.Obj.(Reopener); !ok && h.res != nil {
				return nil, &SnapshotError{fmt.Sprintf("it holds a handle to %s when it has started", h.res)}
			}
		}
		s.handles[i] = handleTable{entries: slices.Clone(t.entries), free: slices.Clone(t.free)}
	}
	for i, st := range in.plan.steps {
		state := in.plan.modules[st.module].info.State
		if state.Hidden != "" {
			return nil, &SnapshotError{fmt.Sprintf("core module %d has %s", st.module, state.Hidden)}
		}
		for _, g := range state.Globals {
			s.globals[i] = append(s.globals[i], in.mods[i].ExportedGlobal(g.Export).Get())
		}
	}
	for _, m := range in.alloc.mems {
		i := m.image
		if i == nil || in.started {
			i = newImage(memoryImage(m.buf))
			s.own = append(s.own, i)
		}
		s.images = append(s.images, i)
		s.memory += uint64(len(m.buf))
	}
	return s, nil
}

// memoryImage returns the pages of a memory that are not zero.
func memoryImage(mem []byte) *core.Image {
	const page = 4096
	var zero [page]byte
	i := &core.Image{Pages: uint32(len(mem) / core.PageSize)}
	for o := 0; o < len(mem); {
		end := o
		for end < len(mem) && [page]byte(mem[end:]) != zero {
			end += page
		}
		if end > o {
			i.Segments = append(i.Segments, core.Segment{Offset: uint32(o), Bytes: mem[o:end]})
		}
		o = end + page
	}
	return i
}

// restore gives the core instance of a step the globals that it has after its
// start.
func (in *Instance) restore(step int, mod api.Module) error {
	for j, g := range in.plan.modules[in.plan.steps[step].module].info.State.Globals {
		if !setGlobal(mod, g.Export, in.from.globals[step][j]) {
			return &internalError{fmt.Errorf("global %q is not to be had", g.Export)}
		}
	}
	return nil
}

// reopen gives the component instances the handles that they have after the
// start.
func (in *Instance) reopen() error {
	for i := range in.comps {
		from, t := &in.from.handles[i], &in.comps[i].handles
		t.entries, t.free = append(t.entries[:0], from.entries...), append(t.free[:0], from.free...)
		for n := range t.entries {
			h := &t.entries[n]
			if h.res == nil {
				continue
			}
			var obj any
			r, ok := h.rep.Obj.(Reopener)
			if ok {
				obj, ok = r.Reopen(in.state)
			}
			if !ok || n > t.max {
				t.entries = t.entries[:n]
				return &SnapshotError{fmt.Sprintf("this instance cannot have the %s that another one had", h.res)}
			}
			h.rep.Obj = obj
		}
	}
	return nil
}

// runStart runs the start function of a core instance that was just made.
func (in *Instance) runStart(code *coreCode, mod api.Module) error {
	name := code.info.State.Start
	if name == "" {
		return nil
	}
	fn := mod.ExportedFunction(name)
	if fn == nil {
		return &internalError{fmt.Errorf("start function %q is not to be had", strings.TrimPrefix(name, core.ReservedPrefix))}
	}
	in.started = true
	a := newActivation(fn)
	in.begin(a)
	if err := a.fn.CallWithStack(&in.ctx, nil); err != nil {
		return err
	}
	in.end(a)
	return nil
}
