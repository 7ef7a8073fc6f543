package webserver_test

import (
	"net/http/httptest"
	"testing"

	"github.com/wattle-dev/wattle/internal/webserver"
)

func TestForeign(t *testing.T) {
	served := func(host string) bool { return host == "shop.example" }
	for _, c := range []struct {
		host, origin string
		ok           bool
	}{
		{"localhost:8000", "", true},
		{"127.0.0.1:8000", "http://127.0.0.1:6274", true},
		{"[::1]:8000", "http://localhost:6274", true},
		{"[::1]", "", true},
		{"mcp.localhost", "", true},
		{"LOCALHOST.", "", true},
		{"Shop.example:8000", "", true},
		{"shop.example", "https://shop.example", true},
		{"evil.example:8000", "", false},
		{"shop.example.evil.example", "", false},
		{"localhost.evil.example", "", false},
		{"evillocalhost", "", false},
		{"192.168.1.7:8000", "", false},
		{"", "", false},
		{"localhost:8000", "http://evil.example", false},
		{"shop.example", "http://evil.example", false},
		{"localhost:8000", "null", false},
		{"localhost:8000", "http://127.0.0.1.evil.example", false},
	} {
		r := httptest.NewRequest("POST", "/mcp", nil)
		r.Host = c.host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if why := webserver.Foreign(r, served); (why == "") != c.ok {
			t.Errorf("Foreign(Host %q, Origin %q) = %q, want local: %v", c.host, c.origin, why, c.ok)
		}
	}
	r := httptest.NewRequest("GET", "http://shop.example/", nil)
	if webserver.Foreign(r, nil) == "" {
		t.Error("a name that nobody serves is local")
	}
}
