package filesystem

import (
	"context"
	"errors"
	"time"

	"github.com/wattle-dev/wattle/host/component"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// Preopen is a directory that a guest is given.
type Preopen struct {
	// Path is what the guest calls the directory, "/" or "/data" or ".".
	Path string
	// Dir is the directory. Instances can share it; whoever opened it closes it.
	Dir provider.Dir
	// Open is there instead of Dir if each instance has a directory of its own. It
	// is called when an instance first asks for its directories, and what it returns
	// is closed with the state. If it has to wait for something, it waits no longer
	// than ctx lasts, which is that of the guest's call at the time.
	Open func(ctx func() context.Context) provider.Dir
	// Writable gives the guest mutate-directory. Without it the guest cannot
	// change anything, whatever Dir allows.
	Writable bool
}

// Options say what a guest is given. The zero value is no directory.
type Options struct {
	Preopens []Preopen
	// MaxOpen bounds the files, directories and directory readers that an
	// instance has open at once. If zero, DefaultMaxOpen.
	MaxOpen int
	// Resolution is what the guest is told times of files rounded down to: that of its
	// clocks. If zero, they are as the file system has them.
	Resolution time.Duration
}

// DefaultMaxOpen is the default of Options.MaxOpen.
const DefaultMaxOpen = 1024

// State is what an instance has of wasi:filesystem. It is used by the goroutine
// of the instance. What a guest has open is closed with its handles.
type State struct {
	opts Options
	open int
	own  []provider.Dir  // by preopen: those that only this instance has, if it has asked for them
	ctx  context.Context //nolint:containedctx // of the guest's call, which is always one
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	if opts.MaxOpen == 0 {
		opts.MaxOpen = DefaultMaxOpen
	}
	return &State{opts: opts, ctx: context.Background()}
}

// Close closes the directories that only this instance has.
func (s *State) Close() error {
	var errs []error
	for _, dir := range s.own {
		if dir != nil {
			errs = append(errs, dir.Close())
		}
	}
	s.own = nil
	return errors.Join(errs...)
}

// enter notes the call that the guest is in. Providers do not know of calls, but
// have to end with them.
func (s *State) enter(c *component.Call) {
	if c != nil {
		s.ctx = c.Context()
	}
}

func (s *State) context() context.Context { return s.ctx }

// acquire counts an object that is about to be opened.
func (s *State) acquire() error {
	if s.open >= s.opts.MaxOpen {
		return ErrorCodeInsufficientMemory
	}
	s.open++
	return nil
}

func (s *State) release() { s.open-- }

// GetDirectories implements preopens.get-directories.
func (s *State) GetDirectories(c *component.Call) ([]component.Tuple2[*Descriptor, string], error) {
	s.enter(c)
	dirs := make([]component.Tuple2[*Descriptor, string], len(s.opts.Preopens))
	for i, p := range s.opts.Preopens {
		dirs[i].V0, dirs[i].V1 = s.preopen(i), p.Path
	}
	return dirs, nil
}

// preopen returns a descriptor of a directory that the guest is given.
func (s *State) preopen(i int) *Descriptor {
	p := &s.opts.Preopens[i]
	flags := DescriptorFlagsRead
	if p.Writable {
		flags |= DescriptorFlagsMutateDirectory
	}
	return &Descriptor{state: s, dir: s.dir(i), flags: flags, kept: true, preopen: i + 1}
}

// dir returns the directory of a preopen.
func (s *State) dir(i int) provider.Dir {
	p := &s.opts.Preopens[i]
	if p.Open == nil {
		return p.Dir
	}
	if s.own == nil {
		s.own = make([]provider.Dir, len(s.opts.Preopens))
	}
	if s.own[i] == nil {
		s.own[i] = p.Open(s.context)
	}
	return s.own[i]
}
