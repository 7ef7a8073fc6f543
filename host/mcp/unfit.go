package mcp

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wattle-dev/wattle/lattice/catalogue"
)

// unfit is the endpoint of a component that cannot be an MCP server.
type unfit struct{ why error }

// NewUnfit returns the endpoint of a component that cannot be the MCP server that it is
// said to be: those who call it, and who list it, are told why.
func NewUnfit(why error) Endpoint { return unfit{why} }

func (u unfit) Answer(context.Context, *Request) (json.RawMessage, error) {
	return nil, fault("the component is not an MCP server", u.why.Error())
}

func (u unfit) List(context.Context) (*catalogue.Contents, time.Duration, error) {
	return nil, 0, u.why
}
