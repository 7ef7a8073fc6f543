package invoke

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// hopByHop are the fields that mean something between two neighbours only (RFC
// 9110, section 7.6.1). TE stays if it asks for trailers.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Transfer-Encoding", "Upgrade"}

// withoutHops returns a header without hop-by-hop fields: h itself if it has none.
func withoutHops(h http.Header) http.Header {
	drop := func() bool {
		for _, name := range hopByHop {
			if _, ok := h[name]; ok {
				return true
			}
		}
		return false
	}
	if !drop() {
		return h
	}
	out := maps.Clone(h)
	for _, list := range h["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			delete(out, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	for _, name := range hopByHop {
		delete(out, name)
	}
	if te := h.Get("Te"); strings.Contains(strings.ToLower(te), "trailers") {
		out["Te"] = []string{"trailers"}
	}
	return out
}

// requestHead returns the head of a request as it is sent.
func requestHead(r *http.Request) ([]byte, error) {
	h := wire.RequestHead{
		Method: r.Method, Scheme: r.URL.Scheme, Authority: r.URL.Host, Path: r.URL.Path, RawPath: r.URL.RawPath,
		Query: r.URL.RawQuery, Opaque: r.URL.Opaque, ForceQuery: r.URL.ForceQuery, Host: r.Host, Remote: r.RemoteAddr, TLS: r.TLS != nil,
		Proto: uint8(min(r.ProtoMajor, 25)*10 + min(r.ProtoMinor, 5)), Length: r.ContentLength, //nolint:gosec // it fits
		Fields: withoutHops(r.Header), Trailers: r.Trailer,
	}
	if r.Body == nil || r.Body == http.NoBody {
		h.Length = 0
	}
	head := wire.AppendRequestHead(make([]byte, 0, 512), &h)
	if len(head) > wire.MaxHead || len(h.Fields) > wire.MaxFields {
		return nil, &lattice.Error{Code: lattice.CodeInvalid, Undelivered: true, Message: fmt.Sprintf(
			"the header of the request has %d bytes in %d fields, the limits between hosts are %d and %d", len(head), len(h.Fields), wire.MaxHead, wire.MaxFields)}
	}
	return head, nil
}

// request returns the request that a head is of, without body.
func request(ctx context.Context, section []byte) (*http.Request, error) {
	h, err := wire.ParseRequestHead(section)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: h.Method, Header: h.Fields, Host: h.Host, RemoteAddr: h.Remote, ContentLength: h.Length,
		ProtoMajor: int(h.Proto / 10), ProtoMinor: int(h.Proto % 10), Trailer: h.Trailers, Body: http.NoBody,
		URL: &url.URL{
			Scheme: h.Scheme, Host: h.Authority, Path: h.Path, RawPath: h.RawPath, RawQuery: h.Query,
			Opaque: h.Opaque, ForceQuery: h.ForceQuery,
		},
	}
	switch h.Proto {
	case 11:
		r.Proto = "HTTP/1.1"
	case 20:
		r.Proto = "HTTP/2.0"
	default:
		r.Proto = fmt.Sprintf("HTTP/%d.%d", r.ProtoMajor, r.ProtoMinor)
	}
	r.RequestURI = r.URL.RequestURI()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if h.TLS {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: h.Host}
	}
	if h.Length < 0 {
		r.TransferEncoding = []string{"chunked"}
	}
	return r.WithContext(ctx), nil
}

// bodyAllowed reports whether a response of a status has a body (RFC 9110, section
// 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
