// Package server is the MCP server of the mcp-go example, as an http.Handler
// that knows nothing about WebAssembly. The same handler runs as a component
// and natively.
//
// It serves two revisions of the protocol on one URL. A request that names
// revision 2026-07-28 or later goes to a handler for that one, everything else
// to a handler for the revisions before it. Neither keeps sessions: a component
// may answer each request in a fresh instance. What a tool needs to remember
// between two requests of one call it seals into the requestState that the
// client carries; see [sealer].
//
// Two kinds of tools are offered. Those in tools.go do something useful. Those
// whose names begin with test_, and the resources and prompts, are what the MCP
// conformance suite calls; each shows one feature of the protocol.
package server

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// modernRevision is the first revision of the protocol without sessions.
const modernRevision = "2026-07-28"

// Path is where the endpoint is.
const Path = "/mcp"

// Options configures New. The zero value works.
type Options struct {
	// Transport is what the fetch tool uses. If nil, the tool does not exist.
	Transport http.RoundTripper
	// AllowedHosts are the values accepted in a request's Host field, without
	// port. If empty, any is; then a browser is kept out only by the rule that
	// an Origin, if there is one, must be the host itself.
	AllowedHosts []string
	// StateKey protects the requestState that clients carry. All instances that
	// may answer one call need the same. If empty, a well-known key is used,
	// which guards against accidents and not against anybody.
	StateKey []byte
}

// New returns the handler of the MCP endpoint at [Path].
func New(opts Options) http.Handler {
	s := mcp.NewServer(&mcp.Implementation{Name: "wattle-mcp-go", Title: "Wattle example in Go", Version: "0.1.0"},
		&mcp.ServerOptions{
			Instructions: "An example MCP server that runs as a WebAssembly component.",
			// The lists never change, and if they did, another instance would be
			// listening: listChanged is not declared.
			Capabilities: &mcp.ServerCapabilities{
				Completions: &mcp.CompletionCapabilities{},
				Logging:     &mcp.LoggingCapabilities{},
				Prompts:     &mcp.PromptCapabilities{},
				Resources:   &mcp.ResourceCapabilities{},
				Tools:       &mcp.ToolCapabilities{},
			},
			CompletionHandler:  complete,
			SubscribeHandler:   subscribe,
			UnsubscribeHandler: unsubscribe,
		})
	addTools(s, opts.Transport)
	addContentTools(s)
	addNotifyingTools(s)
	addAskingTools(s)
	addInputTools(s, newSealer(opts.StateKey))
	addResources(s)
	addPrompts(s)

	get := func(*http.Request) *mcp.Server { return s }
	modern := mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{Stateless: true, PropagateRequestCancellation: true})
	legacy := mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{Stateless: true})

	mux := http.NewServeMux()
	mux.HandleFunc(Path, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !hostAllowed(r, opts.AllowedHosts):
			http.Error(w, "this Host or Origin is not allowed", http.StatusForbidden)
		case r.Header.Get("Mcp-Protocol-Version") >= modernRevision:
			modern.ServeHTTP(w, r)
		default:
			legacy.ServeHTTP(w, r)
		}
	})
	return mux
}

// hostAllowed is the defence against DNS rebinding.
func hostAllowed(r *http.Request, allowed []string) bool {
	host := hostname(r.Host)
	if len(allowed) > 0 && !slices.Contains(allowed, host) {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.ToLower(u.Hostname()) == host
}

// hostname is hostport without its port, in lower case.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.ToLower(strings.Trim(hostport, "[]"))
}
