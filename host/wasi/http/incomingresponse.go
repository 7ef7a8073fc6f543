package http

import (
	"context"
	"io"
	nethttp "net/http"

	"github.com/wattle-dev/wattle/host/component"
)

// IncomingResponse is the resource incoming-response.
type IncomingResponse struct {
	parent // of its headers
	state  *State
	resp   *nethttp.Response
	header *Fields
	body   *incoming // nil when the guest has it
}

// responseBody is the body of a response, with which the request ends.
type responseBody struct {
	io.ReadCloser
	out *outgoing
}

func newIncomingResponse(o *outgoing) *IncomingResponse {
	resp := o.resp
	return &IncomingResponse{
		state: o.state, resp: resp, header: received(resp.Header),
		body: &incoming{
			body:    responseBody{resp.Body, o},
			trailer: func() nethttp.Header { return resp.Trailer },
			code:    responseBodyCode,
		},
	}
}

// Drop implements component.Dropper.
func (r *IncomingResponse) Drop(context.Context) {
	if r.body != nil {
		r.body.close()
	}
}

// Status implements [method]incoming-response.status.
func (r *IncomingResponse) Status(*component.Call) (StatusCode, error) {
	return StatusCode(r.resp.StatusCode), nil
}

// Headers implements [method]incoming-response.headers.
func (r *IncomingResponse) Headers(*component.Call) (*Fields, error) { return r.view(r.header), nil }

// Consume implements [method]incoming-response.consume.
func (r *IncomingResponse) Consume(*component.Call) (*IncomingBody, error) {
	if r.body == nil {
		return nil, component.ErrResult
	}
	b := &IncomingBody{in: r.body, state: r.state}
	r.body = nil
	return b, nil
}
