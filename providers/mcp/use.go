package mcp

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// use has the component answer that a request means.
func (x *exchange) use(method string) {
	t, fault := x.target(method)
	if fault == nil && t == nil {
		return // it is answered
	}
	if fault == nil {
		fault = x.vet(method, t.server, t.own)
	}
	if fault == nil && t.entry != nil && x.session == nil && len(t.entry.params) > 0 && !x.nested {
		fault = checkParams(t.entry.params, x.r.Header, t.arguments)
	}
	if fault != nil {
		x.fail(fault)
		return
	}
	x.relay(t)
}

// target finds what a request is about.
func (x *exchange) target(method string) (*target, *fault) {
	text := func(slot int) string { return jsonrpc.Unquote(x.spans[slot].Of(x.body)) }
	switch method {
	case callTool:
		return x.tool(text(pName), x.spans[pArguments].Of(x.body))
	case getPrompt:
		return x.prompt(method, text(pName))
	case readResource:
		return x.resource(method, text(pURI))
	case complete:
		switch kind := text(pRefType); kind {
		case "ref/prompt":
			return x.prompt(method, text(pRefName))
		case "ref/resource":
			return x.resource(method, text(pRefURI))
		default:
			return nil, faultf(codeParams, "completions are of ref/prompt and ref/resource, not of %.40q", kind)
		}
	}
	// What nobody here knows is between the client and its one server, if that says that it
	// has extensions.
	s := x.ep.server
	if s == nil || s.capabilities["extensions"] == nil || strings.HasPrefix(method, notificationsName) {
		return nil, faultf(codeMethod, "method not found: %.80q", method)
	}
	return &target{server: s, method: method, own: text(pName), limit: s.timeout}, nil
}

// tool returns the target that a name of a tool is.
func (x *exchange) tool(name string, arguments []byte) (*target, *fault) {
	if x.search {
		switch name {
		case findTool:
			return nil, x.found(arguments)
		case callFound:
			return x.inside(arguments)
		}
		return nil, faultf(codeParams, "unknown tool: %.140q: here are %s and %s", name, findTool, callFound)
	}
	e := x.ep.byName[tools][name]
	if e == nil {
		return nil, x.unknown("tool", name)
	}
	if wait := x.g.limited(limitKey{x.principal.Subject, e.server.MCP.Name, e.own}, e.tool.Rate, time.Now()); wait > 0 {
		f := faultf(codeTooMany, "too many calls of the tool %q: the limit is %d in a minute", name, e.tool.Rate)
		f.data = again(wait)
		return nil, f
	}
	return &target{
		server: e.server, entry: e, method: callTool, own: e.own, limit: time.Duration(e.tool.TimeoutMillis) * time.Millisecond,
		retry: e.tool.ReadOnly || e.tool.Idempotent, arguments: arguments,
	}, nil
}

// inside returns the target that the arguments of call_tool name.
func (x *exchange) inside(arguments []byte) (*target, *fault) {
	const name, inner = 0, 1
	var at [2]jsonrpc.Span
	if !jsonrpc.IsObject(arguments) {
		return nil, faultf(codeParams, "the arguments are no object")
	}
	if err := jsonrpc.Scan(arguments, jsonrpc.Shape{{Name: "name", Slot: name}, {Name: "arguments", Slot: inner}}, at[:]); err != nil {
		return nil, faultf(codeParams, "the arguments cannot be read: %v", err)
	}
	of := at[inner].Of(arguments)
	switch {
	case !jsonrpc.IsString(at[name].Of(arguments)):
		return nil, faultf(codeParams, `the argument "name" is no text`)
	case of != nil && !jsonrpc.IsObject(of):
		return nil, faultf(codeParams, `the argument "arguments" is no object`)
	}
	x.search = false
	t, fault := x.tool(jsonrpc.Unquote(at[name].Of(arguments)), of)
	x.search = true
	if fault != nil {
		return nil, fault
	}
	from := x.spans[pArguments].From
	x.nested = true
	if of != nil {
		x.inner = jsonrpc.Span{From: from + at[inner].From, To: from + at[inner].To}
	}
	return t, nil
}

// prompt returns the target that a name of a prompt is.
func (x *exchange) prompt(method, name string) (*target, *fault) {
	e := x.ep.byName[prompts][name]
	if e == nil {
		return nil, x.unknown("prompt", name)
	}
	return &target{server: e.server, entry: e, method: method, own: e.own, limit: e.server.timeout, retry: true}, nil
}

// resource returns the target that has a resource, or a template.
func (x *exchange) resource(method, uri string) (*target, *fault) {
	if uri == "" {
		return nil, faultf(codeParams, "the request names no resource")
	}
	var e *entry
	if method == complete {
		e = x.ep.byName[templates][uri]
	}
	if e == nil {
		e = x.ep.find(uri)
	}
	s := x.ep.server
	switch {
	case e != nil:
		s = e.server
	case s != nil:
		// Servers have resources that they do not list.
	default:
		f := faultf(codeParams, "resource not found")
		f.data = append(jsonrpc.AppendString([]byte(`{"uri":`), uri), '}')
		return nil, f
	}
	return &target{server: s, entry: e, method: method, own: uri, limit: s.timeout, retry: true}, nil
}

// unknown is the fault of a name that is not listed.
func (x *exchange) unknown(what, name string) *fault {
	if s := x.ep.server; s != nil && s.Listing == nil {
		f := faultf(codeUnavailable, "nothing is known yet of what the server %q offers: try again", s.MCP.Name)
		f.data = again(time.Second)
		return f
	}
	return faultf(codeParams, "unknown %s: %.140q", what, name)
}

// Tools that are offered instead of all others to those who ask for it.
const (
	findTool  = "find_tool"
	callFound = "call_tool"
)

// searchTools are their definitions.
var searchTools = []*entry{
	{kind: tools, name: callFound, definition: []byte(`{"name":"call_tool","title":"Call a tool","description":"Calls a tool that find_tool has found.","inputSchema":{"type":"object","properties":{"name":{"type":"string","description":"The name of the tool"},"arguments":{"type":"object","description":"Its arguments, as its inputSchema says"}},"required":["name"]}}`)},
	{kind: tools, name: findTool, definition: []byte(`{"name":"find_tool","title":"Find tools","description":"Finds tools by words that describe what they do. Call what it finds with call_tool.","inputSchema":{"type":"object","properties":{"query":{"type":"string","description":"Words that describe what the tool does"},"limit":{"type":"integer","minimum":1,"maximum":50,"default":5,"description":"How many tools to find"}},"required":["query"]},"annotations":{"readOnlyHint":true,"idempotentHint":true,"openWorldHint":false}}`)},
}

// searchList is the list of tools for those who search.
func searchList(p *endpoint) *page {
	l := newPage(tools, searchTools, p.meta(), ttl)
	return &l
}

// found answers a call of find_tool. The fault is nil if it is answered.
func (x *exchange) found(arguments []byte) *fault {
	var asked struct {
		Query string
		Limit *int
	}
	if err := json.Unmarshal(orObject(arguments), &asked); err != nil {
		return faultf(codeParams, "the arguments cannot be read: %v", err)
	}
	limit := defaultFound
	if asked.Limit != nil {
		limit = min(max(*asked.Limit, 1), maxFound)
	}
	if fault := x.vet(callTool, nil, findTool); fault != nil {
		return fault
	}
	body := []byte(`{"tools":[`)
	for i, e := range x.ep.index().search(asked.Query, limit) {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e.definition...)
	}
	body = append(body, "]}"...)
	head := `,"result":{`
	if x.session == nil {
		head += `"resultType":"complete",`
	}
	x.reply.respond(http.StatusOK, []byte(responseBegin), x.id, []byte(head+`"content":[{"type":"text","text":`),
		jsonrpc.AppendString(nil, body), []byte(`}],"structuredContent":`), body, []byte("}}"))
	return nil
}

// serverOf returns the server that is asked about an entry's URI at an endpoint, nil if
// none is.
func (p *endpoint) serverOf(uri string) *server {
	if e := p.find(uri); e != nil {
		return e.server
	}
	return p.server
}
