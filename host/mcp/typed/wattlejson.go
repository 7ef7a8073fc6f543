package typed

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/wit"
)

// The cases of variants of wattle:mcp.
const (
	outcomeComplete = 0

	contentText     = 0
	contentImage    = 1
	contentAudio    = 2
	contentResource = 3

	bodyText = 0
)

// toolDefinition returns the definition of a record tool.
func toolDefinition(v wit.Value) (json.RawMessage, error) {
	x := recordOf(v)
	return (&builder{}).text("name", stringOf(x[0])).opt("title", x[1]).opt("description", x[2]).
		object("inputSchema", some(x[3])).object("outputSchema", x[4]).object("annotations", x[5]).object("_meta", x[6]).done()
}

// entryDefinition returns what makes the definition of a record entry of resources.
func entryDefinition(uri string) func(v wit.Value) (json.RawMessage, error) {
	return func(v wit.Value) (json.RawMessage, error) {
		x := recordOf(v)
		b := (&builder{}).text(uri, stringOf(x[0])).text("name", stringOf(x[1])).opt("title", x[2]).opt("description", x[3]).opt("mimeType", x[4])
		if size, ok := optionOf(x[5]); ok && uri == "uri" {
			b.raw("size", integer(size))
		}
		return b.object("annotations", x[6]).object("_meta", x[7]).done()
	}
}

// integer returns the text of an unsigned integer.
func integer(v wit.Value) json.RawMessage {
	b, _ := json.Marshal(v) // it is a number
	return b
}

// promptDefinition returns the definition of a record prompt.
func promptDefinition(v wit.Value) (json.RawMessage, error) {
	x := recordOf(v)
	return (&builder{}).text("name", stringOf(x[0])).opt("title", x[1]).opt("description", x[2]).
		list("arguments", listOf(x[3]), func(v wit.Value) (json.RawMessage, error) {
			a := recordOf(v)
			b := (&builder{}).text("name", stringOf(a[0])).opt("title", a[1]).opt("description", a[2])
			if boolOf(a[3]) {
				b.raw("required", json.RawMessage("true"))
			}
			return b.done()
		}).object("_meta", x[4]).done()
}

// content returns a block of content.
func content(v wit.Value) (json.RawMessage, error) {
	x := variantOf(v)
	binary := func(kind string) (json.RawMessage, error) {
		r := recordOf(x.Value)
		return (&builder{}).text("type", kind).bytes("data", bytesOf(r[0])).text("mimeType", stringOf(r[1])).done()
	}
	switch x.Case {
	case contentText:
		return (&builder{}).text("type", "text").text("text", stringOf(x.Value)).done()
	case contentImage:
		return binary("image")
	case contentAudio:
		return binary("audio")
	case contentResource:
		of, err := contents(x.Value)
		if err != nil {
			return nil, err
		}
		return (&builder{}).text("type", "resource").raw("resource", of).done()
	}
	text, err := rawjson.Compact([]byte(stringOf(x.Value)))
	if err != nil {
		return nil, err
	}
	if !rawjson.IsObject(text) {
		return nil, errors.New("it is not an object")
	}
	o, err := rawjson.Members(text)
	if err != nil {
		return nil, err
	}
	if _, ok := rawjson.Text(o.Get("type")); !ok {
		return nil, errors.New("it has no type")
	}
	return text, nil
}

// contents returns those of a resource.
func contents(v wit.Value) (json.RawMessage, error) {
	x := recordOf(v)
	b := (&builder{}).text("uri", stringOf(x[0])).opt("mimeType", x[1])
	if body := variantOf(x[2]); body.Case == bodyText {
		b.text("text", stringOf(body.Value))
	} else {
		b.bytes("blob", bytesOf(body.Value))
	}
	return b.object("_meta", x[3]).done()
}

// callTool answers tools/call.
func (s *wattleServer) callTool(ctx context.Context, q *mcp.Request, r *request) (json.RawMessage, error) {
	return s.answer(ctx, q, r, "call-tool", []wit.Value{r.scope.name, string(r.arguments)}, func(v wit.Value) *builder {
		x := recordOf(v)
		b := (&builder{}).list("content", listOf(x[0]), content).any("structuredContent", x[1])
		if boolOf(x[2]) {
			b.raw("isError", json.RawMessage("true"))
		}
		return b.object("_meta", x[3])
	})
}

// readResource answers resources/read. What is read is good for this caller, and at this moment.
func (s *wattleServer) readResource(ctx context.Context, q *mcp.Request, r *request) (json.RawMessage, error) {
	return s.answer(ctx, q, r, "read-resource", []wit.Value{r.scope.name}, func(v wit.Value) *builder {
		return (&builder{}).list("contents", listOf(v), contents).raw("ttlMs", json.RawMessage("0")).text("cacheScope", "private")
	})
}

// getPrompt answers prompts/get.
func (s *wattleServer) getPrompt(ctx context.Context, q *mcp.Request, r *request) (json.RawMessage, error) {
	arguments, err := texts(r.params, "arguments")
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, q, r, "get-prompt", []wit.Value{r.scope.name, arguments}, func(v wit.Value) *builder {
		x := recordOf(v)
		roles := []string{"user", "assistant"}
		return (&builder{}).opt("description", x[0]).list("messages", listOf(x[1]), func(v wit.Value) (json.RawMessage, error) {
			m := recordOf(v)
			block, err := content(m[1])
			if err != nil {
				return nil, err
			}
			return (&builder{}).text("role", roles[enumOf(m[0])]).raw("content", block).done()
		}).object("_meta", x[2])
	})
}

// answer calls a function that is given the request, and then args, and returns its result: what
// complete makes of it, or what the component needs of the client.
func (s *wattleServer) answer(ctx context.Context, q *mcp.Request, r *request, function string, args []wit.Value, complete func(wit.Value) *builder) (json.RawMessage, error) {
	given, err := s.value(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := s.call(ctx, q.Session, q.Invocation, methods[q.Method], function, append([]wit.Value{given}, args...)...)
	if err == nil {
		v, err = outcome(v)
	}
	if err != nil {
		return nil, err
	}
	x := variantOf(v)
	if x.Case != outcomeComplete {
		return s.required(x.Value, r)
	}
	result, err := complete(x.Value).done()
	if err != nil {
		return nil, &wrongError{err}
	}
	return result, nil
}

// texts returns the members of an object whose values are strings.
func texts(o rawjson.Object, name string) (wit.ListValue, error) {
	values, err := members(o, name)
	if err != nil {
		return nil, err
	}
	list := wit.ListValue{}
	for _, m := range values {
		text, ok := rawjson.Text(m.Value)
		if !ok {
			return nil, badParams("%q of %q has to be a string", m.Name, name)
		}
		list = append(list, wit.TupleValue{m.Name, text})
	}
	return list, nil
}

// maxCompletions is how many values a completion has (2026-07-28, schema, CompleteResult).
const maxCompletions = 100

// complete answers completion/complete.
func (s *wattleServer) complete(ctx context.Context, q *mcp.Request, r *request) (json.RawMessage, error) {
	c, err := readCompletion(r.params)
	if err != nil {
		return nil, err
	}
	given, err := s.value(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := s.call(ctx, q.Session, q.Invocation, "completions", "complete", given,
		wit.VariantValue{Case: c.kind, Value: c.ref}, c.argument, c.value, c.known)
	if err == nil {
		v, err = outcome(v)
	}
	if err != nil {
		return nil, err
	}
	x := recordOf(v)
	values := listOf(x[0])
	more := boolOf(x[2]) || len(values) > maxCompletions
	b := (&builder{}).list("values", values[:min(len(values), maxCompletions)], func(v wit.Value) (json.RawMessage, error) {
		return rawjson.Quote(stringOf(v)), nil
	})
	if total, ok := optionOf(x[1]); ok {
		b.raw("total", integer(total))
	}
	if more {
		b.raw("hasMore", json.RawMessage("true"))
	}
	return (&builder{}).raw("completion", b.o.JSON()).done()
}

// completion is what is to be completed.
type completion struct {
	kind                 uint32 // 0 is a prompt, 1 a template of resources
	ref, argument, value string
	known                wit.ListValue
}

// readCompletion reads the parameters of completion/complete.
func readCompletion(params rawjson.Object) (*completion, error) {
	ref, err := members(params, "ref")
	if err != nil {
		return nil, err
	}
	argument, err := members(params, "argument")
	if err != nil {
		return nil, err
	}
	about, err := members(params, "context")
	if err != nil {
		return nil, err
	}
	c := &completion{}
	if c.known, err = texts(about, "arguments"); err != nil {
		return nil, err
	}
	member := "name"
	switch kind, _ := rawjson.Text(ref.Get("type")); kind {
	case "ref/prompt":
	case "ref/resource":
		c.kind, member = 1, "uri"
	default:
		return nil, badParams("ref.type has to be \"ref/prompt\" or \"ref/resource\"")
	}
	var ok [3]bool
	c.ref, ok[0] = rawjson.Text(ref.Get(member))
	c.argument, ok[1] = rawjson.Text(argument.Get("name"))
	c.value, ok[2] = rawjson.Text(argument.Get("value"))
	if ok != [3]bool{true, true, true} {
		return nil, badParams("ref.%s, argument.name and argument.value have to be strings", member)
	}
	return c, nil
}
