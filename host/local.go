package host

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// foreign returns why a request to a server on a loopback address did not come
// from a local client, or nothing. A web page can have a name of its own resolve
// to 127.0.0.1 and then talk to local servers from the user's browser (DNS
// rebinding); the browser still tells which name it used, and which page asked.
func foreign(r *http.Request) string {
	if !localHost(r.Host) {
		return "the Host header does not name this machine"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return ""
	}
	if u, err := url.Parse(origin); err != nil || !localHost(u.Host) {
		return "the Origin header does not name this machine"
	}
	return ""
}

// localHost reports whether host[:port] is a name or an address of loopback.
func localHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
