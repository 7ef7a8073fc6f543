package mcp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/host/mcp"
	"github.com/wattle-dev/wattle/lattice"
)

// BenchmarkCall is a call of a tool of a component that does almost nothing: what a Server
// adds to it. "plain" is the component alone.
func BenchmarkCall(b *testing.B) {
	target := host.NewTarget(load(b, hostile), &host.Options{})
	for _, era := range append([]string{"/plain"}, eras...) {
		b.Run(era[1:], func(b *testing.B) {
			decl := &lattice.MCP{Path: era}
			s := mcp.New(target, mcp.NewHTTP(target, "c", decl, nil), decl, nil)
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				r := call("1", "count", "{}", "").WithContext(ctx)
				var err error
				if era == "/plain" {
					r.URL.Path, r.RequestURI = "/modern", "/modern"
					err = target.HTTP(w, r, callers("x"))
				} else {
					err = s.HTTP(w, r, callers("x"))
				}
				if err != nil || w.Code != http.StatusOK {
					b.Fatal(w.Body, err)
				}
			}
		})
	}
}
