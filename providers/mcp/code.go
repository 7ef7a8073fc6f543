package mcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// Codes of JSON-RPC and of MCP (2026-07-28, Overview, "Error Codes").
const (
	codeParse        = -32700
	codeRequest      = -32600
	codeMethod       = -32601
	codeParams       = -32602
	codeInternal     = -32603
	codeHeaders      = -32020
	codeCapability   = -32021
	codeVersion      = -32022
	codeUnauthorized = http.StatusUnauthorized
	codeDenied       = http.StatusForbidden
	codeGone         = http.StatusNotFound
	codeTooMany      = http.StatusTooManyRequests
	codeUnavailable  = http.StatusServiceUnavailable
	codeTimeout      = http.StatusGatewayTimeout
)

// codeNoSession is how a host says that it has no such session.
const codeNoSession = "-32001"

// fault is an error that a client is told.
type fault struct {
	code    int
	message string
	// data is JSON, or nil.
	data []byte
	// status is that of HTTP for a request that was not carried out. If zero, it follows
	// from the code.
	status int
}

// Error implements error.
func (f *fault) Error() string { return fmt.Sprintf("%d: %s", f.code, f.message) }

func faultf(code int, format string, args ...any) *fault {
	return &fault{code: code, message: fmt.Sprintf(format, args...)}
}

// with returns the fault with the status of HTTP.
func (f *fault) with(status int) *fault {
	f.status = status
	return f
}

// text returns the response to the request with an id, which may be nil.
func (f *fault) text(id []byte) []byte {
	b := make([]byte, 0, 96+len(id)+len(f.message)+len(f.data))
	b = append(b, `{"jsonrpc":"2.0"`...)
	if id != nil {
		b = append(append(b, `,"id":`...), id...)
	}
	b = fmt.Appendf(b, `,"error":{"code":%d,"message":`, f.code)
	b = jsonrpc.AppendString(b, f.message)
	if f.data != nil {
		b = append(append(b, `,"data":`...), f.data...)
	}
	return append(b, "}}"...)
}

// statusOf returns the status of HTTP that goes with a code of an error: the modern
// transport wants some of them to be seen there (2026-07-28, Streamable HTTP, "Protocol
// Version Header" and "Server Validation"; Overview, "_meta").
func statusOf(code int) int {
	switch code {
	case codeParse, codeRequest, codeHeaders, codeCapability, codeVersion:
		return http.StatusBadRequest
	case codeMethod:
		return http.StatusNotFound
	}
	return http.StatusOK
}

// again is the data of a fault after which a client may try again.
func again(after time.Duration) []byte {
	return fmt.Appendf(nil, `{"retryAfterMs":%d}`, max(after.Milliseconds(), 1))
}

// Reasons why calls end, as causes of their contexts.
var (
	errTimeout   = errors.New("the call took too long")
	errCancelled = errors.New("the client has cancelled the call")
	errShutdown  = errors.New("the gateway stops")
	errAnswered  = errors.New("the response was there already")
)

// failure returns what a client is told of an invocation that failed.
func (g *Gateway) failure(err error, limit time.Duration) *fault {
	f := &fault{code: codeInternal, message: "the server failed"}
	if own, ok := errors.AsType[*fault](err); ok {
		return own
	}
	switch code := lattice.CodeOf(err); {
	case errors.Is(err, errTimeout) || code == lattice.CodeDeadline:
		f = faultf(codeTimeout, "the call timed out after %v", limit)
	case errors.Is(err, errShutdown):
		f = faultf(codeUnavailable, "the gateway stops: try again")
	case code == lattice.CodeNotFound:
		f = faultf(codeUnavailable, "the server is not there")
	case code == lattice.CodeDenied:
		f = faultf(codeDenied, "the server may not be called from here")
	case code == lattice.CodeExhausted:
		f = faultf(codeUnavailable, "the server is busy: try again")
		f.data = again(time.Second)
	case code == lattice.CodeUnavailable && lattice.Undelivered(err):
		f = faultf(codeUnavailable, "the server cannot be reached now: try again")
		f.data = again(time.Second)
	case code == lattice.CodeUnavailable:
		f = faultf(codeUnavailable, "the host of the server was lost: the call may have had effects")
	case errors.Is(err, context.Canceled):
		f = faultf(codeUnavailable, "the call was cancelled")
	}
	if g.opts.Local && f.data == nil {
		f.data = append(jsonrpc.AppendString([]byte(`{"reason":`), err.Error()), '}')
	}
	return f
}
