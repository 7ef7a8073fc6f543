package http

import (
	"context"
	nethttp "net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

// OutgoingRequest is the resource outgoing-request.
type OutgoingRequest struct {
	parent    // of its headers
	state     *State
	header    *Fields
	method    Method
	target    component.Option[string]
	scheme    component.Option[Scheme]
	authority component.Option[string]
	body      *OutgoingBody // nil while the guest has not asked for it
}

// NewOutgoingRequest implements [constructor]outgoing-request.
func (s *State) NewOutgoingRequest(_ *component.Call, header *Fields) (*OutgoingRequest, error) {
	header.leave()
	header.immutable = true
	return &OutgoingRequest{state: s, header: header}, nil
}

// Drop implements component.Dropper.
func (r *OutgoingRequest) Drop(context.Context) { r.header.release() }

// Body implements [method]outgoing-request.body.
func (r *OutgoingRequest) Body(*component.Call) (*OutgoingBody, error) {
	if r.body != nil {
		return nil, component.ErrResult
	}
	r.body = newOutgoingBody(r.state, r.header, nil)
	return r.body, nil
}

// Method implements [method]outgoing-request.method.
func (r *OutgoingRequest) Method(*component.Call) (Method, error) { return r.method, nil }

// SetMethod implements [method]outgoing-request.set-method.
func (r *OutgoingRequest) SetMethod(_ *component.Call, m Method) error {
	if m.Tag == MethodOther && (!validName(m.Other) || len(m.Other) > maxTarget) {
		return component.ErrResult
	}
	r.method = m
	return nil
}

// PathWithQuery implements [method]outgoing-request.path-with-query.
func (r *OutgoingRequest) PathWithQuery(*component.Call) (component.Option[string], error) {
	return r.target, nil
}

// SetPathWithQuery implements [method]outgoing-request.set-path-with-query.
func (r *OutgoingRequest) SetPathWithQuery(_ *component.Call, target component.Option[string]) error {
	if _, ok := parseTarget(target.Value); !ok {
		return component.ErrResult
	}
	r.target = target
	return nil
}

// Scheme implements [method]outgoing-request.scheme.
func (r *OutgoingRequest) Scheme(*component.Call) (component.Option[Scheme], error) {
	return r.scheme, nil
}

// SetScheme implements [method]outgoing-request.set-scheme.
func (r *OutgoingRequest) SetScheme(_ *component.Call, scheme component.Option[Scheme]) error {
	if scheme.Some && scheme.Value.Tag == SchemeOther && !validScheme(scheme.Value.Other) {
		return component.ErrResult
	}
	r.scheme = scheme
	return nil
}

// Authority implements [method]outgoing-request.authority.
func (r *OutgoingRequest) Authority(*component.Call) (component.Option[string], error) {
	return r.authority, nil
}

// SetAuthority implements [method]outgoing-request.set-authority.
func (r *OutgoingRequest) SetAuthority(_ *component.Call, authority component.Option[string]) error {
	if authority.Some && !validAuthority(authority.Value) {
		return component.ErrResult
	}
	r.authority = authority
	return nil
}

// Headers implements [method]outgoing-request.headers.
func (r *OutgoingRequest) Headers(*component.Call) (*Fields, error) { return r.view(r.header), nil }

// url returns where the request goes. Without a scheme it goes there by HTTPS.
func (r *OutgoingRequest) url() (*url.URL, error) {
	u, ok := parseTarget(r.target.Value)
	if !ok || !r.authority.Some {
		return nil, &ErrorCode{Tag: ErrorCodeHTTPRequestURIInvalid}
	}
	u.Scheme, u.Host = "https", r.authority.Value
	if r.scheme.Some {
		u.Scheme = r.scheme.Value.text()
	}
	return u, nil
}

// request returns the request as the client sends it.
func (r *OutgoingRequest) request() (*nethttp.Request, error) {
	u, err := r.url()
	if err != nil {
		return nil, err
	}
	if size := r.header.size(); size > r.state.opts.MaxHeader {
		n := component.Some(uint32(size)) // MaxFields bounds it
		return nil, &ErrorCode{Tag: ErrorCodeHTTPRequestHeaderSectionSize, HTTPRequestHeaderSectionSize: n}
	}
	length, err := contentLength(r.header)
	if err != nil {
		return nil, &ErrorCode{Tag: ErrorCodeHTTPProtocolError}
	}
	req := &nethttp.Request{Method: r.method.text(), URL: u, Header: r.header.header(), Body: nethttp.NoBody}
	if r.body == nil {
		if length > 0 {
			return nil, &ErrorCode{Tag: ErrorCodeHTTPRequestBodySize, HTTPRequestBodySize: component.Some(uint64(0))}
		}
		return req, nil
	}
	req.ContentLength = length
	req.Trailer = announced(req.Header)
	req.Body = requestBody{OutgoingBody: r.body, trailers: req.Trailer}
	return req, nil
}

// announced returns the trailers that a header announces, without values.
func announced(h nethttp.Header) nethttp.Header {
	trailer := nethttp.Header{}
	for _, line := range h["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			name = nethttp.CanonicalHeaderKey(textproto.TrimString(name))
			if validName(name) && !Forbidden(name) && !heads[name] {
				trailer[name] = nil
			}
		}
	}
	return trailer
}
