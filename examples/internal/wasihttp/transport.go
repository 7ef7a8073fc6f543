//go:build wasip1

package wasihttp

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/wattle-dev/wattle/examples/internal/wasi"
)

// copySize is how much of a request body is read at once.
const copySize = 16 << 10

// Transport is an http.RoundTripper over wasi:http/outgoing-handler. Its zero
// value is ready for use. When the host refuses a request or the exchange
// fails, the error is a [*wasi.ErrorCode].
type Transport struct{}

// RoundTrip implements http.RoundTripper. It returns when the response's head
// is there; the request's body may still be on its way then.
func (Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	response, err := roundTrip(ctx, cancel, req)
	if err != nil {
		cancel()
		return nil, err
	}
	return response, nil
}

func roundTrip(ctx context.Context, cancel func(), req *http.Request) (*http.Response, error) {
	up, err := newUpload(ctx, req)
	if err != nil {
		return nil, err
	}
	future, err := up.request.Send()
	if err != nil {
		up.abort()
		return nil, err
	}
	defer future.Drop()
	go up.run()
	in, err := future.Wait(ctx.Done())
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return newResponse(ctx, cancel, req, in)
}

// newResponse copies the response's head and opens its body.
func newResponse(ctx context.Context, cancel func(), req *http.Request, in wasi.IncomingResponse) (*http.Response, error) {
	r := &http.Response{
		StatusCode: in.Status(),
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     newHeader(in.Headers()),
		Request:    req,
	}
	r.Status = strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode)
	r.ContentLength = contentLength(r.Header)
	consumed, err := in.Consume()
	if err != nil {
		in.Drop()
		return nil, err
	}
	b, err := newBody(ctx, consumed, in, &r.Trailer)
	if err != nil {
		return nil, err
	}
	// Closing the response also ends an upload that nobody waits for.
	closeBody := b.cancel
	b.cancel = func() { closeBody(); cancel() }
	r.Body = b
	return r, nil
}

// upload is a request on its way out.
type upload struct {
	ctx     context.Context
	source  *http.Request
	request wasi.OutgoingRequest
	body    wasi.OutgoingBody
	stream  wasi.OutputStream
}

// newUpload builds the outgoing request. It closes the source's body if it
// fails.
func newUpload(ctx context.Context, source *http.Request) (*upload, error) {
	u := &upload{ctx: ctx, source: source}
	if err := u.open(); err != nil {
		u.closeSource()
		return nil, err
	}
	return u, nil
}

func (u *upload) open() error {
	fields := wasi.NewFields()
	for _, key := range slices.Sorted(maps.Keys(u.source.Header)) {
		for _, value := range u.source.Header[key] {
			// The host refuses what belongs to its side of the connection.
			fields.Append(key, value)
		}
	}
	if u.source.ContentLength > 0 && u.source.Header.Get("Content-Length") == "" {
		fields.Append("Content-Length", strconv.FormatInt(u.source.ContentLength, 10))
	}
	method, authority := u.source.Method, u.source.Host
	if method == "" {
		method = http.MethodGet
	}
	if authority == "" {
		authority = u.source.URL.Host
	}
	var err error
	u.request, err = wasi.NewRequest(method, u.source.URL.Scheme, authority, u.source.URL.RequestURI(), fields)
	if err != nil {
		return err
	}
	if u.body, err = u.request.Body(); err != nil {
		u.request.Drop()
		return err
	}
	if u.stream, err = u.body.Stream(); err != nil {
		u.body.Drop()
		u.request.Drop()
		return err
	}
	return nil
}

// run sends the body and ends it. Without an end the peer sees that the
// request was cut off, and the exchange fails.
func (u *upload) run() {
	if err := u.copy(); err != nil {
		u.abort()
		return
	}
	u.stream.Drop()
	var trailers []wasi.Field
	for name, values := range u.source.Trailer {
		for _, value := range values {
			trailers = append(trailers, wasi.Field{Name: name, Value: value})
		}
	}
	// If the exchange has failed, the response says so.
	_ = u.body.Finish(trailers)
	u.closeSource()
}

// copy writes the source's body to the stream.
func (u *upload) copy() error {
	if u.source.Body == nil {
		return nil
	}
	buf := make([]byte, copySize)
	for {
		n, err := u.source.Body.Read(buf)
		if _, err := u.stream.Write(buf[:n], u.ctx.Done()); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read request body: %w", err)
		}
	}
}

// abort gives up on the body.
func (u *upload) abort() {
	u.stream.Drop()
	u.body.Drop()
	u.closeSource()
}

// closeSource closes the source's body, as a RoundTripper must.
func (u *upload) closeSource() {
	if u.source.Body != nil {
		u.source.Body.Close()
	}
}
