//go:build wasip1

package wasi

import "errors"

// IncomingRequest is an own handle of wasi:http/types.incoming-request.
type IncomingRequest uint32

// IncomingResponse is an own handle of wasi:http/types.incoming-response.
type IncomingResponse uint32

// IncomingBody is an own handle of wasi:http/types.incoming-body.
type IncomingBody uint32

// futureTrailers is an own handle of wasi:http/types.future-trailers.
type futureTrailers uint32

// errTaken is a resource's answer when what it owns was taken before.
var errTaken = errors.New("wasi: body, stream or trailers already taken")

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.method
func incomingRequestMethod(self IncomingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.path-with-query
func incomingRequestPathWithQuery(self IncomingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.scheme
func incomingRequestScheme(self IncomingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.authority
func incomingRequestAuthority(self IncomingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.headers
func incomingRequestHeaders(self IncomingRequest) Fields

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-request.consume
func incomingRequestConsume(self IncomingRequest, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-request
func incomingRequestDrop(self IncomingRequest)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-response.status
func incomingResponseStatus(self IncomingResponse) uint32

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-response.headers
func incomingResponseHeaders(self IncomingResponse) Fields

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-response.consume
func incomingResponseConsume(self IncomingResponse, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-response
func incomingResponseDrop(self IncomingResponse)

//go:wasmimport wasi:http/types@0.2.12 [method]incoming-body.stream
func incomingBodyStream(self IncomingBody, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [static]incoming-body.finish
func incomingBodyFinish(self IncomingBody) futureTrailers

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]incoming-body
func incomingBodyDrop(self IncomingBody)

//go:wasmimport wasi:http/types@0.2.12 [method]future-trailers.subscribe
func futureTrailersSubscribe(self futureTrailers) pollable

//go:wasmimport wasi:http/types@0.2.12 [method]future-trailers.get
func futureTrailersGet(self futureTrailers, ret *retArea)

//go:wasmimport wasi:http/types@0.2.12 [resource-drop]future-trailers
func futureTrailersDrop(self futureTrailers)

// methods are the cases of wasi:http/types.method in WIT order; other follows.
var methods = [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// schemes are the cases of wasi:http/types.scheme in WIT order; other follows.
var schemes = [...]string{"http", "https"}

// lifted calls get with a return area while the scratch memory receives what
// the host allocates, and returns what lift reads from both.
func lifted[T any](get func(*retArea), lift func(*retArea) T) T {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	get(&ret)
	return lift(&ret)
}

// Method returns the request's method.
func (r IncomingRequest) Method() string {
	return lifted(
		func(ret *retArea) { incomingRequestMethod(r, ret) },
		func(ret *retArea) string { return variantName(ret, 0, methods[:]) })
}

// variantName lifts a variant at off whose cases are names and, after them,
// other(string).
func variantName(ret *retArea, off uint32, names []string) string {
	if i := int(ret.u8(off)); i < len(names) {
		return names[i]
	}
	return scratchString(ret.u32(off+4), ret.u32(off+8))
}

// PathWithQuery returns the request target, or "" if there is none.
func (r IncomingRequest) PathWithQuery() string {
	return lifted(
		func(ret *retArea) { incomingRequestPathWithQuery(r, ret) },
		func(ret *retArea) string { s, _ := optionString(ret, 0); return s })
}

// Authority returns the host and port, or "" if the host did not say.
func (r IncomingRequest) Authority() string {
	return lifted(
		func(ret *retArea) { incomingRequestAuthority(r, ret) },
		func(ret *retArea) string { s, _ := optionString(ret, 0); return s })
}

// Scheme returns the scheme, or "" if the host did not say.
func (r IncomingRequest) Scheme() string {
	return lifted(
		func(ret *retArea) { incomingRequestScheme(r, ret) },
		func(ret *retArea) string {
			// option<scheme>: tag at 0, variant at 4.
			if ret.u8(0) == 0 {
				return ""
			}
			return variantName(ret, 4, schemes[:])
		})
}

// Headers copies the request's header fields.
func (r IncomingRequest) Headers() []Field {
	f := incomingRequestHeaders(r)
	defer f.Drop()
	return f.Entries()
}

// Consume takes the body out of the request.
func (r IncomingRequest) Consume() (IncomingBody, error) {
	var ret retArea
	incomingRequestConsume(r, &ret)
	return takenHandle[IncomingBody](&ret)
}

// Drop gives the handle back.
func (r IncomingRequest) Drop() { incomingRequestDrop(r) }

// Status returns the response's status code.
func (r IncomingResponse) Status() int { return int(incomingResponseStatus(r)) }

// Headers copies the response's header fields.
func (r IncomingResponse) Headers() []Field {
	f := incomingResponseHeaders(r)
	defer f.Drop()
	return f.Entries()
}

// Consume takes the body out of the response.
func (r IncomingResponse) Consume() (IncomingBody, error) {
	var ret retArea
	incomingResponseConsume(r, &ret)
	return takenHandle[IncomingBody](&ret)
}

// Drop gives the handle back.
func (r IncomingResponse) Drop() { incomingResponseDrop(r) }

// Stream takes the stream out of the body. The stream is to be dropped before
// the body is.
func (b IncomingBody) Stream() (InputStream, error) {
	var ret retArea
	incomingBodyStream(b, &ret)
	return takenHandle[InputStream](&ret)
}

// Drop gives the handle back without looking at trailers.
func (b IncomingBody) Drop() { incomingBodyDrop(b) }

// Trailers consumes the body, waits for its trailers and returns them.
func (b IncomingBody) Trailers(cancel <-chan struct{}) ([]Field, error) {
	future := incomingBodyFinish(b)
	defer futureTrailersDrop(future)
	for {
		fields, done, err := future.get()
		switch {
		case err != nil:
			return nil, err
		case !done:
			if !Wait(futureTrailersSubscribe(future), cancel) {
				return nil, ErrCanceled
			}
		case fields == 0:
			return nil, nil
		default:
			defer fields.Drop()
			return fields.Entries(), nil
		}
	}
}

// get polls the future. The result is an
// option<result<result<option<own<trailers>>, error-code>>>, with tags at 0, 8
// and 16. The payload at 24 is the error-code, or the option with its handle
// at 28.
func (t futureTrailers) get() (fields Fields, done bool, err error) {
	lowering.Lock()
	defer lowering.Unlock()
	receive()
	defer received()
	var ret retArea
	futureTrailersGet(t, &ret)
	switch {
	case ret.u8(0) == 0:
		return 0, false, nil
	case ret.u8(8) != 0:
		return 0, false, errTaken
	case ret.u8(16) != 0:
		return 0, false, errorCode(&ret, 24)
	case ret.u8(24) == 0:
		return 0, true, nil
	}
	return Fields(ret.u32(28)), true, nil
}

// takenHandle lifts a result<own<T>>: tag at 0, handle at 4.
func takenHandle[T ~uint32](ret *retArea) (T, error) {
	if ret.u8(0) != 0 {
		return 0, errTaken
	}
	return T(ret.u32(4)), nil
}
