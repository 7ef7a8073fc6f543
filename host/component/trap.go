package component

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/wattle-dev/wattle/host/component/abi"
	"github.com/wattle-dev/wattle/host/component/core"
)

// TrapKind says what ended an instance.
type TrapKind string

// The kinds of trap.
const (
	// TrapWasm is a trap of WebAssembly itself: unreachable, a division by
	// zero, an access out of bounds, a stack overflow.
	TrapWasm TrapKind = "wasm"
	// TrapABI is a violation of the Canonical ABI.
	TrapABI TrapKind = "abi"
	// TrapHost is a host function that could not go on.
	TrapHost TrapKind = "host"
	// TrapDeadline is a call that ran out of time or was cancelled.
	TrapDeadline TrapKind = "deadline"
	// TrapLimit is a limit of the instance that was exceeded.
	TrapLimit TrapKind = "limit"
)

// Trap is a guest fault. The instance that it happened in is dead; the host
// and all other instances are not concerned.
type Trap struct {
	Kind TrapKind
	// Err is the cause.
	Err error
	// Frames is the guest's call stack, innermost first, in core functions by
	// the names of their name sections: the guest chose them. They are of one
	// line and not long, nor are they many.
	Frames []string
	// HostStack is the stack of the host when it is the host that is at fault.
	// It is for the log and not for those who use the guest.
	HostStack string
}

func (t *Trap) Error() string { return "trap: " + t.Err.Error() }

// Unwrap returns the cause.
func (t *Trap) Unwrap() error { return t.Err }

// Backtrace returns the guest's call stack as text, a line each.
func (t *Trap) Backtrace() string {
	var b strings.Builder
	for i, f := range t.Frames {
		fmt.Fprintf(&b, "%4d: %s\n", i, f)
	}
	return b.String()
}

// ErrDead is the error of a call into an instance that has trapped or is closed.
var ErrDead = errors.New("instance is dead: an earlier call trapped or it was closed")

// Names of limits, as LimitError has them.
const (
	LimitMemory    = "memory"
	LimitTables    = "table-elements"
	LimitHandles   = "handles"
	LimitStack     = "stack"
	LimitFuel      = "fuel"
	LimitHostCalls = "host-calls"
	LimitCompile   = "compile"
)

// LimitError is a limit that a guest exceeded.
type LimitError struct {
	Name string // of the limit: one of a few, so that it can be counted by
	What string // what there is too much of, "handles"
	Max  uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit exceeded: at most %d %s", e.Max, e.What)
}

// ExitError ends an instance in good order: the guest called exit. It is not
// a trap.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("guest exited with code %d", e.Code) }

// stopError is what the fuel check panics with when a guest must stop.
type stopError struct{ cause error }

func (e *stopError) Error() string { return e.cause.Error() }
func (e *stopError) Unwrap() error { return e.cause }

// hostError is what Call.Fail panics with.
type hostError struct{ err error }

func (e *hostError) Error() string { return e.err.Error() }
func (e *hostError) Unwrap() error { return e.err }

// internalError is a fault of the host's own code that came up in a call. The
// guest is ended, the message says whose fault it is.
type internalError struct{ err error }

func (e *internalError) Error() string {
	return "fault of the host, not of the guest: " + e.err.Error()
}
func (e *internalError) Unwrap() error { return e.err }

// panicError is a panic of the host's own code in a call. The guest is ended,
// whatever it did to find the fault.
type panicError struct {
	value any
	stack string
}

func (e *panicError) Error() string {
	return fmt.Sprintf("fault of the host, not of the guest: panic: %v", e.value)
}

// The texts that the engine puts around a guest's call stack.
const (
	engineTrace   = "\nwasm stack trace:\n\t"
	engineGoTrace = "\n\nGo runtime stack trace:"
	enginePrefix  = "wasm error: "
	engineSuffix  = " (recovered by wazero)"
)

// trapOf makes a Trap of an error or a recovered panic of a call. It returns
// an *ExitError as it is.
func trapOf(err error) error {
	if exit, ok := errors.AsType[*ExitError](err); ok {
		return exit
	}
	trace := splitTrace(err.Error())
	if inner, ok := errors.AsType[*Trap](err); ok {
		outer := *inner
		outer.Frames = append(slices.Clip(inner.Frames), trace.frames[:min(len(trace.frames), maxFrames-len(inner.Frames))]...)
		return &outer
	}
	t := &Trap{Frames: trace.frames}
	var (
		fault    *abi.Fault
		stop     *stopError
		limit    *LimitError
		host     *hostError
		internal *internalError
		panicked *panicError
	)
	switch {
	case errors.As(err, &fault):
		t.Kind, t.Err = TrapABI, fault
	case errors.As(err, &limit): // before stop, which fuel is the cause of as well
		t.Kind, t.Err = TrapLimit, limit
	case errors.As(err, &stop):
		t.Kind, t.Err = TrapDeadline, stop.cause
	case errors.As(err, &host):
		t.Kind, t.Err = TrapHost, host.err
		if errors.Is(host.err, context.DeadlineExceeded) || errors.Is(host.err, context.Canceled) {
			t.Kind = TrapDeadline
		}
	case errors.As(err, &internal):
		t.Kind, t.Err = TrapHost, internal
	case errors.As(err, &panicked):
		t.Kind, t.Err, t.HostStack = TrapHost, panicked, panicked.stack
	case trace.recovered:
		t.Kind, t.Err, t.HostStack = TrapHost, &panicError{value: trace.head}, trace.host
	default:
		t.Kind, t.Err = TrapWasm, errors.New(strings.TrimPrefix(trace.head, enginePrefix))
	}
	return t
}

// trace is the text of an engine error in its parts.
type trace struct {
	head      string
	recovered bool // a panic with something that the engine does not know
	frames    []string
	host      string
}

// What a guest names its functions is its own affair, what stands in a log is
// not.
const (
	maxFrames = 100
	maxLine   = 500 // bytes of the first line or of a frame
)

// splitTrace takes the text of an engine error apart. An error that went through
// several instances has a trace for each; only the outermost is new here.
func splitTrace(s string) trace {
	var t trace
	s, t.host, _ = strings.Cut(s, engineGoTrace)
	head, _, traced := strings.Cut(s, engineTrace)
	t.head, t.recovered = strings.CutSuffix(head, engineSuffix)
	t.head = oneLine(t.head)
	if !traced {
		return t
	}
	for line := range strings.SplitSeq(s[strings.LastIndex(s, engineTrace)+len(engineTrace):], "\n\t") {
		line = strings.TrimPrefix(strings.TrimSpace(line), ".")
		if line != "" && !strings.HasPrefix(line, core.RefillModule+".") && len(t.frames) < maxFrames {
			t.frames = append(t.frames, oneLine(line))
		}
	}
	return t
}

// oneLine returns text that a guest may have chosen as one line of bounded
// length, with nothing in it that a terminal obeys.
func oneLine(s string) string {
	if len(s) > maxLine {
		s = s[:maxLine] + "…"
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\uFFFD'
	}, s)
}
