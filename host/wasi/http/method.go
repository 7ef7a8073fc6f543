package http

import (
	"net/url"
	"strings"
)

// methodNames are the methods that have a case of their own.
var methodNames = [...]string{
	MethodGet: "GET", MethodHead: "HEAD", MethodPost: "POST", MethodPut: "PUT", MethodDelete: "DELETE",
	MethodConnect: "CONNECT", MethodOptions: "OPTIONS", MethodTrace: "TRACE", MethodPatch: "PATCH",
}

func methodOf(s string) Method {
	for tag, name := range methodNames {
		if s == name {
			return Method{Tag: MethodTag(tag)}
		}
	}
	return Method{Tag: MethodOther, Other: s}
}

// text returns the method as a message has it.
func (m *Method) text() string {
	if int(m.Tag) < len(methodNames) {
		return methodNames[m.Tag]
	}
	return m.Other
}

// text returns the scheme in lower case.
func (s *Scheme) text() string {
	switch s.Tag {
	case SchemeHTTP:
		return "http"
	case SchemeHTTPS:
		return "https"
	}
	return strings.ToLower(s.Other)
}

// maxTarget bounds the parts of a request target that a guest may set.
const maxTarget = 64 << 10

// validScheme reports whether s is a URI scheme (RFC 3986, section 3.1).
func validScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxTarget
}

// parseTarget parses a path with query.
func parseTarget(s string) (*url.URL, bool) {
	switch {
	case len(s) > maxTarget:
		return nil, false
	case s == "":
		return &url.URL{Path: "/"}, true
	case s[0] == '?':
		s = "/" + s
	case s[0] != '/':
		return nil, false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '#' {
			return nil, false
		}
	}
	u, err := url.ParseRequestURI(s)
	return u, err == nil
}

// validAuthority reports whether s is a host, with or without port.
func validAuthority(s string) bool {
	if s == "" || len(s) > maxTarget || strings.ContainsAny(s, "@/?#") {
		return false
	}
	u, err := url.Parse("http://" + s)
	return err == nil && u.Host == s && u.Hostname() != ""
}
