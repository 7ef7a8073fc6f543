package http

import (
	"bytes"
	"maps"
	nethttp "net/http"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/host/component"
	"github.com/wattle-dev/wattle/providers/httpclient"
)

// Fields is the resource fields: the header or trailer of a message.
type Fields struct {
	state     *State // who pays for them; nil for immutable ones
	list      []field
	cost      int
	immutable bool
	parent    *parent // of which the guest has them, or nil
}

type field struct {
	name  string // as the guest wrote it
	value []byte
}

// fieldOverhead is what a field costs besides its name and value.
const fieldOverhead = 64

func (f field) cost() int { return len(f.name) + len(f.value) + fieldOverhead }

// forbidden are the names that guests neither see nor set: the fields of the
// connection (RFC 9110, section 7.6.1), of proxies, Host, which is the
// authority, and what detects loops.
var forbidden = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "transfer-encoding": true,
	"upgrade": true, "http2-settings": true, "proxy-authenticate": true, "proxy-authorization": true,
	"host": true, strings.ToLower(httpclient.HopHeader): true,
}

// Forbidden reports whether guests neither see nor set the field of that name.
func Forbidden(name string) bool { return forbidden[strings.ToLower(name)] }

func validName(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

// tokenBytes are the bytes of a token (RFC 9110, section 5.6.2).
var tokenBytes = func() (t [256]bool) {
	for c := range 256 {
		t[c] = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c < 128 && strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c))
	}
	return t
}()

// validValue reports whether a field can have the value (RFC 9110, section 5.5).
func validValue(v []byte) bool {
	return !slices.ContainsFunc(v, func(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// check judges a field that is to be changed.
func (f *Fields) check(name string, values ...[]byte) error {
	switch {
	case !validName(name):
		return &HeaderError{Tag: HeaderErrorInvalidSyntax}
	case Forbidden(name):
		return &HeaderError{Tag: HeaderErrorForbidden}
	}
	for _, v := range values {
		if !validValue(v) {
			return &HeaderError{Tag: HeaderErrorInvalidSyntax}
		}
	}
	if f.immutable {
		return &HeaderError{Tag: HeaderErrorImmutable}
	}
	return nil
}

// add appends a field that has been judged, with a copy of its value.
func (f *Fields) add(name string, value []byte) error {
	e := field{name: name, value: value}
	if err := f.state.charge(e.cost()); err != nil {
		return err
	}
	f.cost += e.cost()
	e.value = bytes.Clone(value)
	f.list = append(f.list, e)
	return nil
}

func (f *Fields) remove(name string) {
	f.list = slices.DeleteFunc(f.list, func(e field) bool {
		if !strings.EqualFold(e.name, name) {
			return false
		}
		f.cost -= e.cost()
		f.state.fields -= e.cost()
		return true
	})
}

// release ends what the fields cost.
func (f *Fields) release() {
	if f.state != nil {
		f.state.fields -= f.cost
	}
	f.list, f.cost = nil, 0
}

// sent returns the fields as part of a message that the network has to send, and
// that costs the guest nothing any more.
func (f *Fields) sent() *Fields {
	list := f.list
	f.release()
	return &Fields{list: list, immutable: true}
}

// received returns the fields of a message from the network, in the order of
// their names. Names are in lower case, as newer versions of HTTP have them.
func received(h nethttp.Header) *Fields {
	f := &Fields{immutable: true}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		lower := strings.ToLower(name)
		if forbidden[lower] {
			continue
		}
		for _, v := range h[name] {
			f.list = append(f.list, field{name: lower, value: []byte(v)})
		}
	}
	return f
}

// header returns the fields as the network side has them.
func (f *Fields) header() nethttp.Header {
	h := make(nethttp.Header, len(f.list))
	f.addTo(h)
	return h
}

// addTo adds the fields to a header that has none of them.
func (f *Fields) addTo(h nethttp.Header) {
	values := make([]string, len(f.list)) // most names have one
	for i, e := range f.list {
		values[i] = string(e.value)
		name := nethttp.CanonicalHeaderKey(e.name)
		if have := h[name]; have != nil {
			h[name] = append(have, values[i])
		} else {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// heads are fields that say how a message is framed or what its content is, and
// so come too late in a trailer (RFC 9110, section 6.5.1).
var heads = map[string]bool{
	"Content-Length": true, "Content-Encoding": true, "Content-Type": true, "Content-Range": true,
	"Trailer": true, "Te": true, "Expect": true,
}

// trailer returns the fields as the network side has them, without those that a
// trailer cannot have.
func (f *Fields) trailer() nethttp.Header {
	h := f.header()
	maps.DeleteFunc(h, func(name string, _ []string) bool { return heads[name] })
	return h
}

// size returns the bytes that the fields have in a message.
func (f *Fields) size() int {
	const separators = len(": \r\n")
	n := 0
	for _, e := range f.list {
		n += len(e.name) + len(e.value) + separators
	}
	return n
}

// NewFields implements [constructor]fields.
func (s *State) NewFields(*component.Call) (*Fields, error) { return &Fields{state: s}, nil }

// FieldsFromList implements [static]fields.from-list.
func (s *State) FieldsFromList(_ *component.Call, entries []component.Tuple2[FieldName, FieldValue]) (*Fields, error) {
	f := &Fields{state: s}
	for _, e := range entries {
		err := f.check(e.V0, e.V1)
		if err == nil {
			err = f.add(e.V0, e.V1)
		}
		if err != nil {
			f.release()
			return nil, err
		}
	}
	return f, nil
}

// Get implements [method]fields.get.
func (f *Fields) Get(_ *component.Call, name FieldName) ([]FieldValue, error) {
	var values []FieldValue
	for _, e := range f.list {
		if strings.EqualFold(e.name, name) {
			values = append(values, e.value)
		}
	}
	return values, nil
}

// Has implements [method]fields.has.
func (f *Fields) Has(_ *component.Call, name FieldName) (bool, error) {
	return slices.ContainsFunc(f.list, func(e field) bool { return strings.EqualFold(e.name, name) }), nil
}

// Set implements [method]fields.set.
func (f *Fields) Set(_ *component.Call, name FieldName, values []FieldValue) error {
	if err := f.check(name, values...); err != nil {
		return err
	}
	f.remove(name)
	for _, v := range values {
		if err := f.add(name, v); err != nil {
			return err
		}
	}
	return nil
}

// Delete implements [method]fields.delete.
func (f *Fields) Delete(_ *component.Call, name FieldName) error {
	if err := f.check(name); err != nil {
		return err
	}
	f.remove(name)
	return nil
}

// Append implements [method]fields.append.
func (f *Fields) Append(_ *component.Call, name FieldName, value FieldValue) error {
	if err := f.check(name, value); err != nil {
		return err
	}
	return f.add(name, value)
}

// Entries implements [method]fields.entries.
func (f *Fields) Entries(*component.Call) ([]component.Tuple2[FieldName, FieldValue], error) {
	entries := make([]component.Tuple2[FieldName, FieldValue], len(f.list))
	for i, e := range f.list {
		entries[i] = component.Tuple2[FieldName, FieldValue]{V0: e.name, V1: e.value}
	}
	return entries, nil
}

// Clone implements [method]fields.clone.
func (f *Fields) Clone(c *component.Call) (*Fields, error) { return f.clone(state(c)) }

func (f *Fields) clone(s *State) (*Fields, error) {
	cost := 0
	for _, e := range f.list {
		cost += e.cost()
	}
	if err := s.charge(cost); err != nil {
		return nil, err
	}
	// Values never change, so that copies can share them.
	return &Fields{state: s, list: slices.Clone(f.list), cost: cost}, nil
}
