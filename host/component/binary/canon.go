package binary

import "fmt"

// The canonical options of Binary.md, "Canonical Definitions". Those below
// optMemory are the string encodings.
const (
	optMemory     = 0x03
	optRealloc    = 0x04
	optPostReturn = 0x05
	optAsync      = 0x06
	optCallback   = 0x07
)

// canon reads canon.
func (d *decoder) canon() *Canon {
	c := &Canon{Offset: d.offset(), Op: CanonOp(d.byte("a canonical definition"))}
	if d.err != nil {
		return nil
	}
	switch c.Op {
	case CanonLift:
		d.oneOf("the sort of what is lifted", 0x00)
		c.Func = d.idx("a core function")
		c.Opts = d.canonOpts()
		c.Type = d.idx("a function type")
	case CanonLower:
		d.oneOf("the sort of what is lowered", 0x00)
		c.Func = d.idx("a function")
		c.Opts = d.canonOpts()

	case CanonResourceNew, CanonResourceDrop, CanonResourceRep:
		c.Type = d.idx("a resource type")

	case CanonStreamNew, CanonStreamDropReadable, CanonStreamDropWritable,
		CanonFutureNew, CanonFutureDropReadable, CanonFutureDropWritable:
		c.Type = d.idx("a type")
	case CanonStreamRead, CanonStreamWrite, CanonFutureRead, CanonFutureWrite:
		c.Type = d.idx("a type")
		c.Opts = d.canonOpts()
	case CanonStreamCancelRead, CanonStreamCancelWrite, CanonFutureCancelRead, CanonFutureCancelWrite:
		c.Type = d.idx("a type")
		c.Flag = d.flag("whether it is async")

	case CanonTaskReturn:
		c.Result = d.resultList()
		c.Opts = d.canonOpts()
	case CanonContextGet, CanonContextSet:
		c.Value = d.coreValType()
		c.Slot = d.u32("a context slot")
	case CanonSubtaskCancel:
		c.Flag = d.flag("whether it is async")
	case CanonErrorContextNew, CanonErrorContextMessage:
		c.Opts = d.canonOpts()
	case CanonWaitableSetWait, CanonWaitableSetPoll:
		c.Flag = d.flag("whether it is cancellable")
		c.Memory = d.idx("a memory")

	case CanonThreadYield, CanonThreadSuspend, CanonThreadSuspendResume, CanonThreadYieldResume,
		CanonThreadSuspendPromote, CanonThreadYieldPromote:
		c.Flag = d.flag("whether it is cancellable")
	case CanonThreadNewIndirect:
		c.Type = d.idx("a core type")
		c.Table = d.idx("a table")
	case CanonThreadSpawnRef:
		c.Flag = d.flag("whether it is shared")
		c.Type = d.idx("a core type")
	case CanonThreadSpawnIndirect:
		c.Flag = d.flag("whether it is shared")
		c.Type = d.idx("a core type")
		c.Table = d.idx("a table")
	case CanonThreadParallelism:
		c.Flag = d.flag("whether it is shared")

	case CanonTaskCancel, CanonSubtaskDrop, CanonErrorContextDrop, CanonWaitableSetNew, CanonWaitableSetDrop,
		CanonWaitableJoin, CanonBackpressureInc, CanonBackpressureDec, CanonThreadIndex, CanonThreadResumeLater:

	default:
		d.fail(CodeUnknownCanon, c.Offset, "canonical definition %#02x is not known", uint8(c.Op))
	}
	return c
}

// canonOpts reads opts.
func (d *decoder) canonOpts() CanonOpts {
	var o CanonOpts
	var seen [optCallback + 1]bool
	for range d.count("canonical options") {
		off := d.pos
		opt := d.byte("a canonical option")
		if d.err != nil {
			return CanonOpts{}
		}
		if opt > optCallback {
			d.fail(CodeUnknownOption, off, "canonical option %#02x is not known", opt)
			return CanonOpts{}
		}
		slot := opt
		if opt < optMemory {
			slot = 0 // the encodings exclude each other
		}
		if seen[slot] {
			d.fail(CodeDuplicate, off, "canonical option %#02x is given twice, or after another encoding", opt)
			return CanonOpts{}
		}
		seen[slot] = true
		switch opt {
		case optMemory:
			o.HasMemory, o.Memory = true, d.idx("a memory")
		case optRealloc:
			o.HasRealloc, o.Realloc = true, d.idx("a core function")
		case optPostReturn:
			o.HasPostReturn, o.PostReturn = true, d.idx("a core function")
		case optAsync:
			o.Async = true
		case optCallback:
			o.HasCallback, o.Callback = true, d.idx("a core function")
		default:
			o.HasEncoding, o.Encoding = true, Encoding(opt)
		}
	}
	return o
}

// String returns the encoding as the text format writes it.
func (e Encoding) String() string {
	switch e {
	case UTF8:
		return "utf8"
	case UTF16:
		return "utf16"
	case Latin1UTF16:
		return "latin1+utf16"
	}
	return fmt.Sprintf("encoding(%#02x)", uint8(e))
}

var canonNames = map[CanonOp]string{
	CanonLift:                 "lift",
	CanonLower:                "lower",
	CanonResourceNew:          "resource.new",
	CanonResourceDrop:         "resource.drop",
	CanonResourceRep:          "resource.rep",
	CanonTaskCancel:           "task.cancel",
	CanonSubtaskCancel:        "subtask.cancel",
	CanonTaskReturn:           "task.return",
	CanonContextGet:           "context.get",
	CanonContextSet:           "context.set",
	CanonThreadYield:          "thread.yield",
	CanonSubtaskDrop:          "subtask.drop",
	CanonStreamNew:            "stream.new",
	CanonStreamRead:           "stream.read",
	CanonStreamWrite:          "stream.write",
	CanonStreamCancelRead:     "stream.cancel-read",
	CanonStreamCancelWrite:    "stream.cancel-write",
	CanonStreamDropReadable:   "stream.drop-readable",
	CanonStreamDropWritable:   "stream.drop-writable",
	CanonFutureNew:            "future.new",
	CanonFutureRead:           "future.read",
	CanonFutureWrite:          "future.write",
	CanonFutureCancelRead:     "future.cancel-read",
	CanonFutureCancelWrite:    "future.cancel-write",
	CanonFutureDropReadable:   "future.drop-readable",
	CanonFutureDropWritable:   "future.drop-writable",
	CanonErrorContextNew:      "error-context.new",
	CanonErrorContextMessage:  "error-context.debug-message",
	CanonErrorContextDrop:     "error-context.drop",
	CanonWaitableSetNew:       "waitable-set.new",
	CanonWaitableSetWait:      "waitable-set.wait",
	CanonWaitableSetPoll:      "waitable-set.poll",
	CanonWaitableSetDrop:      "waitable-set.drop",
	CanonWaitableJoin:         "waitable.join",
	CanonBackpressureInc:      "backpressure.inc",
	CanonBackpressureDec:      "backpressure.dec",
	CanonThreadIndex:          "thread.index",
	CanonThreadNewIndirect:    "thread.new-indirect",
	CanonThreadResumeLater:    "thread.resume-later",
	CanonThreadSuspend:        "thread.suspend",
	CanonThreadSuspendResume:  "thread.suspend-then-resume",
	CanonThreadYieldResume:    "thread.yield-then-resume",
	CanonThreadSuspendPromote: "thread.suspend-then-promote",
	CanonThreadYieldPromote:   "thread.yield-then-promote",
	CanonThreadSpawnRef:       "thread.spawn-ref",
	CanonThreadSpawnIndirect:  "thread.spawn-indirect",
	CanonThreadParallelism:    "thread.available-parallelism",
}

// String returns the operation as the text format writes it.
func (op CanonOp) String() string {
	if s, ok := canonNames[op]; ok {
		return s
	}
	return fmt.Sprintf("canon(%#02x)", uint8(op))
}
