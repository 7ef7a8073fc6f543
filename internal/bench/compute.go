package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/wattle-dev/wattle/host/component"
)

// kernels are functions of testdata/kernels.wat with an argument that makes them
// take milliseconds.
var kernels = []struct {
	name string
	arg  uint32
}{
	{"fib", 27}, {"matmul", 128}, {"sieve", 1 << 20}, {"memory", 2_000_000}, {"xorshift", 2_000_000}, {"indirect", 1_000_000},
}

// The targets for the geometric mean of computations.
const (
	targetEpoch = 1.3 // against wasmtime with epochs
	targetNone  = 1.8 // against wasmtime without protection
)

// compute measures computations. Ours are always with fuel.
func compute(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	comp, err := s.load(ctx, kernelsFile)
	if err != nil {
		return err
	}
	defer func() { _ = comp.Close(context.Background()) }()
	logs := map[string]float64{} // by peer, sums of logarithms of ratios
	measured := 0
	for _, k := range kernels {
		err := s.row(row{Name: fmt.Sprintf("%s(%d)", k.name, k.arg)}, func(r *row) error {
			in, err := comp.Instantiate(ctx, nil, component.Limits{})
			if err != nil {
				return err
			}
			defer in.Close()
			op, err := call(ctx, in, k.name, nil, k.arg)
			if err != nil {
				return err
			}
			if err := s.costs(r, 1, op); err != nil {
				return err
			}
			r.Allocs = nil
			for _, protection := range protections {
				p := s.tools.peer(ctx, protection, kernelsFile, fmt.Sprintf("u32:%s:%d", k.name, k.arg), 1)
				if p.Skipped == "" {
					logs[protection] += math.Log(r.Value / p.Value)
				}
				r.Peers = append(r.Peers, p)
			}
			measured++
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, m := range []struct {
		protection string
		target     float64
	}{{"none", targetNone}, {"epoch", targetEpoch}, {"fuel", 0}} {
		sum, ok := logs[m.protection]
		if !ok {
			continue
		}
		err := s.row(row{Name: "geometric mean against wasmtime, protection: " + m.protection, Target: m.target}, func(r *row) error {
			r.Value, r.Unit = math.Exp(sum/float64(measured)), factor
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
