package http

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// wireResponse is a response as it was on the wire.
type wireResponse struct {
	old     bool // HTTP/1.0
	status  int
	header  []wireField
	body    []byte
	trailer []wireField
	// cut says that the connection ended before the body did.
	cut bool
}

type wireField struct{ name, value string }

// get returns the values of a field.
func (r *wireResponse) get(name string) (values []string) {
	for _, f := range r.header {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// parseWire parses what a server has sent on a connection to requests of the
// given methods, which are those that reached the handler. It knows no mercy:
// everything must be as RFC 9112 has senders write it, so that no two readers can
// disagree on where a response ends.
func parseWire(b []byte, methods []string) (rs []*wireResponse, err error) {
	for len(b) > 0 {
		r := &wireResponse{}
		if b, err = r.head(b); err != nil {
			return rs, err
		}
		if r.status < 200 { // before the response proper
			if r.get("Content-Length") != nil || r.get("Transfer-Encoding") != nil {
				return rs, fmt.Errorf("informational response has a body: %+v", r)
			}
			continue
		}
		method := ""
		if n := len(rs); n < len(methods) {
			method = methods[n]
		}
		rs = append(rs, r)
		if b, err = r.content(b, method); err != nil {
			return rs, fmt.Errorf("response %d (%d): %w", len(rs), r.status, err)
		}
	}
	return rs, nil
}

var errCut = errors.New("head is cut off")

// head parses a status line and header (RFC 9112, sections 4 and 5).
func (r *wireResponse) head(b []byte) ([]byte, error) {
	line, b, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok {
		return nil, errCut
	}
	version, rest, _ := strings.Cut(string(line), " ")
	code, reason, ok := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if version != "HTTP/1.1" && version != "HTTP/1.0" || !ok || err != nil || len(code) != 3 || n < 100 || n > 599 || !validValue([]byte(reason)) {
		return nil, fmt.Errorf("status line %q", line)
	}
	r.old, r.status = version == "HTTP/1.0", n
	r.header, b, err = wireFields(b)
	return b, err
}

// wireFields parses fields and the empty line behind them.
func wireFields(b []byte) (fields []wireField, rest []byte, err error) {
	for {
		line, after, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil, nil, errCut
		}
		b = after
		if len(line) == 0 {
			return fields, b, nil
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || !validName(name) || !validValue([]byte(value)) {
			return nil, nil, fmt.Errorf("field line %q", line)
		}
		fields = append(fields, wireField{name, strings.Trim(value, " \t")})
	}
}

// content parses the body (RFC 9112, section 6.3) and returns what follows it.
func (r *wireResponse) content(b []byte, method string) ([]byte, error) {
	length, coding := r.get("Content-Length"), r.get("Transfer-Encoding")
	switch {
	case length != nil && coding != nil:
		return nil, errors.New("both Content-Length and Transfer-Encoding")
	case len(length) > 1 || len(coding) > 1:
		return nil, fmt.Errorf("framed twice: %q %q", length, coding)
	case r.status == 204 && (length != nil || coding != nil):
		return nil, fmt.Errorf("framed without a body to frame: %q %q", length, coding)
	case method == "HEAD" || r.status == 204 || r.status == 304:
		return b, nil
	case coding != nil:
		if coding[0] != "chunked" {
			return nil, fmt.Errorf("Transfer-Encoding %q", coding)
		}
		return r.chunked(b)
	case length != nil:
		n, err := strconv.ParseUint(length[0], 10, 62)
		if err != nil {
			return nil, fmt.Errorf("Content-Length %q", length)
		}
		if r.cut = n > uint64(len(b)); r.cut {
			r.body = b
			return nil, nil
		}
		r.body = b[:n]
		return b[n:], nil
	}
	if c := r.get("Connection"); !r.old && (len(c) != 1 || !strings.EqualFold(c[0], "close")) {
		return nil, fmt.Errorf("the body ends with the connection, which says %q", c)
	}
	r.body = b
	return nil, nil
}

// chunked parses a chunked body (RFC 9112, section 7.1).
func (r *wireResponse) chunked(b []byte) ([]byte, error) {
	for {
		line, after, ok := bytes.Cut(b, []byte("\r\n"))
		if r.cut = !ok; r.cut {
			return nil, nil
		}
		n, err := strconv.ParseUint(string(line), 16, 62)
		if err != nil {
			return nil, fmt.Errorf("chunk size %q", line)
		}
		b = after
		if n == 0 {
			r.trailer, b, err = wireFields(b)
			return b, err
		}
		if r.cut = n+2 > uint64(len(b)); r.cut {
			return nil, nil
		}
		r.body = append(r.body, b[:n]...)
		if string(b[n:n+2]) != "\r\n" {
			return nil, fmt.Errorf("chunk ends with %q", b[n:n+2])
		}
		b = b[n+2:]
	}
}
