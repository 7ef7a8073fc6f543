package server

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// constant is a tool without parameters that always returns the same content.
func constant(content ...mcp.Content) mcp.ToolHandlerFor[any, any] {
	return func(context.Context, *mcp.CallToolRequest, any) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: content}, nil, nil
	}
}

// addContentTools adds the tools that show the kinds of content, of errors and
// of input schemas.
func addContentTools(s *mcp.Server) {
	picture := &mcp.ImageContent{Data: dot, MIMEType: "image/png"}
	sound := &mcp.AudioContent{Data: silence(), MIMEType: "audio/wav"}
	embedded := &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{
		URI: "test://embedded-resource", MIMEType: "text/plain", Text: "The text of an embedded resource.",
	}}
	mixed := &mcp.EmbeddedResource{Resource: &mcp.ResourceContents{
		URI: "test://mixed-content-resource", MIMEType: "application/json", Text: `{"test":"data","value":123}`,
	}}
	simple := &mcp.TextContent{Text: "This is a simple text response for testing."}

	for _, t := range []struct {
		name, description string
		handler           mcp.ToolHandlerFor[any, any]
	}{
		{"test_simple_text", "Returns text.", constant(simple)},
		{"test_image_content", "Returns an image.", constant(picture)},
		{"test_audio_content", "Returns a sound.", constant(sound)},
		{"test_embedded_resource", "Returns an embedded resource.", constant(embedded)},
		{"test_multiple_content_types", "Returns text, an image and a resource.", constant(simple, picture, mixed)},
		{"test_error_handling", "Fails.", func(context.Context, *mcp.CallToolRequest, any) (*mcp.CallToolResult, any, error) {
			return nil, nil, errors.New("this tool always fails")
		}},
	} {
		mcp.AddTool(s, &mcp.Tool{Name: t.name, Description: t.description}, t.handler)
	}

	mcp.AddTool(s, &mcp.Tool{
		Name:        "json_schema_2020_12_tool",
		Description: "Has an input schema with keywords of JSON Schema 2020-12.",
		InputSchema: json.RawMessage(schema2020),
	}, func(_ context.Context, _ *mcp.CallToolRequest, in json.RawMessage) (*mcp.CallToolResult, any, error) {
		return text("called with ", string(in)), nil, nil
	})
	mcp.AddTool(s, &mcp.Tool{
		Name:        "test_x_mcp_header",
		Description: "Has a parameter that clients also send as a header field.",
		InputSchema: json.RawMessage(schemaWithHeader),
	}, func(_ context.Context, _ *mcp.CallToolRequest, in regionInput) (*mcp.CallToolResult, any, error) {
		return text("region ", in.Region), nil, nil
	})
}

// schema2020 uses the keywords that a schema library is most likely to lose.
const schema2020 = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object",
	"$defs": {
		"address": {
			"$anchor": "addressDef",
			"type": "object",
			"properties": {"street": {"type": "string"}, "city": {"type": "string"}}
		}
	},
	"properties": {
		"name": {"type": "string"},
		"address": {"$ref": "#/$defs/address"},
		"contactMethod": {"type": "string", "enum": ["phone", "email"]},
		"phone": {"type": "string"},
		"email": {"type": "string"}
	},
	"allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
	"if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
	"then": {"required": ["phone"]},
	"else": {"required": ["email"]},
	"additionalProperties": false
}`

// schemaWithHeader asks for a parameter to be mirrored in Mcp-Param-Region.
const schemaWithHeader = `{
	"type": "object",
	"properties": {
		"region": {"type": "string", "x-mcp-header": "Region"},
		"level": {"type": "integer"}
	}
}`

type regionInput struct {
	Region string `json:"region,omitempty"`
	Level  int    `json:"level,omitempty"`
}

// dot is an image of one red pixel.
//
//go:embed dot.png
var dot []byte

// silence is a hundredth of a second of 8-bit mono at 8 kHz, as WAV.
func silence() []byte {
	const rate, samples = 8000, 80
	le := binary.LittleEndian
	b := append(le.AppendUint32([]byte("RIFF"), 36+samples), "WAVEfmt "...)
	b = le.AppendUint32(b, 16) // size of the format chunk
	b = le.AppendUint16(b, 1)  // PCM
	b = le.AppendUint16(b, 1)  // channels
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate) // bytes per second
	b = le.AppendUint16(b, 1)    // bytes per frame
	b = le.AppendUint16(b, 8)    // bits per sample
	b = le.AppendUint32(append(b, "data"...), samples)
	return append(b, bytes.Repeat([]byte{0x80}, samples)...)
}
