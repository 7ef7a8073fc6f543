package httpserver_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/providers/httpserver"
)

// The gateway answers where the machine itself is named, and takes nothing from a
// component or a route that has a name.
func TestGateway(t *testing.T) {
	known := routes{ids: []lattice.ComponentID{"hello"}, path: "/", host: "shop.example"}
	gateway := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "gateway %s", r.URL.Path) })
	for _, c := range []struct {
		url     string
		gateway bool
	}{
		{"http://localhost:8000/mcp", true},
		{"http://localhost:8000/mcp/shop", true},
		{"http://127.0.0.1:8000/mcp", true},
		{"http://[::1]:8000/mcp/", true},
		{"http://LOCALHOST./mcp", true},
		{"http://localhost/.well-known/oauth-protected-resource", true},
		{"http://localhost/.well-known/oauth-protected-resource/mcp/shop", true},
		{"http://localhost:8000/", false},
		{"http://localhost:8000/mcps", false},
		{"http://localhost:8000/x/mcp", false},
		{"http://localhost/.well-known/other", false},
		{"http://hello.localhost:8000/mcp", false},
		{"http://nobody.localhost:8000/mcp", false},
		{"http://shop.example/mcp", false},
		{"http://evil.example/mcp", false},
	} {
		s := httpserver.New(&invoker{}, known, &httpserver.Options{Local: true, Gateway: gateway})
		_, body, _ := get(t, s, c.url, nil)
		if got := len(body) > 8 && body[:8] == "gateway "; got != c.gateway {
			t.Errorf("%s: the gateway answers: %v, want %v (%q)", c.url, got, c.gateway, body)
		}
		s = httpserver.New(&invoker{}, known, &httpserver.Options{Gateway: gateway})
		if _, body, _ := get(t, s, c.url, nil); len(body) > 8 && body[:8] == "gateway " {
			t.Errorf("%s: the gateway answers where clients are not local", c.url)
		}
	}
	s := httpserver.New(&invoker{}, known, &httpserver.Options{Local: true, Gateway: gateway})
	if code, _, _ := get(t, s, "http://localhost/mcp", http.Header{"Origin": {"http://evil.example"}}); code != http.StatusForbidden {
		t.Errorf("a page of elsewhere: status %d", code)
	}
}
