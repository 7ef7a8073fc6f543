package wattlemcp

import "errors"

// server is what Serve was given.
var server *Server

// Serve has the component answer as s says. It is called by an init function.
func Serve(s *Server) { server = s }

//go:wasmexport wattle:mcp/about@0.1.0#describe
func describe() uint32 { return give(server.About) }

//go:wasmexport wattle:mcp/tools@0.1.0#list-tools
func listTools() uint32 { return give(server.Tools.ListTools()) }

//go:wasmexport wattle:mcp/tools@0.1.0#call-tool
func callTool(at uint32) uint32 {
	var p struct {
		Request   Request
		Name      string
		Arguments JSON
	}
	take(at, &p)
	outcome, err := server.Tools.CallTool(&p.Request, p.Name, p.Arguments)
	var said *Error
	if err != nil && !errors.As(err, &said) {
		// A model can do something about it, and a client cannot.
		outcome, err = ToolOutcome{Complete: &ToolResult{Content: Text(err.Error()), IsError: true}}, nil
	}
	return give(either(outcome, err))
}

//go:wasmexport wattle:mcp/resources@0.1.0#list-resources
func listResources() uint32 { return give(server.Resources.ListResources()) }

//go:wasmexport wattle:mcp/resources@0.1.0#list-templates
func listTemplates() uint32 { return give(server.Resources.ListTemplates()) }

//go:wasmexport wattle:mcp/resources@0.1.0#read-resource
func readResource(at uint32) uint32 {
	var p struct {
		Request Request
		URI     string
	}
	take(at, &p)
	return give(either(server.Resources.ReadResource(&p.Request, p.URI)))
}

//go:wasmexport wattle:mcp/prompts@0.1.0#list-prompts
func listPrompts() uint32 { return give(server.Prompts.ListPrompts()) }

//go:wasmexport wattle:mcp/prompts@0.1.0#get-prompt
func getPrompt(at uint32) uint32 {
	var p struct {
		Request   Request
		Name      string
		Arguments []Pair
	}
	take(at, &p)
	return give(either(server.Prompts.GetPrompt(&p.Request, p.Name, byName(p.Arguments))))
}

//go:wasmexport wattle:mcp/completions@0.1.0#complete
func complete(at uint32) uint32 {
	var p struct {
		Request         Request
		Of              Reference
		Argument, Value string
		Known           []Pair
	}
	take(at, &p)
	return give(either(server.Completions.Complete(&p.Request, p.Of, p.Argument, p.Value, byName(p.Known))))
}

func byName(pairs []Pair) map[string]string {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.Name] = p.Value
	}
	return m
}

// internalError is the code of JSON-RPC for what is nobody's fault but the server's.
const internalError = -32603

// either returns a result.
func either[T any](v T, err error) result[T] {
	if err == nil {
		return result[T]{OK: &v}
	}
	said := &Error{Code: internalError, Message: err.Error()}
	errors.As(err, &said)
	return result[T]{Err: said}
}
