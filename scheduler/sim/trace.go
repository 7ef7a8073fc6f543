package sim

import (
	"fmt"
	"io"
	"strings"
)

// remembered is how many events a failure tells.
const remembered = 50

// trace is what has happened.
type trace struct {
	all  io.Writer // nil: only the last events are kept
	last [remembered]string
	n    int
	sum  uint64
}

// note says what happens.
func (w *World) note(format string, args ...any) {
	line := fmt.Sprintf("%6d.%03ds  "+format, append([]any{w.now / 1000, w.now % 1000}, args...)...)
	t := &w.trace
	t.last[t.n%remembered] = line
	t.n++
	for i := range len(line) { // FNV-1a
		t.sum = (t.sum ^ uint64(line[i])) * 0x100000001b3
	}
	if t.all != nil {
		fmt.Fprintln(t.all, line)
	}
}

// tail returns the last events, oldest first.
func (t *trace) tail() string {
	var b strings.Builder
	for i := max(0, t.n-remembered); i < t.n; i++ {
		b.WriteString(t.last[i%remembered] + "\n")
	}
	return b.String()
}

// InvariantError is an invariant that does not hold.
type InvariantError struct {
	Seed      uint64
	Step      int
	Invariant string
	Detail    string
	Trace     string
}

// Error implements error.
func (f *InvariantError) Error() string {
	return fmt.Sprintf("seed %d, step %d: %s: %s\nthe last events:\n%sto see it again: make sim SEED=%d", f.Seed, f.Step, f.Invariant, f.Detail, f.Trace, f.Seed)
}
