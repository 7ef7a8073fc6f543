package cli

import (
	"io"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// keptSource and keptSink outlive the streams that are made of them.
type (
	keptSource struct{ wasiio.Source }
	keptSink   struct{ wasiio.Sink }
)

// Close does nothing: the state closes what it keeps.
func (keptSource) Close() error { return nil }

// Close does nothing: the state closes what it keeps.
func (keptSink) Close() error { return nil }

// GetStdin implements stdin.get-stdin.
func (s *State) GetStdin(*component.Call) (*wasiio.InputStream, error) {
	if s.stdin == nil {
		s.stdin = wasiio.FromBytes(nil)
		if s.opts.Stdin != nil {
			// Hidden in a struct, so that the source does not close it.
			s.stdin = wasiio.FromReader(struct{ io.Reader }{s.opts.Stdin}, bufferSize)
		}
	}
	in := wasiio.NewInputStream(keptSource{s.stdin})
	in.OnReopen(reopen((*State).GetStdin))
	return in, nil
}

// GetStdout implements stdout.get-stdout.
func (s *State) GetStdout(*component.Call) (*wasiio.OutputStream, error) {
	return output(&s.stdout, s.opts.Stdout, (*State).GetStdout), nil
}

// GetStderr implements stderr.get-stderr.
func (s *State) GetStderr(*component.Call) (*wasiio.OutputStream, error) {
	return output(&s.stderr, s.opts.Stderr, (*State).GetStderr), nil
}

// reopen makes of a function that gets a stream one that gets it for the instance
// with a given state.
func reopen[T any](get func(*State, *component.Call) (*T, error)) func(any) *T {
	return func(state any) *T {
		h, ok := state.(Host)
		if !ok {
			return nil
		}
		stream, err := get(h.CLI(), nil)
		if err != nil {
			return nil
		}
		return stream
	}
}

func output(sink *wasiio.Sink, w io.Writer, get func(*State, *component.Call) (*wasiio.OutputStream, error)) *wasiio.OutputStream {
	switch {
	case *sink != nil:
	case w == nil:
		*sink = wasiio.Discard
	default:
		*sink = wasiio.FromWriter(w, bufferSize)
	}
	out := wasiio.NewOutputStream(keptSink{*sink})
	out.OnReopen(reopen(get))
	return out
}
