// Command mcp-go is an MCP server as a WebAssembly component, written with the
// official Go SDK.
package main

import (
	"os"
	"strings"

	"github.com/wattle-dev/wattle/examples/internal/wasihttp"
	"github.com/wattle-dev/wattle/examples/mcp-go/server"
)

func init() {
	opts := server.Options{
		Transport: wasihttp.Transport{},
		StateKey:  []byte(os.Getenv("STATE_KEY")),
	}
	if hosts := os.Getenv("ALLOWED_HOSTS"); hosts != "" {
		opts.AllowedHosts = strings.Split(strings.ToLower(hosts), ",")
	}
	wasihttp.Serve(server.New(opts))
}

// main never runs: the host calls the exported handler.
func main() {}
