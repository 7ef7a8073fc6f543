package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// base returns the URL of the gateway, without a path.
func (x *exchange) base() string {
	if u := x.g.opts.URL; u != nil {
		return u.Scheme + "://" + u.Host
	}
	if x.r.TLS != nil {
		return "https://" + x.r.Host
	}
	return "http://" + x.r.Host
}

// metadata answers what tokens are needed here (RFC 9728, section 3). Everybody may ask,
// and is not told which servers there are.
func (x *exchange) metadata(path string) {
	h := x.w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if x.g.opts.Local {
		if fault := x.foreign(); fault != nil {
			x.fail(fault)
			return
		}
	}
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET")
		x.w.WriteHeader(http.StatusNoContent)
		return
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		x.fail(faultf(http.StatusMethodNotAllowed, "this is read by GET").with(http.StatusMethodNotAllowed))
		return
	}
	if path == "" {
		path = Path
	}
	of := exchange{r: &http.Request{URL: &url.URL{Path: path}}}
	if fault := of.address(); fault != nil {
		x.fail(fault)
		return
	}
	text, err := json.Marshal(struct {
		Resource string   `json:"resource"`
		Issuers  []string `json:"authorization_servers,omitempty"`
		Scopes   []string `json:"scopes_supported,omitempty"`
		Methods  []string `json:"bearer_methods_supported"`
		Name     string   `json:"resource_name"`
	}{x.base() + path, x.g.opts.Issuers, x.g.opts.Scopes, []string{"header"}, "Wattle"})
	if err != nil {
		x.fail(faultf(codeInternal, "the metadata cannot be written: %v", err).with(http.StatusInternalServerError))
		return
	}
	x.reply.respond(http.StatusOK, text)
}

// challenge returns the fault of a request without the right token, and sets what the
// client has to do (2026-07-28, Authorization, "Scope Selection Strategy"; RFC 6750,
// section 3).
func (x *exchange) challenge(err error) *fault {
	var b strings.Builder
	path := x.r.URL.Path
	fmt.Fprintf(&b, "Bearer resource_metadata=%s", quoted(x.base()+MetadataPath+path))
	status, text := http.StatusUnauthorized, "a token is needed"
	if c, ok := errors.AsType[*ChallengeError](err); ok {
		fmt.Fprintf(&b, ", error=%s", quoted(c.Code))
		if c.Description != "" {
			fmt.Fprintf(&b, ", error_description=%s", quoted(c.Description))
			text = c.Description
		}
		if c.Scope != "" {
			fmt.Fprintf(&b, ", scope=%s", quoted(c.Scope))
		}
		if c.Code == "insufficient_scope" {
			status = http.StatusForbidden
		}
	} else if len(x.g.opts.Scopes) > 0 {
		fmt.Fprintf(&b, ", scope=%s", quoted(strings.Join(x.g.opts.Scopes, " ")))
	}
	x.w.Header().Set("WWW-Authenticate", b.String())
	x.g.opts.Logger.DebugContext(x.r.Context(), "client is not known", "address", x.r.RemoteAddr, "error", err)
	return faultf(status, "%s", text).with(status)
}

// quoted returns a text as a quoted string of a header. What cannot be in one is left out.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c < ' ' || c > '~':
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
