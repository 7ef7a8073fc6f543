package encode

import (
	bin "github.com/wattle-dev/wattle/host/component/binary"
)

func (w *writer) canon(c *bin.Canon) {
	w.byte(byte(c.Op))
	switch c.Op {
	case bin.CanonLift, bin.CanonLower:
		w.byte(0)
		w.u32(c.Func)
		w.canonOpts(c.Opts)
		if c.Op == bin.CanonLift {
			w.u32(c.Type)
		}
	case bin.CanonResourceNew, bin.CanonResourceDrop, bin.CanonResourceRep,
		bin.CanonStreamNew, bin.CanonStreamDropReadable, bin.CanonStreamDropWritable,
		bin.CanonFutureNew, bin.CanonFutureDropReadable, bin.CanonFutureDropWritable:
		w.u32(c.Type)
	case bin.CanonStreamRead, bin.CanonStreamWrite, bin.CanonFutureRead, bin.CanonFutureWrite:
		w.u32(c.Type)
		w.canonOpts(c.Opts)
	case bin.CanonStreamCancelRead, bin.CanonStreamCancelWrite, bin.CanonFutureCancelRead, bin.CanonFutureCancelWrite:
		w.u32(c.Type)
		w.flag(c.Flag)
	case bin.CanonTaskReturn:
		w.result(c.Result)
		w.canonOpts(c.Opts)
	case bin.CanonContextGet, bin.CanonContextSet:
		w.byte(c.Value)
		w.u32(c.Slot)
	case bin.CanonErrorContextNew, bin.CanonErrorContextMessage:
		w.canonOpts(c.Opts)
	case bin.CanonWaitableSetWait, bin.CanonWaitableSetPoll:
		w.flag(c.Flag)
		w.u32(c.Memory)
	case bin.CanonSubtaskCancel, bin.CanonThreadYield, bin.CanonThreadSuspend, bin.CanonThreadSuspendResume,
		bin.CanonThreadYieldResume, bin.CanonThreadSuspendPromote, bin.CanonThreadYieldPromote, bin.CanonThreadParallelism:
		w.flag(c.Flag)
	case bin.CanonThreadNewIndirect:
		w.u32(c.Type)
		w.u32(c.Table)
	case bin.CanonThreadSpawnRef:
		w.flag(c.Flag)
		w.u32(c.Type)
	case bin.CanonThreadSpawnIndirect:
		w.flag(c.Flag)
		w.u32(c.Type)
		w.u32(c.Table)
	}
}

// The canonical options of Binary.md, "Canonical Definitions", after the string
// encodings.
const (
	optMemory = iota + 3
	optRealloc
	optPostReturn
	optAsync
	optCallback
)

func (w *writer) canonOpts(o bin.CanonOpts) {
	opts := &writer{}
	count := uint32(0)
	index := func(has bool, opt byte, idx uint32) {
		if has {
			count++
			opts.byte(opt)
			opts.u32(idx)
		}
	}
	if o.HasEncoding {
		count++
		opts.byte(byte(o.Encoding))
	}
	index(o.HasMemory, optMemory, o.Memory)
	index(o.HasRealloc, optRealloc, o.Realloc)
	index(o.HasPostReturn, optPostReturn, o.PostReturn)
	if o.Async {
		count++
		opts.byte(optAsync)
	}
	index(o.HasCallback, optCallback, o.Callback)
	w.u32(count)
	w.raw(opts.out)
}
