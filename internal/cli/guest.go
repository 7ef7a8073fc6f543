package cli

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi"
)

// guestFlags are those of every command that runs a guest: what it may reach and
// use, and how it is loaded.
type guestFlags struct {
	grants  grantFlags
	cache   cacheFlags
	compile compileFlags
	memory  size
	timeout time.Duration
	clock   resolution
	quiet   bool
}

// add adds the flags; timeout says what --timeout bounds.
func (f *guestFlags) add(fs *pflag.FlagSet, timeout string) {
	f.memory = component.DefaultMemory
	f.grants.add(fs)
	f.cache.add(fs)
	f.compile.add(fs)
	fs.Var(&f.memory, "memory", "the linear memory, a `SIZE` such as 64MiB, that an instance may use")
	fs.DurationVar(&f.timeout, "timeout", 0, timeout)
	fs.Var(&f.clock, "clock-resolution", resolutionUsage)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors and what the guest prints")
}

// completions are those of the flags.
func (*guestFlags) completions() map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"allow-http": completeNothing, "cache-dir": completeDirectory, "clock-resolution": completeNothing, "compile-memory": completeNothing,
		"compile-time": completeNothing, "dir": completeMountedPath,
		"env": completeNothing, "memory": completeNothing, "timeout": completeNothing,
		"tcp-connect": completeNothing, "tcp-listen": completeNothing, "udp-receive": completeNothing, "udp-send": completeNothing,
	}
}

// check judges the flags; timed says that --timeout was given.
func (f *guestFlags) check(timed bool) error {
	switch {
	case timed && f.timeout <= 0:
		return &usageError{errors.New("--timeout must be positive: every call into a guest ends")}
	case f.memory == 0:
		return &usageError{errors.New("--memory must be positive")}
	}
	return f.compile.check()
}

// options returns what an instance is given: what is open to it, and its clocks.
func (f *guestFlags) options(g *grants) wasi.Options {
	o := g.options()
	o.Clocks.Resolution = time.Duration(f.clock)
	return o
}

// sharedWriter is a writer for both outputs of a guest, which are written at
// once.
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *sharedWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}
