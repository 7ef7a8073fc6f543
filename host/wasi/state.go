package wasi

import (
	"context"
	"errors"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/cli"
	"github.com/wattle-dev/wattle/host/wasi/clocks"
	"github.com/wattle-dev/wattle/host/wasi/filesystem"
	"github.com/wattle-dev/wattle/host/wasi/http"
	"github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/host/wasi/random"
	"github.com/wattle-dev/wattle/host/wasi/sockets"
)

// Options say what an instance is given. The zero value gives it clocks, random
// numbers and nothing else: no arguments, no environment, an empty input, outputs
// that go nowhere, no directory, no outgoing HTTP and no network.
type Options struct {
	CLI        cli.Options
	Filesystem filesystem.Options
	HTTP       http.Options
	Sockets    sockets.Options
}

// State is what an instance has of WASI: what component.Call.State returns in its
// host functions.
//
// Its parts are made when they are first asked for, by the goroutine of the
// instance.
type State struct {
	opts Options

	cli        *cli.State
	filesystem *filesystem.State
	http       *http.State
	sockets    *sockets.State
}

// NewState returns the state of an instance. Making one opens nothing. Close it
// after the instance.
func NewState(opts Options) *State {
	return &State{opts: opts}
}

// CLI implements cli.Host.
func (s *State) CLI() *cli.State {
	if s.cli == nil {
		s.cli = cli.NewState(s.opts.CLI)
	}
	return s.cli
}

// Filesystem implements filesystem.Host.
func (s *State) Filesystem() *filesystem.State {
	if s.filesystem == nil {
		s.filesystem = filesystem.NewState(s.opts.Filesystem)
	}
	return s.filesystem
}

// HTTP implements http.Host.
func (s *State) HTTP() *http.State {
	if s.http == nil {
		s.http = http.NewState(s.opts.HTTP)
	}
	return s.http
}

// Sockets implements sockets.Host.
func (s *State) Sockets() *sockets.State {
	if s.sockets == nil {
		s.sockets = sockets.NewState(s.opts.Sockets)
	}
	return s.sockets
}

// Drain waits until the standard outputs have been given all that the guest
// wrote, or ctx ends.
func (s *State) Drain(ctx context.Context) error {
	if s.cli == nil {
		return nil
	}
	return s.cli.Drain(ctx)
}

// Close ends what the state has open. It does not wait for writers; see Drain.
func (s *State) Close() error {
	var cliErr, httpErr error
	if s.cli != nil {
		cliErr = s.cli.Close()
	}
	if s.http != nil {
		httpErr = s.http.Close()
	}
	return errors.Join(cliErr, httpErr)
}

// Define offers all of WASI 0.2 to l. The state of instances must be a *State, or
// implement the Host interfaces of the packages that it uses.
func Define(l *component.Linker) error {
	return errors.Join(
		io.Define(l),
		clocks.Define(l),
		random.Define(l),
		cli.Define(l),
		filesystem.Define(l),
		sockets.Define(l),
		http.Define(l),
	)
}
