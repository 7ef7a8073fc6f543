package validate

import (
	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/core"
	"github.com/wattle-dev/wattle/wit"
)

// builtin says what is the same about every canonical built-in of a kind.
type builtin struct {
	feature Features // that it is part of
	typ     core.FuncType
	// of is the kind of type that its type index refers to, if any.
	of wit.Kind
}

var (
	i32 = core.I32

	fnNone   = sig(nil)
	fnI      = sig(params(i32))
	fnII     = sig(params(i32, i32))
	fnGet    = sig(nil, i32)
	fnII32   = sig(params(i32), i32)
	fnIII32  = sig(params(i32, i32), i32)
	fnIIII32 = sig(params(i32, i32, i32), i32)
	fnNew    = sig(nil, core.I64)
)

// builtins are the canonical built-ins (CanonicalABI.md, "Canonical
// Definitions"). Those of threads with shared memory are not among them.
var builtins = map[binary.CanonOp]builtin{
	binary.CanonResourceNew:          {typ: fnII32},
	binary.CanonResourceDrop:         {typ: fnI},
	binary.CanonResourceRep:          {typ: fnII32},
	binary.CanonTaskCancel:           {Async, fnNone, 0},
	binary.CanonSubtaskCancel:        {Async, fnII32, 0},
	binary.CanonSubtaskDrop:          {Async, fnI, 0},
	binary.CanonTaskReturn:           {Async, fnNone, 0}, // depends on the result
	binary.CanonContextGet:           {Async, fnGet, 0},
	binary.CanonContextSet:           {Async, fnI, 0},
	binary.CanonBackpressureInc:      {Async, fnNone, 0},
	binary.CanonBackpressureDec:      {Async, fnNone, 0},
	binary.CanonStreamNew:            {Async, fnNew, wit.Stream},
	binary.CanonStreamRead:           {Async, fnIIII32, wit.Stream},
	binary.CanonStreamWrite:          {Async, fnIIII32, wit.Stream},
	binary.CanonStreamCancelRead:     {Async, fnII32, wit.Stream},
	binary.CanonStreamCancelWrite:    {Async, fnII32, wit.Stream},
	binary.CanonStreamDropReadable:   {Async, fnI, wit.Stream},
	binary.CanonStreamDropWritable:   {Async, fnI, wit.Stream},
	binary.CanonFutureNew:            {Async, fnNew, wit.Future},
	binary.CanonFutureRead:           {Async, fnIII32, wit.Future},
	binary.CanonFutureWrite:          {Async, fnIII32, wit.Future},
	binary.CanonFutureCancelRead:     {Async, fnII32, wit.Future},
	binary.CanonFutureCancelWrite:    {Async, fnII32, wit.Future},
	binary.CanonFutureDropReadable:   {Async, fnI, wit.Future},
	binary.CanonFutureDropWritable:   {Async, fnI, wit.Future},
	binary.CanonErrorContextNew:      {ErrorContext, fnIII32, 0},
	binary.CanonErrorContextMessage:  {ErrorContext, fnII, 0},
	binary.CanonErrorContextDrop:     {ErrorContext, fnI, 0},
	binary.CanonWaitableSetNew:       {Async, fnGet, 0},
	binary.CanonWaitableSetWait:      {Async, fnIII32, 0},
	binary.CanonWaitableSetPoll:      {Async, fnIII32, 0},
	binary.CanonWaitableSetDrop:      {Async, fnI, 0},
	binary.CanonWaitableJoin:         {Async, fnII, 0},
	binary.CanonThreadYield:          {Async, fnGet, 0},
	binary.CanonThreadIndex:          {Threads, fnGet, 0},
	binary.CanonThreadNewIndirect:    {Threads, fnIII32, 0},
	binary.CanonThreadResumeLater:    {Threads, fnI, 0},
	binary.CanonThreadSuspend:        {Threads, fnGet, 0},
	binary.CanonThreadSuspendResume:  {Threads, fnII32, 0},
	binary.CanonThreadYieldResume:    {Threads, fnII32, 0},
	binary.CanonThreadSuspendPromote: {Threads, fnII32, 0},
	binary.CanonThreadYieldPromote:   {Threads, fnII32, 0},
}

// canonFunc checks canon lower or a built-in and returns the type of the core
// function that it makes.
func (c *checker) canonFunc(s *scope, d *binary.Canon) (core.FuncType, error) {
	if d.Op == binary.CanonLower {
		return c.lower(s, d)
	}
	b, ok := builtins[d.Op]
	if !ok {
		return b.typ, c.fail(CodeFeature, d.Offset, "threads with shared memory 🧵②: not supported")
	}
	if err := c.need(b.feature, d.Offset, "this canonical built-in"); err != nil {
		return b.typ, err
	}
	var elem *value
	if b.of != 0 {
		t, err := at(c, s.types, d.Type, "type", d.Offset)
		if err != nil {
			return b.typ, err
		}
		v, ok := t.(*value)
		if !ok || v.shape.typ.Kind != b.of {
			return b.typ, c.fail(CodeTypeKind, d.Offset, "type %d is that of %s, not a %s", d.Type, kindOf(t), b.of)
		}
		elem = v.parts[0]
	}
	switch d.Op {
	case binary.CanonResourceNew, binary.CanonResourceRep, binary.CanonResourceDrop:
		return b.typ, c.resourceBuiltin(s, d)
	case binary.CanonTaskReturn:
		return c.taskReturn(s, d)
	case binary.CanonContextGet, binary.CanonContextSet:
		return b.typ, c.context(d)
	case binary.CanonSubtaskCancel, binary.CanonStreamCancelRead, binary.CanonStreamCancelWrite,
		binary.CanonFutureCancelRead, binary.CanonFutureCancelWrite:
		if d.Flag {
			return b.typ, c.need(AsyncBuiltins, d.Offset, "asynchronous cancellation 🚝")
		}
	case binary.CanonStreamRead, binary.CanonFutureRead:
		return b.typ, c.copyBuiltin(s, d, elem, true)
	case binary.CanonStreamWrite, binary.CanonFutureWrite:
		return b.typ, c.copyBuiltin(s, d, elem, false)
	case binary.CanonErrorContextNew, binary.CanonErrorContextMessage:
		return b.typ, c.errorContext(s, d)
	case binary.CanonWaitableSetWait, binary.CanonWaitableSetPoll:
		return b.typ, c.canonMemory(s, d.Memory, d.Offset)
	case binary.CanonThreadNewIndirect:
		return b.typ, c.newThread(s, d)
	default:
	}
	return b.typ, nil
}

// resourceBuiltin checks the type of resource.new, rep and drop.
func (c *checker) resourceBuiltin(s *scope, d *binary.Canon) error {
	t, err := c.resourceAt(s, d.Type, d.Offset)
	if err != nil || d.Op == binary.CanonResourceDrop {
		return err
	}
	if r := t.resource; !r.local || r.scope != s {
		return c.fail(CodeForeignResource, d.Offset, "type %d is a resource that this component does not define itself", d.Type)
	}
	return nil
}

// taskReturn checks task.return, which takes the result as its parameters.
func (c *checker) taskReturn(s *scope, d *binary.Canon) (core.FuncType, error) {
	result, err := c.valType(s, d.Result, d.Offset)
	if err != nil {
		return core.FuncType{}, err
	}
	if err := c.canonOptions(s, d, optMemory); err != nil {
		return core.FuncType{}, err
	}
	t := &funcType{}
	if result != nil {
		t.params = []field{{value: result}}
	}
	fs, err := c.flattenFunc(t)
	if err != nil {
		return core.FuncType{}, c.spent(err, d.Offset)
	}
	f, need := fs.lowered(&binary.CanonOpts{})
	return f, c.demand(d, need)
}

// context checks context.get and context.set.
func (c *checker) context(d *binary.Canon) error {
	const slots = 2
	if core.ValType(d.Value) != core.I32 {
		return c.fail(CodeContext, d.Offset, "the type of a context slot is %v, not i32", core.ValType(d.Value))
	}
	if d.Slot >= slots {
		return c.fail(CodeContext, d.Offset, "context slot %d does not exist; there are %d", d.Slot, slots)
	}
	return nil
}

// copyBuiltin checks read and write of streams and futures.
func (c *checker) copyBuiltin(s *scope, d *binary.Canon, elem *value, read bool) error {
	if err := c.canonOptions(s, d, optMemory|optRealloc|optAsync); err != nil {
		return err
	}
	if !d.Opts.Async {
		if err := c.need(AsyncBuiltins, d.Offset, "synchronous streams and futures 🚝"); err != nil {
			return err
		}
	}
	var need option
	if elem != nil {
		need |= optMemory
		if read && elem.shape.pointer {
			need |= optRealloc
		}
	}
	return c.demand(d, need)
}

// errorContext checks error-context.new and error-context.debug-message.
func (c *checker) errorContext(s *scope, d *binary.Canon) error {
	if err := c.canonOptions(s, d, optMemory|optRealloc); err != nil {
		return err
	}
	if d.Op == binary.CanonErrorContextNew {
		return c.demand(d, optMemory)
	}
	return c.demand(d, optMemory|optRealloc)
}

// newThread checks thread.new-indirect.
func (c *checker) newThread(s *scope, d *binary.Canon) error {
	t, err := at(c, s.coreTypes, d.Type, "core type", d.Offset)
	if err != nil {
		return err
	}
	if t.fn == nil || !sameSig(*t.fn, fnI) {
		return c.fail(CodeCoreSignature, d.Offset, "core type %d is not that of a function [i32] -> []", d.Type)
	}
	table, err := at(c, s.coreTables, d.Table, "core table", d.Offset)
	if err != nil {
		return err
	}
	if table.Elem != core.FuncRef || table.Limits.Is64 {
		return c.fail(CodeCoreMismatch, d.Offset, "core table %d is not one of functions with 32-bit indices", d.Table)
	}
	return nil
}
