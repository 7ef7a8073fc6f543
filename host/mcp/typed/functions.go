package typed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/mcp/typed/jsonval"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/catalogue"
	"github.com/wattle-dev/wattle/wit"
)

// functions is a component whose functions are tools.
type functions struct {
	mapping jsonval.Mapping
	tools   map[string]*tool
	said    catalogue.Contents
	// written is how many bytes of schemas were written, and left how many functions were not
	// looked at since that was enough.
	written, left int
}

// maxWritten bounds the schemas that are written for a component: those of a listing, and some
// that turn out to be too large.
const maxWritten = 4 * catalogue.MaxListing

// tool is a function.
type tool struct {
	name  string
	iface string // as exported, empty for a function of the world
	fn    *wit.Func
	// value is the type of what a call returns, nil if there is none: that of the function,
	// or strictly, if it can fail, that of its success.
	value *wit.Type
	// fails says that the function's result says whether it failed.
	fails bool
	// wrapped says that what it returns is the member result of an object.
	wrapped bool
}

func newFunctions(world *wit.World, m jsonval.Mapping) (*functions, error) {
	f := &functions{mapping: m, tools: map[string]*tool{}}
	f.said.Capabilities = json.RawMessage(`{"tools":{}}`)
	if m == jsonval.Strict {
		f.said.Instructions = strings.TrimSpace(world.Docs)
	}
	exports := 0
	for i := range world.Exports {
		x := &world.Exports[i]
		switch {
		case x.Func != nil:
			exports++
			f.add(x.Func, "", x.Name, world)
		case x.Interface != nil:
			for _, fn := range x.Interface.Funcs {
				exports++
				f.add(fn, x.Key(), x.Key()+"_"+fn.Name, world)
			}
		}
	}
	if exports == 0 {
		return nil, errors.New("the component exports no functions, and so has no tools")
	}
	if f.left > 0 {
		f.said.Problems = append(f.said.Problems, fmt.Sprintf("%d functions are left out: there are too many, or their schemas are too large", f.left))
	}
	return f, nil
}

// add makes a tool of a function, or says why it cannot be one.
func (f *functions) add(fn *wit.Func, iface, full string, world *wit.World) {
	if len(f.tools)+len(f.said.Problems) >= catalogue.MaxDefinitions || f.written > maxWritten {
		f.left++
		return
	}
	t := &tool{name: toolName(full), iface: iface, fn: fn, value: fn.Result, wrapped: true}
	if f.mapping == jsonval.Strict && fn.Result != nil && fn.Result.Kind == wit.Result {
		t.value, t.fails = fn.Result.Ok, true
	}
	if f.mapping == jsonval.Strict && t.value != nil && t.value.Kind == wit.Record {
		t.wrapped = false
	}
	definition, err := f.define(t, f.docs(world, t))
	if err == nil && f.tools[t.name] != nil {
		err = fmt.Errorf("another function has the name %q as well", t.name)
	}
	if err != nil {
		what := fn.Name
		if iface != "" {
			what = iface + "#" + what
		}
		f.said.Problems = append(f.said.Problems, fmt.Sprintf("function %q is no tool: %v", what, err))
		return
	}
	f.tools[t.name] = t
	f.said.Tools = append(f.said.Tools, definition)
}

// define returns the definition of a tool.
func (f *functions) define(t *tool, docs string) (json.RawMessage, error) {
	if err := lattice.CheckToolName(t.name); err != nil {
		return nil, err
	}
	// Schemas are bounded, and so is a type that has one.
	input, err := f.schema(func() ([]byte, error) { return f.mapping.ParamsSchema(t.fn.Params) })
	if err != nil {
		return nil, err
	}
	for i := range t.fn.Params {
		if err := f.mapping.Supports(t.fn.Params[i].Type); err != nil {
			return nil, err
		}
	}
	if err := f.mapping.Supports(t.fn.Result); err != nil {
		return nil, err
	}
	o := rawjson.Object{{Name: "name", Value: rawjson.Quote(t.name)}}
	if docs != "" {
		o = o.Set("description", rawjson.Quote(docs))
	}
	o = o.Set("inputSchema", input)
	if t.value == nil {
		return o.JSON(), nil
	}
	output, err := f.schema(func() ([]byte, error) {
		if t.wrapped {
			return f.mapping.ResultSchema(t.value)
		}
		return f.mapping.Schema(t.value)
	})
	if err != nil {
		return nil, err
	}
	return o.Set("outputSchema", output).JSON(), nil
}

// schema counts what is written.
func (f *functions) schema(write func() ([]byte, error)) ([]byte, error) {
	b, err := write()
	if err != nil {
		f.written += jsonval.MaxSchema
	}
	f.written += len(b)
	return b, err
}

// docs returns the description of a tool: that of the function in its WIT. Wassette takes that of a
// function of the world with the same name, whichever function it describes, and has a
// text of its own where there is none.
func (f *functions) docs(world *wit.World, t *tool) string {
	if f.mapping == jsonval.Strict {
		return strings.TrimSpace(t.fn.Docs)
	}
	for i := range world.Exports {
		if x := &world.Exports[i]; x.Func != nil && x.Name == t.fn.Name && x.Func.Docs != "" {
			return x.Func.Docs
		}
	}
	return "Auto-generated schema for function '" + t.name + "'"
}

// toolName returns the name of a tool, after that of the function with its interface's: as Wassette
// gives it, in lower case, with an underscore for whatever is no letter, digit or hyphen.
func toolName(full string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, full)
}

// List implements mcp.Endpoint.
func (f *functions) List(context.Context) (*catalogue.Contents, time.Duration, error) {
	said := f.said
	return &said, 0, nil
}

// Answer implements mcp.Endpoint.
func (f *functions) Answer(ctx context.Context, q *mcp.Request) (json.RawMessage, error) {
	if q.Method != methodCallTool {
		return nil, noMethod(q.Method)
	}
	name, params, err := named(q.Params, "name")
	if err != nil {
		return nil, err
	}
	t := f.tools[name]
	if t == nil {
		return nil, unknown("tool", name)
	}
	args, err := f.mapping.DecodeParams(t.fn.Params, params.Get("arguments"))
	if err != nil {
		return f.failure("the arguments are not valid: " + err.Error()), nil //nolint:nilerr // the model should see it, to do better
	}
	inv := *q.Invocation
	inv.Interface, inv.Function = t.iface, t.fn.Name
	values, err := q.Session.Call(ctx, &inv, t.fn, args)
	if err != nil {
		return nil, err
	}
	result, err := f.result(t, values)
	if err != nil {
		return nil, &mcp.Error{Code: mcp.CodeInternal, Message: "the result of the tool cannot be sent", Reason: err.Error()}
	}
	return result, nil
}

// result returns the result of a call.
func (f *functions) result(t *tool, values []wit.Value) (json.RawMessage, error) {
	var v wit.Value
	if len(values) > 0 {
		v = values[0]
	}
	if t.fails {
		r, ok := v.(wit.ResultValue)
		if !ok {
			return nil, fmt.Errorf("it is a %T", v)
		}
		if r.Failed {
			text, err := f.text(t.fn.Result.Err, r.Value)
			return f.failure(text), err
		}
		v = r.Value
	}
	if t.value == nil {
		if f.mapping == jsonval.Wassette {
			return json.RawMessage(`{"content":[{"type":"text","text":"null"}],"isError":false}`), nil
		}
		return json.RawMessage(`{"content":[]}`), nil
	}
	encoded, err := f.mapping.Encode(t.value, v)
	if err != nil {
		return nil, err
	}
	text := string(encoded)
	if s, ok := v.(string); ok && t.value.Kind == wit.String {
		text = s
	} else if s, ok := rawjson.Text(encoded); ok && f.mapping == jsonval.Wassette {
		text = s
	}
	structured := json.RawMessage(encoded)
	if t.wrapped {
		structured = rawjson.Object{{Name: "result", Value: encoded}}.JSON()
	}
	o := rawjson.Object{
		{Name: "content", Value: textContent(text)},
		{Name: "structuredContent", Value: structured},
	}
	if f.mapping == jsonval.Wassette {
		o = o.Set("isError", json.RawMessage("false"))
	}
	return o.JSON(), nil
}

// text returns the text that says what a value is.
func (f *functions) text(t *wit.Type, v wit.Value) (string, error) {
	if t == nil {
		return "the tool failed, and does not say why", nil
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	b, err := f.mapping.Encode(t, v)
	return string(b), err
}

// failure returns the result of a call that the tool, or who reads its arguments, refuses.
func (f *functions) failure(text string) json.RawMessage {
	if f.mapping == jsonval.Wassette {
		text = "Error: " + text
	}
	return rawjson.Object{
		{Name: "content", Value: textContent(text)},
		{Name: "isError", Value: json.RawMessage("true")},
	}.JSON()
}

// textContent returns a list of content with one text.
func textContent(text string) json.RawMessage {
	o := rawjson.Object{{Name: "type", Value: json.RawMessage(`"text"`)}, {Name: "text", Value: rawjson.Quote(text)}}
	return json.RawMessage("[" + string(o.JSON()) + "]")
}
