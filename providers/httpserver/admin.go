package httpserver

import (
	"fmt"
	"net/http"
)

// Admin returns what an orchestrator asks a process: GET /livez is 200 while it
// answers at all, GET /readyz while ready returns nil, and otherwise 503 with the
// error. It belongs on a listener that clients do not reach.
func Admin(ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
