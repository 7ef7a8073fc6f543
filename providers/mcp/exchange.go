package mcp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// exchange is a request of a client and what becomes of it.
type exchange struct {
	g     *Gateway
	w     http.ResponseWriter
	r     *http.Request
	reply reply

	principal *Principal
	// name is that of the server at whose address the request came, empty for all.
	name lattice.ServerName
	// search says that only find_tool and call_tool are offered.
	search bool
	view   *view
	ep     *endpoint

	body  []byte
	held  int64 // how much is counted for what the client sent
	spans spans
	// id is that of the request.
	id []byte
	// session is nil for modern requests.
	session *session
	// nested says that the request calls a tool by call_tool; inner are the arguments of
	// that tool.
	nested bool
	inner  jsonrpc.Span
}

// admit checks everything but the body, in the order of what it costs, and sets who asks
// and for what.
func (x *exchange) admit() *fault {
	r := x.r
	if fault := x.address(); fault != nil {
		return fault
	}
	if fault := x.foreign(); fault != nil {
		return fault
	}
	switch r.Method {
	case http.MethodPost:
	case http.MethodOptions:
		x.preflight()
		return nil
	case http.MethodGet, http.MethodDelete:
		// Modern servers have neither (2026-07-28, Streamable HTTP, "Earlier Streamable HTTP
		// Revisions").
		if r.Header.Get(headerSessionID) != "" && (r.Header.Get(headerVersion) == "" || isLegacy(r.Header.Get(headerVersion))) {
			break
		}
		fallthrough
	default:
		x.w.Header().Set("Allow", "POST, OPTIONS")
		return faultf(http.StatusMethodNotAllowed, "MCP is spoken by POST here").with(http.StatusMethodNotAllowed)
	}
	principal, err := x.g.opts.Authenticate(r)
	if err != nil || principal == nil {
		return x.challenge(err)
	}
	x.principal = principal
	x.view = x.g.current.Load()
	whole := x.view.all
	if x.name != "" {
		if whole = x.view.servers[x.name]; whole == nil {
			x.principal = nil
			return faultf(codeGone, "there is no server %q", x.name).with(http.StatusNotFound)
		}
	}
	x.ep = x.g.seen(r.Context(), x.view, whole, principal)
	return nil
}

// address finds out which server is meant.
func (x *exchange) address() *fault {
	rest, ok := strings.CutPrefix(x.r.URL.Path, Path)
	if name, found := strings.CutPrefix(rest, "/"); ok && found {
		server, err := lattice.ParseServerName(name)
		ok, x.name = err == nil, server
	} else if rest != "" {
		ok = false
	}
	if !ok {
		return faultf(codeGone, "there is no server here: addresses are %s and %s/NAME", Path, Path).with(http.StatusNotFound)
	}
	if x.r.URL.RawQuery == "" {
		return nil
	}
	switch mode := x.r.URL.Query().Get("tools"); mode {
	case "":
	case "search":
		x.search = true
	default:
		return faultf(codeGone, "tools=%.40q is not known: write tools=search", mode).with(http.StatusNotFound)
	}
	return nil
}

// foreign refuses what web pages send that have no business here (2026-07-28, Streamable
// HTTP, "Security & Endpoint").
func (x *exchange) foreign() *fault {
	origins := x.r.Header["Origin"]
	switch {
	case len(origins) > 1:
		return faultf(codeDenied, "there is more than one Origin").with(http.StatusForbidden)
	case len(origins) == 1 && slices.ContainsFunc(x.g.opts.Origins, func(o string) bool { return strings.EqualFold(o, origins[0]) }):
		x.allow(origins[0])
		origins = nil
	case len(origins) == 1 && !x.g.opts.Local:
		return faultf(codeDenied, "web pages of %.80q may not use this gateway", origins[0]).with(http.StatusForbidden)
	}
	if x.g.opts.Local {
		served := func(host string) bool { return x.g.opts.URL != nil && host == x.g.opts.URL.Hostname() }
		checked := x.r
		if origins == nil {
			checked = &http.Request{Host: x.r.Host}
		}
		if why := webserver.Foreign(checked, served); why != "" {
			return faultf(codeDenied, "%s", why).with(http.StatusForbidden)
		}
		if len(origins) == 1 {
			x.allow(origins[0])
		}
	} else if u := x.g.opts.URL; u != nil && webserver.Hostname(x.r.Host) != u.Hostname() {
		return faultf(codeDenied, "the Host header does not name this gateway").with(http.StatusForbidden)
	}
	return nil
}

// allow has a browser show an answer to the page that asked.
func (x *exchange) allow(origin string) {
	h := x.w.Header()
	h["Access-Control-Allow-Origin"] = []string{origin}
	h["Access-Control-Expose-Headers"] = []string{headerSessionID + ", WWW-Authenticate"}
	h.Add("Vary", "Origin")
}

// preflight answers a browser that asks what a page may send.
func (x *exchange) preflight() {
	h := x.w.Header()
	h["Allow"] = []string{"POST, OPTIONS"}
	if h["Access-Control-Allow-Origin"] != nil {
		h["Access-Control-Allow-Methods"] = []string{"POST, GET, DELETE"}
		h["Access-Control-Allow-Headers"] = []string{x.r.Header.Get("Access-Control-Request-Headers")}
		h["Access-Control-Max-Age"] = []string{"600"}
	}
	x.w.WriteHeader(http.StatusNoContent)
}

// post takes a message of a client.
func (x *exchange) post() {
	if fault := x.media(); fault != nil {
		x.fail(fault)
		return
	}
	if fault := x.read(); fault != nil {
		x.fail(fault)
		return
	}
	form, err := read(x.body, &x.spans)
	if id := x.spans[sID].Of(x.body); err == nil && form == request {
		x.id = id
	}
	if err != nil {
		x.fail(unreadable(x.body, err))
		return
	}
	if x.isModern() {
		x.modern(form)
	} else {
		x.legacy(form)
	}
}

// method returns the method of the message.
func (x *exchange) method() string {
	quoted := x.spans[sMethod].Of(x.body)
	if len(quoted) > 2 {
		if m, ok := methods[string(quoted[1:len(quoted)-1])]; ok {
			return m
		}
	}
	return jsonrpc.Unquote(quoted)
}

// unreadable is the fault of a body that is no message.
func unreadable(body []byte, err error) *fault {
	if _, ok := errors.AsType[*jsonrpc.SyntaxError](err); ok {
		return faultf(codeParse, "the body is no JSON that can be taken: %v", err).with(http.StatusBadRequest)
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		err = errors.New("it is a batch, which MCP does not have")
	}
	return faultf(codeRequest, "the body is no message: %v", err).with(http.StatusBadRequest)
}

// media checks in which form the body is and the answer may be.
func (x *exchange) media() *fault {
	kind := x.r.Header["Content-Type"]
	if len(kind) != 1 || kind[0] != jsonType[0] {
		mediaType, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
		charset := strings.ToLower(params["charset"])
		if len(kind) > 1 || err != nil || mediaType != jsonType[0] || charset != "" && charset != "utf-8" {
			return faultf(http.StatusUnsupportedMediaType, "the body has to be of the type application/json").with(http.StatusUnsupportedMediaType)
		}
	}
	if e := x.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return faultf(http.StatusUnsupportedMediaType, "the body must not be compressed").with(http.StatusUnsupportedMediaType)
	}
	if accept := x.r.Header["Accept"]; !takes(accept, jsonType[0]) || !takes(accept, eventType[0]) {
		return faultf(http.StatusNotAcceptable, "the client has to take application/json and text/event-stream").with(http.StatusNotAcceptable)
	}
	return nil
}

// takes reports whether the values of an Accept header have a type. Without any, all are
// taken.
func takes(accept []string, mediaType string) bool {
	major, _, _ := strings.Cut(mediaType, "/")
	for _, v := range accept {
		for part := range strings.SplitSeq(v, ",") {
			t, params, _ := strings.Cut(part, ";")
			t = strings.TrimSpace(t)
			if (strings.EqualFold(t, mediaType) || t == "*/*" || strings.EqualFold(t, major+"/*")) && !refused(params) {
				return true
			}
		}
	}
	return len(accept) == 0
}

// refused reports whether the parameters of a type give it no quality.
func refused(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if q, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			return strings.Trim(q, "0.") == ""
		}
	}
	return false
}

// read reads the body.
func (x *exchange) read() *fault {
	limit, size := x.g.opts.MaxBody, x.r.ContentLength
	tooLarge := func() *fault {
		return faultf(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", limit).with(http.StatusRequestEntityTooLarge)
	}
	if size > limit {
		return tooLarge()
	}
	if fault := x.hold(size); fault != nil {
		return fault
	}
	_ = x.reply.rc.SetReadDeadline(time.Now().Add(x.g.opts.BodyTimeout)) // not every writer has one
	var err error
	if size >= 0 {
		x.body = bodyBuffer(size)[:size]
		var n int
		n, err = io.ReadFull(x.r.Body, x.body)
		x.body = x.body[:n]
	} else {
		x.body, err = io.ReadAll(io.LimitReader(x.r.Body, limit+1))
		if int64(len(x.body)) > limit {
			return tooLarge()
		}
	}
	if err != nil {
		return faultf(codeRequest, "the body cannot be read: it has %d bytes of %d", len(x.body), size).with(http.StatusBadRequest)
	}
	_ = x.reply.rc.SetReadDeadline(time.Time{}) // not every writer has one
	return nil
}

// hold counts a body of n bytes, or one of any size if n is negative, and one like it that
// is made for the component. It is given back when the request has been answered.
func (x *exchange) hold(n int64) *fault {
	if n < 0 {
		n = x.g.opts.MaxBody
	}
	if n <= 1<<freeBits {
		return nil
	}
	x.held = 2 * n
	if x.g.held.Add(x.held) > x.g.opts.MaxHeld {
		f := faultf(codeUnavailable, "the gateway holds too many large requests now: try again").with(http.StatusServiceUnavailable)
		f.data = again(time.Second)
		return f
	}
	return nil
}

// fail answers a request that is not carried out.
func (x *exchange) fail(f *fault) {
	status := f.status
	if status == 0 {
		status = http.StatusOK
		if x.session == nil {
			status = statusOf(f.code)
		}
	}
	if x.body == nil {
		webserver.BoundUnread(x.w, x.r)
	}
	if x.g.opts.Logger.Enabled(x.r.Context(), slog.LevelDebug) {
		x.g.opts.Logger.DebugContext(x.r.Context(), "request refused", "server", x.name, "status", status, "reason", f.message)
	}
	x.reply.respond(status, f.text(x.id))
}

// settle answers a request that a component has not answered.
func (x *exchange) settle(ctx context.Context, f *fault) {
	if errors.Is(context.Cause(ctx), errCancelled) {
		// The client wants no response (2025-11-25, Cancellation, "Behavior Requirements").
		_ = x.reply.open() // it may have gone
		return
	}
	x.fail(f)
}

// failed returns what the client is told of a call that failed.
func (x *exchange) failed(t *target, err error) *fault {
	if x.session != nil && errors.Is(err, errNoSession) {
		return x.gone()
	}
	f := x.g.failure(err, t.limit)
	if f.code == codeInternal || f.code == codeTimeout {
		x.g.opts.Logger.WarnContext(x.r.Context(), "call failed", "server", t.server.MCP.Name, "component", t.server.Component, "method", t.method, "error", err)
	}
	return f
}

// gone is the fault of a session that is not there any more: the client begins another one
// (2025-11-25, Transports, "Session Management").
func (x *exchange) gone() *fault {
	return faultf(codeGone, "the session is not there any more: begin another one").with(http.StatusNotFound)
}

// vet asks whether the request may be carried out.
func (x *exchange) vet(method string, s *server, name string) *fault {
	if x.g.opts.Vet == nil {
		return nil
	}
	a := &Action{Principal: x.principal, Method: method, Name: name, Params: x.spans[sParams].Of(x.body)}
	if s == nil {
		s = x.ep.server
	}
	if s != nil {
		a.Server, a.Component = s.MCP.Name, s.Component
	}
	if err := x.g.opts.Vet.Vet(x.r.Context(), a); err != nil {
		return faultf(codeDenied, "denied: %v", err)
	}
	return nil
}
