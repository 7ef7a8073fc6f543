package main

import (
	"context"
	"path/filepath"
	"time"
)

// starts measures the time from the start of a process to its first answer. It
// leaves compiled code in the directory that mcpCalls uses.
func starts(ctx context.Context, s *session) error {
	cache := filepath.Join(s.dir, "mcp")
	// It returns the processor time of the process, and of those it started, too.
	first := func(start func() (*server, error)) (took, cpu float64, err error) {
		begin := time.Now()
		srv, err := start()
		if err != nil {
			return 0, 0, err
		}
		err = tool(srv.url)(ctx, newClient(1))
		took = float64(time.Since(begin))
		srv.stop()
		return took, float64(srv.cpu()), err
	}
	compiled := map[string]bool{}
	jco := peer{Name: "jco"}
	for _, c := range []struct {
		name   string
		file   string
		cached bool
		target time.Duration
		peer   bool
	}{
		{"TypeScript, nothing cached", tsServer, false, 15 * time.Second, true},
		{"TypeScript, code in the cache", tsServer, true, 700 * time.Millisecond, true},
		{"Go, nothing cached", goServer, false, 0, false},
		{"Go, code in the cache", goServer, true, 0, false},
	} {
		err := s.row(row{Name: c.name, Unit: nanoseconds, Target: float64(c.target)}, func(r *row) (err error) {
			if c.cached && !compiled[c.file] {
				srv, err := wattle(ctx, cache, c.file)
				if err != nil {
					return err
				}
				srv.stop()
			}
			compiled[c.file] = true
			if r.Value, r.CPU, err = first(func() (*server, error) { return wattle(ctx, cache, c.file) }); err != nil {
				return err
			}
			if !c.peer || !s.jco {
				return nil
			}
			if jco.Value == 0 && jco.Skipped == "" {
				if err := installJco(ctx); err != nil {
					jco.Skipped = err.Error()
				} else if jco.Value, _, err = first(func() (*server, error) { return jcoServer(ctx, tsServer) }); err != nil {
					jco.Skipped = err.Error()
				}
			}
			r.Peers = []peer{jco}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mcpCalls measures tools/call on the example servers.
func mcpCalls(ctx context.Context, s *session) error {
	cache := filepath.Join(s.dir, "mcp")
	component := func(file string, args ...string) func() (*server, error) {
		return func() (*server, error) { return wattle(ctx, cache, file, args...) }
	}
	n, most := pick(s, 8, 400), pick(s, 2*time.Second, 8*time.Second)
	var of against
	if s.jco {
		jco := served{name: "jco, TypeScript", start: func() (*server, error) {
			if err := installJco(ctx); err != nil {
				return nil, err
			}
			return jcoServer(ctx, tsServer)
		}, ask: tool}
		throughput, _, err := s.loads(ctx, jco, n, most, nil)
		if err != nil {
			s.rows = append(s.rows, row{Section: s.section, Name: jco.name, Skipped: err.Error()})
		}
		of = func(clients int) ([]peer, error) {
			if throughput[clients] == 0 {
				return nil, nil
			}
			return []peer{{Name: "jco", Value: throughput[clients]}}, nil
		}
	}
	for _, v := range []served{
		{"TypeScript", component(tsServer), tool},
		{"TypeScript, --preinit", component(tsServer, "--preinit"), tool},
		{"Go", component(goServer), tool},
		{"Go, --preinit", component(goServer, "--preinit"), tool},
	} {
		if _, _, err := s.loads(ctx, v, n, most, of); err != nil {
			return err
		}
	}
	return nil
}
