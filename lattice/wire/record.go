package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// unknown says what becomes of a field that is not known; see the package comment.
type unknown bool

const (
	refused unknown = false
	skipped unknown = true
)

// maxFields bounds an object of which the fields are known.
const maxFields = 256

// record reads an object whose fields have names of ours. field reads the value of
// the one that is named and reports whether there is such a field. required, with
// blanks between, must be there.
func (r *reader) record(u unknown, required string, field func(name string) bool) {
	var seen []string
	r.members(maxFields, func(name string) {
		if slices.Contains(seen, name) {
			r.fail("the field is there twice")
			return
		}
		seen = append(seen, name)
		switch known := field(name); {
		case known:
		case u == skipped:
			r.skip()
		default:
			r.fail("the field is not known here: a newer version wrote it; upgrade this host")
		}
	})
	for name := range strings.FieldsSeq(required) {
		if r.err == nil && !slices.Contains(seen, name) {
			r.fail("the field %q is missing", name)
		}
	}
}

// parsed reads a string that parse takes.
func parsed[T ~string](r *reader, parse func(string) (T, error)) T {
	s := r.string(MaxText)
	if r.err != nil {
		return ""
	}
	t, err := parse(s)
	if err != nil {
		r.refuse(err)
		return ""
	}
	// A parser that fills in what is missing would hide that it was.
	if string(t) != s {
		r.fail("want %q, have %q", t, s)
	}
	return t
}

// refuse fails with the error of a parser, which is one of ErrInvalid.
func (r *reader) refuse(err error) {
	r.fail("%s", strings.Replace(err.Error(), lattice.ErrInvalid.Error()+": ", "", 1))
}

// expected reads a string that parse takes and that must be the wanted one.
func expected[T ~string](r *reader, parse func(string) (T, error), want T) T {
	s := parsed(r, parse)
	if r.err == nil && s != want {
		r.fail("want %q, have %q", want, s)
	}
	return s
}

// oneOf reads one of some words.
func oneOf[T ~string](r *reader, words ...T) T {
	s := T(r.string(MaxText))
	if r.err == nil && !slices.Contains(words, s) {
		r.fail("want one of %q, have %q", words, s)
	}
	return s
}

// word reads the name of a state, of which a newer version may have more.
func word[T ~string](r *reader) T {
	s := r.string(MaxLabelKey)
	if r.err == nil && !wit(s) {
		r.fail("want a lower-case word, have %q", s)
	}
	return T(s)
}

// text reads a string of one line, which may be empty.
func (r *reader) text(limit int) string {
	s := r.string(limit)
	if r.err == nil && !Printable(s) {
		r.fail("%.80q has characters that cannot be printed", s)
	}
	return s
}

// required reads a string of one line that is not empty.
func (r *reader) required(limit int) string {
	s := r.text(limit)
	if r.err == nil && s == "" {
		r.fail("it is empty")
	}
	return s
}

// lines reads a string that may have line feeds and tabs.
func (r *reader) lines(limit int) string {
	s := r.string(limit)
	if r.err == nil && !PrintableText(s) {
		r.fail("%.80q has characters that cannot be printed", s)
	}
	return s
}

// list reads an array into a slice, nil if it is empty.
func list[T any](r *reader, limit int, element func() T) []T {
	var all []T
	r.array(limit, func() { all = append(all, element()) })
	return all
}

// names reads an array of names that are not empty.
func (r *reader) names() []string {
	return list(r, MaxInterfaces, func() string { return r.required(MaxText) })
}

// table reads an object of strings, nil if it is empty.
func (r *reader) table(limit int, key func(string) error, value func() string) map[string]string {
	var all map[string]string
	r.members(limit, func(name string) {
		if _, ok := all[name]; ok {
			r.fail("the key is there twice")
			return
		}
		if err := key(name); err != nil {
			r.refuse(err)
			return
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = value()
	})
	return all
}

// labels reads labels.
func (r *reader) labels() map[string]string {
	return r.table(MaxLabels, CheckLabelKey, func() string { return r.text(MaxLabelValue) })
}

// annotations reads annotations.
func (r *reader) annotations() map[string]string {
	return r.table(MaxLabels, CheckLabelKey, func() string { return r.text(MaxAnnotation) })
}

// config reads the values of a configuration.
func (r *reader) config() map[string]string {
	return r.table(MaxConfigValues, checkConfigKey, func() string { return r.lines(MaxConfigValue) })
}

// configNames reads the names of configurations.
func (r *reader) configNames() []lattice.ConfigName {
	return list(r, MaxConfigNames, func() lattice.ConfigName { return parsed(r, lattice.ParseConfigName) })
}

// digest reads the digest of a component.
func (r *reader) digest() string {
	return parsed(r, func(s string) (string, error) { return s, CheckDigest(s) })
}

// interval of years that every form of time can write.
const (
	firstYear = 1
	lastYear  = 9999
)

// instant is what a time is read into.
type instant[T any] interface {
	*T
	UnmarshalText(text []byte) error
	Year() int
}

// moment reads a time of RFC 3339.
func moment[T any, P instant[T]](r *reader, t P) {
	s := r.string(MaxLabelKey)
	if r.err != nil {
		return
	}
	if err := t.UnmarshalText([]byte(s)); err != nil {
		r.fail("want a time of RFC 3339, have %q", s)
		return
	}
	if y := t.Year(); y < firstYear || y > lastYear {
		r.fail("want a time of the years %d to %d, have %q", firstYear, lastYear, s)
	}
}

// stamp reads a Stamp.
func (r *reader) stamp() (s lattice.Stamp) {
	r.record(refused, "term index", func(name string) bool {
		switch name {
		case "term":
			s.Term = r.uint(0, maxUint)
		case "index":
			s.Index = r.uint(0, maxUint)
		default:
			return false
		}
		return true
	})
	return s
}

const (
	maxUint = 1<<64 - 1
	maxInt  = 1<<63 - 1
)

// CheckLabelKey checks the key of a label or of an annotation: 1 to MaxLabelKey
// letters, digits, dots, underscores, slashes and hyphens.
func CheckLabelKey(key string) error {
	ok := key != "" && len(key) <= MaxLabelKey
	for i := 0; ok && i < len(key); i++ {
		c := key[i]
		ok = alphanumeric(c) || strings.IndexByte("._/-", c) >= 0
	}
	if !ok {
		return fmt.Errorf("label %.80q: %w: want 1 to %d letters, digits and any of . _ / -", key, lattice.ErrInvalid, MaxLabelKey)
	}
	return nil
}

// CheckLabelValue checks the value of a label: up to MaxLabelValue bytes that can
// be printed.
func CheckLabelValue(value string) error {
	if len(value) > MaxLabelValue || !Printable(value) {
		return fmt.Errorf("label value %.80q: %w: want up to %d bytes that can be printed", value, lattice.ErrInvalid, MaxLabelValue)
	}
	return nil
}

func checkConfigKey(key string) error {
	if key == "" || !Printable(key) {
		return fmt.Errorf("key %.80q: %w: it is empty or cannot be printed", key, lattice.ErrInvalid)
	}
	return nil
}

const digestPrefix = "sha256:"

// CheckDigest checks the digest of a component: "sha256:" and 64 lower-case
// hexadecimal digits.
func CheckDigest(digest string) error {
	digits, ok := strings.CutPrefix(digest, digestPrefix)
	ok = ok && len(digits) == 64
	for i := 0; ok && i < len(digits); i++ {
		ok = digits[i] >= '0' && digits[i] <= '9' || digits[i] >= 'a' && digits[i] <= 'f'
	}
	if !ok {
		return fmt.Errorf("digest %.80q: %w: want %s and 64 digits 0-9 a-f", digest, lattice.ErrInvalid, digestPrefix)
	}
	return nil
}

// ArtifactName is the name of the object that holds the component of a digest.
func ArtifactName(digest string) (string, error) {
	if err := CheckDigest(digest); err != nil {
		return "", err
	}
	return digest[len(digestPrefix):], nil
}

// ProvenanceName is the name of the object that says where the component of a digest
// comes from, in the store of artifacts.
func ProvenanceName(digest string) (string, error) {
	name, err := ArtifactName(digest)
	return name + ".provenance", err
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// encode writes a document and reads it again: nothing leaves that a reader would
// refuse.
func encode(what string, document any, limit int, check func(data []byte) error) ([]byte, error) {
	data, err := json.Marshal(document)
	if err != nil {
		if e, ok := errors.AsType[*json.MarshalerError](err); ok {
			err = e.Err
		}
		return nil, fmt.Errorf("%s: %w: %v", what, lattice.ErrInvalid, err)
	}
	if len(data) > limit {
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", what, lattice.ErrExhausted, len(data), limit)
	}
	if err := check(data); err != nil {
		return nil, fmt.Errorf("encode %w", err)
	}
	return data, nil
}
