// Package httprule has rules of which HTTP requests somebody may make: methods, a
// scheme, a host, a port and a path prefix. It is pure.
//
//	https://api.example.com/v1/          any method, paths below /v1/
//	GET,POST https://*.example.com       any host below example.com
//	http://127.0.0.1:8080                one address
//	http://127.0.0.1:*                   every port of it
//	*                                    every http and https server
//
// A path prefix ends at a segment: "/v1" matches "/v1" and "/v1/x", not
// "/v12". Rules with a path refuse requests whose path a server could resolve
// to somewhere else ("/v1/../admin", however it is encoded).
//
// Requests and rules are compared in one form, a [Target]: hosts in lower case without
// a trailing dot, addresses as addresses, ports always there. What has no such form, as
// a URL with credentials or a host that is not ASCII, matches nothing.
package httprule

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Rule allows requests. The zero value of a field allows everything there. Parse makes
// one from text.
type Rule struct {
	// Methods are the methods allowed. If empty, all are.
	Methods []string
	// Scheme is "http" or "https". If empty, either.
	Scheme string
	// Host is a name in lower case, an IP address, or "*." and a suffix that
	// stands for every name below it. If empty, every host.
	Host string
	// Port is the port. If zero, every port.
	Port uint16
	// Path is a prefix of the path. If empty, every path.
	Path string
}

const maxRuleLength = 2048

// Parse parses a rule as the package comment shows them.
func Parse(text string) (Rule, error) {
	r, err := parse(text)
	if err != nil {
		if len(text) > 80 {
			text = text[:80] + "…"
		}
		return Rule{}, fmt.Errorf("http rule %q: %w", text, err)
	}
	return r, nil
}

func parse(text string) (Rule, error) {
	var r Rule
	if len(text) > maxRuleLength {
		return r, fmt.Errorf("longer than %d bytes", maxRuleLength)
	}
	fields := strings.Fields(text)
	switch len(fields) {
	case 0:
		return r, errors.New(`empty: write a URL such as "https://api.example.com/v1/", or "*"`)
	case 1:
	case 2:
		r.Methods = strings.Split(fields[0], ",")
		for _, m := range r.Methods {
			if !IsToken(m) {
				return r, fmt.Errorf("%q is not a method: write methods as in \"GET,POST https://api.example.com\"", m)
			}
			if up := strings.ToUpper(m); m != up {
				return r, fmt.Errorf("method %q: methods are upper case: write %q", m, up)
			}
		}
	default:
		return r, errors.New(`too many words: write "METHODS URL" or "URL"`)
	}
	target := fields[len(fields)-1]
	if target == "*" {
		return r, nil
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok {
		return r, fmt.Errorf("%q has no scheme: write %q", target, "https://"+target)
	}
	if scheme != "http" && scheme != "https" {
		return r, fmt.Errorf(`scheme %q: only "http" and "https" can be allowed`, scheme)
	}
	r.Scheme = scheme
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, r.Path = rest[:i], rest[i:]
	}
	if r.Path == "/" {
		r.Path = ""
	}
	if err := checkPath(r.Path); err != nil {
		return r, err
	}
	return r, r.parseAuthority(authority)
}

func checkPath(path string) error {
	switch {
	case path == "":
		return nil
	case strings.ContainsAny(path, "?#"):
		return errors.New("a rule ends with the path: remove the query or fragment")
	case strings.Contains(path, "*"):
		return errors.New(`"*" in a path has no meaning: a path is a prefix already`)
	}
	u, err := url.ParseRequestURI(path)
	if err != nil || u.EscapedPath() != path {
		return fmt.Errorf("path %q is not a valid URL path", path)
	}
	if wandering(path) {
		return fmt.Errorf("path %q has a dot segment or an encoded slash", path)
	}
	return nil
}

func (r *Rule) parseAuthority(s string) error {
	if strings.Contains(s, "@") {
		return errors.New("credentials have no place in a rule")
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if port == "" {
			return errors.New("port is missing after the colon")
		}
	}
	switch port {
	case "*":
	case "":
		r.Port = defaultPort(r.Scheme)
	default:
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("port %q is not a number from 1 to 65535", port)
		}
		r.Port = uint16(n)
	}
	if host == "*" {
		return nil
	}
	suffix, wild := strings.CutPrefix(host, "*.")
	h, err := canonicalHost(suffix)
	if err != nil {
		return err
	}
	if wild {
		if _, err := netip.ParseAddr(h); err == nil {
			return fmt.Errorf("host %q: there is nothing below an address", host)
		}
		h = "*." + h
	}
	r.Host = h
	return nil
}

// canonicalHost returns the form in which hosts are compared: a name in lower
// case without a trailing dot, or an address without brackets.
func canonicalHost(s string) (string, error) {
	if s == "" {
		return "", errors.New("host is missing")
	}
	if strings.HasPrefix(s, "[") || strings.Contains(s, ":") {
		in, ok := strings.CutPrefix(s, "[")
		in, ok2 := strings.CutSuffix(in, "]")
		a, err := netip.ParseAddr(in)
		if err != nil || !ok || !ok2 || !a.Is6() || a.Zone() != "" {
			return "", fmt.Errorf("host %q is not an IPv6 address in brackets", s)
		}
		return a.Unmap().String(), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), nil
	}
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	if len(s) > 253 {
		return "", errors.New("host is longer than 253 bytes")
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("host %q has an empty label or one longer than 63 bytes", s)
		}
		for _, c := range []byte(label) {
			switch {
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			case c >= 0x80:
				return "", fmt.Errorf(`host %q is not ASCII: write its "xn--" form`, s)
			default:
				return "", fmt.Errorf("host %q contains %q", s, c)
			}
		}
	}
	return s, nil
}

// IsToken reports whether s is a token of HTTP (RFC 9110, section 5.6.2), as methods and
// names of fields are.
func IsToken(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

func defaultPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

// String returns the rule in the form that Parse reads.
func (r Rule) String() string {
	var b strings.Builder
	if len(r.Methods) > 0 {
		b.WriteString(strings.Join(r.Methods, ",") + " ")
	}
	if r.Scheme == "" {
		b.WriteString("*")
		return b.String()
	}
	host := r.Host
	switch {
	case host == "":
		host = "*"
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	b.WriteString(r.Scheme + "://" + host)
	switch r.Port {
	case 0:
		b.WriteString(":*")
	case defaultPort(r.Scheme):
	default:
		b.WriteString(":" + strconv.Itoa(int(r.Port)))
	}
	b.WriteString(r.Path)
	return b.String()
}

// Target is where a request goes, in the form that rules compare.
type Target struct {
	Method, Scheme, Host string
	Port                 uint16
	// Path is escaped.
	Path string
}

// Authority returns the host and port as a URL has them.
func (t *Target) Authority() string {
	host := t.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.Port != defaultPort(t.Scheme) {
		host += ":" + strconv.Itoa(int(t.Port))
	}
	return host
}

// NewTarget returns where a request goes.
func NewTarget(method string, u *url.URL) (Target, error) {
	t := Target{Method: method, Scheme: u.Scheme, Path: u.EscapedPath()}
	if t.Scheme != "http" && t.Scheme != "https" {
		return t, fmt.Errorf("scheme %q is not http or https", u.Scheme)
	}
	if u.User != nil {
		return t, errors.New("the URL holds credentials")
	}
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		host = "[" + host + "]"
	}
	var err error
	if t.Host, err = canonicalHost(host); err != nil {
		return t, err
	}
	if t.Port = defaultPort(t.Scheme); u.Port() != "" {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || n == 0 {
			return t, fmt.Errorf("port %q is not a number from 1 to 65535", u.Port())
		}
		t.Port = uint16(n)
	}
	return t, nil
}

// Matches reports whether the rule allows a request.
func (r *Rule) Matches(t *Target) bool {
	return (len(r.Methods) == 0 || slices.Contains(r.Methods, t.Method)) &&
		(r.Scheme == "" || r.Scheme == t.Scheme) &&
		r.matchesHost(t.Host, t.Port) && r.matchesPath(t.Path)
}

func (r *Rule) matchesHost(host string, port uint16) bool {
	if r.Port != 0 && r.Port != port {
		return false
	}
	if suffix, ok := strings.CutPrefix(r.Host, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return r.Host == "" || r.Host == host
}

// Names reports whether the rule names the host in full.
func (r *Rule) Names(host string, port uint16) bool {
	return r.Host == host && (r.Port == 0 || r.Port == port)
}

func (r *Rule) matchesPath(path string) bool {
	if r.Path == "" {
		return true
	}
	if wandering(path) || !strings.HasPrefix(path, r.Path) {
		return false
	}
	return len(path) == len(r.Path) || strings.HasSuffix(r.Path, "/") || path[len(r.Path)] == '/'
}

// wandering reports whether a server could take an escaped path to lie
// somewhere else than its text says: it has a dot segment, or a separator that
// only shows after decoding, perhaps twice.
func wandering(path string) bool {
	for range 3 {
		for seg := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' || c == '\\' }) {
			seg, _, _ = strings.Cut(seg, ";") // some servers drop parameters first
			if seg == "." || seg == ".." {
				return true
			}
		}
		if strings.ContainsRune(path, '\\') {
			return true
		}
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return false // a percent sign that stands for itself
		}
		if strings.Count(decoded, "/") != strings.Count(path, "/") {
			return true
		}
		if decoded == path {
			return false
		}
		path = decoded
	}
	return true
}
