// Command wasitest runs the programs of the WASI test suite that were built for
// preview 1: it makes each a WASI 0.2 component, with the adapter that ships with
// jco, and runs it as Wattle runs a command. So it tests Wattle's WASI through
// the adapter that most compilers' programs reach it by.
//
//	wasitest [-tools DIR] [-run REGEXP] [-v] SUITE
//
// SUITE is a checkout of the suite with its programs in binary form. Every
// folder wasm32-wasip1 beneath a folder testsuite is run: a program is a .wasm
// file, and the .json file of the same name says with what it is run and how it
// must end. A folder that a program is given is a copy, fresh for each program.
//
// DIR is where jco is installed, and is installed if it is not: examples/tools.
//
// Programs that fail, and should, are listed with their reasons in known.txt. A
// listed program that passes is a failure. The last line of the output is
// "N passed, M failed, K listed".
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
	"regexp"
	"strings"
)

var errFailed = errors.New("programs failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "wasitest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("wasitest", flag.ContinueOnError)
	tools := flags.String("tools", "examples/tools", "the `folder` with jco")
	only := flags.String("run", "", "run only the programs whose names match `regexp`")
	verbose := flags.Bool("v", false, "print the programs that pass or are listed too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: wasitest [-tools DIR] [-run REGEXP] [-v] SUITE")
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	programs, err := find(flags.Arg(0), match)
	if err != nil {
		return err
	}
	listed, err := readKnown(strings.NewReader(known))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wasitest-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := adapt(ctx, *tools, dir, programs); err != nil {
		return err
	}
	runner, err := newRunner(ctx, dir)
	if err != nil {
		return err
	}
	var passed, failed, excused int
	for _, p := range programs {
		err := runner.test(ctx, p)
		reason, known := listed[p.name]
		delete(listed, p.name)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && known:
			failed++
			fmt.Fprintf(out, "FAIL %s passes, but is listed: %s\n", p.name, reason)
		case err == nil:
			passed++
			if *verbose {
				fmt.Fprintf(out, "ok   %s\n", p.name)
			}
		case known:
			excused++
			if *verbose {
				fmt.Fprintf(out, "list %s: %s\n\t%s\n", p.name, reason, indent(err))
			}
		default:
			failed++
			fmt.Fprintf(out, "FAIL %s: %s\n", p.name, indent(err))
		}
	}
	if *only == "" {
		for name := range listed {
			failed++
			fmt.Fprintf(out, "FAIL %s is listed, but the suite does not have it\n", name)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d listed\n", passed, failed, excused)
	if failed > 0 {
		return errFailed
	}
	return nil
}

// indent keeps the lines of an error together.
func indent(err error) string { return strings.ReplaceAll(err.Error(), "\n", "\n\t") }

// adapt makes components in dir. A program that none can be made of has no file
// there, which its test meets.
func adapt(ctx context.Context, tools, dir string, programs []*program) error {
	if _, err := os.Stat(filepath.Join(tools, "node_modules")); err != nil {
		npm := exec.CommandContext(ctx, "npm", "--prefix", tools, "install", "--no-save", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")
		if out, err := npm.CombinedOutput(); err != nil {
			return fmt.Errorf("npm install: %w\n%s", err, out)
		}
	}
	args := []string{filepath.Join(tools, "adapt.mjs"), "command"}
	for _, p := range programs {
		args = append(args, p.wasm, filepath.Join(dir, p.file()))
	}
	node := exec.CommandContext(ctx, "node", args...)
	node.Stderr = os.Stderr
	err := node.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("node adapt.mjs: %w", err)
	}
	return nil
}
