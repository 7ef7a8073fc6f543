// Command bench measures Wattle against its targets, and against peers on the
// same machine in the same run: absolute times say little about another machine,
// ratios more.
//
//	go run ./internal/bench [-run REGEXP] [-quick] [-all] [-o json]
//
// # What is measured
//
// The result is a table of rows in sections. A row is a figure, beside it the
// target for it where there is one, and what peers need for the same. Ratios are
// such that less is better: 0.5 is twice as good as the target or peer.
//
//   - Costs of calls, instances and computations are processor time of the whole
//     process, the garbage collector's included, in the best of several batches:
//     what other programs on the machine do has the least influence on that.
//   - Servers are processes of their own. The clock says how many requests they
//     answer and how long that takes; the processor time that they have used is
//     asked of the system when they have ended. Clients share the machine with
//     them.
//   - What the MCP gateway adds is compared with what httputil.ReverseProxy adds, each a
//     process of its own before the same server. They take turns. Each call says something
//     else, and each answer is compared with it.
//   - Decisions of a scheduler are processor time of all that its leader does but
//     for NATS and the disk, at two sizes of which one is ten times the other, so
//     that the rows say how costs grow. With NATS and the disk they are of the clock.
//   - Memory is what the kernel says of a process that does nothing else, before
//     and after it has made many instances.
//
// # Peers
//
// wasmtime is the release that internal/oracle compares with, from PyPI. The
// program that drives it, wasmtime/peer.c, is compiled here and calls the
// same components through the Component Model's C API, with the same way of
// measuring. jco runs the same servers on Node with a fresh instance for each
// request, which is what Wattle does. A peer that cannot be had is left out, and
// the rows say why.
//
// # What it needs
//
// bin/wattle (make build); Python with pip and a C compiler for wasmtime; Node and
// npm for jco. What is installed or compiled is kept in .cache/bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

// maxRun bounds the whole run.
const maxRun = 25 * time.Minute

// sections are what there is to measure, in the order of the table.
var sections = []struct {
	name string
	run  func(context.Context, *session) error
}{
	{"calls", calls},
	{"compute", compute},
	{"load", loading},
	{"instances", instances},
	{"reset", resets},
	{"requests", requests},
	{"hello", hellos},
	{"start", starts},
	{"mcp", mcpCalls},
	{"density", densities},
	{"neighbours", neighbours},
	{"deadline", deadlines},
	{"fs", filesystems},
	{"kv", keyvalues},
	{"http", outgoings},
	{"lattice", lattices},
	{"scheduler", schedulers},
	{"gateway", gateways},
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-child" {
		exit(child(os.Args[2], os.Args[3:]))
	}
	var (
		rows    = flag.String("run", "", "measure the rows that match `REGEXP`, which is put to section/row")
		quick   = flag.Bool("quick", false, "take less time and be less exact")
		format  = flag.String("o", "text", "print the rows as `FORMAT`: text or json")
		profile = flag.String("cpuprofile", "", "write a profile of what the first row costs to `FILE`")
		jco     = flag.Bool("jco", true, "measure jco too")
		all     = flag.Bool("all", false, "measure the gateway with every kind of call, not with a few: some minutes")
	)
	flag.Parse()
	exit(run(*rows, *quick, *format, *profile, *jco, *all))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(rows string, quick bool, format, profile string, jco, all bool) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	ctx, cancel = context.WithTimeoutCause(ctx, maxRun, fmt.Errorf("it took more than %v", maxRun))
	defer cancel()
	if format != "text" && format != "json" {
		return fmt.Errorf("no such format: %q", format)
	}
	match, err := regexp.Compile(rows)
	if err != nil {
		return err
	}
	s, err := newSession(ctx, match, quick, jco, all)
	if err != nil {
		return err
	}
	defer s.close()
	s.profile = profile
	var errs []error
	for _, section := range sections {
		s.section = section.name
		if err := section.run(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", section.name, err))
		}
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
	}
	about := fmt.Sprintf("%s, %d CPUs, %s/%s", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if format == "json" {
		err = writeJSON(os.Stdout, about, s.rows)
	} else {
		err = writeTable(os.Stdout, about, s.rows)
	}
	return errors.Join(append(errs, err)...)
}
