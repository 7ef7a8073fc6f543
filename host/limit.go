package host

import (
	"maps"
	"sync"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// Names of the limits of a server, besides those of package component. Metrics count by
// them.
const (
	// LimitTime is the time of a call, the wait for an instance included.
	LimitTime = "time"
	// LimitCalls is how many calls run and wait at once.
	LimitCalls = "calls"
	// LimitRequest and LimitResponse are the bytes of what an instance is sent and
	// sends.
	LimitRequest  = "request-bytes"
	LimitResponse = "response-bytes"
	// LimitLog is how much may be written in a second.
	LimitLog = "log-bytes"
	// LimitConnections is how many requests are under way to the outside.
	LimitConnections = "connections"
)

// Exceeded counts by limits how often they were exceeded. It may be used by several
// goroutines.
type Exceeded struct {
	mu     sync.Mutex
	counts map[string]int64
}

// Counts returns the counts by the names of the limits that have been exceeded.
func (e *Exceeded) Counts() map[string]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := map[string]int64{}
	maps.Copy(all, e.counts)
	return all
}

func (e *Exceeded) add(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counts == nil {
		e.counts = map[string]int64{}
	}
	e.counts[name]++
}

// bytesOver returns the error of values of a call that are longer than most.
func bytesOver(name, what string, values []wit.Value, most int64) error {
	if most <= 0 {
		return nil
	}
	left := most
	for _, v := range values {
		if left = spend(left, v); left < 0 {
			return &component.LimitError{Name: name, What: what, Max: uint64(most)} //nolint:gosec // it is positive
		}
	}
	return nil
}

// spend returns what is left of a number of bytes after those of a value, less than
// zero if it has more. It looks at no more of the value than that takes.
func spend(left int64, v wit.Value) int64 {
	if left < 0 {
		return left
	}
	switch v := v.(type) {
	case string:
		return left - int64(len(v))
	case wit.Bytes:
		return left - int64(len(v))
	case wit.ListValue:
		return spendAll(left, v)
	case wit.RecordValue:
		return spendAll(left, v)
	case wit.TupleValue:
		return spendAll(left, v)
	case wit.VariantValue:
		return spend(left-1, v.Value)
	case wit.OptionValue:
		return spend(left-1, v.Value)
	case wit.ResultValue:
		return spend(left-1, v.Value)
	case nil:
		return left
	}
	return left - scalarBytes
}

func spendAll[S ~[]wit.Value](left int64, all S) int64 {
	for _, v := range all {
		if left = spend(left, v); left < 0 {
			break
		}
	}
	return left
}

// scalarBytes is what a number counts.
const scalarBytes = 8
