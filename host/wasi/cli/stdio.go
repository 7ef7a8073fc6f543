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
	return wasiio.NewInputStream(keptSource{s.stdin}), nil
}

// GetStdout implements stdout.get-stdout.
func (s *State) GetStdout(*component.Call) (*wasiio.OutputStream, error) {
	return output(&s.stdout, s.opts.Stdout), nil
}

// GetStderr implements stderr.get-stderr.
func (s *State) GetStderr(*component.Call) (*wasiio.OutputStream, error) {
	return output(&s.stderr, s.opts.Stderr), nil
}

func output(sink *wasiio.Sink, w io.Writer) *wasiio.OutputStream {
	switch {
	case *sink != nil:
	case w == nil:
		*sink = wasiio.Discard
	default:
		*sink = wasiio.FromWriter(w, bufferSize)
	}
	return wasiio.NewOutputStream(keptSink{*sink})
}
