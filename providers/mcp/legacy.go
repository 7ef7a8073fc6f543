package mcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// headerSessionID is the header with the id of a session, in canonical form.
const headerSessionID = "Mcp-Session-Id"

// legacy takes a message of a client of a revision with sessions.
func (x *exchange) legacy(form form) {
	method := x.method()
	if form == request && method == initialize {
		x.initialize()
		return
	}
	if fault := x.resume(); fault != nil {
		x.fail(fault)
		return
	}
	switch form {
	case notification:
		if method == cancelled {
			x.cancelled()
		}
		x.accepted()
		return
	case response:
		x.answered()
		return
	case request:
	}
	for _, slot := range []int{pInputs, pState, mCapabilities, mClient, mLevel} {
		if x.spans[slot].Found() {
			x.fail(faultf(codeParams, "the params have members that revision %s does not know", x.session.Version))
			return
		}
	}
	if k := slices.Index(listMethods[:], method); k >= 0 && x.ep.can(kind(k)) {
		if fault := x.vet(method, nil, ""); fault != nil {
			x.fail(fault)
			return
		}
		x.list(kind(k))
		return
	}
	switch method {
	case ping:
		x.empty(method)
	case setLevel:
		level := jsonrpc.Unquote(x.spans[pLevel].Of(x.body))
		if !slices.Contains(levels, level) {
			x.fail(faultf(codeParams, "%.40q is no level", level))
			return
		}
		s := x.g.state(x.session.Key)
		s.mu.Lock()
		s.level = level
		s.mu.Unlock()
		x.empty(method)
	case subscribe, unsubscribe:
		x.subscribe(method)
	case discover, listen:
		x.fail(faultf(codeMethod, "%q is not of revision %s", method, x.session.Version))
	default:
		x.use(method)
	}
}

// empty answers a request that has an empty result.
func (x *exchange) empty(method string) {
	if fault := x.vet(method, nil, ""); fault != nil {
		x.fail(fault)
		return
	}
	x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, []byte(`,"result":{}}`))
}

// resume finds the session of a request.
func (x *exchange) resume() *fault {
	ids := x.r.Header[headerSessionID]
	if len(ids) != 1 {
		return faultf(codeRequest, "there has to be one Mcp-Session-Id, not %d: begin with initialize", len(ids)).with(http.StatusBadRequest)
	}
	s, err := x.g.sealer.open(ids[0], x.principal.Subject, x.name, time.Now(), x.g.opts.Session)
	if err != nil || x.g.hasEnded(s.Key) {
		return x.gone()
	}
	x.session = s
	return nil
}

// initialize begins a session (2025-11-25, Lifecycle, "Initialization").
func (x *exchange) initialize() {
	if fault := x.vet(initialize, nil, ""); fault != nil {
		x.fail(fault)
		return
	}
	x.session = &session{Key: newSessionKey(), Version: versions[1], Capabilities: []byte("{}"), Made: time.Now().Unix()}
	if v := jsonrpc.Unquote(x.spans[pProtocol].Of(x.body)); isLegacy(v) {
		x.session.Version = v
	}
	if c := x.spans[pCapabilities].Of(x.body); jsonrpc.IsObject(c) {
		var b bytes.Buffer
		if err := json.Compact(&b, c); err != nil || b.Len() > maxCapabilities {
			x.fail(faultf(codeParams, "the capabilities of the client have more than %d bytes", maxCapabilities))
			return
		}
		x.session.Capabilities = b.Bytes()
	}
	x.session.Client = client(x.spans[pClient].Of(x.body))
	if fault := x.begin(); fault != nil {
		x.fail(fault)
		return
	}
	id, err := x.g.sealer.seal(x.session, x.principal.Subject, x.name)
	if err != nil {
		x.fail(faultf(codeInternal, "the session cannot be sealed"))
		return
	}
	about := &x.ep.about
	b := fmt.Appendf(nil, `,"result":{"protocolVersion":%q,"capabilities":%s,"serverInfo":%s`, x.session.Version, about.capabilities, about.info)
	if about.instructions != nil {
		b = append(append(b, `,"instructions":`...), about.instructions...)
	}
	x.w.Header()[headerSessionID] = []string{id}
	x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, b, []byte("}}"))
}

// begin chooses the hosts that keep an instance for the session. At the address of one
// server the instance is made at once: a session that begins has one.
func (x *exchange) begin() *fault {
	for _, s := range x.ep.servers {
		if !s.MCP.Pinned || len(s.Hosts) == 0 || len(x.session.Pins) == maxPins {
			continue
		}
		if x.session.Pins == nil {
			x.session.Pins = map[lattice.ServerName]lattice.HostID{}
		}
		x.session.Pins[s.MCP.Name] = s.Hosts[rand.IntN(len(s.Hosts))] //nolint:gosec // any will do
	}
	s := x.ep.server
	if s == nil || !s.MCP.Pinned {
		return nil
	}
	if len(x.session.Pins) == 0 {
		return faultf(codeUnavailable, "no host runs the server %q now: try again", s.MCP.Name)
	}
	t := &target{server: s, method: discover, limit: s.timeout}
	ctx, cancel := context.WithTimeoutCause(x.r.Context(), t.limit, errTimeout)
	defer cancel()
	a := &answer{g: x.g, cancel: cancel, over: ctx.Err, id: []byte("1"), take: func([]byte, *spans) error { return nil }}
	defer a.release()
	body := fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":{"_meta":{%q:%q,%q:%s}}}`, discover, metaVersion, modern, metaCapabilities, x.session.Capabilities)
	if _, err := x.invoke(ctx, a, t, body); err != nil {
		return x.g.failure(err, t.limit)
	}
	return nil
}

// pin has a request reach the instance of its session, if its server keeps one. It reports
// whether it does.
func (x *exchange) pin(s *server, h http.Header, inv *lattice.Invocation) (bool, *fault) {
	if !s.MCP.Pinned || x.session == nil {
		return false, nil
	}
	host, ok := x.session.Pins[s.MCP.Name]
	if !ok {
		return false, faultf(codeUnavailable, "the server %q was not there when this session began: begin another one", s.MCP.Name)
	}
	inv.Host = host
	h[headerSession] = []string{x.session.Key.String()}
	made := x.ep.server != nil && h[headerMethod][0] != discover
	if kept := x.g.known(x.session.Key); kept != nil && !made {
		kept.mu.Lock()
		made = kept.pinned[s.MCP.Name]
		kept.mu.Unlock()
	}
	if made {
		h[headerSessionHost] = []string{string(host)}
	}
	return true, nil
}

// made notes that a server has made the instance of the session.
func (x *exchange) made(s *server) {
	if x.ep.server != nil {
		return // it was made when the session began
	}
	kept := x.g.state(x.session.Key)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.pinned == nil {
		kept.pinned = map[lattice.ServerName]bool{}
	}
	kept.pinned[s.MCP.Name] = true
}

// unpinTime bounds how long hosts take to be told that a session has ended.
const unpinTime = 5 * time.Second

// delete ends a session (2025-11-25, Transports, "Session Management").
func (x *exchange) delete() {
	if fault := x.resume(); fault != nil {
		x.fail(fault)
		return
	}
	x.g.state(x.session.Key).end()
	x.w.WriteHeader(http.StatusNoContent)
	x.reply.drop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), unpinTime)
	defer cancel()
	for name, host := range x.session.Pins {
		ep := x.view.servers[name]
		if ep == nil {
			continue
		}
		s := ep.server
		inv := &lattice.Invocation{
			Target: s.Component, Interface: lattice.MCPInterface, Function: "handle", Host: host,
			Callers: []lattice.Caller{lattice.Caller("gateway/" + x.principal.Subject)}, Depth: lattice.DefaultDepth,
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodDelete, "http://"+componentHost+"/", http.NoBody)
		if err != nil {
			continue
		}
		r.Header[headerSession] = []string{x.session.Key.String()}
		r.Header[headerSessionHost] = []string{string(host)}
		if err := serve(x.g.invoker, discard{http.Header{}}, r, inv); err != nil {
			x.g.opts.Logger.DebugContext(ctx, "host was not told that a session has ended", "server", name, "host", host, "error", err)
		}
	}
}

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }

// level returns from which level on a server is to log for the session, empty if it is not
// to. Without a word of the client that is for the server to say (2025-11-25, Logging).
func (x *exchange) level(s *server) string {
	if !s.logging {
		return ""
	}
	if kept := x.g.known(x.session.Key); kept != nil {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		return cmp.Or(kept.level, defaultLevel)
	}
	return defaultLevel
}

// defaultLevel is that of sessions that do not say one.
const defaultLevel = "info"

// wants reports whether the client wants to see what is logged at a level.
func (x *exchange) wants(level string) bool {
	from := jsonrpc.Unquote(x.spans[mLevel].Of(x.body))
	if x.session != nil {
		from = defaultLevel
		if kept := x.g.known(x.session.Key); kept != nil {
			kept.mu.Lock()
			from = cmp.Or(kept.level, from)
			kept.mu.Unlock()
		}
	}
	n := slices.Index(levels, from)
	return n >= 0 && slices.Index(levels, level) >= n
}

// enter notes that a call of a session is under way, so that it can be cancelled. It
// returns what is to be called when the call has ended.
func (x *exchange) enter(cancel context.CancelCauseFunc) (func(), *fault) {
	kept, id := x.g.state(x.session.Key), string(x.id)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	switch {
	case kept.ended:
		return nil, x.gone()
	case kept.running[id] != nil:
		// 2025-11-25, Overview, "Requests".
		return nil, faultf(codeRequest, "a request with the id %.80s is under way", id)
	case kept.running == nil:
		kept.running = map[string]func(){}
	}
	kept.running[id] = func() { cancel(errCancelled) }
	return func() {
		kept.mu.Lock()
		defer kept.mu.Unlock()
		delete(kept.running, id)
	}, nil
}

// cancelled ends a call of the session.
func (x *exchange) cancelled() {
	kept := x.g.known(x.session.Key)
	if kept == nil {
		return
	}
	kept.mu.Lock()
	stop := kept.running[string(x.spans[pRequest].Of(x.body))]
	kept.mu.Unlock()
	if stop != nil {
		stop()
	}
}
