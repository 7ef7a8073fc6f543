package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/seal"
	"github.com/wattle-dev/wattle/lattice/trust"
)

// token is the file with the token of clients of the gateway, sessions the one with the
// key of their sessions where the lattice gives none.
func (d dataDir) token() string    { return filepath.Join(string(d), "mcp-token") }
func (d dataDir) sessions() string { return filepath.Join(string(d), "mcp-sessions.key") }

// endpoint is where clients of a gateway find it, and what they show there.
type endpoint struct {
	url string
	// file has the token.
	file  string
	token *seal.Shared
}

// endpointOf returns the gateway of a `wattle up` or `wattle gateway run`.
func (d dataDir) endpointOf(r *running) (*endpoint, error) {
	if r.MCP == "" {
		return nil, fmt.Errorf("%w: the front door at %s has no MCP gateway: it has one if it is for clients on this machine alone; start it with --addr 127.0.0.1:PORT and without --any-host", lattice.ErrUnavailable, r.HTTP)
	}
	token, err := trust.OpenShared(d.token())
	if err != nil {
		return nil, d.explain(err)
	}
	return &endpoint{url: r.MCP, file: d.token(), token: token}, nil
}

// errNoToken is what a gateway elsewhere is not asked without.
var errNoToken = errors.New("a gateway takes a token: name the file that has it with --token-file")
