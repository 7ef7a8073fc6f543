package wire

import (
	"encoding/binary"
	"slices"
)

// RequestHead is what goes before the body of an HTTP request.
//
//	request  = flags:byte method scheme authority path rawpath query opaque host
//	           remote proto:byte length fields
//	response = status fields
//	fields   = count, and for each: name:string count values:strings
//
// All but flags, proto, length and counts are strings. length is one more than
// the length of the body, or zero if that is not known.
type RequestHead struct {
	Method string
	// Scheme to Opaque are the parts of the request's URL.
	Scheme, Authority, Path, RawPath, Query, Opaque string
	ForceQuery                                      bool
	// Host is the Host header.
	Host   string
	Remote string // the client's address
	TLS    bool
	// Proto is the version of HTTP: 10, 11, 20.
	Proto uint8
	// Length is that of the body, -1 if it is not known.
	Length int64
	Fields map[string][]string
	// Trailers are the names of the trailers that are announced.
	Trailers map[string][]string
}

// ResponseHead is what goes before the body of an HTTP response.
type ResponseHead struct {
	Status int
	Fields map[string][]string
}

// Bounds of HTTP heads, besides MaxHead.
const (
	// MaxFields is how many fields a header has.
	MaxFields = 1 << 10
	maxLength = 1 << 62
)

const (
	requestForceQuery = 1 << iota
	requestTLS
	requestTrailers
)

// AppendRequestHead appends the head of a request.
func AppendRequestHead(dst []byte, h *RequestHead) []byte {
	var flags byte
	if h.ForceQuery {
		flags |= requestForceQuery
	}
	if h.TLS {
		flags |= requestTLS
	}
	if len(h.Trailers) > 0 {
		flags |= requestTrailers
	}
	dst = append(dst, flags)
	for _, s := range [...]string{h.Method, h.Scheme, h.Authority, h.Path, h.RawPath, h.Query, h.Opaque, h.Host, h.Remote} {
		dst = appendString(dst, s)
	}
	dst = append(dst, h.Proto)
	dst = binary.AppendUvarint(dst, uint64(max(h.Length, -1)+1))
	dst = AppendFields(dst, h.Fields)
	if len(h.Trailers) > 0 {
		dst = AppendFields(dst, h.Trailers)
	}
	return dst
}

// ParseRequestHead reads the head of a request.
func ParseRequestHead(section []byte) (RequestHead, error) {
	c := &textCursor{cursor: cursor{kind: KindOpen, b: section}, text: string(section)}
	flags := c.byte()
	h := RequestHead{ForceQuery: flags&requestForceQuery != 0, TLS: flags&requestTLS != 0}
	for _, s := range [...]*string{&h.Method, &h.Scheme, &h.Authority, &h.Path, &h.RawPath, &h.Query, &h.Opaque, &h.Host, &h.Remote} {
		*s = c.string()
	}
	h.Proto = c.byte()
	h.Length = int64(c.number(maxLength)) - 1 //nolint:gosec // it is bounded
	h.Fields = c.fields()
	if flags&requestTrailers != 0 {
		h.Trailers = c.fields()
	}
	if flags&^(requestForceQuery|requestTLS|requestTrailers) != 0 {
		c.fail("flags that a request cannot have")
	}
	c.end()
	return h, c.done(KindOpen)
}

// AppendResponseHead appends the head of a response.
func AppendResponseHead(dst []byte, h *ResponseHead) []byte {
	return AppendFields(binary.AppendUvarint(dst, uint64(max(h.Status, 0))), h.Fields)
}

// ParseResponseHead reads the head of a response.
func ParseResponseHead(section []byte) (ResponseHead, error) {
	c := &textCursor{cursor: cursor{kind: KindData, b: section}, text: string(section)}
	h := ResponseHead{Status: int(c.number(999))} //nolint:gosec // it is bounded
	h.Fields = c.fields()
	if h.Status < 100 {
		c.fail("a status that is none")
	}
	c.end()
	return h, c.done(KindData)
}

// AppendFields appends the fields of a header, in the order of their names.
func AppendFields(dst []byte, fields map[string][]string) []byte {
	var few [32]string
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = binary.AppendUvarint(dst, uint64(len(names)))
	for _, name := range names {
		values := fields[name]
		dst = appendString(dst, name)
		dst = binary.AppendUvarint(dst, uint64(len(values)))
		for _, v := range values {
			dst = appendString(dst, v)
		}
	}
	return dst
}

// ParseFields reads the fields of a header, as trailers.
func ParseFields(section []byte) (map[string][]string, error) {
	c := &textCursor{cursor: cursor{kind: KindData, b: section}, text: string(section)}
	fields := c.fields()
	c.end()
	return fields, c.done(KindData)
}

// textCursor reads strings as parts of one string.
type textCursor struct {
	cursor
	text string // all that the cursor began with
}

func (c *textCursor) string() string {
	s := c.section(MaxHead)
	end := len(c.text) - len(c.b)
	if c.err != nil {
		return ""
	}
	return c.text[end-len(s) : end]
}

func (c *textCursor) fields() map[string][]string {
	n := c.number(MaxFields)
	if c.err != nil {
		return nil
	}
	fields := make(map[string][]string, n)
	values := make([]string, 0, n)
	for range n {
		name := c.string()
		count := c.number(MaxFields)
		if _, have := fields[name]; have {
			c.fail("a field that is there twice")
		}
		if c.err != nil {
			return nil
		}
		start := len(values)
		for range count {
			values = append(values, c.string())
			if c.err != nil {
				return nil
			}
		}
		fields[name] = values[start:len(values):len(values)]
	}
	return fields
}
