package capability

// HTTPServer is the name of the kind that gives HTTP requests to components. Hosts do;
// links from it to components are their routes.
const HTTPServer = "httpserver"

var httpserver = &Kind{
	Name:    HTTPServer,
	Summary: "gives HTTP requests to components, by host and path",
	Images:  []string{"http-server", "httpserver"},
	Calls:   []string{"wasi:http/incoming-handler"},
	Example: []string{"host: api.example.com", "path: /v1"},
	check:   func(*Config) error { return nil }, // lattice/manifest reads the routes
}
