package filesystem

import (
	"github.com/wattle-dev/wattle/host/component"
	provider "github.com/wattle-dev/wattle/providers/filesystem"
)

// Preopen is a directory that a guest is given.
type Preopen struct {
	// Path is what the guest calls the directory, "/" or "/data" or ".".
	Path string
	// Dir is the directory. Instances can share it; whoever opened it closes it.
	Dir provider.Dir
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
}

// DefaultMaxOpen is the default of Options.MaxOpen.
const DefaultMaxOpen = 1024

// State is what an instance has of wasi:filesystem. It is used by the goroutine
// of the instance. What a guest has open is closed with its handles.
type State struct {
	opts Options
	open int
}

// NewState returns the state of an instance.
func NewState(opts Options) *State {
	if opts.MaxOpen == 0 {
		opts.MaxOpen = DefaultMaxOpen
	}
	return &State{opts: opts}
}

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
func (s *State) GetDirectories(*component.Call) ([]component.Tuple2[*Descriptor, string], error) {
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
	return &Descriptor{state: s, dir: p.Dir, flags: flags, kept: true, preopen: i + 1}
}
