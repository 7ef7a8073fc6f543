//go:build wasip1

package wasihttp

import (
	"context"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// handler is what Serve was given.
var handler http.Handler

// Serve makes h answer the requests the host hands to this component. It is to
// be called from an init function, because main does not run in a component
// that is a library.
func Serve(h http.Handler) { handler = h }

// handle is wasi:http/incoming-handler.handle. It returns when the response is
// complete: goroutines that outlive it stand still until the next request.
//
//go:wasmexport wasi:http/incoming-handler@0.2.12#handle
func handle(in wasi.IncomingRequest, out wasi.ResponseOutparam) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := newRequest(ctx, in)
	if err != nil {
		out.SetInternalError(err.Error())
		return
	}
	w := &responseWriter{out: out, header: http.Header{}, head: r.Method == http.MethodHead, cancel: cancel}
	defer r.Body.Close()
	defer w.finish()
	defer w.watch()()
	defer func() {
		if v := recover(); v != nil {
			w.aborted = true
			if v != http.ErrAbortHandler {
				fmt.Fprintf(os.Stderr, "wasihttp: panic serving %s: %v\n%s", r.URL.Path, v, debug.Stack())
			}
		}
	}()
	handler.ServeHTTP(w, r)
}

// newRequest copies the request's head and opens its body, which owns in from
// then on.
func newRequest(ctx context.Context, in wasi.IncomingRequest) (*http.Request, error) {
	target := in.PathWithQuery()
	if target == "" {
		target = "/"
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		in.Drop()
		return nil, err
	}
	r := &http.Request{
		Method:     in.Method(),
		URL:        u,
		RequestURI: target,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     newHeader(in.Headers()),
		Host:       in.Authority(),
	}
	if r.Host == "" {
		r.Host = r.Header.Get("Host")
	}
	r.Header.Del("Host")
	r.ContentLength = contentLength(r.Header)
	consumed, err := in.Consume()
	if err != nil {
		in.Drop()
		return nil, err
	}
	// WithContext copies the request, and the trailer is to arrive in the copy.
	r = r.WithContext(ctx)
	r.Body, err = newBody(ctx, consumed, in, &r.Trailer)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// newHeader builds a header from field lines.
func newHeader(fields []wasi.Field) http.Header {
	header := make(http.Header, len(fields))
	for _, f := range fields {
		key := textproto.CanonicalMIMEHeaderKey(f.Name)
		header[key] = append(header[key], f.Value)
	}
	return header
}

// contentLength is the declared length of a body, or -1.
func contentLength(header http.Header) int64 {
	n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}
