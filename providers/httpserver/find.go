package httpserver

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/wattle-dev/wattle/internal/webserver"
	"github.com/wattle-dev/wattle/lattice"
)

// localSuffix follows the name of a component in the host name that is always
// its own. RFC 6761, section 6.3, has all names below localhost be loopback.
const localSuffix = ".localhost"

// find returns the component that a request is for.
func (s *Server) find(r *http.Request) (lattice.ComponentID, bool) {
	host := webserver.Hostname(r.Host)
	if name, ok := strings.CutSuffix(host, localSuffix); ok && s.opts.Local {
		// Clients send host names in lower case.
		for _, id := range s.routes.Components() {
			if strings.EqualFold(string(id), name) {
				return id, true
			}
		}
	}
	return s.routes.Route(host, r.URL.Path)
}

// maxHints bounds the components that a hint names.
const maxHints = 10

// hint tells a local client what it could have asked for.
func (s *Server) hint(r *http.Request) string {
	if !s.opts.Local {
		return ""
	}
	ids := s.routes.Components()
	if len(ids) == 0 {
		return "\n\nno component runs: start one with wattle component start ID FILE"
	}
	port := ""
	if _, p, err := net.SplitHostPort(r.Host); err == nil {
		port = ":" + p
	}
	var b strings.Builder
	b.WriteString("\n\nno route leads to this path; the components are at\n")
	for _, id := range ids[:min(len(ids), maxHints)] {
		fmt.Fprintf(&b, "  http://%s%s%s/\n", id, localSuffix, port)
	}
	if more := len(ids) - maxHints; more > 0 {
		fmt.Fprintf(&b, "  and %d more\n", more)
	}
	b.WriteString("to give one a route, start it again with --route /PATH")
	return b.String()
}
