package mcp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// target is what a request to a component is about.
type target struct {
	server *server
	// entry is what is used, nil for what is not in lists.
	entry  *entry
	method string
	// own is the name that the component knows, or the URI.
	own   string
	limit time.Duration
	retry bool
	// params are where the arguments are that go into headers.
	arguments []byte
}

// Headers of requests to components, in canonical form.
const (
	headerVersion     = "Mcp-Protocol-Version"
	headerMethod      = "Mcp-Method"
	headerName        = "Mcp-Name"
	headerSession     = "Wattle-Session"
	headerSessionHost = "Wattle-Session-Host"
	headerHops        = "Wattle-Hops"
)

var (
	modernVersion = []string{modern}
	bothTypes     = []string{jsonType[0] + ", " + eventType[0]}
)

// componentHost is the Host of requests to components: their hosts know better.
const componentHost = "localhost"

// outgoing makes a request to a component.
func (x *exchange) outgoing(ctx context.Context, t *target, text []byte) (*http.Request, *fault) {
	values := [2]string{t.method, encodeField(t.own)}
	h := make(http.Header, 10)
	h["Content-Type"] = jsonType
	h["Accept"] = bothTypes
	h[headerVersion] = modernVersion
	h[headerMethod] = values[0:1:1]
	switch t.method {
	case callTool, getPrompt, readResource:
		h[headerName] = values[1:2:2]
	case complete:
	default:
		if v := x.r.Header[headerName]; v != nil {
			h[headerName] = v
		}
	}
	for name, v := range x.r.Header {
		if len(name) > len(paramPrefix) && name[:len(paramPrefix)] == paramPrefix {
			h[name] = v
		}
	}
	if v := x.r.Header[headerHops]; v != nil {
		h[headerHops] = v
	}
	inject(ctx, h)
	if t.entry != nil && len(t.entry.params) > 0 {
		if fault := setParams(t.entry.params, h, t.arguments); fault != nil {
			return nil, fault
		}
	}
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/"}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: componentHost,
		Header: h, Body: newBody(text), ContentLength: int64(len(text)), RemoteAddr: x.r.RemoteAddr,
	}
	return r.WithContext(ctx), nil
}

// attempts is how often a call is tried that may be repeated.
const attempts = 3

// invoke has a component answer a request, whose id is given. The response is valid until
// the answer is released.
func (x *exchange) invoke(ctx context.Context, a *answer, t *target, body []byte) ([]byte, error) {
	inv := &lattice.Invocation{
		Target: t.server.Component, Interface: lattice.MCPInterface, Function: "handle",
		Callers: []lattice.Caller{lattice.Caller("gateway/" + x.principal.Subject)}, Depth: lattice.DefaultDepth,
	}
	for attempt := 1; ; attempt++ {
		r, fault := x.outgoing(ctx, t, body)
		if fault != nil {
			return nil, fault
		}
		pin, fault := x.pin(t.server, r.Header, inv)
		if fault != nil {
			return nil, fault
		}
		err := serve(x.g.invoker, a, r, inv)
		if cause := context.Cause(ctx); a.final == nil && a.problem == nil && cause != nil {
			return nil, cause
		}
		if err == nil || a.final != nil || a.problem != nil {
			text, err := a.end()
			if err == nil && pin {
				x.made(t.server)
			}
			return text, err
		}
		if !t.retry || attempt == attempts || !errors.Is(err, lattice.ErrUnavailable) || a.status != 0 || pin {
			if pin && lattice.Undelivered(err) {
				err = errors.Join(errNoSession, err)
			}
			return nil, err
		}
		x.g.opts.Logger.DebugContext(ctx, "call is tried again", "server", t.server.MCP.Name, "method", t.method, "attempt", attempt+1, "error", err)
	}
}

// serve has a component answer. Nobody reads the body of the request after that. An answer
// that breaks off is one that has ended too early.
func serve(invoker lattice.Invoker, w http.ResponseWriter, r *http.Request, inv *lattice.Invocation) (err error) {
	sent := r.Body
	defer func() {
		_ = sent.Close() // it never fails
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = &lattice.Error{Code: lattice.CodeTrapped, Message: "the answer of the server broke off"}
		default:
			panic(v)
		}
	}()
	return invoker.HTTP(w, r, inv)
}

// edits returns the changes of a client's request that make it one for the component.
func (x *exchange) edits(t *target) []jsonrpc.Edit {
	var edits []jsonrpc.Edit
	named := pName
	switch {
	case t.method == readResource || t.entry == nil:
		named = -1 // URIs stay
	case t.method == complete:
		named = pRefName
	}
	if named >= 0 && x.spans[named].Found() && !jsonrpc.Is(x.spans[named].Of(x.body), t.own) {
		edits = append(edits, jsonrpc.Edit{Span: x.spans[named], Text: jsonrpc.AppendString(nil, t.own)})
	}
	if x.nested {
		// The arguments of call_tool have those of the tool.
		edits = append(edits, jsonrpc.Edit{Span: x.spans[pArguments], Text: orObject(x.inner.Of(x.body))})
	}
	if x.session != nil {
		edits = append(edits, x.modernize(t)...)
	}
	return edits
}

// orObject returns a value, or an empty object if there is none.
func orObject(value []byte) []byte {
	if value == nil {
		return []byte("{}")
	}
	return value
}

// modernize returns the changes that have a request of a session say what modern requests
// say themselves.
func (x *exchange) modernize(t *target) []jsonrpc.Edit {
	b := append([]byte(`"`+metaVersion+`":"`+modern+`","`+metaCapabilities+`":`), x.session.Capabilities...)
	if x.session.Client != nil {
		b = append(append(b, `,"`+metaClient+`":`...), x.session.Client...)
	}
	if level := x.level(t.server); level != "" {
		b = append(append(append(b, `,"`+metaLevel+`":"`...), level...), '"')
	}
	at := x.spans[pMeta]
	switch {
	case at.Found():
		// Its members go behind these.
		rest := bytes.TrimLeft(x.body[at.From+1:at.To], " \t\r\n")
		if rest[0] != '}' {
			b = append(b, ',')
		}
		return []jsonrpc.Edit{{Span: jsonrpc.Span{From: at.From + 1, To: at.From + 1}, Text: b}}
	case x.spans[sParams].Found():
		return []jsonrpc.Edit{jsonrpc.Member(x.body, x.spans[sParams], "_meta", slices.Concat([]byte{'{'}, b, []byte{'}'}))}
	}
	whole := jsonrpc.Span{From: bytes.IndexByte(x.body, '{'), To: len(x.body)}
	return []jsonrpc.Edit{jsonrpc.Member(x.body, whole, "params", slices.Concat([]byte(`{"_meta":{`), b, []byte("}}")))}
}

// safeDigits is how many digits of an integer every reader of JSON keeps.
const safeDigits = 15

// relay has a component answer the request of a client. Nothing may need the body of that
// afterwards: its bytes are used again.
func (x *exchange) relay(t *target) {
	defer func() { recycle(x.body) }()
	ctx := x.traced(x.r.Context())
	if x.session != nil {
		// The client may go away, and the call goes on (2025-11-25, Transports, "Sending
		// Messages to the Server").
		inner, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		defer cancel(nil)
		leave, fault := x.enter(cancel)
		if fault != nil {
			x.fail(fault)
			return
		}
		defer leave()
		ctx = inner
	}
	x.reply.keepAlive()
	edits := x.edits(t)
	id := x.id
	if jsonrpc.IsInteger(id) && len(id) > safeDigits {
		// Components that read numbers as floating point would answer with another one.
		id = []byte("1")
		edits = append(edits, jsonrpc.Edit{Span: x.spans[sID], Text: id})
	}
	for round := 0; ; round++ {
		again, fault := x.round(ctx, t, id, edits)
		switch {
		case fault != nil:
			x.settle(ctx, fault)
			return
		case again == nil:
			return
		case round == maxRounds:
			x.settle(ctx, faultf(codeInternal, "the server asked for input more than %d times", maxRounds))
			return
		}
		// Each round is a request of its own (2026-07-28, Multi Round-Trip Requests, "Client
		// Requirements").
		id = fmt.Appendf(nil, `"round-%d"`, round+1)
		from := x.spans[sParams].From + 1
		edits = append(x.edits(t), jsonrpc.Edit{Span: x.spans[sID], Text: id}, jsonrpc.Edit{Span: jsonrpc.Span{From: from, To: from}, Text: again})
	}
}

// round has a component answer once, and the client be told. If the component needs input
// that the client of a session has given, round returns what is to be added to the params
// of the next request.
func (x *exchange) round(ctx context.Context, t *target, id []byte, edits []jsonrpc.Edit) ([]byte, *fault) {
	sent := x.body
	if len(edits) > 0 {
		slices.SortStableFunc(edits, func(a, b jsonrpc.Edit) int { return cmp.Compare(a.From, b.From) })
		size := len(x.body)
		for _, e := range edits {
			size += len(e.Text)
		}
		sent = jsonrpc.Splice(bodyBuffer(int64(size)), x.body, edits...)
		defer recycle(sent)
	}
	timed, cancel := context.WithTimeoutCause(ctx, t.limit, errTimeout)
	defer cancel()
	a := &answer{g: x.g, cancel: cancel, over: timed.Err, id: id, take: x.notification, taken: x.reply.flushLater}
	defer a.release()
	began := time.Now()
	text, err := x.invoke(timed, a, t, sent)
	if err != nil {
		return nil, x.failed(t, err)
	}
	if x.g.opts.Logger.Enabled(timed, slog.LevelDebug) {
		x.g.opts.Logger.DebugContext(timed, "call answered", "server", t.server.MCP.Name, "component", t.server.Component, "method", t.method, "took", time.Since(began))
	}
	kind := a.spans[rType].Of(text)
	switch {
	case a.status == http.StatusNotFound && x.session != nil && string(a.spans[eCode].Of(text)) == codeNoSession:
		return nil, x.gone()
	case x.session == nil || kind == nil || jsonrpc.Is(kind, "complete"):
		x.respond(a, text)
		return nil, nil
	case !jsonrpc.Is(kind, "input_required"):
		return nil, faultf(codeInternal, "the result is of the kind %.80q, which revision %s does not have", jsonrpc.Unquote(kind), x.session.Version)
	case t.method == complete:
		return nil, faultf(codeInternal, "the server asks for input for %q, which cannot have any", t.method)
	}
	return x.gather(ctx, text, &a.spans)
}

// respond passes the response of a component on.
func (x *exchange) respond(a *answer, text []byte) {
	s := &a.spans
	var edits []jsonrpc.Edit
	switch id := s[sID]; {
	case !id.Found():
		whole := jsonrpc.Span{From: bytes.IndexByte(text, '{'), To: len(text)}
		edits = append(edits, jsonrpc.Member(text, whole, "id", x.id))
	case !bytes.Equal(id.Of(text), x.id):
		edits = append(edits, jsonrpc.Edit{Span: id, Text: x.id})
	}
	if x.g.opts.Vet != nil && jsonrpc.Is(s[rScope].Of(text), "public") {
		// Who may see it is for the gateway to say.
		edits = append(edits, jsonrpc.Edit{Span: s[rScope], Text: []byte(`"private"`)})
	}
	status := http.StatusOK
	if x.session == nil {
		if s[sError].Found() {
			code, _ := strconv.Atoi(string(s[eCode].Of(text))) // one that is too large is none of ours
			status = statusOf(code)
		}
	} else if v := s[rStructured].Of(text); v != nil && !jsonrpc.IsObject(v) {
		// Clients of these revisions take nothing of such a result.
		edits = append(edits, jsonrpc.Without(text, s[sResult], s[rStructured]))
	}
	if len(edits) > 0 {
		slices.SortStableFunc(edits, func(a, b jsonrpc.Edit) int { return cmp.Compare(a.From, b.From) })
		text = jsonrpc.Splice(nil, text, edits...)
	}
	x.reply.respond(status, text)
}

// notification passes a notification of a component on, if it is one that belongs to the
// request.
func (x *exchange) notification(text []byte, s *spans) error {
	switch method := jsonrpc.Unquote(s[sMethod].Of(text)); method {
	case progress:
		if t := x.spans[mToken].Of(x.body); t == nil || !jsonrpc.Same(t, s[pToken].Of(text)) {
			return nil
		}
	case logMessage:
		if !x.wants(jsonrpc.Unquote(s[pLevel].Of(text))) {
			return nil
		}
	case cancelled, acknowledged, resourceUpdated, toolsChanged, promptsChanged, resourcesChanged:
		return nil // not those of a call
	default:
		if x.ep.server == nil || !strings.HasPrefix(method, notificationsName) {
			return nil // the client has no server that may have such
		}
	}
	if err := x.reply.eventLater(text); err != nil && x.session == nil {
		return fmt.Errorf("the client cannot be sent a notification: %w", err)
	}
	return nil
}
