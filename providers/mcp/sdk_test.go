package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/wattle-dev/wattle/lattice"
)

type echoIn struct {
	Text string `json:"text" jsonschema:"what to say again"`
}

// full returns an official server that has everything.
func full() *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "full", Version: "1.2.3", Title: "Full"}, &sdk.ServerOptions{
		Instructions: "Say it twice.",
		Capabilities: &sdk.ServerCapabilities{Logging: &sdk.LoggingCapabilities{}}, //nolint:staticcheck // deprecated, and there
		CompletionHandler: func(_ context.Context, r *sdk.CompleteRequest) (*sdk.CompleteResult, error) {
			return &sdk.CompleteResult{Completion: sdk.CompletionResultDetails{Values: []string{r.Params.Ref.Name + r.Params.Ref.URI, r.Params.Argument.Value + "!"}}}, nil
		},
	})
	sdk.AddTool(s, &sdk.Tool{Name: "echo", Description: "says it again"}, func(_ context.Context, _ *sdk.CallToolRequest, in echoIn) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: in.Text}}}, nil, nil
	})
	sdk.AddTool(s, &sdk.Tool{Name: "steps"}, func(ctx context.Context, r *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
		for i := range 3 {
			if err := r.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{ProgressToken: r.Params.GetProgressToken(), Progress: float64(i), Total: 3}); err != nil {
				return nil, nil, err
			}
			if err := r.Session.Log(ctx, &sdk.LoggingMessageParams{Level: "warning", Data: fmt.Sprint("step ", i)}); err != nil { //nolint:staticcheck // deprecated, and there
				return nil, nil, err
			}
		}
		return &sdk.CallToolResult{}, nil, nil
	})
	sdk.AddTool(s, &sdk.Tool{Name: "ask"}, func(_ context.Context, r *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
		if r.Params.RequestState == "" {
			return &sdk.CallToolResult{RequestState: "asked", InputRequests: sdk.InputRequestMap{
				"who": &sdk.ElicitParams{Message: "Who are you?", RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{"name": map[string]any{"type": "string"}}}},
			}}, nil, nil
		}
		who, _ := r.Params.InputResponses["who"].(*sdk.ElicitResult)
		if who == nil {
			return nil, nil, fmt.Errorf("no answer in %v", r.Params.InputResponses)
		}
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: fmt.Sprint(r.Params.RequestState, " ", who.Action, " ", who.Content["name"])}}}, nil, nil
	})
	s.AddPrompt(&sdk.Prompt{Name: "greet", Arguments: []*sdk.PromptArgument{{Name: "who"}}}, func(_ context.Context, r *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
		return &sdk.GetPromptResult{Messages: []*sdk.PromptMessage{{Role: "user", Content: &sdk.TextContent{Text: "greet " + r.Params.Arguments["who"]}}}}, nil
	})
	read := func(_ context.Context, r *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
		return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{{URI: r.Params.URI, Text: "text of " + r.Params.URI}}}, nil
	}
	s.AddResource(&sdk.Resource{Name: "one", URI: "test://one"}, read)
	s.AddResourceTemplate(&sdk.ResourceTemplate{Name: "many", URITemplate: "test://many/{id}/x"}, read)
	return s
}

// connect returns a session of the official client in an era.
func (b *bench) connect(path, era string, opts *sdk.ClientOptions) *sdk.ClientSession {
	b.t.Helper()
	transport := b.transport(path)
	if era == "legacy" {
		transport.HTTPClient.Transport = legacyOnly{transport.HTTPClient.Transport}
	}
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, opts).Connect(b.t.Context(), transport, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = session.Close() })
	return session
}

// TestOfficialClient has the official client use the official server through the gateway,
// in both eras, at the address of the server and at that of all.
func TestOfficialClient(t *testing.T) {
	c, contents := sdkServer(t, full())
	b := start(t, nil, server{mcp: lattice.MCP{Name: "full", Alias: "f"}, contents: contents, component: c}, server{mcp: lattice.MCP{Name: "empty"}})
	for _, era := range []string{"modern", "legacy"} {
		for path, prefix := range map[string]string{"/mcp/full": "", "/mcp": "f_"} {
			t.Run(era+path, func(t *testing.T) {
				official(t, b, era, path, prefix)
			})
		}
	}
}

func official(t *testing.T, b *bench, era, path, prefix string) {
	steps, logs := make(chan string, 16), make(chan string, 16)
	s := b.connect(path, era, &sdk.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			steps <- fmt.Sprint(r.Params.ProgressToken, " ", r.Params.Progress)
		},
		LoggingMessageHandler: func(_ context.Context, r *sdk.LoggingMessageRequest) { //nolint:staticcheck // deprecated, and there
			logs <- fmt.Sprint(r.Params.Data)
		},
		ElicitationHandler: func(context.Context, *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
			return &sdk.ElicitResult{Action: "accept", Content: map[string]any{"name": "Ada"}}, nil
		},
	})
	version := s.InitializeResult().ProtocolVersion
	if want := map[string]string{"modern": "2026-07-28", "legacy": "2025-11-25"}[era]; version != want {
		t.Errorf("version %s, want %s", version, want)
	}
	ctx := t.Context()

	tools, err := s.ListTools(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
	}
	if diff := cmp.Diff([]string{prefix + "ask", prefix + "echo", prefix + "steps"}, names); diff != "" {
		t.Error(diff)
	}
	call := func(params *sdk.CallToolParams) string {
		t.Helper()
		r, err := s.CallTool(ctx, params)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r.Content)
		if err != nil || r.IsError {
			t.Fatalf("%s: %v", text, err)
		}
		return string(text)
	}
	if got, want := call(&sdk.CallToolParams{Name: prefix + "echo", Arguments: map[string]any{"text": "héllo\n"}}), `[{"type":"text","text":"héllo\n"}]`; got != want {
		t.Errorf("echo: %s, want %s", got, want)
	}
	if got, want := call(&sdk.CallToolParams{Name: prefix + "ask", Arguments: map[string]any{}}), `[{"type":"text","text":"asked accept Ada"}]`; got != want {
		t.Errorf("ask: %s, want %s", got, want)
	}

	params := &sdk.CallToolParams{Name: prefix + "steps", Arguments: map[string]any{}}
	params.SetProgressToken("tok")
	call(params)
	for i := range 3 {
		if got, want := <-steps, fmt.Sprint("tok ", i); got != want {
			t.Errorf("progress %q, want %q", got, want)
		}
		if era == "legacy" {
			if got, want := <-logs, fmt.Sprint("step ", i); got != want {
				t.Errorf("logged %q, want %q", got, want)
			}
		}
	}

	prompt, err := s.GetPrompt(ctx, &sdk.GetPromptParams{Name: prefix + "greet", Arguments: map[string]string{"who": "you"}})
	if err != nil {
		t.Fatal(err)
	}
	if text := prompt.Messages[0].Content.(*sdk.TextContent).Text; text != "greet you" {
		t.Errorf("prompt: %q", text)
	}
	for _, uri := range []string{"test://one", "test://many/7/x"} {
		r, err := s.ReadResource(ctx, &sdk.ReadResourceParams{URI: uri})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Contents[0].Text; got != "text of "+uri {
			t.Errorf("%s: %q", uri, got)
		}
	}
	completed, err := s.Complete(ctx, &sdk.CompleteParams{Ref: &sdk.CompleteReference{Type: "ref/prompt", Name: prefix + "greet"}, Argument: sdk.CompleteParamsArgument{Name: "who", Value: "y"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"greet", "y!"}, completed.Completion.Values); diff != "" {
		t.Error("completion:", diff)
	}
	if era == "legacy" {
		if err := s.Ping(ctx, nil); err != nil {
			t.Error(err)
		}
		if err := s.SetLoggingLevel(ctx, &sdk.SetLoggingLevelParams{Level: "error"}); err != nil { //nolint:staticcheck // deprecated, and there
			t.Error(err)
		}
		call(params)
		for i := range 3 {
			if got, want := <-steps, fmt.Sprint("tok ", i); got != want {
				t.Errorf("progress %q, want %q", got, want)
			}
		}
		if len(logs) != 0 {
			t.Errorf("logged %q below the level", <-logs)
		}
	}
	if r, err := s.CallTool(ctx, &sdk.CallToolParams{Name: "nothing"}); err == nil {
		t.Errorf("an unknown tool: %v", r)
	}
}

// TestListChanged has the official client hear of changed tools.
func TestListChanged(t *testing.T) {
	c, contents := sdkServer(t, full())
	of := server{mcp: lattice.MCP{Name: "full"}, contents: contents, component: c}
	for _, era := range []string{"modern", "legacy"} {
		t.Run(era, func(t *testing.T) {
			b := start(t, nil, of)
			heard := make(chan struct{}, 8)
			s := b.connect("/mcp", era, &sdk.ClientOptions{
				ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) { heard <- struct{}{} },
			})
			if _, err := s.ListTools(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			// The stream is opened when the client is connected; a change before that makes no
			// notice. So there are changes until one is heard of.
			for i := 0; ; i++ {
				other := of
				other.contents.Tools = append(slices.Clone(contents.Tools), tool(fmt.Sprint("new", i)))
				b.set(other)
				select {
				case <-heard:
					return
				case <-time.After(10 * time.Millisecond):
				case <-t.Context().Done():
					t.Fatal("no notice")
				}
			}
		})
	}
}
