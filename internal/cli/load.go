package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/lattice/oci"
)

// maxFile bounds a component file, in bytes.
const maxFile = 256 << 20

// readFile reads a component. A file that is written to meanwhile is refused:
// what would run is neither the old one nor the new one.
func readFile(path string) ([]byte, error) { return readFileAnd(path, func() {}) }

// readFileAnd is readFile with something that happens in between, for tests.
func readFileAnd(path string, between func()) ([]byte, error) {
	before, err := os.Stat(path)
	if err != nil {
		return nil, cause(path, err)
	}
	switch {
	case before.IsDir():
		return nil, fmt.Errorf("%q is a directory, not a component", path)
	case !before.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a regular file", path)
	case before.Size() > maxFile:
		return nil, fmt.Errorf("%q has %s, the limit is %s", path, formatSize(uint64(before.Size())), formatSize(maxFile))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, cause(path, err)
	}
	between()
	after, err := os.Stat(path)
	if err != nil {
		return nil, cause(path, err)
	}
	if !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() || int64(len(b)) != before.Size() || !os.SameFile(before, after) {
		return nil, fmt.Errorf("%q changed while it was read; run the command again when it is complete", path)
	}
	return b, nil
}

// cause names the file once.
func cause(path string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return fmt.Errorf("%q: %w", path, err)
}

// cacheFlags say where compiled code is kept.
type cacheFlags struct {
	dir string
	off bool
}

func (c *cacheFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&c.dir, "cache-dir", "", "keep compiled code in `DIR` (default $WATTLE_CACHE_DIR, or wattle in the user's cache directory)")
	fs.BoolVar(&c.off, "no-cache", false, "keep no compiled code: every start compiles")
}

// path returns the directory, or none.
func (c *cacheFlags) path(env *Env) (string, error) {
	switch {
	case c.off && c.dir != "":
		return "", &usageError{errors.New("--cache-dir and --no-cache exclude each other")}
	case c.off:
		return "", nil
	case c.dir != "":
		return c.dir, nil
	}
	if dir := env.Getenv("WATTLE_CACHE_DIR"); dir != "" {
		return dir, nil
	}
	if dir := env.Getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "wattle"), nil
	}
	if home := env.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "wattle"), nil
	}
	return "", errors.New("no place to keep compiled code: set HOME or WATTLE_CACHE_DIR, or use --cache-dir or --no-cache")
}

// compileFlags say what compiling a component may cost.
type compileFlags struct {
	time   time.Duration
	memory size
}

func (c *compileFlags) add(fs *pflag.FlagSet) {
	c.time, c.memory = component.DefaultCompileTime, component.DefaultCompileMemory
	fs.DurationVar(&c.time, "compile-time", c.time, "the processor time, a `DURATION`, that compiling a core module may take")
	fs.Var(&c.memory, "compile-memory", "the memory, a `SIZE`, that compiling a core module may take")
}

func (c *compileFlags) check() error {
	switch {
	case c.time < time.Second:
		return &usageError{errors.New("--compile-time must be a second or more")}
	case c.memory == 0:
		return &usageError{errors.New("--compile-memory must be positive")}
	}
	return nil
}

// compiler returns what compiles in processes of their own, or nil if this
// program does not know how to start itself.
func (c *compileFlags) compiler(env *Env) *component.Compiler {
	if len(env.Self) == 0 {
		return nil
	}
	return &component.Compiler{Command: append(slices.Clone(env.Self), workerName), Time: c.time, Memory: uint64(c.memory)}
}

// workerName is the command that compiles for another process.
const workerName = "compile-worker"

func workerCommand(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Compile a core module for another wattle process",
		Hidden: true,
		Args:   noArgs,
		RunE: func(*cobra.Command, []string) error {
			return component.ServeCompiler(env.Stdin, env.Stdout)
		},
	}
}

// program is a component file that has been read.
type program struct {
	file  string
	wasm  []byte
	about *component.Description
	// provenance is where it comes from, nil if it is a file.
	provenance *oci.Provenance
}

func (p *program) imports() []string { return names(p.about.Imports) }
func (p *program) exports() []string { return names(p.about.Exports) }

func names(externs []component.ExternDescription) []string {
	out := make([]string, len(externs))
	for i, x := range externs {
		out[i] = x.Name
	}
	return out
}

// load compiles a program, and shows on standard error that it does. unload
// frees it.
func (f *guestFlags) load(ctx context.Context, env *Env, p *program) (_ *component.Component, unload func(), _ error) {
	dir, err := f.cache.path(env)
	if err != nil {
		return nil, nil, err
	}
	opts := &component.EngineOptions{CacheDir: dir, Compiler: f.compile.compiler(env)}
	shown := &progress{w: env.Stderr, terminal: isTerminal(env.Stderr), cached: dir != ""}
	if !f.quiet {
		opts.Progress = shown.step
	}
	engine, err := component.NewEngine(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	unload = func() { _ = engine.Close(context.WithoutCancel(ctx)) }
	linker, err := newLinker()
	if err != nil {
		unload()
		return nil, nil, err
	}
	c, err := engine.Load(ctx, p.wasm, linker)
	if err == nil {
		return c, unload, nil
	}
	shown.leave()
	unload()
	if ctx.Err() != nil {
		return nil, nil, errInterrupted
	}
	if _, ok := errors.AsType[*component.LimitError](err); ok {
		err = fmt.Errorf("%w; real programs need less than the defaults of --compile-time and --compile-memory", err)
	}
	return nil, nil, &loadError{p.file, err}
}

// progress tells that a compilation is under way: the first load of a
// JavaScript engine takes ten seconds and more.
type progress struct {
	w        io.Writer
	terminal bool
	cached   bool

	mu   sync.Mutex
	stop chan bool // is sent whether the compilation is complete; nil while none is shown
	done sync.WaitGroup
}

func (p *progress) step(size int, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done {
		p.end(true)
		return
	}
	what := fmt.Sprintf("compiling %s of code", formatSize(uint64(size)))
	if p.cached {
		what += " (once: it is cached)"
	}
	if !p.terminal {
		fmt.Fprintln(p.w, what)
		return
	}
	stop := make(chan bool)
	p.stop = stop
	p.done.Go(func() { p.count(what, stop) })
}

// leave ends the line of a compilation that nobody waits for any more.
func (p *progress) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(false)
	p.w = io.Discard
}

// end ends the line, if there is one.
func (p *progress) end(complete bool) {
	if p.stop == nil {
		return
	}
	p.stop <- complete
	p.done.Wait()
	p.stop = nil
}

// worthMentioning is how long a compilation takes of which a terminal is told.
const worthMentioning = time.Second

// count shows the seconds until it is told whether the compilation is complete.
func (p *progress) count(what string, stop <-chan bool) {
	start := time.Now()
	select {
	case <-time.After(worthMentioning):
	case <-stop:
		return
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		fmt.Fprintf(p.w, "\r%s … %.0fs ", what, time.Since(start).Seconds())
		select {
		case <-tick.C:
		case complete := <-stop:
			if complete {
				fmt.Fprintf(p.w, "\r%s, took %.1fs", what, time.Since(start).Seconds())
			}
			fmt.Fprintln(p.w)
			return
		}
	}
}
