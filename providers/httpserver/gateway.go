package httpserver

import (
	"net/http"
	"strings"

	"github.com/wattle-dev/wattle/internal/webserver"
)

// Where the gateway of MCP servers answers: its endpoints, and what clients look for to
// learn who gives them tokens (RFC 9728 section 3.1).
const (
	gatewayPath  = "/mcp"
	metadataPath = "/.well-known/oauth-protected-resource"
)

// toGateway reports whether a request is for the gateway: it names the machine, and
// neither a component of it nor a route.
func (s *Server) toGateway(r *http.Request) bool {
	if !s.opts.Local || s.opts.Gateway == nil {
		return false
	}
	below := func(path string) bool { return r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") }
	return (below(gatewayPath) || below(metadataPath)) && webserver.Machine(r.Host)
}
