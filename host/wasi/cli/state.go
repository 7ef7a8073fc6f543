package cli

import (
	"context"
	"errors"
	"io"

	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// Options say what a guest is given. The zero value is a program without
// arguments and environment whose standard input is at its end and whose output
// goes nowhere.
type Options struct {
	// Args are the arguments, the name of the program first.
	Args []string
	// Env is the environment, "NAME=value" each. An entry without "=" is a name
	// with an empty value.
	Env []string
	// Dir is what a program should take for its working directory. If empty,
	// it is told none.
	Dir string
	// Stdin is the standard input. It is read from in a goroutine of its own,
	// ahead of the guest, and never closed. If nil, it is at its end.
	Stdin io.Reader
	// Stdout and Stderr are the standard outputs. They are written to in a
	// goroutine each, and never closed. If nil, output is discarded. They may be
	// equal only if they can be written to concurrently.
	Stdout, Stderr io.Writer
	// Terminals are the standard streams that the guest is told are terminals.
	Terminals Terminals
}

// Terminals says which streams are terminals.
type Terminals struct{ Stdin, Stdout, Stderr bool }

// bufferSize is how many bytes each standard stream holds between guest and
// host.
const bufferSize = 64 << 10

// State is what an instance has of wasi:cli. It is used by the goroutine of the
// instance.
type State struct {
	opts Options

	stdin          wasiio.Source
	stdout, stderr wasiio.Sink
}

// NewState returns the state of an instance. Close ends it.
func NewState(opts Options) *State { return &State{opts: opts} }

// Drain waits until what the guest wrote has been written, or ctx ends. It
// returns the errors of the writers.
func (s *State) Drain(ctx context.Context) error {
	var errs []error
	for _, sink := range []wasiio.Sink{s.stdout, s.stderr} {
		if w, ok := sink.(*wasiio.WriterSink); ok {
			errs = append(errs, w.Drain(ctx))
		}
	}
	return errors.Join(errs...)
}

// Close ends the streams. What was written and not drained may still be written
// afterwards.
func (s *State) Close() error {
	var errs []error
	for _, c := range []io.Closer{s.stdin, s.stdout, s.stderr} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
