// Command toolchains builds a component with each of the usual toolchains, runs
// it with Wattle as it is, and compares what it does with what it must do.
//
//	toolchains [-cache DIR] [-wattle FILE] [NAME...]
//
// build.sh builds: what it installs is pinned and goes into DIR. A toolchain that
// cannot be had on this machine is skipped, and the table says why. The table, of
// toolchain, version, what was tried and how it went, is the end of the output,
// and its last line is the count: "N passed, N failed, N skipped".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// toolchain is a way to make a component, and what the component must do.
type toolchain struct {
	name   string // as build.sh knows it
	shown  string // as people know it
	checks []check
}

// check is one thing that a component must do.
type check struct {
	what string
	run  func(context.Context, *wattle) error
}

var toolchains = []toolchain{
	{"componentize-js-0.19", "JavaScript, componentize-js (StarlingMonkey)", []check{typed, served}},
	{"componentize-js-0.23", "JavaScript, componentize-js (StarlingMonkey)", []check{typed, served}},
	{"jco", "C, jco new", []check{command}},
	{"componentize-qjs", "JavaScript, componentize-qjs (QuickJS)", []check{typed}},
	{"go-http", "Go, go build", []check{goServed}},
	{"go-command", "Go, go build", []check{goCommand}},
	{"tinygo", "TinyGo", []check{typed}},
	{"rust", "Rust, rustc", []check{command}},
	{"c", "C, zig cc", []check{command}},
	{"c-typed", "C, wit-bindgen", []check{typed}},
	{"python", "Python, componentize-py", []check{typed}},
}

var errFailed = errors.New("toolchains failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "toolchains:", err)
		os.Exit(1)
	}
}

// row is a line of the table.
type row struct{ toolchain, version, what, result string }

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("toolchains", flag.ContinueOnError)
	cache := flags.String("cache", ".cache/toolchains", "the `folder` for what is installed and built")
	binary := flags.String("wattle", "bin/wattle", "the `file` to run components with")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, file := range []*string{cache, binary} {
		abs, err := filepath.Abs(*file)
		if err != nil {
			return err
		}
		*file = abs
	}
	if err := os.MkdirAll(*cache, 0o755); err != nil {
		return err
	}
	var rows []row
	count := map[string]int{}
	for _, t := range toolchains {
		if flags.NArg() > 0 && !slices.Contains(flags.Args(), t.name) {
			continue
		}
		for _, r := range t.try(ctx, *cache, *binary) {
			result, _, _ := strings.Cut(r.result, ":")
			count[result]++
			rows = append(rows, r)
			fmt.Fprintf(os.Stderr, "%s: %s: %s\n", t.name, r.what, r.result)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.TabIndent)
	fmt.Fprint(table, "| toolchain \t| version \t| what \t| result \t|\n| --- \t| --- \t| --- \t| --- \t|\n")
	for _, r := range rows {
		result, _, _ := strings.Cut(r.result, "\n")
		fmt.Fprintf(table, "| %s \t| %s \t| %s \t| %s \t|\n", r.toolchain, r.version, r.what, result)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", count[ok], count[failed], count[skipped])
	if count[failed] > 0 {
		return errFailed
	}
	return nil
}

// What a result begins with.
const (
	ok      = "ok"
	failed  = "FAILED"
	skipped = "SKIPPED"
)

// noToolchain is the exit code of build.sh when a toolchain cannot be had.
const noToolchain = 77

// try builds a component and makes the checks.
func (t *toolchain) try(ctx context.Context, cache, binary string) []row {
	file := filepath.Join(cache, t.name+".wasm")
	_ = os.Remove(file) // or an old one may be taken for a new one
	build := exec.CommandContext(ctx, "internal/toolchains/build.sh", t.name, cache, file)
	build.Stderr = os.Stderr
	text, err := build.Output()
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := lines[len(lines)-1]
	if exit, is := errors.AsType[*exec.ExitError](err); is && exit.ExitCode() == noToolchain {
		return []row{{t.shown, "", "", skipped + ": " + last}}
	}
	if err != nil {
		return []row{{t.shown, "", "build", fmt.Sprintf("%s: %v: %s", failed, err, last)}}
	}
	var rows []row
	for _, c := range t.checks {
		result := ok
		if err := c.run(ctx, &wattle{binary: binary, file: file}); err != nil {
			result = fmt.Sprintf("%s: %v", failed, err)
		}
		rows = append(rows, row{t.shown, last, c.what, result})
	}
	return rows
}
