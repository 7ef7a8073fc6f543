package mcp

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// Endpoint is a component as a kind of MCP server. Its methods may be called at the same
// time.
type Endpoint interface {
	// Answer carries out a request and returns its result: an object, to which the
	// [Server] adds the resultType "complete" if it has none. An *Error is what the client
	// is told; all other errors are faults of the component, or of the host. ctx has a
	// deadline, and ends when the client goes.
	Answer(ctx context.Context, q *Request) (result json.RawMessage, err error)
	// List finds out what the server offers. It is to be asked again after some time, or
	// not by itself if that is zero.
	List(ctx context.Context) (said *catalogue.Contents, again time.Duration, err error)
}

// Request is a request of a client, of the revision [Version].
type Request struct {
	// ID is a string or an integer.
	ID     json.RawMessage
	Method string
	// Params is an object, nil if there are none. It was compacted, as package rawjson
	// has it.
	Params json.RawMessage
	// Body is the whole request as it came.
	Body []byte
	// Header are the fields of the request that say something of it: Mcp-Method,
	// Mcp-Name, Mcp-Param-…, those of its trace, and how many requests led to it.
	Header http.Header
	// Invocation says on whose behalf it is.
	Invocation *lattice.Invocation
	// Session is where the component answers. No other request uses it meanwhile.
	Session *Session
	// Notify sends the client a notification that belongs to the request, at once.
	// It drops those that the client has not asked for. The error means that the client
	// has gone. It is not called any more when Answer has returned.
	Notify func(method string, params json.RawMessage) error

	params params
}

// Session is an instance of a component that answers one request after another: of one
// request, or of all those of a pinned session.
type Session struct {
	*host.Session
	// Kept is what the endpoint keeps with the instance.
	Kept any
}

// Error is an error response.
type Error struct {
	Code    int
	Message string
	// Data is any JSON, or nil.
	Data json.RawMessage
	// Reason is what only those are told who run the host.
	Reason string

	fault bool // it is not what the component said, but what the host says of it
}

// Error implements error.
func (e *Error) Error() string {
	if e.Reason != "" {
		return e.Message + ": " + e.Reason
	}
	return e.Message
}

// Codes of errors: those of JSON-RPC, and of MCP (2026-07-28, basic, section "Error
// Codes").
const (
	CodeParse      = -32700
	CodeInvalid    = -32600
	CodeNoMethod   = -32601
	CodeBadParams  = -32602
	CodeInternal   = -32603
	CodeHeader     = -32020
	CodeCapability = -32021
	CodeVersion    = -32022
	// CodeTime says that time ran out, and CodeSession that a session is gone. The
	// specification has neither; clients of the revisions that have sessions know the
	// second one.
	CodeTime    = -32001
	CodeSession = -32001
)

// fault is the error of a component that does not do as MCP says.
func fault(message, reason string) *Error {
	return &Error{Code: CodeInternal, Message: message, Reason: reason, fault: true}
}
