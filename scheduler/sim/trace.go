package sim

import (
	"fmt"
	"hash/fnv"
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
	line := fmt.Sprintf("%8.3fs  %s", float64(w.now)/1000, fmt.Sprintf(format, args...))
	t := &w.trace
	t.last[t.n%remembered] = line
	t.n++
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%x%s", t.sum, line)
	t.sum = h.Sum64()
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
