package typed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/mcp"
	wattle "github.com/wattle-dev/wattle/host/wattle/mcp"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/wit"
)

// Members of _meta that requests have (2026-07-28, schema, RequestMetaObject).
const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
)

// signatures are those of the functions of wattle:mcp 0.1 that components export, by
// interface and name.
var signatures = map[string]map[string]string{
	"about": {"describe": wattle.AboutDescribeSignature},
	"tools": {"list-tools": wattle.ToolsListToolsSignature, "call-tool": wattle.ToolsCallToolSignature},
	"resources": {
		"list-resources": wattle.ResourcesListResourcesSignature,
		"list-templates": wattle.ResourcesListTemplatesSignature,
		"read-resource":  wattle.ResourcesReadResourceSignature,
	},
	"prompts":     {"list-prompts": wattle.PromptsListPromptsSignature, "get-prompt": wattle.PromptsGetPromptSignature},
	"completions": {"complete": wattle.CompletionsCompleteSignature},
}

// exported are the interfaces of a package that a component exports, by their names.
type exported map[string]*wit.Extern

// wattleServer is a component that exports interfaces of wattle:mcp.
type wattleServer struct {
	target  *host.Target
	id      lattice.ComponentID
	exports exported
	states  *sealer
}

func newWattle(target *host.Target, world *wit.World, opts *Options) (*wattleServer, error) {
	s := &wattleServer{target: target, id: opts.ID, exports: exported{}}
	for i := range world.Exports {
		x := &world.Exports[i]
		if x.Interface == nil || x.ID.Namespace != "wattle" || x.ID.Package != "mcp" {
			continue
		}
		if err := compatible(x, signatures[x.ID.Name]); err != nil {
			return nil, err
		}
		s.exports[x.ID.Name] = x
	}
	if len(s.exports) == 0 {
		return nil, errors.New("the component exports no interface of wattle:mcp")
	}
	var err error
	s.states, err = newSealer(opts.StateKey, opts.ID, opts.Now)
	return s, err
}

// compatible says whether an exported interface has functions of these types.
func compatible(x *wit.Extern, want map[string]string) error {
	if want == nil {
		return fmt.Errorf("the component exports %q, which no host calls", x.Key())
	}
	for name, signature := range want {
		fn := x.Interface.Func(name)
		if fn == nil {
			return fmt.Errorf("the component exports %q without the function %q", x.Key(), name)
		}
		if fn.Signature() != signature {
			return fmt.Errorf("the component exports %q in a version that this host does not have: its function %q is %.200s…", x.Key(), name, fn.Signature())
		}
	}
	return nil
}

// call calls a function that a component exports, and returns what it returns.
func (s *wattleServer) call(ctx context.Context, session *mcp.Session, inv *lattice.Invocation, iface, function string, args ...wit.Value) (wit.Value, error) {
	return call(ctx, session, inv, s.exports[iface], function, args...)
}

func call(ctx context.Context, session *mcp.Session, inv *lattice.Invocation, x *wit.Extern, function string, args ...wit.Value) (wit.Value, error) {
	to := *inv
	to.Interface, to.Function = x.Key(), function
	values, err := session.Call(ctx, &to, nil, args)
	if err != nil {
		return nil, err
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("%d results", len(values))
	}
	return values[0], nil
}

// outcome returns the payload of a result, or the error that it is.
func outcome(v wit.Value) (wit.Value, error) {
	r := resultOf(v)
	if !r.Failed {
		return r.Value, nil
	}
	e := recordOf(r.Value)
	code, _ := e[0].(int32)
	return nil, protocolError(int64(code), stringOf(e[1]), e[2])
}

// methods are those that components answer, with the interface that each belongs to.
var methods = map[string]string{
	methodCallTool: "tools", methodReadResource: "resources", methodGetPrompt: "prompts", methodComplete: "completions",
}

// Answer implements mcp.Endpoint.
func (s *wattleServer) Answer(ctx context.Context, q *mcp.Request) (json.RawMessage, error) {
	if iface := methods[q.Method]; iface == "" || s.exports[iface] == nil {
		return nil, noMethod(q.Method)
	}
	r, err := s.read(q)
	if err != nil {
		return nil, err
	}
	ctx = wattle.WithClient(ctx, newClient(q, r.meta))
	var result json.RawMessage
	switch q.Method {
	case methodCallTool:
		result, err = s.callTool(ctx, q, r)
	case methodReadResource:
		result, err = s.readResource(ctx, q, r)
	case methodGetPrompt:
		result, err = s.getPrompt(ctx, q, r)
	default:
		result, err = s.complete(ctx, q, r)
	}
	if wrong, ok := errors.AsType[*wrongError](err); ok {
		return nil, &mcp.Error{Code: mcp.CodeInternal, Message: "the component's answer is not valid", Reason: wrong.Error()}
	}
	return result, err
}

// wrongError says what is wrong with an answer of a component.
type wrongError struct{ error }

// request is a request as components are given it.
type request struct {
	params, meta rawjson.Object
	scope        scope
	// capabilities are those of the client.
	capabilities rawjson.Object
	arguments    json.RawMessage
}

// read reads a request.
func (s *wattleServer) read(q *mcp.Request) (*request, error) {
	r := &request{}
	var err error
	if q.Method == methodComplete {
		r.params, err = rawjson.Members(q.Params)
	} else {
		r.scope.name, r.params, err = named(q.Params, member(q.Method))
	}
	if err != nil {
		return nil, err
	}
	if r.meta, err = members(r.params, "_meta"); err != nil {
		return nil, err
	}
	if r.capabilities, err = members(r.meta, metaCapabilities); err != nil {
		return nil, err
	}
	if _, err = members(r.params, "arguments"); err != nil {
		return nil, err
	}
	r.arguments = r.params.Get("arguments")
	if r.arguments == nil {
		r.arguments = json.RawMessage("{}")
	}
	r.scope.inv, r.scope.method, r.scope.arguments = q.Invocation, q.Method, r.arguments
	return r, nil
}

// members returns the members of an object in an object, none if it is not there.
func members(o rawjson.Object, name string) (rawjson.Object, error) {
	text := o.Get(name)
	if text == nil {
		return nil, nil
	}
	if !rawjson.IsObject(text) {
		return nil, badParams("%q has to be an object", name)
	}
	m, err := rawjson.Members(text)
	if err != nil {
		return nil, badParams("%q: %v", name, err)
	}
	return m, nil
}

// value returns the record request of wattle:mcp.
func (s *wattleServer) value(ctx context.Context, r *request) (wit.Value, error) {
	callers := make(wit.ListValue, len(r.scope.inv.Callers))
	for i, c := range r.scope.inv.Callers {
		callers[i] = string(c)
	}
	version, _ := rawjson.Text(r.meta.Get(metaVersion))
	responses, state, remaining := wit.OptionValue{}, wit.OptionValue{}, wit.OptionValue{}
	given, err := members(r.params, "inputResponses")
	if err != nil {
		return nil, err
	}
	if given != nil {
		responses = some(string(given.JSON()))
	}
	if text := r.params.Get("requestState"); text != nil {
		sealed, ok := rawjson.Text(text)
		if !ok {
			return nil, badParams("requestState has to be a string")
		}
		opened, err := s.states.open(sealed, &r.scope)
		if err != nil {
			return nil, err
		}
		state = some(opened)
	}
	if deadline, ok := ctx.Deadline(); ok {
		remaining = some(uint64(max(time.Until(deadline).Milliseconds(), 0))) //nolint:gosec // it is not negative
	}
	return wit.RecordValue{callers, version, string(r.capabilities.JSON()), string(r.meta.JSON()), responses, state, remaining}, nil
}

// required returns the result that asks the client for something.
func (s *wattleServer) required(v wit.Value, r *request) (json.RawMessage, error) {
	x := recordOf(v)
	b := (&builder{}).text("resultType", "input_required")
	requests := &builder{}
	for _, entry := range listOf(x[0]) {
		e := tupleOf(entry)
		name, text := stringOf(e[0]), stringOf(e[1])
		if requests.o.Get(name) != nil {
			return nil, &wrongError{fmt.Errorf("it asks for %.80q twice", name)}
		}
		requests.json(name, text)
		if requests.err == nil {
			if err := r.capable(requests.o.Get(name)); err != nil {
				return nil, err
			}
		}
	}
	state, keeps := optionOf(x[1])
	if len(requests.o) == 0 && !keeps {
		return nil, &wrongError{errors.New("it asks for input and does not say which")}
	}
	inputs, err := requests.done()
	if err != nil {
		return nil, &wrongError{err}
	}
	if len(requests.o) > 0 {
		b.raw("inputRequests", inputs)
	}
	if keeps {
		sealed, err := s.states.seal(stringOf(state), &r.scope)
		if err != nil {
			return nil, &wrongError{err}
		}
		b.text("requestState", sealed)
	}
	return b.done()
}

// needs is the capability that a client needs for a request.
var needs = map[string]string{"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}

// capable returns an error if the client has not said that it can answer a request.
func (r *request) capable(text json.RawMessage) error {
	if !rawjson.IsObject(text) {
		return &wrongError{errors.New("a request for input is not an object")}
	}
	o, err := rawjson.Members(text)
	if err != nil {
		return &wrongError{err}
	}
	method, _ := rawjson.Text(o.Get("method"))
	capability := needs[method]
	if capability == "" {
		return &wrongError{fmt.Errorf("clients have no method %.80q", method)}
	}
	if r.capabilities.Get(capability) != nil {
		return nil
	}
	return &mcp.Error{
		Code: mcp.CodeCapability, Message: fmt.Sprintf("the request needs the client capability %q", capability),
		Data: json.RawMessage(fmt.Sprintf(`{"requiredCapabilities":{%q:{}}}`, capability)),
	}
}

// List implements mcp.Endpoint.
func (s *wattleServer) List(ctx context.Context) (*catalogue.Contents, time.Duration, error) {
	session := &mcp.Session{Session: s.target.NewSession()}
	defer session.Close()
	said := &catalogue.Contents{}
	capabilities := (&builder{}).raw("logging", json.RawMessage("{}"))
	for _, l := range []struct {
		iface, function string
		define          func(wit.Value) (json.RawMessage, error)
		into            *[]json.RawMessage
	}{
		{"tools", "list-tools", toolDefinition, &said.Tools},
		{"resources", "list-resources", entryDefinition("uri"), &said.Resources},
		{"resources", "list-templates", entryDefinition("uriTemplate"), &said.Templates},
		{"prompts", "list-prompts", promptDefinition, &said.Prompts},
		{"completions", "", nil, nil},
	} {
		if s.exports[l.iface] == nil {
			continue
		}
		if capabilities.o.Get(l.iface) == nil {
			capabilities.raw(l.iface, json.RawMessage("{}"))
		}
		if l.define == nil {
			continue
		}
		v, err := s.call(ctx, session, s.invocation(), l.iface, l.function)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", l.function, err)
		}
		for i, entry := range listOf(v) {
			if i == catalogue.MaxDefinitions {
				said.Problems = append(said.Problems, fmt.Sprintf("%s has more than %d entries", l.function, catalogue.MaxDefinitions))
				break
			}
			text, err := l.define(entry)
			if err != nil {
				said.Problems = append(said.Problems, fmt.Sprintf("%s: %.200q is left out: %v", l.function, stringOf(recordOf(entry)[0]), err))
				continue
			}
			*l.into = append(*l.into, text)
		}
	}
	said.Capabilities = capabilities.o.JSON()
	if s.exports["about"] != nil {
		v, err := s.call(ctx, session, s.invocation(), "about", "describe")
		if err != nil {
			return nil, 0, fmt.Errorf("describe: %w", err)
		}
		x := recordOf(v)
		said.ServerInfo, err = (&builder{}).text("name", stringOf(x[0])).opt("title", x[1]).text("version", stringOf(x[2])).opt("websiteUrl", x[3]).done()
		if err != nil {
			return nil, 0, err
		}
		if text, ok := optionOf(x[4]); ok {
			said.Instructions = stringOf(text)
		}
	}
	return said, 0, nil
}

// invocation returns one on behalf of nobody but the host.
func (s *wattleServer) invocation() *lattice.Invocation {
	return &lattice.Invocation{Target: s.id, Callers: []lattice.Caller{"host"}, Depth: lattice.DefaultDepth}
}
