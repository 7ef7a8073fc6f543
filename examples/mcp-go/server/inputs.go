package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// addInputTools adds the tools that answer "input required": the result names
// what is missing and the client calls again with it. No session is needed.
func addInputTools(s *mcp.Server, state *sealer) {
	const prefix = "test_input_required_result_"
	t := &inputTools{state: state}
	for _, tool := range []struct {
		name, description string
		handler           mcp.ToolHandlerFor[any, any]
	}{
		{"elicitation", "Needs the user's name.", t.name},
		{"sampling", "Needs the client's model.", t.sampling},
		{"list_roots", "Needs the client's roots.", t.roots},
		{"request_state", "Needs a confirmation, and its own state back.", t.confirm},
		{"tampered_state", "Refuses a state that was changed.", t.confirm},
		{"multiple_inputs", "Needs three things at once.", t.several},
		{"multi_round", "Needs one thing after another.", t.rounds},
		{"capabilities", "Needs what the client is able to give.", t.able},
	} {
		mcp.AddTool(s, &mcp.Tool{Name: prefix + tool.name, Description: tool.description}, tool.handler)
	}
}

// inputTools are the tools' handlers.
type inputTools struct {
	state *sealer
}

// The keys of the requests.
const (
	keyName    = "user_name"
	keyModel   = "greeting"
	keyRoots   = "client_roots"
	keyConfirm = "confirm"
	keyColor   = "color"
	keyAnswer  = "answer"
)

// need is a result that asks for input.
func need(state string, requests mcp.InputRequestMap) (*mcp.CallToolResult, any, error) {
	return &mcp.CallToolResult{InputRequests: requests, RequestState: state}, nil, nil
}

func askName() *mcp.ElicitParams {
	return elicitParams("What is your name?", object{"name": object{"type": "string"}}, "name")
}

// accepted is a string the user gave in answer to the request key, or "".
func accepted(answers mcp.InputResponseMap, key, property string) string {
	res, ok := answers[key].(*mcp.ElicitResult)
	if !ok || res == nil || res.Action != "accept" {
		return ""
	}
	value, _ := res.Content[property].(string)
	return value
}

// sampled is the text with which the client's model answered the request key.
func sampled(answers mcp.InputResponseMap, key string) (string, bool) {
	res, ok := answers[key].(*mcp.CreateMessageWithToolsResult)
	if !ok || res == nil {
		return "", false
	}
	for _, content := range res.Content {
		if t, ok := content.(*mcp.TextContent); ok {
			return t.Text, true
		}
	}
	return "", false
}

// rootsIn are the roots with which the client answered.
func rootsIn(answers mcp.InputResponseMap) ([]*mcp.Root, bool) {
	res, ok := answers[keyRoots].(*mcp.ListRootsResult)
	if !ok || res == nil {
		return nil, false
	}
	return res.Roots, true
}

func (t *inputTools) name(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	if name := accepted(req.Params.InputResponses, keyName, "name"); name != "" {
		return text("Hello, ", name, "!"), nil, nil
	}
	return need("", mcp.InputRequestMap{keyName: askName()})
}

func (t *inputTools) sampling(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	if answer, ok := sampled(req.Params.InputResponses, keyModel); ok {
		return text("the model says: ", answer), nil, nil
	}
	return need("", mcp.InputRequestMap{keyModel: samplingParams("What is the capital of France?")})
}

func (t *inputTools) roots(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	if roots, ok := rootsIn(req.Params.InputResponses); ok {
		return text(fmt.Sprintf("the client has %d roots", len(roots))), nil, nil
	}
	return need("", mcp.InputRequestMap{keyRoots: &mcp.ListRootsParams{}})
}

func (t *inputTools) confirm(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	const waiting = "waiting for confirmation"
	if req.Params.RequestState == "" {
		ask := elicitParams("Please confirm", object{"ok": object{"type": "boolean"}}, "ok")
		return need(t.state.seal(req.Params.Name, waiting), mcp.InputRequestMap{keyConfirm: ask})
	}
	if state, ok := t.state.open(req.Params.Name, req.Params.RequestState); !ok || state != waiting {
		return nil, nil, badState()
	}
	res, ok := req.Params.InputResponses[keyConfirm].(*mcp.ElicitResult)
	if !ok || res == nil {
		return nil, nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "the answer to " + keyConfirm + " is missing"}
	}
	return text("state-ok: the answer is ", res.Action), nil, nil
}

func badState() error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "this requestState was not made by this server for this tool"}
}

func (t *inputTools) several(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	answers := req.Params.InputResponses
	name := accepted(answers, keyName, "name")
	greeting, greeted := sampled(answers, keyModel)
	roots, rooted := rootsIn(answers)
	if name != "" && greeted && rooted {
		return text(fmt.Sprintf("%s %s has %d roots", greeting, name, len(roots))), nil, nil
	}
	return need(t.state.seal(req.Params.Name, "asked"), mcp.InputRequestMap{
		keyName:  askName(),
		keyModel: samplingParams("Write a greeting of one word."),
		keyRoots: &mcp.ListRootsParams{},
	})
}

// rounds asks for a name and then for a color. The name travels in the state.
func (t *inputTools) rounds(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	const first, named = "first round", "name:"
	tool, answers := req.Params.Name, req.Params.InputResponses
	if req.Params.RequestState == "" {
		return need(t.state.seal(tool, first), mcp.InputRequestMap{keyName: askName()})
	}
	state, ok := t.state.open(tool, req.Params.RequestState)
	if !ok {
		return nil, nil, badState()
	}
	if state == first {
		name := accepted(answers, keyName, "name")
		ask := elicitParams("Which color do you like best?", object{"color": object{"type": "string"}}, "color")
		return need(t.state.seal(tool, named+name), mcp.InputRequestMap{keyColor: ask})
	}
	name, ok := strings.CutPrefix(state, named)
	if !ok {
		return nil, nil, badState()
	}
	return text(name, " likes ", accepted(answers, keyColor, "color")), nil, nil
}

// able asks only for what the client declared that it can give.
func (t *inputTools) able(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	if len(req.Params.InputResponses) > 0 {
		return text("thank you"), nil, nil
	}
	requests := mcp.InputRequestMap{}
	if c := req.ClientCapabilities(); c != nil {
		if c.Elicitation != nil {
			requests[keyName] = askName()
		}
		if c.Sampling != nil {
			requests[keyModel] = samplingParams("Write a greeting of one word.")
		}
		if c.RootsV2 != nil {
			requests[keyRoots] = &mcp.ListRootsParams{}
		}
	}
	if len(requests) == 0 {
		return text("the client can give nothing, so nothing is asked for"), nil, nil
	}
	return need("", requests)
}
