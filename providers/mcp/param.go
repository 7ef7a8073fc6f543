package mcp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wattle-dev/wattle/providers/mcp/jsonrpc"
)

// param is an argument of a tool that is in the header of requests too (2026-07-28,
// Streamable HTTP, "Custom Headers from Tool Parameters").
type param struct {
	header string // in canonical form
	path   []string
	shape  jsonrpc.Shape // finds it in slot 0
}

// Parts of headers of arguments.
const (
	paramPrefix  = "Mcp-Param-"
	packedPrefix = "=?base64?"
	packedSuffix = "?="
	// maxParams is how many arguments of a tool may be in headers.
	maxParams = 32
)

// paramsOf returns the arguments of a tool that are to be in headers. Those that the
// specification does not allow are none: clients leave out such tools.
func paramsOf(definition []byte) []param {
	var tool struct{ InputSchema json.RawMessage }
	if json.Unmarshal(definition, &tool) != nil {
		return nil
	}
	var all []param
	seen := map[string]bool{}
	if !gather(tool.InputSchema, nil, seen, &all) || len(all) > maxParams {
		return nil
	}
	slices.SortFunc(all, func(a, b param) int { return strings.Compare(a.header, b.header) })
	return all
}

// gather finds the arguments that a schema has down its properties.
func gather(schema json.RawMessage, path []string, seen map[string]bool, all *[]param) bool {
	var of struct {
		Properties map[string]json.RawMessage
		Type       any
		Header     *string `json:"x-mcp-header"`
	}
	if json.Unmarshal(schema, &of) != nil {
		return true // a schema that is a boolean, or none
	}
	if of.Header != nil {
		name := http.CanonicalHeaderKey(*of.Header)
		primitive := of.Type == "string" || of.Type == "integer" || of.Type == "boolean"
		if len(path) == 0 || !primitive || !isToken(*of.Header) || seen[strings.ToLower(name)] {
			return false
		}
		seen[strings.ToLower(name)] = true
		*all = append(*all, newParam(*of.Header, slices.Clone(path)))
	}
	for name, property := range of.Properties {
		if !gather(property, append(path, name), seen, all) {
			return false
		}
	}
	return true
}

func newParam(header string, path []string) param {
	p := param{header: http.CanonicalHeaderKey(paramPrefix + header), path: path}
	for i, name := range slices.Backward(path) {
		f := jsonrpc.Field{Name: name, Shape: p.shape}
		if i < len(path)-1 {
			f.Slot = 1
		}
		p.shape = jsonrpc.Shape{f}
	}
	return p
}

// isToken reports whether s can be a part of a field name (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// value returns the argument as its header has it, and whether there is one.
func (p *param) value(arguments []byte) (string, bool, *fault) {
	var at [2]jsonrpc.Span // of the argument, and of what it lies in
	if jsonrpc.IsObject(arguments) {
		if err := jsonrpc.Scan(arguments, p.shape, at[:]); err != nil {
			return "", false, faultf(codeParams, "the arguments cannot be read: %v", err)
		}
	}
	switch raw := at[0].Of(arguments); {
	case raw == nil, string(raw) == "null":
		return "", false, nil
	case jsonrpc.IsString(raw):
		return jsonrpc.Unquote(raw), true, nil
	case string(raw) == "true", string(raw) == "false", raw[0] == '-', raw[0] >= '0' && raw[0] <= '9':
		return string(raw), true, nil
	}
	return "", false, faultf(codeParams, "the argument %q is no text, number or boolean", strings.Join(p.path, "."))
}

// checkParams says whether the headers of a request have the arguments that its body has.
func checkParams(all []param, h http.Header, arguments []byte) *fault {
	for i := range all {
		p := &all[i]
		want, there, fault := p.value(arguments)
		if fault != nil {
			return fault.with(http.StatusBadRequest)
		}
		got := h[p.header]
		switch {
		case !there && len(got) == 0:
			continue
		case !there:
			return faultf(codeHeaders, "header mismatch: there is %s, but no argument %q", p.header, strings.Join(p.path, "."))
		case len(got) == 0:
			return faultf(codeHeaders, "header mismatch: there is the argument %q, but no %s", strings.Join(p.path, "."), p.header)
		}
		text, ok := decodeField(got)
		if !ok || text != want && !sameNumber(text, want) {
			return faultf(codeHeaders, "header mismatch: %s is not what the argument %q is", p.header, strings.Join(p.path, "."))
		}
	}
	return nil
}

// sameNumber reports whether two texts are the same number.
func sameNumber(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	y, err := strconv.ParseFloat(b, 64)
	return err == nil && x == y && strings.IndexByte("-0123456789", a[0]) >= 0
}

// setParams has the header of a request to a component say what its body says.
func setParams(all []param, h http.Header, arguments []byte) *fault {
	for i := range all {
		value, there, fault := all[i].value(arguments)
		if fault != nil {
			return fault
		}
		delete(h, all[i].header)
		if there {
			h[all[i].header] = []string{encodeField(value)}
		}
	}
	return nil
}

// decodeField returns what the value of a header says ("Value Encoding").
func decodeField(values []string) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	v := strings.Trim(values[0], " \t")
	if inner, ok := strings.CutPrefix(v, packedPrefix); ok && strings.HasSuffix(inner, packedSuffix) {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(inner, packedSuffix))
		return string(text), err == nil
	}
	return v, isPlain(v)
}

// encodeField returns the value of a header that says text.
func encodeField(text string) string {
	packed := strings.HasPrefix(text, packedPrefix) && strings.HasSuffix(text, packedSuffix)
	if isPlain(text) && strings.Trim(text, " \t") == text && !packed {
		return text
	}
	return packedPrefix + base64.StdEncoding.EncodeToString([]byte(text)) + packedSuffix
}

// isPlain reports whether a text can be the value of a header as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '\t' && (c < 0x20 || c > 0x7e) {
			return false
		}
	}
	return true
}
