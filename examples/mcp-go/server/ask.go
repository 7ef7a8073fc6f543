package server

import (
	"context"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// addAskingTools adds the tools that ask the client and then tell what it said. They do
// it as revision 2026-07-28 has it: they answer that input is required, and are called
// again with it. For a client of a revision before, whoever keeps its session asks by
// requests: a gateway, or the SDK where this server runs natively with sessions.
func addAskingTools(s *mcp.Server) {
	mcp.AddTool(s, &mcp.Tool{Name: "test_sampling", Description: "Asks the client's model."}, sample)
	mcp.AddTool(s, &mcp.Tool{Name: "test_elicitation", Description: "Asks the user."},
		func(_ context.Context, req *mcp.CallToolRequest, in messageInput) (*mcp.CallToolResult, any, error) {
			return elicit(req, in.Message, object{
				"response": object{"type": "string", "description": "User's response"},
			}, "response")
		})
	mcp.AddTool(s, &mcp.Tool{Name: "test_elicitation_sep1034_defaults", Description: "Asks the user and proposes answers."},
		func(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
			return elicit(req, "Please check these", object{
				"name":     object{"type": "string", "default": "John Doe"},
				"age":      object{"type": "integer", "default": 30},
				"score":    object{"type": "number", "default": 95.5},
				"status":   object{"type": "string", "enum": []string{"active", "inactive", "pending"}, "default": "active"},
				"verified": object{"type": "boolean", "default": true},
			})
		})
	mcp.AddTool(s, &mcp.Tool{Name: "test_elicitation_sep1330_enums", Description: "Asks the user to choose."},
		func(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
			return elicit(req, "Please choose", enums)
		})
}

// object is a JSON object.
type object = map[string]any

type messageInput struct {
	Message string `json:"message" jsonschema:"what to show the user"`
}

type promptInput struct {
	Prompt string `json:"prompt" jsonschema:"what to ask the model"`
}

// titled are choices with titles.
var titled = []object{
	{"const": "value1", "title": "First Option"},
	{"const": "value2", "title": "Second Option"},
	{"const": "value3", "title": "Third Option"},
}

// enums has each form of choice that the protocol knows.
var enums = object{
	"untitledSingle": object{"type": "string", "enum": []string{"option1", "option2", "option3"}},
	"titledSingle":   object{"type": "string", "oneOf": titled},
	"legacyEnum": object{
		"type": "string", "enum": []string{"opt1", "opt2", "opt3"},
		"enumNames": []string{"Option One", "Option Two", "Option Three"},
	},
	"untitledMulti": object{
		"type": "array", "minItems": 1, "maxItems": 3,
		"items": object{"type": "string", "enum": []string{"option1", "option2", "option3"}},
	},
	"titledMulti": object{"type": "array", "minItems": 1, "maxItems": 3, "items": object{"anyOf": titled}},
}

func sample(_ context.Context, req *mcp.CallToolRequest, in promptInput) (*mcp.CallToolResult, any, error) {
	if answer, ok := sampled(req.Params.InputResponses, keyModel); ok {
		return text("LLM response: ", answer), nil, nil
	}
	return need("", mcp.InputRequestMap{keyModel: samplingParams(in.Prompt)})
}

func elicit(req *mcp.CallToolRequest, message string, properties object, required ...string) (*mcp.CallToolResult, any, error) {
	if res, ok := req.Params.InputResponses[keyAnswer].(*mcp.ElicitResult); ok && res != nil {
		return text(fmt.Sprintf("User response: action=%s, content=%v", res.Action, res.Content)), nil, nil
	}
	return need("", mcp.InputRequestMap{keyAnswer: elicitParams(message, properties, required...)})
}

// samplingParams asks the client's model one thing.
func samplingParams(prompt string) *mcp.CreateMessageParams {
	return &mcp.CreateMessageParams{
		Messages:  []*mcp.SamplingMessage{{Role: "user", Content: &mcp.TextContent{Text: prompt}}},
		MaxTokens: 100,
	}
}

// elicitParams asks the user for some values.
func elicitParams(message string, properties object, required ...string) *mcp.ElicitParams {
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return &mcp.ElicitParams{Message: message, RequestedSchema: schema}
}
