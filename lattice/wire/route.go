package wire

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// NormalRoute returns a route in the only form that documents have: the host name
// in lower case, without port and final dot; the path without a slash at its end
// and without segments that are empty or made of dots.
func NormalRoute(route lattice.Route) (lattice.Route, error) {
	if given := route.Host; given != "" {
		if route.Host = strings.TrimSuffix(strings.ToLower(given), "."); !hostName(route.Host) {
			return lattice.Route{}, fmt.Errorf("route host %.80q: %w: want a host name without a port", given, lattice.ErrInvalid)
		}
	}
	route.Path = "/" + strings.Trim(route.Path, "/")
	if route.Path == "/" {
		return route, nil
	}
	if len(route.Path) > MaxRoutePath {
		return lattice.Route{}, fmt.Errorf("route path %.80q: %w: it is longer than %d bytes", route.Path, lattice.ErrInvalid, MaxRoutePath)
	}
	for segment := range strings.SplitSeq(route.Path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return lattice.Route{}, fmt.Errorf("route path %.80q: %w: the segment %q cannot match", route.Path, lattice.ErrInvalid, segment)
		}
		for i := range len(segment) {
			// Those of RFC 3986 section 3.3 that need no escape.
			if c := segment[i]; !alphanumeric(c) && strings.IndexByte("-._~!$&'()*+,;=:@", c) < 0 {
				return lattice.Route{}, fmt.Errorf("route path %.80q: %w: %q may not be in it", route.Path, lattice.ErrInvalid, c)
			}
		}
	}
	return route, nil
}

// hostName reports whether s is a host name, or an IPv4 address, in lower case.
func hostName(s string) bool {
	if len(s) > MaxRouteHost {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !alphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// routes reads routes, each of which is there once.
func (r *reader) routes() []lattice.Route {
	var all []lattice.Route
	r.array(MaxRoutes, func() {
		route := r.route()
		if r.err == nil && slices.Contains(all, route) {
			r.fail("the route is there twice")
		}
		all = append(all, route)
	})
	return all
}

// route reads a route in normal form.
func (r *reader) route() (route lattice.Route) {
	r.record(refused, "path", func(name string) bool {
		switch name {
		case "host":
			route.Host = r.required(MaxRouteHost)
		case "path":
			route.Path = r.required(MaxRoutePath)
		default:
			return false
		}
		return true
	})
	if r.err != nil {
		return lattice.Route{}
	}
	switch normal, err := NormalRoute(route); {
	case err != nil:
		r.refuse(err)
	case normal != route:
		r.fail("want %q, have %q", normal.Host+normal.Path, route.Host+route.Path)
	}
	return route
}
