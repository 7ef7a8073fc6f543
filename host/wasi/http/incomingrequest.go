package http

import (
	"context"
	nethttp "net/http"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

// IncomingRequest is the resource incoming-request.
type IncomingRequest struct {
	parent // of its headers
	state  *State
	req    *nethttp.Request
	header *Fields   // nil while the guest has not asked for it
	body   *incoming // nil when the guest has it
}

// Drop implements component.Dropper.
func (r *IncomingRequest) Drop(context.Context) {
	if r.body != nil {
		r.body.close()
	}
}

// Method implements [method]incoming-request.method.
func (r *IncomingRequest) Method(*component.Call) (Method, error) { return methodOf(r.req.Method), nil }

// PathWithQuery implements [method]incoming-request.path-with-query. A target
// that names no path ("a:b") has none.
func (r *IncomingRequest) PathWithQuery(*component.Call) (component.Option[string], error) {
	target := r.req.RequestURI
	if !strings.HasPrefix(target, "/") { // absolute form, or "*"
		target = r.req.URL.RequestURI()
	}
	if r.req.URL.Opaque != "" {
		return component.Option[string]{}, nil
	}
	return component.Some(target), nil
}

// Scheme implements [method]incoming-request.scheme.
func (r *IncomingRequest) Scheme(*component.Call) (component.Option[Scheme], error) {
	if r.req.TLS != nil {
		return component.Some(Scheme{Tag: SchemeHTTPS}), nil
	}
	return component.Some(Scheme{Tag: SchemeHTTP}), nil
}

// Authority implements [method]incoming-request.authority.
func (r *IncomingRequest) Authority(*component.Call) (component.Option[string], error) {
	return component.Option[string]{Some: r.req.Host != "", Value: r.req.Host}, nil
}

// Headers implements [method]incoming-request.headers.
func (r *IncomingRequest) Headers(*component.Call) (*Fields, error) { return r.view(r.fields()), nil }

func (r *IncomingRequest) fields() *Fields {
	if r.header == nil {
		r.header = received(r.req.Header)
	}
	return r.header
}

// Consume implements [method]incoming-request.consume.
func (r *IncomingRequest) Consume(*component.Call) (*IncomingBody, error) {
	if r.body == nil {
		return nil, component.ErrResult
	}
	b := &IncomingBody{in: r.body, state: r.state}
	r.body = nil
	return b, nil
}
