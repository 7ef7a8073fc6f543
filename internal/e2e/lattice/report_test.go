//go:build e2e && linux

package lattice_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fault is something that happened under load.
type fault struct {
	name string
	at   time.Time
	took time.Duration // until all was as before
}

// outcome is what became of the load around a fault.
type outcome struct {
	fault
	samples []sample
	failed  []sample
}

// around lets the load go on while do has something happen, and for a while after
// that, and returns what became of it.
func (l *load) around(t *testing.T, name string, after time.Duration, do func(t *testing.T)) *outcome {
	t.Helper()
	o := &outcome{fault: fault{name: name, at: time.Now()}}
	do(t)
	o.took = time.Since(o.at)
	<-time.After(after) // load goes on
	until := time.Now()
	// What was under way at the end is waited for.
	eventually(t, streamWithin+10*time.Second, "all that began during "+name+" has ended", func() bool { return l.settled(until) })
	for _, s := range l.from(o.at) {
		if s.begin.Before(until) {
			o.samples = append(o.samples, s)
			if s.err != nil {
				o.failed = append(o.failed, s)
			}
		}
	}
	measured(t, "%s", o.String())
	return o
}

// figures are lines that are printed again after all tests.
var figures struct {
	sync.Mutex
	lines []string
}

// measured prints a figure, now and after all tests. Durations are rounded.
func measured(t *testing.T, format string, args ...any) {
	t.Helper()
	for i, a := range args {
		if d, ok := a.(time.Duration); ok {
			args[i] = d.Round(time.Millisecond)
		}
	}
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	figures.Lock()
	defer figures.Unlock()
	figures.lines = append(figures.lines, t.Name()+": "+line)
}

// printFigures prints all figures.
func printFigures() {
	figures.Lock()
	defer figures.Unlock()
	fmt.Println("=== figures")
	for _, line := range figures.lines {
		fmt.Println(line)
	}
}

// settled reports whether all that began before a moment has ended.
func (l *load) settled(until time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, begin := range l.underWay {
		if begin.Before(until) {
			return false
		}
	}
	return true
}

func (o *outcome) String() string {
	var b strings.Builder
	counts := map[string]int{}
	slowest := map[string]time.Duration{}
	for _, s := range o.samples {
		counts[s.kind]++
		if s.err == nil {
			slowest[s.kind] = max(slowest[s.kind], s.end.Sub(s.begin))
		}
	}
	fmt.Fprintf(&b, "%s: %d requests, %d streams, %d failed, slowest answered request %v, back after %v",
		o.name, counts["request"], counts["stream"], len(o.failed), slowest["request"].Round(time.Millisecond), o.recovery().Round(time.Millisecond))
	fmt.Fprintf(&b, ", the fault itself took %v", o.took.Round(time.Millisecond))
	if slow := o.slow(); len(slow) > 0 {
		fmt.Fprintf(&b, "\n    %d requests took longer than %v and were answered: they began %v to %v after the fault",
			len(slow), slowAt, slow[0].begin.Sub(o.at).Round(time.Millisecond), slow[len(slow)-1].begin.Sub(o.at).Round(time.Millisecond))
	}
	reasons := map[string]int{}
	longest := map[string]time.Duration{}
	for _, s := range o.failed {
		r := s.kind + ": " + reason(s.err)
		reasons[r]++
		longest[r] = max(longest[r], s.end.Sub(s.begin))
	}
	for _, r := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(&b, "\n    %d × %s (after %v at most)", reasons[r], r, longest[r].Round(time.Millisecond))
	}
	return b.String()
}

// slowAt is how long a small request does not take on a lattice that is well.
const slowAt = time.Second

// slow returns the requests that were answered late, in the order in which they
// began.
func (o *outcome) slow() []sample {
	slow := slices.DeleteFunc(slices.Clone(o.samples), func(s sample) bool {
		return s.kind != "request" || s.err != nil || s.end.Sub(s.begin) <= slowAt
	})
	slices.SortFunc(slow, func(a, b sample) int { return a.begin.Compare(b.begin) })
	return slow
}

// recovery is how long after the fault the last small request began that failed,
// or was slow.
func (o *outcome) recovery() time.Duration {
	var last time.Duration
	for _, s := range o.samples {
		if s.kind == "request" && (s.err != nil || s.end.Sub(s.begin) > slowAt) {
			last = max(last, s.begin.Sub(o.at))
		}
	}
	return last
}

// noneFailed asserts that nothing failed.
func (o *outcome) noneFailed(t *testing.T) {
	t.Helper()
	if len(o.samples) == 0 {
		t.Errorf("%s: there was no load", o.name)
	}
	if n := len(o.failed); n > 0 {
		t.Errorf("%s: %d of %d failed, want none", o.name, n, len(o.samples))
	}
}

// inTime asserts that whatever failed did so inside its deadline, with a reason.
func (o *outcome) inTime(t *testing.T) {
	t.Helper()
	for _, s := range o.failed {
		if s.late {
			t.Errorf("%s: a %s failed after %v, outside its deadline: %v", o.name, s.kind, s.end.Sub(s.begin), s.err)
		}
		if reason(s.err) == "" || reason(s.err) == "EOF" {
			t.Errorf("%s: a %s failed without a reason: %v", o.name, s.kind, s.err)
		}
	}
}

// lastFailed returns when the last of those that failed began, the time of the
// fault if none has.
func (o *outcome) lastFailed() time.Time {
	last := o.at
	for _, s := range o.failed {
		if s.begin.After(last) {
			last = s.begin
		}
	}
	return last
}

// onlyUnderWay asserts that what failed had begun before a moment.
func (o *outcome) onlyUnderWay(t *testing.T, moment time.Time) {
	t.Helper()
	for _, s := range o.failed {
		if s.begin.After(moment) {
			t.Errorf("%s: a %s that began %v after the fault failed: %v", o.name, s.kind, s.begin.Sub(o.at), s.err)
		}
	}
}
