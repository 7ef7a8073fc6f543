package mcp

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// isModern reports whether a message is of a revision without sessions: its _meta says a
// revision, or its header names one that has no sessions (2026-07-28, Versioning,
// "Backward Compatibility with Initialization-Based Versions").
func (x *exchange) isModern() bool {
	header := x.r.Header[headerVersion]
	if m := x.spans[mVersion].Of(x.body); m != nil {
		return !isLegacy(jsonrpc.Unquote(m)) || len(header) != 1 || !jsonrpc.Is(m, header[0])
	}
	return len(header) > 1 || len(header) == 1 && !isLegacy(header[0])
}

// modern takes a message of a client of 2026-07-28.
func (x *exchange) modern(form form) {
	switch form {
	case response:
		x.fail(faultf(codeRequest, "responses cannot be sent to a server").with(http.StatusBadRequest))
		return
	case notification:
		// There are none that mean anything (2026-07-28, Streamable HTTP, "Sending Messages").
		x.accepted()
		return
	case request:
	}
	if fault := x.validate(); fault != nil {
		x.fail(fault)
		return
	}
	method := x.method()
	if k := slices.Index(listMethods[:], method); k >= 0 && x.ep.can(kind(k)) {
		if fault := x.vet(method, nil, ""); fault != nil {
			x.fail(fault)
			return
		}
		x.list(kind(k))
		return
	}
	switch method {
	case discover:
		if fault := x.vet(method, nil, ""); fault != nil {
			x.fail(fault)
			return
		}
		x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, x.ep.about.discover)
	case listen:
		x.listen()
	case initialize, ping, setLevel, subscribe, unsubscribe:
		x.fail(faultf(codeMethod, "%q is not of revision %s: this server speaks %s", method, modern, strings.Join(versions, ", ")))
	default:
		x.use(method)
	}
}

// responseBegin begins every response that the gateway writes itself.
const responseBegin = `{"jsonrpc":"2.0","id":`

// accepted answers what has no response.
func (x *exchange) accepted() {
	x.w.WriteHeader(http.StatusAccepted)
	x.reply.drop()
}

// validate checks what each modern request says of itself, and that its header says the
// same (2026-07-28, Overview, "_meta"; Streamable HTTP, "Request Metadata" and "Server
// Validation").
func (x *exchange) validate() *fault {
	h, s := x.r.Header, &x.spans
	version := s[mVersion].Of(x.body)
	header := h[headerVersion]
	if len(header) != 1 {
		return faultf(codeHeaders, "header mismatch: there has to be one MCP-Protocol-Version, not %d", len(header))
	}
	if version == nil && !slices.Contains(versions, header[0]) {
		return unsupported(header[0])
	}
	for _, m := range []struct {
		name   string
		value  []byte
		needed bool
		ok     func([]byte) bool
	}{
		{metaVersion, version, true, jsonrpc.IsString},
		{metaCapabilities, s[mCapabilities].Of(x.body), true, jsonrpc.IsObject},
		{metaClient, s[mClient].Of(x.body), false, jsonrpc.IsObject},
		{metaLevel, s[mLevel].Of(x.body), false, isLevel},
	} {
		if m.value == nil && m.needed {
			return faultf(codeParams, "the _meta of the request lacks %q", m.name).with(http.StatusBadRequest)
		}
		if m.value != nil && !m.ok(m.value) {
			return faultf(codeParams, "in the _meta of the request, %q is none", m.name).with(http.StatusBadRequest)
		}
	}
	if !jsonrpc.Is(version, strings.Trim(header[0], " \t")) {
		return faultf(codeHeaders, "header mismatch: MCP-Protocol-Version is %.40q, the body says %.42s", header[0], version)
	}
	if !jsonrpc.Is(version, modern) {
		return unsupported(jsonrpc.Unquote(version))
	}
	if fault := x.mirrored(headerMethod, s[sMethod]); fault != nil {
		return fault
	}
	switch method := s[sMethod].Of(x.body); {
	case jsonrpc.Is(method, callTool), jsonrpc.Is(method, getPrompt):
		return x.mirrored(headerName, s[pName])
	case jsonrpc.Is(method, readResource):
		return x.mirrored(headerName, s[pURI])
	}
	return nil
}

// unsupported is the fault of a revision that the gateway does not speak.
func unsupported(version string) *fault {
	f := faultf(codeVersion, "unsupported protocol version")
	f.data, _ = json.Marshal(struct {
		Supported []string `json:"supported"`
		Requested string   `json:"requested"`
	}{versions, version}) // texts
	return f
}

func isLevel(value []byte) bool { return slices.Contains(levels, jsonrpc.Unquote(value)) }

// mirrored checks that a header says what a member of the body does.
func (x *exchange) mirrored(name string, member jsonrpc.Span) *fault {
	value := member.Of(x.body)
	if !jsonrpc.IsString(value) {
		return faultf(codeParams, "the body has nothing that %s could be", name).with(http.StatusBadRequest)
	}
	header := x.r.Header[name]
	if len(header) != 1 {
		return faultf(codeHeaders, "header mismatch: there has to be one %s, not %d", name, len(header))
	}
	text, ok := header[0], true
	if name == headerName {
		text, ok = decodeField(header)
	}
	if !ok || !jsonrpc.Is(value, text) {
		return faultf(codeHeaders, "header mismatch: %s is %.200q, the body says %.200s", name, header[0], value)
	}
	return nil
}

// can reports whether there is anything of a kind at an endpoint, or may be.
func (p *endpoint) can(k kind) bool {
	return p.server == nil || slices.ContainsFunc(p.servers, func(s *server) bool { return s.offers(k) })
}

// list answers a list. There are no pages, and so there are no cursors.
func (x *exchange) list(k kind) {
	if c := x.spans[pCursor].Of(x.body); c != nil && string(c) != "null" {
		x.fail(faultf(codeParams, "there is no such cursor"))
		return
	}
	l := &x.ep.lists[k]
	if x.search && k == tools {
		l = searchList(x.ep)
	}
	if x.session == nil {
		x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, []byte(l.before), l.entries, l.behind)
		return
	}
	x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, []byte(l.legacyBefore), l.legacyEntries, l.legacyBehind)
}
