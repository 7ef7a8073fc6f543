//go:build wasip1

package wasi

import (
	"errors"
	"unsafe"
)

// OutgoingResponse is an own handle of wasi:http/types.outgoing-response.
type OutgoingResponse uint32

// OutgoingRequest is an own handle of wasi:http/types.outgoing-request.
type OutgoingRequest uint32

// OutgoingBody is an own handle of wasi:http/types.outgoing-body.
type OutgoingBody uint32

// ResponseOutparam is an own handle of wasi:http/types.response-outparam.
type ResponseOutparam uint32

// FutureResponse is an own handle of wasi:http/types.future-incoming-response.
type FutureResponse uint32

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-response
func newOutgoingResponse(headers Fields) OutgoingResponse

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.set-status-code
func outgoingResponseSetStatusCode(self OutgoingResponse, code uint32) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-response.body
func outgoingResponseBody(self OutgoingResponse, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]outgoing-response
func outgoingResponseDrop(self OutgoingResponse)

// The flat parameters of response-outparam.set are the param, the result's tag
// and the join of own<outgoing-response> with the flattened error-code.
//
//go:wasmimport wasi:http/types@0.2.12 [static]response-outparam.set
func responseOutparamSet(param ResponseOutparam, tag, p0, p1 uint32, p2 uint64, p3, p4, p5, p6 uint32)

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-body.write
func outgoingBodyWrite(self OutgoingBody, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [static]outgoing-body.finish
func outgoingBodyFinish(self OutgoingBody, hasTrailers uint32, trailers Fields, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]outgoing-body
func outgoingBodyDrop(self OutgoingBody)

//go:wasmimport wasi:http/types@0.2.12 [constructor]outgoing-request
func newOutgoingRequest(headers Fields) OutgoingRequest

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-request.set-method
func outgoingRequestSetMethod(self OutgoingRequest, tag uint32, ptr *byte, n uint32) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-request.set-scheme
func outgoingRequestSetScheme(self OutgoingRequest, some, tag uint32, ptr *byte, n uint32) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-request.set-authority
func outgoingRequestSetAuthority(self OutgoingRequest, some uint32, s string) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-request.set-path-with-query
func outgoingRequestSetPathWithQuery(self OutgoingRequest, some uint32, s string) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]outgoing-request.body
func outgoingRequestBody(self OutgoingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]outgoing-request
func outgoingRequestDrop(self OutgoingRequest)

//go:wasmimport wasi:http/outgoing-handler@0.2.12 handle
func outgoingHandlerHandle(request OutgoingRequest, hasOptions, options uint32, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]future-incoming-response.subscribe
func futureResponseSubscribe(self FutureResponse) pollable

//go:wasmimport wasi:http/types@0.2.12 [method]future-incoming-response.get
func futureResponseGet(self FutureResponse, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]future-incoming-response
func futureResponseDrop(self FutureResponse)

// internalErrorText is the text of the last SetInternalError.
var internalErrorText []byte

// NewResponse returns a response that takes ownership of headers.
func NewResponse(headers Fields) OutgoingResponse { return newOutgoingResponse(headers) }

// SetStatus reports whether the host accepts the status code.
func (r OutgoingResponse) SetStatus(code int) bool {
	return outgoingResponseSetStatusCode(r, uint32(code)) == 0
}

// Body takes the body out of the response.
func (r OutgoingResponse) Body() (OutgoingBody, error) {
	var ret retArea
	outgoingResponseBody(r, &ret)
	return takenHandle[OutgoingBody](&ret)
}

// Drop gives the handle back unused.
func (r OutgoingResponse) Drop() { outgoingResponseDrop(r) }

// SetResponse hands the response to the host, which begins to send it.
func (p ResponseOutparam) SetResponse(r OutgoingResponse) {
	responseOutparamSet(p, 0, uint32(r), 0, 0, 0, 0, 0, 0)
}

// SetInternalError answers the request with an internal-error instead of a
// response.
func (p ResponseOutparam) SetInternalError(detail string) {
	// The pointer travels as an integer, which neither keeps the text alive nor
	// off the stack. The variable does.
	internalErrorText = []byte(detail)
	ptr := uint64(address(internalErrorText))
	responseOutparamSet(p, 1, InternalError, 1, ptr, uint32(len(internalErrorText)), 0, 0, 0)
}

// Stream takes the stream out of the body. The stream is to be dropped before
// the body is finished.
func (b OutgoingBody) Stream() (OutputStream, error) {
	var ret retArea
	outgoingBodyWrite(b, &ret)
	return takenHandle[OutputStream](&ret)
}

// Finish ends the body, with the given trailers if there are any. Without it
// the peer sees a body that was cut off.
func (b OutgoingBody) Finish(trailers []Field) error {
	var some uint32
	var fields Fields
	if len(trailers) > 0 {
		some, fields = 1, NewFields()
		for _, f := range trailers {
			fields.Append(f.Name, f.Value)
		}
	}
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	outgoingBodyFinish(b, some, fields, &ret)
	// result<_, error-code>: tag at 0, payload at 8.
	if ret.u8(0) != 0 {
		return errorCode(&ret, 8)
	}
	return nil
}

// Drop abandons the body: the peer sees that it is incomplete.
func (b OutgoingBody) Drop() { outgoingBodyDrop(b) }

// NewRequest returns a request that takes ownership of headers. An error names
// the part the host refuses.
func NewRequest(method, scheme, authority, pathWithQuery string, headers Fields) (OutgoingRequest, error) {
	r := newOutgoingRequest(headers)
	var refused string
	mTag, mPtr, mLen := variantOf(method, methods[:])
	sTag, sPtr, sLen := variantOf(scheme, schemes[:])
	switch {
	case outgoingRequestSetMethod(r, mTag, mPtr, mLen) != 0:
		refused = "method " + method
	case outgoingRequestSetScheme(r, 1, sTag, sPtr, sLen) != 0:
		refused = "scheme " + scheme
	case outgoingRequestSetAuthority(r, 1, authority) != 0:
		refused = "authority " + authority
	case outgoingRequestSetPathWithQuery(r, 1, pathWithQuery) != 0:
		refused = "path " + pathWithQuery
	}
	if refused != "" {
		r.Drop()
		return 0, errors.New("the host refuses " + refused)
	}
	return r, nil
}

// variantOf is the flat form of a variant whose cases are names and, after
// them, other(string).
func variantOf(s string, names []string) (tag uint32, ptr *byte, n uint32) {
	for i, name := range names {
		if s == name {
			return uint32(i), nil, 0
		}
	}
	return uint32(len(names)), unsafe.StringData(s), uint32(len(s))
}

// Body takes the body out of the request.
func (r OutgoingRequest) Body() (OutgoingBody, error) {
	var ret retArea
	outgoingRequestBody(r, &ret)
	return takenHandle[OutgoingBody](&ret)
}

// Drop gives the handle back unused.
func (r OutgoingRequest) Drop() { outgoingRequestDrop(r) }

// Send consumes the request and begins to send it. The error is an
// [*ErrorCode].
func (r OutgoingRequest) Send() (FutureResponse, error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	outgoingHandlerHandle(r, 0, 0, &ret)
	// result<own<future-incoming-response>, error-code>: tag at 0, payload at 8.
	if ret.u8(0) != 0 {
		return 0, errorCode(&ret, 8)
	}
	return FutureResponse(ret.u32(8)), nil
}

// Wait returns the response once its status and header are there.
func (f FutureResponse) Wait(cancel <-chan struct{}) (IncomingResponse, error) {
	for {
		r, done, err := f.get()
		if done || err != nil {
			return r, err
		}
		if !Wait(futureResponseSubscribe(f), cancel) {
			return 0, ErrCanceled
		}
	}
}

// get polls the future. The result is an
// option<result<result<own<incoming-response>, error-code>>>, with tags at 0,
// 8 and 16 and the payload at 24.
func (f FutureResponse) get() (r IncomingResponse, done bool, err error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	futureResponseGet(f, &ret)
	switch {
	case ret.u8(0) == 0:
		return 0, false, nil
	case ret.u8(8) != 0:
		return 0, false, errTaken
	case ret.u8(16) != 0:
		return 0, false, errorCode(&ret, 24)
	}
	return IncomingResponse(ret.u32(24)), true, nil
}

// Drop gives the handle back. It cancels the request if there is no response
// yet.
func (f FutureResponse) Drop() { futureResponseDrop(f) }
