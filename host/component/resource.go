package component

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/wit"
)

// DefaultMaxHandles is how many handles a component instance may hold at once.
const DefaultMaxHandles = 1 << 20

// handle is an entry of a handle table ("ResourceHandle" of CanonicalABI.md).
// Waitables of the async ABI will be further kinds of entry.
type handle struct {
	res *wit.Resource // nil for a free entry
	rep abi.Rep
	own bool
	// lends counts the calls under way that borrow from this handle. It may be
	// nonzero only while a call is under way.
	lends uint32
	// scope is the call that a borrowed handle belongs to; nil for owned ones.
	scope *frame
}

// handleTable is the table of a component instance. Index 0 is never used.
type handleTable struct {
	entries []handle
	free    []uint32
	max     int
}

func (t *handleTable) add(h handle) uint32 {
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		t.entries[i] = h
		return i
	}
	if len(t.entries) == 0 {
		t.entries = append(t.entries, handle{})
	}
	if len(t.entries) > t.max {
		// Nobody else has the resource any more, or yet.
		if d, ok := h.rep.Obj.(Dropper); ok && h.own {
			d.Drop(context.Background())
		}
		panic(&LimitError{Name: LimitHandles, What: "handles", Max: uint64(t.max)})
	}
	t.entries = append(t.entries, h)
	return uint32(len(t.entries) - 1)
}

// close drops what is open.
func (t *handleTable) close() {
	for _, h := range t.entries {
		if d, ok := h.rep.Obj.(Dropper); ok && h.own {
			d.Drop(context.Background())
		}
	}
	clear(t.entries)
	t.entries, t.free = t.entries[:0], t.free[:0]
	if cap(t.entries) > keptHandles {
		t.entries, t.free = nil, nil
	}
}

// keptHandles is how large a table may be that an instance keeps which is used
// again.
const keptHandles = 256

// get returns the entry of a handle to a resource, or traps.
func (t *handleTable) get(res *wit.Resource, i uint32) *handle {
	if uint64(i) >= uint64(len(t.entries)) || t.entries[i].res == nil {
		panic(&abi.Fault{Msg: fmt.Sprintf("handle %d does not exist", i)})
	}
	h := &t.entries[i]
	if h.res != res {
		panic(&abi.Fault{Msg: fmt.Sprintf("handle %d is of type %s, not %s", i, h.res, res)})
	}
	return h
}

// take removes a handle that nobody borrows from.
func (t *handleTable) take(res *wit.Resource, i uint32) handle {
	h := t.get(res, i)
	if h.lends != 0 {
		panic(&abi.Fault{Msg: fmt.Sprintf("handle %d is borrowed by a call that has not returned", i)})
	}
	was := *h
	*h = handle{}
	t.free = append(t.free, i)
	return was
}

// takeOwn removes an owned handle.
func (t *handleTable) takeOwn(res *wit.Resource, i uint32) abi.Rep {
	if !t.get(res, i).own {
		panic(&abi.Fault{Msg: fmt.Sprintf("handle %d is borrowed, not owned", i)})
	}
	return t.take(res, i).rep
}

// Dropper is implemented by resources of the host that want to know when
// their owner has dropped them.
type Dropper interface {
	Drop(ctx context.Context)
}

// Parent is implemented by resources of the host that may have children:
// resources that must be dropped before them. A guest that drops one with
// children traps. (When an instance ends, its handles are dropped in any order.)
type Parent interface {
	// Children returns how many there are.
	Children() int
}

// Reopener is implemented by resources of the host that every instance of a
// component gets alike, such as its standard streams.
type Reopener interface {
	// Reopen returns the resource that an instance with the given state has in
	// place of this one, or false if it has none.
	Reopen(state any) (any, bool)
}

// componentInstance is the state of one component instance ("ComponentInstance"
// of CanonicalABI.md).
type componentInstance struct {
	in      *Instance
	index   int
	handles handleTable
	own     uint64            // the flags, unless shared is set
	shared  api.MutableGlobal // the flags, if fused calls need them too
}

// The flags of a component instance. A fused call reads and writes them as the
// host does.
const (
	// flagEntered is the inverse of may_enter.
	flagEntered = 1 << iota
	// flagConfined is the inverse of may_leave. Only an instance that has been
	// entered is ever confined.
	flagConfined
)

func (c *componentInstance) flags() uint64 {
	if c.shared != nil {
		return c.shared.Get()
	}
	return c.own
}

func (c *componentInstance) setFlags(f uint64) {
	if c.shared != nil {
		c.shared.Set(f)
		return
	}
	c.own = f
}

const (
	errEntered  = "cannot enter a component instance that is already running"
	errConfined = "cannot leave the component instance: it is inside realloc or post-return"
)

func (c *componentInstance) mustLeave() {
	if c.flags()&flagConfined != 0 {
		panic(&abi.Fault{Msg: errConfined})
	}
}

// drop is canon resource.drop.
func (c *componentInstance) drop(r *resource, i uint32, enters []int) {
	h := c.handles.get(r.id, i)
	if p, ok := h.rep.Obj.(Parent); ok && h.own && p.Children() > 0 {
		panic(&abi.Fault{Msg: fmt.Sprintf("handle %d of type %s is dropped before %d of its children", i, r.id, p.Children())})
	}
	was := c.handles.take(r.id, i)
	if !was.own {
		was.scope.borrows--
		return
	}
	c.in.dropRep(r, was.rep, enters)
}

// dropRep ends a resource that was owned.
func (in *Instance) dropRep(r *resource, rep abi.Rep, enters []int) {
	if r.host != nil {
		if d, ok := rep.Obj.(Dropper); ok {
			in.giveTurn()
			d.Drop(in.ctx.Context)
		}
		return
	}
	in.enter(enters)
	if r.dtor >= 0 {
		stack := [1]uint64{uint64(rep.Num)}
		in.callCore(r.dtor, stack[:])
	}
	in.leave(enters)
}

// frame is a call from one component instance to another under way: a Subtask
// of the caller and a Task of the callee.
type frame struct {
	from, to *componentInstance
	caller   abi.Side
	callee   abi.Side
	budget   abi.Budget
	lenders  []uint32 // handles of from that are lent
	borrows  uint32   // borrowed handles that to has not dropped
	stack    [wit.MaxFlatParams + 1]uint64
}

// callerHandles and calleeHandles are the two handle tables of a call. A
// borrow ends with the call, so both need to know it.
type (
	callerHandles struct{ f *frame }
	calleeHandles struct{ f *frame }
)

// LiftOwn implements abi.Handles for parameters.
func (h callerHandles) LiftOwn(res *wit.Resource, i uint32) abi.Rep {
	return h.f.from.handles.takeOwn(res, i)
}

// LiftBorrow implements abi.Handles for parameters ("add_lender").
func (h callerHandles) LiftBorrow(res *wit.Resource, i uint32) abi.Rep {
	from := &h.f.from.handles
	e := from.get(res, i)
	if len(h.f.lenders) >= from.max { // a list may name one handle many times
		panic(&LimitError{Name: LimitHandles, What: "handles lent in a call", Max: uint64(from.max)})
	}
	e.lends++
	h.f.lenders = append(h.f.lenders, i)
	return e.rep
}

// LowerOwn implements abi.Handles for results.
func (h callerHandles) LowerOwn(res *wit.Resource, rep abi.Rep) uint32 {
	return h.f.from.handles.add(handle{res: res, rep: rep, own: true})
}

// LowerBorrow implements abi.Handles. Results have no borrows.
func (h callerHandles) LowerBorrow(*wit.Resource, abi.Rep) uint32 {
	panic(&abi.Fault{Msg: "a result cannot borrow"})
}

// LiftOwn implements abi.Handles for results.
func (h calleeHandles) LiftOwn(res *wit.Resource, i uint32) abi.Rep {
	return h.f.to.handles.takeOwn(res, i)
}

// LiftBorrow implements abi.Handles. Results have no borrows.
func (h calleeHandles) LiftBorrow(*wit.Resource, uint32) abi.Rep {
	panic(&abi.Fault{Msg: "a result cannot borrow"})
}

// LowerOwn implements abi.Handles for parameters.
func (h calleeHandles) LowerOwn(res *wit.Resource, rep abi.Rep) uint32 {
	return h.f.to.handles.add(handle{res: res, rep: rep, own: true})
}

// LowerBorrow implements abi.Handles for parameters: the component that
// implements a resource sees its own representation, not a handle.
func (h calleeHandles) LowerBorrow(res *wit.Resource, rep abi.Rep) uint32 {
	if r := h.f.to.in.plan.resources[res]; r != nil && r.comp == h.f.to.index {
		return rep.Num
	}
	h.f.borrows++
	return h.f.to.handles.add(handle{res: res, rep: rep, scope: h.f})
}

// mustReturn traps a callee that keeps what it borrowed.
func (f *frame) mustReturn() {
	if f.borrows != 0 {
		panic(&abi.Fault{Msg: fmt.Sprintf("%d borrowed handles were not dropped before the call returned", f.borrows)})
	}
}

// release ends the loans of the caller.
func (f *frame) release() {
	for _, i := range f.lenders {
		f.from.handles.entries[i].lends--
	}
	f.lenders = f.lenders[:0]
}
