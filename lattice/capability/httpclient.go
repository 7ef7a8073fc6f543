package capability

import (
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
)

// HTTPClient is what a link to an HTTP client grants. Its keys are
//
//	allow                 what may be requested, a rule of package httprule a line;
//	                      nothing if there is none
//	timeout               of a request with its response, 1ms to 1h; 5m if not said
//	connect-timeout       to connect, 1ms to 5m; 10s if not said
//	max-requests          under way at once, 1 to 4096; 256 if not said
//	max-request-body      bytes of one, to 1TiB; 64MiB if not said
//	max-response-body     bytes of one, to 1TiB; 1GiB if not said
//	max-response-header   bytes of one, 1KiB to 1MiB; 64KiB if not said
//	header.NAME           the value of a header field that requests are given, and that
//	                      the component can neither see nor set; it may hold secrets
//	header.NAME@RULE      the same for the requests that a rule allows
//
// A value with a secret is for one host only: its rule, or else every rule of allow,
// names a scheme and that host. Plain http is meant only if the rule says so.
type HTTPClient struct {
	Rules                               []httprule.Rule
	TimeoutMillis, ConnectTimeoutMillis int64
	MaxRequests                         int
	MaxRequestBody, MaxResponseBody     int64
	MaxResponseHeader                   int64
	Headers                             []HTTPHeader
}

// HTTPHeader is a header field that requests are given.
type HTTPHeader struct {
	Name  string
	Value Text
	// Rule says which requests. The zero value is all of them.
	Rule httprule.Rule
}

const maxHTTPRules, maxHTTPHeaders = 256, 64

// kindHTTPClient is the name of the kind.
const kindHTTPClient = "httpclient"

var httpclient = &Kind{
	Name:    kindHTTPClient,
	Summary: "makes HTTP requests that its rules allow",
	Images:  []string{"http-client", "httpclient"},
	Serves:  []string{"wasi:http/outgoing-handler"},
	Example: []string{`allow: "GET https://api.example.com/v1/"`},
	check: func(c *Config) error {
		_, err := ParseHTTPClient(c)
		return err
	},
}

// ParseHTTPClient reads the configuration of an HTTP client.
func ParseHTTPClient(c *Config) (*HTTPClient, error) {
	v := read(kindHTTPClient, c)
	h := &HTTPClient{
		TimeoutMillis:        v.millis(300_000, 1, 3_600_000, "timeout"),
		ConnectTimeoutMillis: v.millis(10_000, 1, 300_000, "connect-timeout"),
		MaxRequests:          int(v.int(256, 1, 4096, "max-requests")),
		MaxRequestBody:       v.size(64<<20, 0, 1<<40, "max-request-body"),
		MaxResponseBody:      v.size(1<<30, 0, 1<<40, "max-response-body"),
		MaxResponseHeader:    v.size(64<<10, 1<<10, 1<<20, "max-response-header"),
	}
	h.rules(v)
	for _, key := range v.with(headerPrefix) {
		h.header(v, key)
	}
	if len(h.Headers) > maxHTTPHeaders {
		v.fault(headerPrefix, "%d fields are more than %d", len(h.Headers), maxHTTPHeaders)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return h, nil
}

func (h *HTTPClient) rules(v *values) {
	key, text, _ := v.raw("allow")
	v.plain(key, text)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := httprule.Parse(line)
		if err != nil {
			v.fault(key, "%v", err)
			continue
		}
		h.Rules = append(h.Rules, r)
	}
	if len(h.Rules) > maxHTTPRules {
		v.fault(key, "%d rules are more than %d", len(h.Rules), maxHTTPRules)
	}
}

const headerPrefix = "header."

// reservedFields are those that belong to the connection or the host.
var reservedFields = []string{
	"connection", "content-length", "expect", "host", "http2-settings", "keep-alive", "proxy-authorization",
	"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "wattle-hops",
}

func (h *HTTPClient) header(v *values, key string) {
	name, rule, scoped := strings.Cut(strings.TrimPrefix(key, headerPrefix), "@")
	out := HTTPHeader{Name: strings.ToLower(name)}
	switch {
	case !httprule.IsToken(name):
		v.fault(key, "%.80q is not the name of a header field", name)
		return
	case slices.Contains(reservedFields, out.Name):
		v.fault(key, "the field %q is set by the host alone", out.Name)
		return
	}
	out.Value = v.templateOf(key, v.config.Values[key])
	if out.Value.Empty() || strings.ContainsFunc(out.Value.Literal(), func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		v.fault(key, "its value is empty, or has a control character or line break")
	}
	if scoped {
		var err error
		if out.Rule, err = httprule.Parse(rule); err != nil {
			v.fault(key, "%v", err)
			return
		}
	}
	if len(out.Value.Secrets()) > 0 && !h.confined(out.Rule, scoped) {
		v.fault(key, "it holds a secret: say which host it is for, as in %s%s@https://api.example.com", headerPrefix, name)
	}
	h.Headers = append(h.Headers, out)
}

// confined reports whether what a rule allows, or else all that the rules allow, goes to
// one host by one scheme.
func (h *HTTPClient) confined(rule httprule.Rule, scoped bool) bool {
	rules := h.Rules
	if scoped {
		rules = []httprule.Rule{rule}
	}
	for _, r := range rules {
		if r.Scheme == "" || r.Host == "" || strings.HasPrefix(r.Host, "*") || r.Host != rules[0].Host || r.Scheme != rules[0].Scheme {
			return false
		}
	}
	return len(rules) > 0
}
