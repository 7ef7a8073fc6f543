package main

import (
	"context"
	"os"
	"time"

	"github.com/wattle-dev/wattle/host/component/binary"
	"github.com/wattle-dev/wattle/host/component/validate"
)

// The components that are measured.
const (
	tsServer  = "examples/mcp-ts/server.wasm"
	goServer  = "examples/mcp-go/mcp.wasm"
	goHello   = "examples/hello-http/hello.wasm"
	cHello    = "internal/guests/incoming_answers/guest.wasm"
	calcFile  = "examples/calc/calc.wasm"
	flatFile  = "host/component/testdata/flat.wasm"
	misbehave = "examples/misbehave/misbehave.wasm"
)

// loading measures what happens to a large component before its code is compiled.
func loading(ctx context.Context, s *session) error {
	for _, file := range []string{tsServer, goServer} {
		wasm, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		// The target is for a component of this size, of which most is code.
		err = s.row(row{Name: "decode and validate " + file, Target: float64(150 * time.Millisecond)}, func(r *row) error {
			return s.costs(r, 1, func() error {
				ast, err := binary.Decode(wasm, nil)
				if err != nil {
					return err
				}
				return validate.Component(ast, nil)
			})
		})
		if err != nil {
			return err
		}
		err = s.row(row{Name: "load " + file + ", code in the cache", Note: "processor time"}, func(r *row) error {
			warm, err := s.load(ctx, file) // has it compiled
			if err != nil {
				return err
			}
			if err := warm.Close(ctx); err != nil {
				return err
			}
			r.Unit = nanoseconds
			r.Value, err = median(pick(s, 1, 5), func() (time.Duration, error) {
				e, l, err := newEngine(ctx, s.keep, 0)
				if err != nil {
					return 0, err
				}
				defer func() { _ = e.Close(context.Background()) }()
				begin := processorTime()
				_, err = e.Load(ctx, wasm, l)
				return processorTime() - begin, err
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
