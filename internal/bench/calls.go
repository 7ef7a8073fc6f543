package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/wit"
)

// The components of testdata.
const (
	callsFile   = "internal/bench/testdata/calls.wasm"
	hostFile    = "internal/bench/testdata/host.wasm"
	kernelsFile = "internal/bench/testdata/kernels.wasm"
)

// call returns an operation that calls a function of an instance and wants a
// result.
func call(ctx context.Context, in *component.Instance, name string, want wit.Value, args ...wit.Value) (func() error, error) {
	f, err := in.Func("", name)
	if err != nil {
		return nil, err
	}
	return func() error {
		got, err := f.Call(ctx, args...)
		if err == nil && want != nil && got[0] != want {
			err = fmt.Errorf("%s is %v, want %v", name, got[0], want)
		}
		return err
	}, nil
}

// calls measures calls: single ones from Go, and those that a guest makes in a
// loop of a thousand.
func calls(ctx context.Context, s *session) error {
	const loop = 1000
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, c := range []struct {
		name   string
		file   string
		fn     string
		times  float64
		target float64
		work   string // of the peer
		want   wit.Value
		args   []wit.Value
	}{
		{"Go to guest, add(u32, u32)", callsFile, "add", 1, 90, "add", uint32(3), []wit.Value{uint32(1), uint32(2)}},
		{"Go to guest, greet(string) -> string", callsFile, "greet", 1, 350, "greet", "hello, wattle", []wit.Value{"wattle"}},
		{"guest to host, add(u32, u32)", hostFile, "sum", loop, 80, "u32:sum:1000", uint32(500500), []wit.Value{uint32(loop)}},
		{"guest to guest, add(u32, u32)", callsFile, "between", loop, 25, "u32:between:1000", uint32(500500), []wit.Value{uint32(loop)}},
		{"guest to guest, greet(string) -> string", callsFile, "between-string", loop, 150, "u32:between-string:1000", uint32(13), []wit.Value{uint32(loop)}},
	} {
		err := s.row(row{Name: c.name, Target: c.target}, func(r *row) error {
			comp, err := s.load(ctx, c.file)
			if err != nil {
				return err
			}
			defer func() { _ = comp.Close(context.Background()) }()
			in, err := comp.Instantiate(ctx, nil, component.Limits{})
			if err != nil {
				return err
			}
			defer in.Close()
			op, err := call(ctx, in, c.fn, c.want, c.args...)
			if err != nil {
				return err
			}
			if err := s.costs(r, c.times, op); err != nil {
				return err
			}
			r.Peers = []peer{s.tools.peer(ctx, "epoch", c.file, c.work, c.times)}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
