package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/component"
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

// engine starts an engine that shows on standard error when it compiles.
func (c *cacheFlags) engine(ctx context.Context, env *Env, quiet bool) (*component.Engine, error) {
	dir, err := c.path(env)
	if err != nil {
		return nil, err
	}
	opts := &component.EngineOptions{CacheDir: dir}
	if !quiet {
		opts.Progress = (&progress{env: env, cached: dir != ""}).step
	}
	return component.NewEngine(ctx, opts)
}

// progress tells that a compilation is under way: the first load of a
// JavaScript engine takes ten seconds and more.
type progress struct {
	env    *Env
	cached bool

	mu   sync.Mutex
	stop chan struct{}
	done sync.WaitGroup
}

func (p *progress) step(size int, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.env.Stderr
	if done {
		if p.stop != nil {
			close(p.stop)
			p.done.Wait()
			p.stop = nil
		}
		return
	}
	what := fmt.Sprintf("compiling %s of code", formatSize(uint64(size)))
	if p.cached {
		what += " (once: it is cached)"
	}
	if !isTerminal(w) {
		fmt.Fprintln(w, what)
		return
	}
	p.stop = make(chan struct{})
	start, stop := time.Now(), p.stop
	p.done.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			fmt.Fprintf(w, "\r%s … %.0fs ", what, time.Since(start).Seconds())
			select {
			case <-tick.C:
			case <-stop:
				fmt.Fprintf(w, "\r%s, took %.1fs\n", what, time.Since(start).Seconds())
				return
			}
		}
	})
}
