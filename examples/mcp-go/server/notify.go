package server

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// addNotifyingTools adds the tools that send notifications while they run, and
// the one that refuses to run.
func addNotifyingTools(s *mcp.Server) {
	mcp.AddTool(s, &mcp.Tool{Name: "test_tool_with_logging", Description: "Logs while it runs."}, logThrice)
	mcp.AddTool(s, &mcp.Tool{Name: "test_logging_tool", Description: "Logs, if the client asked for that."}, logThrice)
	mcp.AddTool(s, &mcp.Tool{Name: "test_tool_with_progress", Description: "Reports progress while it runs."}, progress)
	mcp.AddTool(s, &mcp.Tool{Name: "test_streaming_elicitation", Description: "Reports progress and asks for nothing."}, progress)
	mcp.AddTool(s, &mcp.Tool{Name: "test_missing_capability", Description: "Needs a client that can sample."}, needSampling)
}

func logThrice(ctx context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	for _, data := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
		if err := req.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "info", Logger: "mcp-go", Data: data}); err != nil {
			return nil, nil, err
		}
	}
	return text("logged"), nil, nil
}

func progress(ctx context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return text("the client did not ask for progress"), nil, nil
	}
	const total = 100
	for _, done := range []float64{0, 50, total} {
		err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
			ProgressToken: token, Progress: done, Total: total, Message: fmt.Sprintf("%.0f of %d", done, total),
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return text(fmt.Sprint(token)), nil, nil
}

// needSampling refuses clients without the sampling capability in the way the
// protocol has for it.
func needSampling(_ context.Context, req *mcp.CallToolRequest, _ any) (*mcp.CallToolResult, any, error) {
	if c := req.ClientCapabilities(); c != nil && c.Sampling != nil {
		return text("the client can sample"), nil, nil
	}
	data, err := json.Marshal(mcp.MissingRequiredClientCapabilityData{
		RequiredCapabilities: &mcp.ClientCapabilities{Sampling: &mcp.SamplingCapabilities{}},
	})
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, &jsonrpc.Error{
		Code: mcp.CodeMissingRequiredClientCapabilities, Message: "this tool needs the sampling capability", Data: data,
	}
}
