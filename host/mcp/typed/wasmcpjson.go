package typed

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/host/wasi/io"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/wit"
)

// maxStream bounds the content that a component gives as a stream, in bytes.
const maxStream = 16 << 20

// wasmcpWriter writes values of wasmcp as MCP has them. wasmcp's records are those of MCP, with
// names in the way of WIT, and with two differences: members that may be absent are in a
// record of their own named options, and what is JSON is a string.
type wasmcpWriter struct {
	uri    string // what a resource has that comes without: that of the request
	stream int    // bytes of streams that were read
}

// jsonMembers are the fields of records that hold JSON, besides meta.
var jsonMembers = map[string]bool{"input-schema": true, "output-schema": true, "structured-content": true}

// record adds the members of a record.
func (w *wasmcpWriter) record(ctx context.Context, b *builder, t *wit.Type, v wit.Value) {
	for i, field := range recordOf(v) {
		of, name := t.Fields[i].Type, t.Fields[i].Name
		if of.Kind == wit.Option {
			inner, ok := optionOf(field)
			if !ok {
				continue
			}
			field, of = inner, of.Elem
		}
		switch {
		case b.err != nil:
			return
		case name == "options":
			w.record(ctx, b, of, field)
		case name == "meta":
			b.object("_meta", some(field))
		case name == "uri" && field == "":
			b.text(name, w.uri)
		case jsonMembers[name]:
			b.json(camel(name), stringOf(field))
		default:
			text, err := w.value(ctx, of, field)
			if err != nil {
				b.fail("%s: %w", name, err)
				return
			}
			b.raw(camel(name), text)
		}
	}
}

// camel returns a name of WIT as MCP writes it.
func camel(name string) string {
	head, rest, _ := strings.Cut(name, "-")
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, "-")
		head += strings.ToUpper(word[:1]) + word[1:]
	}
	return head
}

func (w *wasmcpWriter) value(ctx context.Context, t *wit.Type, v wit.Value) (json.RawMessage, error) {
	switch t.Kind {
	case wit.String:
		return rawjson.Quote(stringOf(v)), nil
	case wit.Bool, wit.S64, wit.U64:
		return json.Marshal(v)
	case wit.F64:
		f, _ := v.(float64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%v is not JSON", f)
		}
		return number(f), nil
	case wit.Enum:
		return rawjson.Quote(t.Labels[enumOf(v)]), nil
	case wit.List:
		b := (&builder{}).list("list", listOf(v), func(v wit.Value) (json.RawMessage, error) { return w.value(ctx, t.Elem, v) })
		return b.o.Get("list"), b.err
	case wit.Record:
		b := &builder{}
		w.record(ctx, b, t, v)
		return b.done()
	case wit.Variant:
		x := variantOf(v)
		return w.variant(ctx, t, t.Fields[x.Case].Name, t.Fields[x.Case].Type, x.Value)
	default:
		return nil, fmt.Errorf("a %s has no place in MCP", t.Kind)
	}
}

// contentTypes are the types of content that have another name in wasmcp.
var contentTypes = map[string]string{"resource-link": "resource_link", "embedded-resource": "resource"}

// variant writes the case of a variant: data, content, or the contents of a resource.
func (w *wasmcpWriter) variant(ctx context.Context, t *wit.Type, name string, of *wit.Type, v wit.Value) (json.RawMessage, error) {
	switch name {
	case "text-stream":
		data, err := w.read(ctx, v)
		return rawjson.Quote(string(data)), err
	case "blob", "blob-stream":
		if of.Kind == wit.Record {
			break
		}
		data, ok := v.(wit.Bytes)
		if !ok {
			read, err := w.read(ctx, v)
			if err != nil {
				return nil, err
			}
			data = read
		}
		return rawjson.Quote(base64.StdEncoding.EncodeToString(data)), nil
	}
	if of.Kind != wit.Record {
		return w.value(ctx, of, v)
	}
	b := &builder{}
	for i := range t.Fields {
		if t.Fields[i].Name == "embedded-resource" { // it is content
			kind := contentTypes[name]
			if kind == "" {
				kind = name
			}
			b.text("type", kind)
		}
	}
	w.record(ctx, b, of, v)
	return b.done()
}

// read reads a stream to its end. It is in the instance that has answered, which is still there.
func (w *wasmcpWriter) read(ctx context.Context, v wit.Value) ([]byte, error) {
	h, _ := v.(wit.HandleValue)
	stream, ok := component.Held[*io.InputStream](h)
	if !ok {
		return nil, errors.New("it is no stream of the host")
	}
	defer stream.Drop(ctx)
	const chunk = 64 << 10
	var data []byte
	for {
		b, err := stream.Read(nil, chunk)
		data = append(data, b...)
		w.stream += len(b)
		if end, ok := errors.AsType[*io.StreamError](err); ok && end.Tag == io.StreamErrorClosed {
			return data, nil
		}
		switch {
		case err != nil:
			return nil, err
		case w.stream > maxStream:
			return nil, fmt.Errorf("its streams have more than %d bytes", maxStream)
		case len(b) == 0:
			if err := io.Wait(ctx, stream.Event()); err != nil {
				return nil, err
			}
		}
	}
}
