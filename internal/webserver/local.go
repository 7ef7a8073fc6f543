package webserver

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Foreign returns why a request to a server on a loopback address did not come
// from a local client, or nothing. A web page can have a name of its own resolve
// to 127.0.0.1 and then talk to local servers from the user's browser (DNS
// rebinding); the browser still tells which name it used, and which page asked.
// served says which names, in lower case and without port, the server goes by
// besides; it may be nil.
func Foreign(r *http.Request, served func(host string) bool) string {
	ours := func(host string) bool {
		name := Hostname(host)
		return localName(name) || served != nil && name != "" && served(name)
	}
	if !ours(r.Host) {
		return "the Host header does not name this machine"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return ""
	}
	if u, err := url.Parse(origin); err != nil || !ours(u.Host) {
		return "the Origin header does not name this machine"
	}
	return ""
}

// Hostname returns the name in host[:port], in lower case and without the dot
// that ends a name of which nothing is left out.
func Hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Machine reports whether host[:port] is this machine itself: localhost, or an address of
// loopback, and not a name below localhost.
func Machine(host string) bool {
	name := Hostname(host)
	return localName(name) && !strings.HasSuffix(name, ".localhost")
}

// localName reports whether a name, or an address, is one of loopback.
func localName(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}
