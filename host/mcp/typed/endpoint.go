package typed

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/host/mcp/typed/jsonval"
	"github.com/wattle-dev/wattle/internal/rawjson"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/wit"
)

// The methods that reach a component.
const (
	methodCallTool     = "tools/call"
	methodGetPrompt    = "prompts/get"
	methodReadResource = "resources/read"
	methodComplete     = "completion/complete"
)

// New returns the endpoint of a component of a kind other than lattice.MCPHTTP. world is that
// of the component, with its documentation if it has any. opts may be nil.
func New(target *host.Target, world *wit.World, kind lattice.MCPKind, opts *Options) (mcp.Endpoint, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch kind {
	case lattice.MCPStrict:
		return newFunctions(world, jsonval.Strict)
	case lattice.MCPWassette:
		return newFunctions(world, jsonval.Wassette)
	case lattice.MCPWattle:
		return newWattle(target, world, &o)
	case lattice.MCPWasmcp:
		return newWasmcp(target, world, &o)
	default:
		return nil, fmt.Errorf("%q is no kind of MCP server with typed exports", kind)
	}
}

// noMethod is the error of a method that a component does not have.
func noMethod(method string) error {
	return &mcp.Error{Code: mcp.CodeNoMethod, Message: fmt.Sprintf("the server does not have the method %.80q", method)}
}

// unknown is the error of a name that nothing has.
func unknown(what, name string) error {
	return &mcp.Error{Code: mcp.CodeBadParams, Message: fmt.Sprintf("unknown %s: %.200q", what, name)}
}

func badParams(format string, args ...any) error {
	return &mcp.Error{Code: mcp.CodeBadParams, Message: fmt.Sprintf(format, args...)}
}

// named returns the members of params and the text of one that has to be there.
func named(params json.RawMessage, member string) (string, rawjson.Object, error) {
	if params == nil {
		return "", nil, badParams("params is missing")
	}
	o, err := rawjson.Members(params)
	if err != nil {
		return "", nil, badParams("params: %v", err)
	}
	name, ok := rawjson.Text(o.Get(member))
	if !ok {
		return "", nil, badParams("params.%s has to be a string", member)
	}
	return name, o, nil
}
