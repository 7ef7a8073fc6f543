package httpclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice/capability/httprule"
)

// Field is a field that is added to the header of requests. Whoever asks for the
// request cannot set it, and is not told of it.
type Field struct {
	// Name is the name of the field, Value its value, which may be a secret.
	Name, Value string
	// Rule says which requests. The zero value is all of them.
	Rule httprule.Rule
}

// Check says what is wrong with a field, without its value.
func (f *Field) Check() error {
	switch {
	case !httprule.IsToken(f.Name):
		return fmt.Errorf("header field %.80q: it is not the name of a field", f.Name)
	case strings.TrimSpace(f.Value) != f.Value, f.Value == "":
		return fmt.Errorf("header field %.80q: its value is empty, or begins or ends with a space or line break", f.Name)
	case strings.ContainsFunc(f.Value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return fmt.Errorf("header field %.80q: its value has a control character", f.Name)
	}
	return nil
}

// addFields sets the fields that a request is given.
func (c *Client) addFields(h http.Header, to *httprule.Target) {
	for i := range c.opts.Fields {
		if f := &c.opts.Fields[i]; f.Rule.Matches(to) {
			for name := range h {
				if alike(name, f.Name) {
					delete(h, name)
				}
			}
			h.Set(f.Name, f.Value)
		}
	}
}

// checkTrace refuses requests that would have a server send back what is added to them.
func (c *Client) checkTrace(to *httprule.Target) error {
	if to.Method != http.MethodTrace || !slices.ContainsFunc(c.opts.Fields, func(f Field) bool { return f.Rule.Matches(to) }) {
		return nil
	}
	return &RequestError{Field: FieldMethod, Reason: "TRACE shows what the host adds to requests, which is not for their sender"}
}

// alike reports whether a server could take two names of fields for the same: many do
// not tell a hyphen from an underscore.
func alike(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, "_", "-"), strings.ReplaceAll(b, "_", "-"))
}

// requestBody is a request's body of unknown length, up to its limit.
type requestBody struct {
	io.ReadCloser
	left, most int64
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more byte than is allowed tells
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), &LimitError{What: LimitRequestBody, Max: b.most}
	}
	b.left -= int64(n)
	return n, err
}

// limitOf returns the limit that ended a request, if one did.
func limitOf(err error) error {
	if limit, ok := errors.AsType[*LimitError](err); ok {
		return limit
	}
	return nil
}
