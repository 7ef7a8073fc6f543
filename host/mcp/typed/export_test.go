package typed

import (
	"context"
	"encoding/json"

	"github.com/wattle-dev/wattle/wit"
)

// WriteWasmcp returns a value of wasmcp as MCP has it.
func WriteWasmcp(ctx context.Context, t *wit.Type, v wit.Value) (json.RawMessage, error) {
	return (&wasmcpWriter{}).value(ctx, t, v)
}
