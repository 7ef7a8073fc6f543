package typed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/wasi/io"
	wasmcp "github.com/wattle-dev/wattle/host/wasmcp/mcpv20251125"
	wattle "github.com/wattle-dev/wattle/host/wattle/mcp"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/wit"
)

// wasmcpVersion is the revision of MCP that wasmcp:mcp-v20251125 is about.
const wasmcpVersion = "2025-11-25"

// maxPages is how many answers a list may have.
const maxPages = 200

// wasmcpSignatures are those of the functions of wasmcp:mcp-v20251125 0.1 that components
// export, by interface and name.
var wasmcpSignatures = map[string]map[string]string{
	"tools": {"list-tools": wasmcp.ToolsListToolsSignature, "call-tool": wasmcp.ToolsCallToolSignature},
	"resources": {
		"list-resources":          wasmcp.ResourcesListResourcesSignature,
		"read-resource":           wasmcp.ResourcesReadResourceSignature,
		"list-resource-templates": wasmcp.ResourcesListResourceTemplatesSignature,
	},
	"prompts":     {"list-prompts": wasmcp.PromptsListPromptsSignature, "get-prompt": wasmcp.PromptsGetPromptSignature},
	"completions": {"complete": wasmcp.CompletionsCompleteSignature},
}

// wasmcpServer is a component that exports interfaces of wasmcp.
type wasmcpServer struct {
	target  *host.Target
	id      lattice.ComponentID
	exports exported
}

func newWasmcp(target *host.Target, world *wit.World, opts *Options) (*wasmcpServer, error) {
	s := &wasmcpServer{target: target, id: opts.ID, exports: exported{}}
	for i := range world.Exports {
		x := &world.Exports[i]
		if x.Interface == nil || x.ID.Namespace != "wasmcp" || x.ID.Package != "mcp-v20251125" {
			continue
		}
		if err := compatible(x, wasmcpSignatures[x.ID.Name]); err != nil {
			return nil, err
		}
		s.exports[x.ID.Name] = x
	}
	if len(s.exports) == 0 {
		return nil, errors.New("the component exports no interface of wasmcp:mcp-v20251125")
	}
	return s, nil
}

// messageContext returns the record of that name. No component is given the token of
// who calls: the claims say who that is, and the token is empty.
func messageContext(inv *lattice.Invocation, stream *io.OutputStream) wit.Value {
	identity := wit.OptionValue{}
	if len(inv.Callers) > 0 {
		if subject, ok := strings.CutPrefix(string(inv.Callers[0]), "gateway/"); ok {
			none := wit.OptionValue{}
			claims := wit.RecordValue{subject, none, wit.ListValue{}, none, none, none, none, wit.ListValue{}, none, wit.ListValue{}}
			identity = some(wit.RecordValue{wit.Bytes{}, claims})
		}
	}
	// An empty frame would mean that there is no stream for notifications.
	frame := wit.RecordValue{wit.Bytes("data: "), wit.Bytes("\n\n")}
	lent := component.Own{Type: io.OutputStreamResource, Value: stream}.Handle()
	return wit.RecordValue{some(lent), wasmcpVersion, wit.OptionValue{}, identity, frame, wit.OptionValue{}}
}

// call calls a function with the message context and a request, and returns the payload of its
// result, with the type of that.
func (s *wasmcpServer) call(ctx context.Context, session *mcp.Session, inv *lattice.Invocation, iface, function string, request wit.Value) (*wit.Type, wit.Value, error) {
	x := s.exports[iface]
	stream := io.NewOutputStream(io.Discard)
	defer stream.Drop(ctx)
	v, err := call(ctx, session, inv, x, function, messageContext(inv, stream), request)
	if err != nil {
		return nil, nil, err
	}
	r := resultOf(v)
	if r.Failed {
		e := recordOf(variantOf(r.Value).Value)
		code, _ := e[0].(int64)
		return nil, nil, protocolError(code, stringOf(e[1]), e[2])
	}
	return x.Interface.Func(function).Result.Ok, r.Value, nil
}

// protocolError returns an error of the protocol, with the code that a component says.
func protocolError(code int64, message string, data wit.Value) error {
	e := &mcp.Error{Code: mcp.CodeInternal, Message: message}
	if int64(int32(code)) == code {
		e.Code = int(code)
	}
	if text, ok := optionOf(data); ok {
		compact, err := rawjson.Compact([]byte(stringOf(text)))
		if err != nil {
			compact = rawjson.Quote(stringOf(text))
		}
		e.Data = compact
	}
	return e
}

// Answer implements mcp.Endpoint.
func (s *wasmcpServer) Answer(ctx context.Context, q *mcp.Request) (json.RawMessage, error) {
	iface := methods[q.Method]
	if iface == "" || s.exports[iface] == nil {
		return nil, noMethod(q.Method)
	}
	function, what, request, err := wasmcpRequest(q)
	if err != nil {
		return nil, err
	}
	params, err := rawjson.Members(q.Params)
	if err != nil {
		return nil, badParams("params: %v", err)
	}
	meta, err := members(params, "_meta")
	if err != nil {
		return nil, err
	}
	ctx = wattle.WithClient(ctx, newClient(q, meta))
	t, v, err := s.call(ctx, q.Session, q.Invocation, iface, function, request)
	if err != nil {
		return nil, err
	}
	found, ok := optionOf(v)
	if !ok && q.Method == methodComplete {
		return json.RawMessage(`{"completion":{"values":[]}}`), nil
	}
	if !ok {
		name, _, _ := named(q.Params, member(q.Method))
		return nil, unknown(what, name)
	}
	w := &wasmcpWriter{}
	if q.Method == methodReadResource {
		w.uri, _, _ = named(q.Params, member(q.Method)) // it was read already
	}
	b := &builder{}
	w.record(ctx, b, t.Elem, found)
	switch q.Method {
	case methodReadResource:
		b.raw("ttlMs", json.RawMessage("0")).text("cacheScope", "private")
	case methodComplete:
		b.o = rawjson.Object{{Name: "completion", Value: b.o.Without(func(name string) bool { return name == "_meta" }).JSON()}}
	}
	result, err := b.done()
	if err != nil {
		return nil, &mcp.Error{Code: mcp.CodeInternal, Message: "the component's answer is not valid", Reason: err.Error()}
	}
	return result, nil
}

// wasmcpRequest returns the function that answers a request, what it looks for, and its argument.
func wasmcpRequest(q *mcp.Request) (function, what string, request wit.Value, err error) {
	if q.Method == methodComplete {
		params, err := rawjson.Members(q.Params)
		if err != nil {
			return "", "", nil, badParams("params: %v", err)
		}
		c, err := readCompletion(params)
		if err != nil {
			return "", "", nil, err
		}
		ref := wit.VariantValue{Case: c.kind, Value: c.ref}
		if c.kind == 0 {
			ref.Value = wit.RecordValue{c.ref, wit.OptionValue{}}
		}
		known := wit.OptionValue{}
		if len(c.known) > 0 {
			b := &builder{}
			for _, v := range c.known {
				b.text(stringOf(tupleOf(v)[0]), stringOf(tupleOf(v)[1]))
			}
			known = some(wit.RecordValue{some(string(b.o.JSON()))})
		}
		return "complete", "reference", wit.RecordValue{wit.RecordValue{c.argument, c.value}, ref, known}, nil
	}
	name, params, err := named(q.Params, member(q.Method))
	if err != nil {
		return "", "", nil, err
	}
	if _, err := members(params, "arguments"); err != nil {
		return "", "", nil, err
	}
	arguments := optional(string(params.Get("arguments")))
	switch q.Method {
	case methodCallTool:
		return "call-tool", "tool", wit.RecordValue{name, arguments}, nil
	case methodGetPrompt:
		return "get-prompt", "prompt", wit.RecordValue{name, arguments}, nil
	default:
		return "read-resource", "resource", wit.RecordValue{name}, nil
	}
}

// member returns the member of params that says what a method is about.
func member(method string) string {
	if method == methodReadResource {
		return "uri"
	}
	return "name"
}

// List implements mcp.Endpoint.
func (s *wasmcpServer) List(ctx context.Context) (*catalogue.Contents, time.Duration, error) {
	session := &mcp.Session{Session: s.target.NewSession()}
	defer session.Close()
	said := &catalogue.Contents{Versions: []string{wasmcpVersion}}
	capabilities := (&builder{}).raw("logging", json.RawMessage("{}"))
	for _, l := range []struct {
		iface, function, member string
		into                    *[]json.RawMessage
	}{
		{"tools", "list-tools", "tools", &said.Tools},
		{"resources", "list-resources", "resources", &said.Resources},
		{"resources", "list-resource-templates", "resource-templates", &said.Templates},
		{"prompts", "list-prompts", "prompts", &said.Prompts},
		{iface: "completions"},
	} {
		if s.exports[l.iface] == nil {
			continue
		}
		if capabilities.o.Get(l.iface) == nil {
			capabilities.raw(l.iface, json.RawMessage("{}"))
		}
		if l.function == "" {
			continue
		}
		problems, err := s.pages(ctx, session, l.iface, l.function, l.member, l.into)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", l.function, err)
		}
		said.Problems = append(said.Problems, problems...)
	}
	said.Capabilities = capabilities.o.JSON()
	return said, 0, nil
}

// pages appends a whole list. Problems say what is not in it.
func (s *wasmcpServer) pages(ctx context.Context, session *mcp.Session, iface, function, member string, into *[]json.RawMessage) (problems []string, err error) {
	inv := &lattice.Invocation{Target: s.id, Callers: []lattice.Caller{"host"}, Depth: lattice.DefaultDepth}
	cursor := wit.OptionValue{}
	for range maxPages {
		t, v, err := s.call(ctx, session, inv, iface, function, wit.RecordValue{cursor})
		if err != nil {
			return nil, err
		}
		var entries wit.ListValue
		var of *wit.Type
		for i, f := range t.Fields {
			switch x := recordOf(v)[i]; f.Name {
			case member:
				entries, of = listOf(x), f.Type.Elem
			case "next-cursor":
				cursor, _ = x.(wit.OptionValue)
			}
		}
		for _, entry := range entries {
			if len(*into) == catalogue.MaxDefinitions {
				return append(problems, fmt.Sprintf("%s has more than %d entries", function, catalogue.MaxDefinitions)), nil
			}
			b := &builder{}
			(&wasmcpWriter{}).record(ctx, b, of, entry)
			text, err := b.done()
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s: %.200q is left out: %v", function, stringOf(recordOf(entry)[0]), err))
				continue
			}
			*into = append(*into, text)
		}
		if !cursor.Some {
			return problems, nil
		}
	}
	return append(problems, fmt.Sprintf("%s has more than %d pages", function, maxPages)), nil
}
