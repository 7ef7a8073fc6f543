package http

import (
	"context"
	"errors"
	"io"
	"maps"
	nethttp "net/http"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	wasiio "github.com/wattle-dev/wattle/host/wasi/io"
)

// ErrIncomplete is a body that the guest did not finish.
var ErrIncomplete = errors.New("the guest did not finish the body")

// OutgoingBody is the resource outgoing-body: a pipe to the goroutine that
// sends it, if there is one.
type OutgoingBody struct {
	parent // of its stream
	state  *State
	pipe   *wasiio.Pipe
	// response is the response that the body belongs to, or nil for one of a
	// request.
	response *OutgoingResponse
	exchange *Exchange // that sends the response, or nil
	length   int64     // what Content-Length declares, or -1

	written int64
	taken   bool
	sending bool // somebody reads the pipe
	ended   bool

	trailer *Fields // before the pipe is closed in good order, or nil
}

func newOutgoingBody(s *State, header *Fields, response *OutgoingResponse) *OutgoingBody {
	b := &OutgoingBody{state: s, pipe: wasiio.NewPipe(s.opts.Buffer), response: response}
	// One that makes no sense is found when the head is sent.
	b.length, _ = contentLength(header)
	return b
}

// contentLength returns what the Content-Length field declares, or -1.
func contentLength(f *Fields) (int64, error) {
	length := int64(-1)
	for _, e := range f.list {
		if !strings.EqualFold(e.name, "Content-Length") {
			continue
		}
		n, err := strconv.ParseUint(string(e.value), 10, 63)
		if err != nil || length >= 0 {
			return -1, errors.New("Content-Length is not one number")
		}
		length = int64(n)
	}
	return length, nil
}

// sizeError is the error of a body of another length than was declared.
func (b *OutgoingBody) sizeError(n int64) *ErrorCode {
	size := component.Some(uint64(n))
	if b.response != nil {
		return &ErrorCode{Tag: ErrorCodeHTTPResponseBodySize, HTTPResponseBodySize: size}
	}
	return &ErrorCode{Tag: ErrorCodeHTTPRequestBodySize, HTTPRequestBodySize: size}
}

// checked reports whether the declared length is that of the bytes written. It
// is not for responses that have no body, whatever is written.
func (b *OutgoingBody) checked() bool {
	return b.length >= 0 && (b.response == nil || !b.response.bodiless())
}

// over returns what is wrong with a body of n bytes. A response that is longer than
// any may be ends there, and not in good order.
func (b *OutgoingBody) over(n int64) error {
	most := b.state.opts.MaxResponseBody
	switch {
	case b.checked() && n > b.length:
		return b.sizeError(n)
	case b.response != nil && n > most && !b.ended:
		b.state.opts.Exceeded(limitResponse)
		b.end(&component.LimitError{Name: limitResponse, What: "bytes of response body", Max: uint64(most)}) //nolint:gosec // it is positive
		fallthrough
	case b.response != nil && n > most:
		return b.sizeError(n)
	}
	return nil
}

// Write implements [method]outgoing-body.write.
func (b *OutgoingBody) Write(*component.Call) (*wasiio.OutputStream, error) {
	if b.taken {
		return nil, component.ErrResult
	}
	b.taken = true
	return b.output(wasiio.NewOutputStream(&bodySink{Sink: b.pipe.Sink(), body: b})), nil
}

// bodySink is the pipe as the guest's stream has it.
type bodySink struct {
	wasiio.Sink
	body *OutgoingBody
}

// Write implements wasiio.Sink.
func (s *bodySink) Write(p []byte) error {
	b := s.body
	if err := b.over(b.written + int64(len(p))); err != nil {
		return err
	}
	if err := s.Sink.Write(p); err != nil {
		return err
	}
	b.written += int64(len(p))
	if b.exchange != nil {
		b.exchange.start()
	}
	return nil
}

// WriteThrough implements wasiio.ThroughSink: while no goroutine sends the
// response, that of the guest does.
func (s *bodySink) WriteThrough(ctx context.Context, p []byte) (bool, error) {
	b := s.body
	if b.exchange == nil || b.sending {
		return false, nil
	}
	if _, err := s.Check(); err != nil {
		return true, err
	}
	if err := b.over(b.written + int64(len(p))); err != nil {
		return true, err
	}
	b.written += int64(len(p))
	b.exchange.write(ctx, p)
	return true, nil
}

// Flush implements wasiio.Sink. While nobody reads the pipe, there is nothing
// that a flush could wait for.
func (s *bodySink) Flush() error {
	if !s.body.sending {
		return nil
	}
	return s.Sink.Flush()
}

// end ends the body: in good order if err is nil.
func (b *OutgoingBody) end(err error) {
	if !b.ended {
		b.ended = true
		b.pipe.CloseWrite(err)
	}
}

// Drop implements component.Dropper.
func (b *OutgoingBody) Drop(context.Context) { b.end(ErrIncomplete) }

// OutgoingBodyFinish implements [static]outgoing-body.finish.
func (s *State) OutgoingBodyFinish(_ *component.Call, b *OutgoingBody, trailers component.Option[*Fields]) error {
	if b.children > 0 {
		b.end(ErrIncomplete)
		return errors.New("outgoing-body is finished before its stream is dropped")
	}
	if b.checked() && b.written != b.length {
		err := b.sizeError(b.written)
		b.end(err)
		return err
	}
	if trailers.Some {
		if size := trailers.Value.size(); size > s.opts.MaxHeader {
			err := b.trailerError(uint32(size)) // MaxFields bounds it
			b.end(err)
			return err
		}
		trailers.Value.leave()
		b.trailer = trailers.Value.sent()
	}
	b.end(nil)
	return nil
}

func (b *OutgoingBody) trailerError(n uint32) *ErrorCode {
	size := component.Some(n)
	if b.response != nil {
		return &ErrorCode{Tag: ErrorCodeHTTPResponseTrailerSectionSize, HTTPResponseTrailerSectionSize: size}
	}
	return &ErrorCode{Tag: ErrorCodeHTTPRequestTrailerSectionSize, HTTPRequestTrailerSectionSize: size}
}

// requestBody is the body as the client reads it. It fills in the trailers when
// it ends.
type requestBody struct {
	*OutgoingBody
	trailers nethttp.Header
}

// Read implements io.Reader.
func (r requestBody) Read(p []byte) (int, error) {
	n, err := r.pipe.Read(p)
	if err == io.EOF && r.trailer != nil { //nolint:errorlint // the pipe returns it as it is, after finish
		maps.Copy(r.trailers, r.trailer.trailer())
	}
	return n, err
}

// Close implements io.Closer.
func (r requestBody) Close() error {
	r.pipe.CloseRead(nil)
	return nil
}
