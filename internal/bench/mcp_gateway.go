package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Targets of the gateway.
const (
	targetRelay    = 1                // of what ReverseProxy adds, in time and processor time
	targetList     = time.Millisecond // to list bigTools tools
	targetSessions = 200 << 10        // KiB, with 10,000 sessions and 1,000 streams
	targetDead     = 1.1              // of the p99 of the servers beside a dead one, by it
)

// gatewayBench are the processes that the gateway is measured with. They run from the
// first row on that needs them.
type gatewayBench struct {
	*session
	native, proxy, relay *server
}

// gateways measures the MCP gateway.
func gateways(ctx context.Context, s *session) error {
	b := &gatewayBench{session: s}
	defer b.stop()
	var errs []error
	for _, part := range []func(context.Context) error{b.relays, b.openLoops, b.lists, b.sessions, b.dead} {
		errs = append(errs, part(ctx))
	}
	return errors.Join(append(errs, s.mcpComponents(ctx))...)
}

// start starts the processes.
func (b *gatewayBench) start(ctx context.Context) (err error) {
	if b.relay != nil {
		return nil
	}
	if b.native, err = own(ctx, "mcp-native"); err != nil {
		return err
	}
	if b.proxy, err = own(ctx, "mcp-proxy", b.native.url); err != nil {
		return err
	}
	b.relay, err = own(ctx, "mcp-relay", b.native.url, b.profile)
	b.profile = ""
	return err
}

func (b *gatewayBench) stop() {
	for _, srv := range []*server{b.relay, b.proxy, b.native} {
		if srv != nil {
			srv.stop()
		}
	}
}

// way is a way to a server, and the processes whose processor time it takes.
type way struct {
	name string
	at   place
	by   []*server
}

// failed returns an error with what the processes have said.
func (w *way) failed(err error) error {
	for _, srv := range w.by {
		err = fmt.Errorf("%w\n%.1000s", err, srv.stderr.String())
	}
	return fmt.Errorf("%s: %w", w.name, err)
}

// ways are those to a native server: directly, by ReverseProxy and by the gateway.
func (b *gatewayBench) ways(ctx context.Context, backend string) ([]way, error) {
	if err := b.start(ctx); err != nil {
		return nil, err
	}
	var all []way
	for _, w := range []struct {
		name, path string
		srv        *server
	}{{"direct", "/" + backend, b.native}, {"ReverseProxy", "/" + backend, b.proxy}, {"gateway", "/mcp/" + backend, b.relay}} {
		host, err := hostOf(w.srv.url)
		if err != nil {
			return nil, err
		}
		all = append(all, way{w.name, place{host, w.path, gatewayToken + "1"}, []*server{w.srv}})
	}
	return all, nil
}

// sample is what a turn of a way gave. cpu is that of a request.
type sample struct {
	load
	cpu time.Duration
}

// takeTurns has ways take turns, so that all of them meet the machine as it is: do is given the
// clients of the way. It returns the samples by the way.
func takeTurns(ctx context.Context, ways []way, call *mcpCall, clients, n int, do func(*crowd) (load, error)) ([][]sample, error) {
	crowds := make([]*crowd, len(ways))
	for i, w := range ways {
		c, err := newCrowd(ctx, w.at, call, clients)
		if err != nil {
			return nil, w.failed(err)
		}
		defer c.close()
		crowds[i] = c
	}
	all := make([][]sample, len(ways))
	for range n {
		for i, w := range ways {
			if err := ctx.Err(); err != nil {
				return nil, context.Cause(ctx)
			}
			before := w.spent()
			l, err := do(crowds[i])
			if err != nil {
				return nil, w.failed(err)
			}
			all[i] = append(all[i], sample{l, (w.spent() - before) / time.Duration(l.n)})
		}
	}
	return all, nil
}

// spent returns the processor time that the processes have used.
func (w *way) spent() (all time.Duration) {
	for _, srv := range w.by {
		all += processorTimeOf(srv.cmd.Process.Pid)
	}
	return all
}

// mid is the median of a figure of samples.
func mid(all []sample, of func(sample) float64) float64 {
	figures := make([]float64, len(all))
	for i, s := range all {
		figures[i] = of(s)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// Figures of samples.
func p50Of(s sample) float64 { return float64(s.p50) }
func p99Of(s sample) float64 { return float64(s.p99) }
func cpuOf(s sample) float64 { return float64(s.cpu) }
func rpsOf(s sample) float64 { return s.rps }

// added is the median of what a way adds to the first one in the same turn.
func added(all, direct []sample, of func(sample) float64) float64 {
	figures := make([]float64, len(all))
	for i := range all {
		figures[i] = of(all[i]) - of(direct[i])
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// relayed are calls that are compared.
type relayed struct {
	backend string // of the native servers
	mcpCall
	clients []int
}

func (r *relayed) String() string { return r.describe(r.backend) }

// describe says what calls are like.
func (c *mcpCall) describe(of string) string {
	parts := []string{"2026-07-28", "", "JSON"}
	if c.legacy {
		parts[0] = "2025-11-25"
	}
	switch {
	case c.size >= 1<<20:
		parts[1] = fmt.Sprintf("%d MiB", c.size>>20)
	case c.size >= 1<<10:
		parts[1] = fmt.Sprintf("%d KiB", c.size>>10)
	default:
		parts[1] = fmt.Sprintf("%d B", c.size)
	}
	if c.events > 0 {
		parts[2] = fmt.Sprintf("SSE with %d events", c.events)
	}
	if of != "" && of != "plain" {
		parts = append(parts, of)
	}
	return strings.Join(parts, ", ")
}

// Sizes of the text of calls.
const (
	small64  = 64
	medium16 = 16 << 10
	large1M  = 1 << 20
)

// kindsOfCalls returns what is called: a few kinds, or with -all every one.
func (b *gatewayBench) kindsOfCalls() []relayed {
	echoes := func(legacy bool, size int) mcpCall { return mcpCall{legacy: legacy, tool: echoTool, size: size} }
	streams := func(legacy bool, size int) mcpCall {
		return mcpCall{legacy: legacy, tool: progressTool, size: size, events: steps}
	}
	if !b.all {
		return []relayed{
			{"plain", echoes(false, small64), []int{1, 8, 32, 128}},
			{"plain", echoes(false, medium16), []int{1, 32}},
			{"plain", echoes(false, large1M), []int{1, 8}},
			{"plain", streams(false, small64), []int{1, 32}},
			{"plain", echoes(true, small64), []int{1, 32}},
			{"sdk", echoes(false, small64), []int{8}},
		}
	}
	var all []relayed
	for _, backend := range []string{"plain", "sdk"} {
		for _, legacy := range []bool{false, true} {
			for _, size := range []int{small64, medium16, large1M} {
				for _, call := range []mcpCall{echoes(legacy, size), streams(legacy, size)} {
					clients := []int{1, 8, 32, 128}
					if backend == "sdk" && size > small64 {
						clients = []int{1} // it takes so long itself that it hides the rest
					}
					all = append(all, relayed{backend, call, clients})
				}
			}
		}
	}
	return all
}

// relays measures the gateway against ReverseProxy, with clients that call again as soon
// as they have their answer.
func (b *gatewayBench) relays(ctx context.Context) error {
	most, n := pick(b.session, 100*time.Millisecond, 300*time.Millisecond), pick(b.session, 1, 5)
	if b.all {
		n = min(n, 3)
	}
	for _, r := range b.kindsOfCalls() {
		for _, clients := range r.clients {
			err := b.compared(fmt.Sprintf("%s, %s", &r, plural(clients, "client")), func() ([][]sample, error) {
				ways, err := b.ways(ctx, r.backend)
				if err != nil {
					return nil, err
				}
				return takeTurns(ctx, ways, &r.mcpCall, clients, n, func(c *crowd) (load, error) { return c.closed(1<<30, most) })
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// compared adds the rows of what ReverseProxy and the gateway add, which is measured when
// one of them is asked for.
func (b *gatewayBench) compared(name string, measure func() ([][]sample, error)) error {
	var all [][]sample
	add := func(what string, fill func(r *row, direct, proxy, gateway []sample)) error {
		return b.row(row{Name: name + ": " + what, Unit: factor, Target: targetRelay}, func(r *row) (err error) {
			if all == nil {
				if all, err = measure(); err != nil {
					return err
				}
			}
			fill(r, all[0], all[1], all[2])
			return nil
		})
	}
	about := func(of func(sample) float64, direct, proxy, gateway []sample) (ratio float64, text string) {
		theirs, ours := added(proxy, direct, of), added(gateway, direct, of)
		text = fmt.Sprintf("direct %s, ReverseProxy adds %s, the gateway %s", nanoseconds.format(mid(direct, of)), signed(theirs), signed(ours))
		if theirs <= 0 {
			return 0, text + "; there is no ratio"
		}
		return ours / theirs, text
	}
	return errors.Join(
		add("added p50", func(r *row, direct, proxy, gateway []sample) {
			r.Value, r.Note = about(p50Of, direct, proxy, gateway)
			ratio, text := about(p99Of, direct, proxy, gateway)
			r.Note += fmt.Sprintf("; p99: %s (%.2f)", text, ratio)
		}),
		add("processor time", func(r *row, direct, proxy, gateway []sample) {
			theirs, ours := mid(proxy, cpuOf), mid(gateway, cpuOf)
			if theirs > 0 {
				r.Value = ours / theirs
			}
			r.Note = fmt.Sprintf("ReverseProxy %s, gateway %s, the server behind them %s; direct %.0f /s, ReverseProxy %.0f /s, gateway %.0f /s", nanoseconds.format(theirs),
				nanoseconds.format(ours), nanoseconds.format(mid(direct, cpuOf)), mid(direct, rpsOf), mid(proxy, rpsOf), mid(gateway, rpsOf))
		}))
}

// signed writes a time that may be negative: what is added can be lost in what the machine
// does besides.
func signed(ns float64) string {
	if ns < 0 {
		return "-" + nanoseconds.format(-ns)
	}
	return nanoseconds.format(ns)
}

// openClients is how many connections calls have that are made at a rate.
const openClients = 128

// openLoops measures the gateway against ReverseProxy at rates that are fractions of what
// the slower of the two can do.
func (b *gatewayBench) openLoops(ctx context.Context) error {
	kinds := []relayed{{"plain", mcpCall{tool: echoTool, size: small64}, nil}}
	if b.all {
		kinds = b.kindsOfCalls()
	}
	most, n := pick(b.session, 200*time.Millisecond, time.Second), pick(b.session, 1, 3)
	if b.all {
		n = 1
	}
	for _, r := range kinds {
		reached := 0.0
		for _, percent := range []int{50, 80} {
			err := b.compared(fmt.Sprintf("%s, at %d %% of the rate that the slower one reaches", &r, percent), func() ([][]sample, error) {
				ways, err := b.ways(ctx, r.backend)
				if err != nil {
					return nil, err
				}
				if reached == 0 {
					all, err := takeTurns(ctx, ways[1:], &r.mcpCall, 32, n, func(c *crowd) (load, error) { return c.closed(1<<30, most/2) })
					if err != nil {
						return nil, err
					}
					reached = min(mid(all[0], rpsOf), mid(all[1], rpsOf))
				}
				rate := reached * float64(percent) / 100
				return takeTurns(ctx, ways, &r.mcpCall, openClients, n, func(c *crowd) (load, error) { return c.open(rate, most) })
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
