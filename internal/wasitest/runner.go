package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/providers/filesystem/hostdir"
	"github.com/wattle-dev/wattle/wit"
)

// timeout ends programs that hang.
const timeout = 2 * time.Minute

// runner runs programs.
type runner struct {
	dir    string // of the components
	engine *component.Engine
	linker component.Linker
}

func newRunner(ctx context.Context, dir string) (*runner, error) {
	r := &runner{dir: dir}
	var err error
	if r.engine, err = component.NewEngine(ctx, nil); err != nil {
		return nil, err
	}
	return r, wasi.Define(&r.linker)
}

// test runs a program and returns how it differs from its specification.
func (r *runner) test(ctx context.Context, p *program) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done after %v", timeout))
	defer cancel()
	binary, err := os.ReadFile(filepath.Join(r.dir, p.file()))
	if err != nil {
		return fmt.Errorf("no component: %w", err)
	}
	c, err := r.engine.Load(ctx, binary, &r.linker)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()

	opts, done, err := r.grant(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	var stdout, stderr bytes.Buffer
	opts.CLI.Stdin, opts.CLI.Stdout, opts.CLI.Stderr = strings.NewReader(""), &stdout, &stderr
	state := wasi.NewState(opts)
	code, err := call(ctx, c, state)
	err = errors.Join(err, state.Drain(ctx), state.Close())
	if err == nil && code != p.ExitCode {
		err = fmt.Errorf("ended with %d, want %d", code, p.ExitCode)
	}
	if err == nil && p.Stdout != nil && stdout.String() != *p.Stdout {
		err = fmt.Errorf("printed %q, want %q", stdout.String(), *p.Stdout)
	}
	if err == nil && p.Stderr != nil && stderr.String() != *p.Stderr {
		err = fmt.Errorf("printed %q on standard error, want %q", stderr.String(), *p.Stderr)
	}
	if err != nil && stderr.Len() > 0 {
		err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return err
}

// grant returns what a program is given. done ends it.
func (r *runner) grant(p *program) (opts wasi.Options, done func() error, err error) {
	opts.CLI.Args = append([]string{filepath.Base(p.wasm)}, p.Args...)
	for name, value := range p.Env {
		opts.CLI.Env = append(opts.CLI.Env, name+"="+value)
	}
	if p.Root == "" {
		return opts, func() error { return nil }, nil
	}
	if !filepath.IsLocal(p.Root) {
		return opts, nil, fmt.Errorf("root %q is not beside the program", p.Root)
	}
	root, err := os.MkdirTemp(r.dir, "root-")
	if err != nil {
		return opts, nil, err
	}
	if err := os.CopyFS(root, os.DirFS(filepath.Join(filepath.Dir(p.wasm), p.Root))); err != nil {
		return opts, nil, err
	}
	dir, err := hostdir.Open(root, hostdir.Options{Writable: true})
	if err != nil {
		return opts, nil, err
	}
	opts.Filesystem.Preopens = []filesystem.Preopen{{Path: "/", Dir: dir, Writable: true}}
	return opts, func() error { return errors.Join(dir.Close(), os.RemoveAll(root)) }, nil
}

// call instantiates a command, runs it and returns its exit code.
func call(ctx context.Context, c *component.Component, state *wasi.State) (int, error) {
	in, err := c.Instantiate(ctx, state, component.Limits{})
	if err != nil {
		return 0, err
	}
	defer in.Close()
	for _, export := range c.Exports() {
		if !strings.HasPrefix(export, "wasi:cli/run@0.2.") {
			continue
		}
		f, err := in.Func(export, "run")
		if err != nil {
			return 0, err
		}
		results, err := f.Call(ctx)
		if exit, ok := errors.AsType[*component.ExitError](err); ok {
			return exit.Code, nil
		}
		if err != nil {
			return 0, err
		}
		if result, ok := results[0].(wit.ResultValue); !ok || result.Failed {
			return 1, nil
		}
		return 0, nil
	}
	return 0, fmt.Errorf("the component exports %q, not wasi:cli/run", c.Exports())
}
