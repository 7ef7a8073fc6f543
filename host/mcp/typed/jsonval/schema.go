package jsonval

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/wit"
)

// Schema returns the JSON Schema of the values of a type: strictly of what Encode writes and
// Decode reads, for Wassette the one that Wassette gives. The error is that it would have
// more than MaxSchema bytes.
func (m Mapping) Schema(t *wit.Type) ([]byte, error) {
	w := &schemaWriter{m: m}
	w.schema(t, "")
	return w.result()
}

// ParamsSchema returns the JSON Schema of the arguments of a function.
func (m Mapping) ParamsSchema(params []wit.Field) ([]byte, error) {
	w := &schemaWriter{m: m}
	w.object(params, "")
	return w.result()
}

// ResultSchema returns the JSON Schema of an object with the member result.
func (m Mapping) ResultSchema(t *wit.Type) ([]byte, error) {
	w := &schemaWriter{m: m}
	w.object([]wit.Field{{Name: "result", Type: t}}, "")
	return w.result()
}

// schemaWriter writes a schema. Members are written in alphabetical order for Wassette.
type schemaWriter struct {
	m   Mapping
	b   []byte
	big bool // there is more than it may be
}

func (w *schemaWriter) result() ([]byte, error) {
	if w.big {
		return nil, fmt.Errorf("its schema has more than %d bytes", MaxSchema)
	}
	return w.b, nil
}

// put writes texts, and then nothing more if that was too much.
func (w *schemaWriter) put(texts ...string) {
	for _, s := range texts {
		if w.big || len(w.b)+len(s) > MaxSchema {
			w.big = true
			return
		}
		w.b = append(w.b, s...)
	}
}

func quote(s string) string { return string(appendString(nil, s)) }

// each writes what f writes for each of n, with commas between.
func (w *schemaWriter) each(n int, f func(i int)) {
	for i := 0; i < n && !w.big; i++ {
		if i > 0 {
			w.put(",")
		}
		f(i)
	}
}

// describe ends an object, with a description if there is one. Wassette has none.
func (w *schemaWriter) describe(docs string) {
	if docs = strings.TrimSpace(docs); docs != "" && w.m == Strict {
		w.put(`,"description":`, quote(docs))
	}
	w.put("}")
}

// schema writes the schema of a type. docs is what is said of the place where the type
// stands; otherwise what is said of the type is its description.
func (w *schemaWriter) schema(t *wit.Type, docs string) {
	if w.big {
		return
	}
	if docs == "" {
		docs = t.Docs
	}
	switch t.Kind {
	case wit.Bool:
		w.put(`{"type":"boolean"`)
	case wit.S8, wit.S16, wit.S32, wit.S64, wit.U8, wit.U16, wit.U32, wit.U64:
		w.integer(t.Kind)
	case wit.F32, wit.F64:
		w.float()
	case wit.Char:
		w.char()
	case wit.String:
		w.put(`{"type":"string"`)
	case wit.Enum:
		docs = withLabels(t, docs)
		if w.m == Wassette {
			w.put(`{`)
			w.enum(t.Labels)
			w.put(`,"type":"string"`)
		} else {
			w.put(`{"type":"string",`)
			w.enum(t.Labels)
		}
	case wit.Flags:
		docs = withLabels(t, docs)
		w.flags(t)
	case wit.List, wit.FixedList:
		w.list(t)
	case wit.Map:
		w.entries(t)
	case wit.Tuple:
		w.tuple(t)
	case wit.Record:
		w.object(t.Fields, docs)
		return
	case wit.Variant:
		w.put(`{"oneOf":[`)
		w.each(len(t.Fields), func(i int) { w.variantCase(&t.Fields[i]) })
		w.put(`]`)
	case wit.Option:
		w.option(t)
	case wit.Result:
		w.put(`{"oneOf":[`)
		w.payload("ok", t.Ok)
		w.put(`,`)
		w.payload("err", t.Err)
		w.put(`]`)
	default: // not supported
		w.put(`{"not":{}`)
	}
	w.describe(docs)
}

// withLabels adds to a description what is said of the labels.
func withLabels(t *wit.Type, docs string) string {
	var b strings.Builder
	for i, d := range t.LabelDocs {
		if d = strings.TrimSpace(d); d != "" && i < len(t.Labels) {
			b.WriteString("\n- " + t.Labels[i] + ": " + d)
		}
	}
	if b.Len() == 0 {
		return docs
	}
	return strings.TrimSpace(docs) + "\n" + b.String()
}

func (w *schemaWriter) integer(k wit.Kind) {
	if w.m == Wassette {
		w.put(`{"type":"number"`)
		return
	}
	low, high := bounds(k)
	switch k {
	case wit.S64:
		w.put(`{"anyOf":[{"type":"integer","minimum":-`, strconv.Itoa(maxSafe), `,"maximum":`, strconv.Itoa(maxSafe),
			`},{"type":"string","pattern":"^(0|-?[1-9][0-9]{0,18})$"}]`)
	case wit.U64:
		w.put(`{"anyOf":[{"type":"integer","minimum":0,"maximum":`, strconv.Itoa(maxSafe),
			`},{"type":"string","pattern":"^(0|[1-9][0-9]{0,19})$"}]`)
	default:
		w.put(`{"type":"integer","minimum":`, low, `,"maximum":`, high)
	}
}

func (w *schemaWriter) float() {
	if w.m == Wassette {
		w.put(`{"type":"number"`)
		return
	}
	w.put(`{"anyOf":[{"type":"number"},{"enum":["nan","inf","-inf"]}]`)
}

func (w *schemaWriter) char() {
	if w.m == Wassette {
		w.put(`{"description":"1 unicode codepoint","type":"string"`)
		return
	}
	w.put(`{"type":"string","minLength":1,"maxLength":1`)
}

func (w *schemaWriter) enum(labels []string) {
	w.put(`"enum":[`)
	w.each(len(labels), func(i int) { w.put(quote(labels[i])) })
	w.put(`]`)
}

func (w *schemaWriter) flags(t *wit.Type) {
	if w.m == Strict {
		w.put(`{"type":"array","items":{`)
		w.enum(t.Labels)
		w.put(`},"uniqueItems":true`)
		return
	}
	fields := make([]wit.Field, len(t.Labels))
	for i, label := range t.Labels {
		fields[i].Name = label
	}
	w.put(`{"properties":{`)
	order := w.m.order(fields)
	w.each(len(order), func(i int) { w.put(quote(t.Labels[order[i]]), `:{"type":"boolean"}`) })
	w.put(`},"type":"object"`)
}

func (w *schemaWriter) list(t *wit.Type) {
	switch {
	case w.m.isBytes(t):
		w.put(`{"type":"string","contentEncoding":"base64"`)
	case w.m == Strict:
		w.put(`{"type":"array","items":`)
		w.schema(t.Elem, "")
		if n := strconv.FormatUint(uint64(t.Len), 10); t.Kind == wit.FixedList {
			w.put(`,"minItems":`, n, `,"maxItems":`, n)
		}
	default:
		w.put(`{"items":`)
		w.schema(t.Elem, "")
		w.put(`,"type":"array"`)
	}
}

func (w *schemaWriter) entries(t *wit.Type) {
	switch {
	case w.m.isObject(t):
		w.put(`{"type":"object","additionalProperties":`)
		w.schema(t.Value, "")
	case w.m == Strict:
		w.put(`{"type":"array","items":`)
		w.object([]wit.Field{{Name: "key", Type: t.Elem}, {Name: "value", Type: t.Value}}, "")
	default:
		w.put(`{"items":`)
		w.object([]wit.Field{{Name: "key", Type: t.Elem}, {Name: "value", Type: t.Value}}, "")
		w.put(`,"type":"array"`)
	}
}

func (w *schemaWriter) tuple(t *wit.Type) {
	n := strconv.Itoa(len(t.Types))
	if w.m == Wassette {
		w.put(`{"maxItems":`, n, `,"minItems":`, n, `,"prefixItems":[`)
	} else {
		w.put(`{"type":"array","prefixItems":[`)
	}
	w.each(len(t.Types), func(i int) { w.schema(t.Types[i], "") })
	if w.m == Wassette {
		w.put(`],"type":"array"`)
	} else {
		w.put(`],"items":false,"minItems":`, n, `,"maxItems":`, n)
	}
}

// object writes the schema of an object with the members of a record.
func (w *schemaWriter) object(fields []wit.Field, docs string) {
	if w.m == Strict {
		w.put(`{"type":"object",`)
	} else {
		w.put(`{`)
	}
	w.put(`"properties":{`)
	order := w.m.order(fields)
	w.each(len(order), func(i int) {
		f := &fields[order[i]]
		w.put(quote(f.Name), `:`)
		w.schema(f.Type, f.Docs)
	})
	w.put(`}`)
	var required []string
	for i := range fields {
		if f := &fields[i]; w.m == Wassette || f.Type.Kind != wit.Option {
			required = append(required, f.Name)
		}
	}
	if len(required) > 0 || w.m == Wassette {
		w.put(`,"required":[`)
		w.each(len(required), func(i int) { w.put(quote(required[i])) })
		w.put(`]`)
	}
	if w.m == Wassette {
		w.put(`,"type":"object"`)
	} else {
		w.put(`,"additionalProperties":false`)
	}
	w.describe(docs)
}

func (w *schemaWriter) variantCase(c *wit.Field) {
	if w.m == Strict {
		w.put(`{"type":"object",`)
	} else {
		w.put(`{`)
	}
	w.put(`"properties":{"tag":{"const":`, quote(c.Name), `}`)
	if c.Type != nil {
		w.put(`,"val":`)
		w.schema(c.Type, "")
		w.put(`},"required":["tag","val"]`)
	} else {
		w.put(`},"required":["tag"]`)
	}
	w.closed()
	w.describe(c.Docs)
}

// closed says that an object has no other members.
func (w *schemaWriter) closed() {
	if w.m == Strict {
		w.put(`,"additionalProperties":false`)
	} else {
		w.put(`,"type":"object"`)
	}
}

func (w *schemaWriter) option(t *wit.Type) {
	w.put(`{"anyOf":[`)
	if w.m == Wassette {
		w.put(`{"type":"null"},`)
	}
	if w.m.wrapsSome(t) {
		w.put(`{"type":"object","properties":{"some":`)
		w.schema(t.Elem, "")
		w.put(`}`)
		w.put(`,"additionalProperties":false}`)
	} else {
		w.schema(t.Elem, "")
	}
	if w.m == Strict {
		w.put(`,{"type":"null"}`)
	}
	w.put(`]`)
}

// payload writes the schema of an object with one member.
func (w *schemaWriter) payload(name string, t *wit.Type) {
	if w.m == Strict {
		w.put(`{"type":"object",`)
	} else {
		w.put(`{`)
	}
	w.put(`"properties":{`, quote(name), `:`)
	if t != nil {
		w.schema(t, "")
	} else {
		w.put(`{"type":"null"}`)
	}
	w.put(`},"required":[`, quote(name), `]`)
	w.closed()
	w.put(`}`)
}
