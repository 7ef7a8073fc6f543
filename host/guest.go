package host

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/logging"
)

// drainTime bounds the wait for Options.Output to take the last lines.
const drainTime = time.Second

// guest is what surrounds an instance while it answers a request or a call.
type guest struct {
	server *Server
	given  *given
	id     InstanceID
	log    *slog.Logger
	tail   tail // the end of the guest's standard error
	// stdout and stderr are the guest's standard streams, if the server handles
	// them.
	stdout, stderr lineWriter
}

// init is called when the call begins, and end when nothing of its instance is left.
func (g *guest) init(s *Server) {
	g.given = s.supply.take()
	g.server, g.id = s, InstanceID(s.lastID.Add(1))
	g.log = s.opts.Logger
	if g.log.Enabled(context.Background(), slog.LevelWarn) {
		g.log = g.log.With("instance", g.id)
	}
}

func (g *guest) end() { g.server.supply.leave(g.given) }

// options returns what the instance is given. hops is how many requests led to
// it.
func (g *guest) options(hops int) wasi.Options {
	o := g.given.wasi
	o.HTTP.Hops = hops
	o.HTTP.Logger = g.log
	o.HTTP.MaxRequestBody, o.HTTP.MaxResponseBody = g.server.opts.MaxRequest, g.server.opts.MaxResponse
	o.HTTP.Exceeded = g.server.metrics.Exceeded.add
	if g.server.opts.Output != nil {
		g.stdout = g.server.output.writer(g.server.opts.Name, g.id, Stdout, nil)
		g.stderr = g.server.output.writer(g.server.opts.Name, g.id, Stderr, &g.tail)
		o.CLI.Stdout, o.CLI.Stderr = &g.stdout, &g.stderr
		o.Logging.Log = g.entry
	}
	return o
}

// entry takes what the guest logs.
func (g *guest) entry(level logging.Level, topic, message string) {
	g.server.output.line(Line{
		Component: g.server.opts.Name, Instance: g.id, Stream: Log, Level: level.String(), Context: topic, Text: message,
	})
}

// drain waits for the guest's output.
func (g *guest) drain(ctx context.Context, state *wasi.State) {
	if state.Drain(over) != nil { // or there is nothing to wait for, as a rule
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if err := state.Drain(ctx); err != nil {
			g.log.DebugContext(ctx, "output lost", "error", err)
			return // somebody still writes
		}
	}
	g.stdout.close()
	g.stderr.close()
}

// counted are the limits that are counted where they are exceeded.
var counted = map[string]bool{LimitRequest: true, LimitResponse: true}

// fault counts what went wrong in the guest, and returns what the log is told of
// it.
func (g *guest) fault(ctx context.Context, err error) (attrs []any) {
	m := &g.server.metrics
	attrs = []any{"error", err}
	var trap *component.Trap
	switch {
	case timedOut(ctx):
		m.Timeouts.Add(1)
	case errors.As(err, &trap):
		m.Traps.Add(1)
	}
	if limit, ok := errors.AsType[*component.LimitError](err); ok && !counted[limit.Name] {
		m.Exceeded.add(limit.Name)
	} else if timedOut(ctx) {
		m.Exceeded.add(LimitTime)
	}
	if errors.As(err, &trap) && len(trap.Frames) > 0 {
		attrs = append(attrs, "backtrace", trap.Backtrace())
	}
	if trap != nil && trap.HostStack != "" {
		attrs = append(attrs, "host_stack", trap.HostStack)
	}
	if lines := g.tail.String(); lines != "" {
		attrs = append(attrs, "stderr", lines)
	}
	return attrs
}
