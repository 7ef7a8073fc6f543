package http

import (
	"context"
	nethttp "net/http"

	"github.com/wattle-dev/wattle/host/component"
)

// OutgoingResponse is the resource outgoing-response.
type OutgoingResponse struct {
	parent // of its headers
	state  *State
	header *Fields
	status StatusCode
	body   *OutgoingBody // nil while the guest has not asked for it
}

// NewOutgoingResponse implements [constructor]outgoing-response.
func (s *State) NewOutgoingResponse(_ *component.Call, header *Fields) (*OutgoingResponse, error) {
	header.leave()
	header.immutable = true
	return &OutgoingResponse{state: s, header: header, status: nethttp.StatusOK}, nil
}

// Drop implements component.Dropper.
func (r *OutgoingResponse) Drop(context.Context) { r.header.release() }

// StatusCode implements [method]outgoing-response.status-code.
func (r *OutgoingResponse) StatusCode(*component.Call) (StatusCode, error) { return r.status, nil }

// SetStatusCode implements [method]outgoing-response.set-status-code.
func (r *OutgoingResponse) SetStatusCode(_ *component.Call, status StatusCode) error {
	if status < 100 || status > 599 { // RFC 9110, section 15
		return component.ErrResult
	}
	r.status = status
	return nil
}

// Headers implements [method]outgoing-response.headers.
func (r *OutgoingResponse) Headers(*component.Call) (*Fields, error) { return r.view(r.header), nil }

// Body implements [method]outgoing-response.body.
func (r *OutgoingResponse) Body(*component.Call) (*OutgoingBody, error) {
	if r.body != nil {
		return nil, component.ErrResult
	}
	r.body = newOutgoingBody(r.state, r.header, r)
	return r.body, nil
}

// bodiless reports whether the response ends with its head, whatever the guest
// writes (RFC 9112, section 6.3; RFC 9110, section 15.3.6).
func (r *OutgoingResponse) bodiless() bool {
	switch r.status {
	case nethttp.StatusNoContent, nethttp.StatusResetContent, nethttp.StatusNotModified:
		return true
	}
	return r.state.head || r.status < 200
}
