package http

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"

	"github.com/wattle-dev/wattle/host/component"
)

// ErrNoResponse is a guest that returned without a response.
var ErrNoResponse = errors.New("the guest returned without a response")

// ResponseError is an error-code that the guest gave in place of a response.
type ResponseError struct{ Code ErrorCode }

func (e *ResponseError) Error() string {
	s := "the guest answered with the error " + e.Code.Tag.String()
	if e.Code.Tag == ErrorCodeInternalError && e.Code.InternalError.Some {
		s += fmt.Sprintf(" %q", e.Code.InternalError.Value)
	}
	return s
}

// Status returns the status code for a client to which the error is answered.
func (e *ResponseError) Status() int {
	switch e.Code.Tag {
	case ErrorCodeInternalError:
		return nethttp.StatusInternalServerError
	case ErrorCodeHTTPRequestBodySize:
		return nethttp.StatusRequestEntityTooLarge
	case ErrorCodeHTTPRequestURITooLong:
		return nethttp.StatusRequestURITooLong
	case ErrorCodeHTTPRequestHeaderSectionSize, ErrorCodeHTTPRequestHeaderSize:
		return nethttp.StatusRequestHeaderFieldsTooLarge
	case ErrorCodeLoopDetected:
		return nethttp.StatusLoopDetected
	case ErrorCodeDNSTimeout, ErrorCodeConnectionTimeout, ErrorCodeConnectionReadTimeout, ErrorCodeHTTPResponseTimeout:
		return nethttp.StatusGatewayTimeout
	}
	return nethttp.StatusBadGateway
}

// InvalidResponseError is a response that cannot be sent.
type InvalidResponseError struct{ Reason string }

func (e *InvalidResponseError) Error() string { return "the guest's response is invalid: " + e.Reason }

// ClientError is a client that does not take its response.
type ClientError struct{ Err error }

func (e *ClientError) Error() string {
	return "the client does not take the response: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ClientError) Unwrap() error { return e.Err }

// Exchange is a request to a guest, and its response, which is sent while the
// guest makes it. A server makes one for each request, calls the guest's
// incoming-handler with its handles, and then calls Finish. If that leaves it to
// the server to answer, it does so, and in the end calls Close.
type Exchange struct {
	state *State
	w     nethttp.ResponseWriter
	ctl   *nethttp.ResponseController
	body  *serverBody
	in    *IncomingRequest
	out   *ResponseOutparam

	response *OutgoingResponse // what the guest answered, or
	failure  error             // why that is nothing
	header   *Fields

	finished bool // nobody waits for a response any more

	sending chan struct{} // closed when the goroutine that sends the body ends, if there is one

	// The rest belongs to that goroutine, or else to that of the guest.
	started bool  // w has been given a head
	err     error // what sending ended with
}

// NewExchange returns the exchange of a request that a server has received. Until
// Finish returns, nobody else may use w, and nobody else ever the body of r.
func NewExchange(s *State, w nethttp.ResponseWriter, r *nethttp.Request) *Exchange {
	ctl := nethttp.NewResponseController(w)
	if r.ContentLength != 0 {
		// The guest may answer while it reads. Servers that cannot let it read
		// no further then.
		_ = ctl.EnableFullDuplex()
	}
	s.head = r.Method == nethttp.MethodHead
	e := &Exchange{state: s, w: w, ctl: ctl, body: newServerBody(r, ctl, s.opts.MaxRequestBody, s.opts.Exceeded)}
	e.in = &IncomingRequest{state: s, req: r, body: &incoming{
		body: e.body, code: errorCode, trailer: func() nethttp.Header { return r.Trailer },
	}}
	e.out = &ResponseOutparam{exchange: e}
	return e
}

// Handles returns the arguments of incoming-handler.handle.
func (e *Exchange) Handles() []component.Own {
	return []component.Own{
		{Type: IncomingRequestResource, Value: e.in},
		{Type: ResponseOutparamResource, Value: e.out},
	}
}

// Started reports whether the client has been sent a part of a response, after
// Finish has returned. If not, the server is free to answer.
func (e *Exchange) Started() bool { return e.started }

// fail takes the guest's decision not to answer.
func (e *Exchange) fail(err error) { e.failure = err }

// respond takes the guest's response. An instance that serves several requests may come
// with one for a request that has ended.
func (e *Exchange) respond(r *OutgoingResponse) {
	if e.finished {
		if r.body != nil {
			r.body.pipe.CloseRead(nil)
		}
		return
	}
	size := r.header.size()
	length, err := contentLength(r.header)
	switch {
	case r.status < 200:
		err = fmt.Errorf("status %d is not a final one", r.status)
	case r.body == nil && length > 0 && !r.bodiless():
		err = fmt.Errorf("its Content-Length is %d, and it has no body", length)
	case size > e.state.opts.MaxHeader:
		err = fmt.Errorf("its header has %d bytes, at most %d are allowed", size, e.state.opts.MaxHeader)
	}
	e.header = r.header.sent()
	if err != nil {
		e.fail(&InvalidResponseError{Reason: err.Error()})
		if r.body != nil {
			r.body.pipe.CloseRead(nil)
		}
		return
	}
	e.response = r
	if r.body != nil {
		r.body.exchange = e
		e.open()
	}
}

// Finish completes the exchange after the guest has returned or trapped. It
// waits until the client has what the guest wrote, until ctx ends at the latest.
//
// If it returns nil, the response is complete. Otherwise, and if Started, the
// server must abort it, so that the client can tell: panic with
// http.ErrAbortHandler. The error is ErrNoResponse, ErrIncomplete, an
// *ErrorCode that says what is wrong with the body, a *ResponseError, an
// *InvalidResponseError or a *ClientError.
func (e *Exchange) Finish(ctx context.Context) error {
	e.complete(ctx)
	e.finished = true
	e.body.finish()
	switch {
	case e.failure != nil:
		return e.failure
	case e.response == nil:
		return ErrNoResponse
	case e.response.body == nil:
		e.sendHead()
	}
	return e.err
}

// TooLong returns that the client has sent more than the guest may be sent, nil if it
// has not. The guest was told so when it read that far.
func (e *Exchange) TooLong() *component.LimitError {
	e.body.mu.Lock()
	defer e.body.mu.Unlock()
	if !e.body.over {
		return nil
	}
	return &component.LimitError{Name: limitRequest, What: "bytes of request body", Max: uint64(e.body.max)} //nolint:gosec // it is positive
}

// Close ends an exchange whose response is complete, the guest's or the server's.
// It reads some of the request that the guest has left unread.
func (e *Exchange) Close() { e.body.drain() }
