package mcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Version is the revision of MCP that a [Server] speaks.
const Version = "2026-07-28"

// Fields of requests and answers.
const (
	// HeaderSession names a pinned session. A request makes it that has it alone.
	HeaderSession = "Wattle-Session"
	// HeaderHost is the host that has the session: answers have it, and requests to a
	// session that is there already.
	HeaderHost = "Wattle-Session-Host"

	headerVersion = "Mcp-Protocol-Version"
	headerMethod  = "Mcp-Method"
	headerName    = "Mcp-Name"
	headerParam   = "Mcp-Param-"
)

// Defaults of Options, and bounds.
const (
	DefaultMaxMessage       = 16 << 20
	DefaultMaxSessions      = 64
	DefaultMaxSessionMemory = 1 << 30
	DefaultSessionIdle      = 30 * time.Minute
	DefaultMaxHeld          = 128 << 20
	// leastHeld is what a request counts at least.
	leastHeld = 4 << 10
	// MaxNotifications is how many notifications the client of a request is sent. Those
	// beyond are dropped.
	MaxNotifications = 10_000
	// MaxSessionID is how many characters the name of a session has.
	MaxSessionID = 128
)

// Options configure a Server, and endpoints. The zero value is usable.
type Options struct {
	// Host is who answers, for HeaderHost.
	Host lattice.HostID
	// MaxMessage is how many bytes a message may have, in either direction. If zero,
	// DefaultMaxMessage.
	MaxMessage int
	// MaxHeld is how many bytes all requests at once may have, of which each counts 4 KiB
	// at least. Those beyond are refused. If zero, DefaultMaxHeld.
	MaxHeld int64
	// MaxSessions is how many pinned sessions there may be. If zero, DefaultMaxSessions.
	MaxSessions int
	// MaxSessionMemory is how many bytes the instances of pinned sessions may have
	// together when another one is made. If zero, DefaultMaxSessionMemory.
	MaxSessionMemory uint64
	// SessionIdle is how long a pinned session is kept that nobody uses. If zero,
	// DefaultSessionIdle.
	SessionIdle time.Duration
	// ShowReasons has clients be told why a component failed. It is for development:
	// reasons can hold what the component knows.
	ShowReasons bool
	// Version is that of the host, which components are told.
	Version string
	// Logger receives events. If nil, nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.MaxMessage = cmp.Or(o.MaxMessage, DefaultMaxMessage)
	o.MaxHeld = cmp.Or(o.MaxHeld, DefaultMaxHeld)
	o.MaxSessions = cmp.Or(o.MaxSessions, DefaultMaxSessions)
	o.MaxSessionMemory = cmp.Or(o.MaxSessionMemory, uint64(DefaultMaxSessionMemory))
	o.SessionIdle = cmp.Or(o.SessionIdle, DefaultSessionIdle)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	return o
}

// Server is a component as an MCP server of the revision [Version], over HTTP. It answers
// invocations of lattice.MCPInterface.
type Server struct {
	endpoint Endpoint
	target   *host.Target
	decl     *lattice.MCP
	opts     Options
	pinned   *pinned

	mu      sync.Mutex
	closing bool
	calls   int
	held    int64         // bytes of their requests
	empty   chan struct{} // closed when it is closing and there are no calls
}

// New returns the server of a component. decl says how it is offered, and is not changed.
// opts may be nil. It is closed before the target is shut down and the component closed.
func New(target *host.Target, endpoint Endpoint, decl *lattice.MCP, opts *Options) *Server {
	s := &Server{endpoint: endpoint, target: target, decl: decl, empty: make(chan struct{})}
	if opts != nil {
		s.opts = *opts
	}
	s.opts = s.opts.withDefaults()
	s.pinned = newPinned(target, &s.opts)
	return s
}

// List finds out what the server offers, and after which time it is to be asked again;
// zero is not by itself.
func (s *Server) List(ctx context.Context) (*catalogue.Contents, time.Duration, error) {
	if err := s.enter(0); err != nil {
		return nil, 0, err
	}
	defer s.leave(0)
	return s.endpoint.List(ctx)
}

// Renew ends the pinned sessions whose component is given something else by now, those
// with a request under way when that is over.
func (s *Server) Renew() { s.pinned.prune() }

// Sessions returns how many pinned sessions there are.
func (s *Server) Sessions() int { return s.pinned.count() }

// Close refuses requests from now on, ends the pinned sessions, and waits until requests
// under way are done, or ctx ends. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closing && s.calls == 0 {
		close(s.empty)
	}
	s.closing = true
	s.mu.Unlock()
	s.pinned.close()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errClosing = &lattice.Error{Code: lattice.CodeUnavailable, Message: "the MCP server is shutting down", Undelivered: true}

// enter counts a call with a request of some bytes, unless there are too many, or there are
// to be none any more. leave is its end.
func (s *Server) enter(size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return errClosing
	case s.held > 0 && s.held+size > s.opts.MaxHeld:
		return &lattice.Error{Code: lattice.CodeExhausted, Message: "the component has too many MCP requests on this host", Undelivered: true}
	}
	s.calls++
	s.held += size
	return nil
}

func (s *Server) leave(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held -= size
	if s.calls--; s.closing && s.calls == 0 {
		close(s.empty)
	}
}

// HTTP answers a request. The error means that nothing was done and written; all else
// that goes wrong is an error of JSON-RPC.
func (s *Server) HTTP(w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) error {
	size := int64(s.opts.MaxMessage) // if it is longer it is not read further
	if n := r.ContentLength; n >= 0 {
		size = min(max(n, leastHeld), size)
	}
	if err := s.enter(size); err != nil {
		return err
	}
	defer s.leave(size)
	a := &answer{w: w, header: http.Header{}, q: &Request{}}
	switch r.Method {
	case http.MethodPost:
	case http.MethodDelete:
		return s.end(a, r, inv)
	default:
		w.Header().Set("Allow", "POST, DELETE")
		s.reply(a, http.StatusMethodNotAllowed, &Error{Code: CodeInvalid, Message: fmt.Sprintf("an MCP server takes POST, not %.20q", r.Method)})
		return nil
	}
	q, e := s.read(r, inv)
	if q != nil {
		a.q = q
	}
	switch {
	case e != nil:
		s.reply(a, http.StatusOK, e)
		return nil
	case q.ID == nil: // a notification, of which the revision has none
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	return s.answer(a, r)
}

// reply sends an error.
func (s *Server) reply(a *answer, status int, e *Error) {
	a.end(status, errorText(a.q.ID, e, s.opts.ShowReasons))
}

// end ends a pinned session.
func (s *Server) end(a *answer, r *http.Request, inv *lattice.Invocation) error {
	if !s.pinned.end(r.Header.Get(HeaderSession), callerOf(inv)) {
		s.reply(a, http.StatusNotFound, errNoSession)
		return nil
	}
	a.w.WriteHeader(http.StatusNoContent)
	return nil
}

// read reads a request. With an error there may be no request, or one without a method.
func (s *Server) read(r *http.Request, inv *lattice.Invocation) (*Request, *Error) {
	var b bytes.Buffer
	b.Grow(int(min(max(r.ContentLength, 0), int64(s.opts.MaxMessage))) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(r.Body, int64(s.opts.MaxMessage)+1))
	body := b.Bytes()
	switch {
	case err != nil:
		return nil, &Error{Code: CodeParse, Message: "the request did not come whole", Reason: err.Error()}
	case len(body) > s.opts.MaxMessage:
		return nil, &Error{Code: CodeInvalid, Message: fmt.Sprintf("the request has more than %d bytes", s.opts.MaxMessage)}
	}
	text, err := rawjson.Compact(body)
	if err != nil {
		return nil, &Error{Code: CodeParse, Message: "the request cannot be read: " + err.Error()}
	}
	m, err := parseText(text)
	if err != nil {
		return nil, &Error{Code: CodeInvalid, Message: "the request is invalid: " + err.Error()}
	}
	q := &Request{ID: m.id, Method: m.method, Params: m.params, Body: body, Header: relayed(r.Header), Invocation: inv}
	if m.method == "" {
		return q, &Error{Code: CodeInvalid, Message: "a server takes no responses"}
	}
	if err := q.params.read(m.params); err != nil {
		return q, &Error{Code: CodeBadParams, Message: "the parameters are invalid: " + err.Error()}
	}
	if q.ID == nil {
		return q, nil
	}
	return q, q.check(r.Header)
}

// check compares a request with its header (2026-07-28, basic, transports, "Server
// Validation").
func (q *Request) check(h http.Header) *Error {
	version := h.Get(headerVersion)
	if version != Version {
		data := rawjson.Object{
			{Name: "supported", Value: json.RawMessage(`["` + Version + `"]`)}, {Name: "requested", Value: rawjson.Quote(version)},
		}
		return &Error{Code: CodeVersion, Message: fmt.Sprintf("the host of a component speaks %s, not %.40q", Version, version), Data: data.JSON()}
	}
	named := ""
	switch q.Method {
	case "tools/call", "prompts/get":
		named = q.params.name
	case "resources/read":
		named = q.params.uri
	}
	mismatch := func(name, value string) *Error {
		return &Error{Code: CodeHeader, Message: fmt.Sprintf("header mismatch: %s is %.80q, which the body does not say", name, value)}
	}
	switch method, name := h.Get(headerMethod), h.Get(headerName); {
	case method != q.Method:
		return mismatch(headerMethod, method)
	case q.params.version == "":
		return &Error{Code: CodeBadParams, Message: "the parameters have no " + metaVersion + " in _meta"}
	case q.params.version != version:
		return mismatch(headerVersion, version)
	case named != "" && decodeField(name) != named:
		return mismatch(headerName, name)
	}
	return nil
}

// answer has the component answer a request.
func (s *Server) answer(a *answer, r *http.Request) error {
	q := a.q
	ctx, cancel := s.timed(r.Context(), q)
	defer cancel()
	a.ctx = ctx
	result, err := s.result(a, r)
	if err == nil {
		a.end(http.StatusOK, resultText(q.ID, result))
		return nil
	}
	if said, ok := errors.AsType[*lattice.Error](err); ok && said.Undelivered && !a.began() {
		return said
	}
	if gone := r.Context().Err(); gone != nil || errors.Is(err, errGone) {
		if a.began() {
			panic(http.ErrAbortHandler)
		}
		return &lattice.Error{Code: lattice.CodeOf(cmp.Or(gone, context.Canceled)), Message: "the caller did not wait for the answer"}
	}
	e := s.explain(ctx, q, err)
	status := http.StatusOK
	if e == errNoSession {
		status = http.StatusNotFound
	}
	s.reply(a, status, e)
	return nil
}

// result has the component answer a request. Its instance is free when it returns, however
// long the client takes.
func (s *Server) result(a *answer, r *http.Request) (json.RawMessage, error) {
	session, release, err := s.session(a.ctx, r.Header, a.q.Invocation)
	if err != nil {
		return nil, err
	}
	defer release()
	a.q.Session, a.q.Notify = session, a.notify
	if s.decl.Pinned && r.Header.Get(HeaderSession) != "" {
		a.header.Set(HeaderHost, string(s.opts.Host))
	}
	result, err := s.endpoint.Answer(a.ctx, a.q)
	if err != nil {
		return nil, err
	}
	return complete(result)
}

func (a *answer) began() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stream
}

// complete returns a result with a resultType.
func complete(result json.RawMessage) (json.RawMessage, error) {
	members, err := rawjson.Members(result)
	if err != nil {
		return nil, fault("the server answered with an invalid result", err.Error())
	}
	if members.Get("resultType") != nil {
		return result, nil
	}
	return members.Set("resultType", json.RawMessage(`"complete"`)).JSON(), nil
}

// errTime is why the context of a request ends that takes too long.
var errTime = errors.New("the time of the call is over")

// timed returns the context of a request: it has the time that the declaration gives to
// the tool, or to all calls. Streams of changes have that of the target.
func (s *Server) timed(ctx context.Context, q *Request) (context.Context, context.CancelFunc) {
	if q.Method == "subscriptions/listen" {
		return context.WithCancel(ctx)
	}
	millis := int64(0)
	if q.Method == "tools/call" {
		millis = s.decl.Tools[q.params.name].TimeoutMillis
	}
	millis = cmp.Or(millis, s.decl.TimeoutMillis, lattice.DefaultMCPTimeout)
	return context.WithTimeoutCause(ctx, time.Duration(millis)*time.Millisecond, errTime)
}

// session returns where a request is answered, until release is called.
func (s *Server) session(ctx context.Context, h http.Header, inv *lattice.Invocation) (*Session, func(), error) {
	id := h.Get(HeaderSession)
	if id == "" || !s.decl.Pinned {
		session := &Session{Session: s.target.NewSession()}
		return session, session.Close, nil
	}
	if !validSession(id) {
		return nil, nil, errNoSession
	}
	where := lattice.HostID(h.Get(HeaderHost))
	if where != "" && where != s.opts.Host {
		return nil, nil, errNoSession
	}
	return s.pinned.take(ctx, id, callerOf(inv), where == "")
}

// callerOf returns on whose behalf an invocation is.
func callerOf(inv *lattice.Invocation) lattice.Caller {
	if len(inv.Callers) == 0 {
		return ""
	}
	return inv.Callers[0]
}

// explain returns the error that a client is told.
func (s *Server) explain(ctx context.Context, q *Request, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.fault {
			s.opts.Logger.WarnContext(ctx, "MCP server misbehaves", "method", q.Method, "error", e)
		}
		return e
	}
	said, ok := errors.AsType[*lattice.Error](err)
	late := errors.Is(context.Cause(ctx), errTime) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	switch {
	case late, ok && said.Code == lattice.CodeDeadline:
		return &Error{Code: CodeTime, Message: "the call timed out"}
	case !ok:
		s.opts.Logger.WarnContext(ctx, "MCP request failed", "method", q.Method, "error", err)
		return fault("the host failed", err.Error())
	case said.Code == lattice.CodeExhausted:
		return fault("the server exceeded a limit", said.Message)
	case said.Code == lattice.CodeTrapped:
		return fault("the server failed", said.Message)
	case said.Code == lattice.CodeUnavailable:
		return fault("the server is not available", said.Message)
	}
	return fault("the server did not answer", said.Message)
}

// relayed returns the fields of a request that go on to the component.
func relayed(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		switch {
		case name == headerMethod, name == headerName, strings.HasPrefix(name, headerParam),
			name == "Traceparent", name == "Tracestate", name == httpclient.HopHeader:
			out[name] = values
		}
	}
	return out
}
