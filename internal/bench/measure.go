package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// cost says what an operation costs: processor time of the process in nanoseconds,
// the best of several batches, and allocations.
func (s *session) cost(op func() error) (ns, allocs float64, err error) {
	batch, batches := pick(s, 2*time.Millisecond, 20*time.Millisecond), pick(s, 3, 12)
	n := 1
	var took time.Duration
	for {
		begin := processorTime()
		for range n {
			if err := op(); err != nil {
				return 0, 0, err
			}
		}
		if took = processorTime() - begin; took >= batch/2 {
			break
		}
		n *= 2
	}
	ns = float64(took) / float64(n)
	if s.profile != "" {
		stop, err := profiled(s.profile)
		if err != nil {
			return 0, 0, err
		}
		defer stop()
		s.profile = ""
		batches *= 25
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range batches {
		begin := processorTime()
		for range n {
			if err := op(); err != nil {
				return 0, 0, err
			}
		}
		ns = min(ns, float64(processorTime()-begin)/float64(n))
	}
	runtime.ReadMemStats(&after)
	return ns, float64((after.Mallocs - before.Mallocs) / uint64(n*batches)), nil
}

// profiled has this process be profiled until the function it returns is called.
func profiled(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// costs measures into a row what an operation costs that does the work that the
// row counts so many times.
func (s *session) costs(r *row, times float64, op func() error) error {
	ns, allocs, err := s.cost(op)
	allocs /= times
	r.Value, r.Unit, r.Allocs = ns/times, nanoseconds, &allocs
	return err
}

// median returns the cost of an operation that is too large for batches: the
// median of the processor times that op returns.
func median(n int, op func() (time.Duration, error)) (float64, error) {
	times := make([]time.Duration, n)
	for i := range times {
		var err error
		if times[i], err = op(); err != nil {
			return 0, err
		}
	}
	slices.Sort(times)
	return float64(times[n/2]), nil
}
