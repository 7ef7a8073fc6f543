package capability

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
)

// Config is what a capability is given.
type Config struct {
	// Values are the texts by their keys.
	Values map[string]string
	// Secrets are the names of the secrets that texts may ask for.
	Secrets []string
	// Component is whom it is granted to: the default of names that are its own.
	Component lattice.ComponentID
}

// Error is what is wrong with a configuration, all of it, in the order of the keys.
type Error struct {
	// Kind is the name of the kind.
	Kind string
	// Faults are what is wrong.
	Faults []Fault
}

// Fault is what is wrong with one key.
type Fault struct {
	Key, Reason string
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "config of %s%s", Scheme, e.Kind)
	separator := ": "
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "%s%.200q: %s", separator, f.Key, f.Reason)
		separator = "; "
	}
	return b.String()
}

// Is says that what is wrong is the input.
func (e *Error) Is(target error) bool { return target == lattice.ErrInvalid }

// values reads a configuration key by key, and collects what is wrong. Whatever was not
// asked for in the end is a fault.
type values struct {
	kind   string
	config *Config
	asked  map[string]bool
	faults []Fault
}

func read(kind string, c *Config) *values {
	return &values{kind: kind, config: c, asked: map[string]bool{}}
}

// fault says that something is wrong with a key.
func (v *values) fault(key, format string, args ...any) {
	v.faults = append(v.faults, Fault{key, fmt.Sprintf(format, args...)})
}

// raw returns the text of the first of some keys that is there, which mean the same, and
// that key.
func (v *values) raw(keys ...string) (key, text string, ok bool) {
	for _, k := range keys {
		v.asked[k] = true
		s, there := v.config.Values[k]
		switch {
		case there && ok:
			v.fault(k, "it means the same as %q, which is there as well: delete one", key)
		case there:
			key, text, ok = k, s, true
		}
	}
	return key, text, ok
}

// with returns the keys that begin with a prefix, in order.
func (v *values) with(prefix string) []string {
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(v.config.Values)) {
		if strings.HasPrefix(k, prefix) {
			v.asked[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// plain refuses a text that asks for a secret where none may be.
func (v *values) plain(key, text string) string {
	if strings.Contains(text, secretMark) {
		v.fault(key, "it cannot hold a secret")
	}
	return text
}

// text returns a text without secrets, empty if there is none.
func (v *values) text(keys ...string) string {
	key, s, _ := v.raw(keys...)
	return v.plain(key, s)
}

// bool returns a yes or no, def if there is none.
func (v *values) bool(def bool, keys ...string) bool {
	key, s, ok := v.raw(keys...)
	switch {
	case !ok:
		return def
	case s != "true" && s != "false":
		v.fault(key, "%.80q, want true or false", s)
		return def
	}
	return s == "true"
}

// int returns a number within bounds, def if there is none.
func (v *values) int(def, least, most int64, keys ...string) int64 {
	key, s, ok := v.raw(keys...)
	if !ok {
		return def
	}
	n, err := parseInt(s)
	if err != nil || n < least || n > most {
		v.fault(key, "%.80q, want a number from %d to %d", s, least, most)
		return def
	}
	return n
}

// size returns a number of bytes within bounds, def if there is none.
func (v *values) size(def, least, most int64, keys ...string) int64 {
	key, s, ok := v.raw(keys...)
	if !ok {
		return def
	}
	n, err := ParseSize(s)
	if err != nil || n < least || n > most {
		v.fault(key, "%.80q, want a size from %s to %s", s, FormatSize(least), FormatSize(most))
		return def
	}
	return n
}

// millis returns a time in milliseconds within bounds, def if there is none.
func (v *values) millis(def, least, most int64, keys ...string) int64 {
	key, s, ok := v.raw(keys...)
	if !ok {
		return def
	}
	n, err := ParseMillis(s)
	if err != nil || n < least || n > most {
		v.fault(key, "%.80q, want a time from %s to %s", s, FormatMillis(least), FormatMillis(most))
		return def
	}
	return n
}

// list returns what stands between commas and line breaks.
func (v *values) list(keys ...string) []string {
	key, s, _ := v.raw(keys...)
	v.plain(key, s)
	var all []string
	for item := range strings.FieldsFuncSeq(s, func(c rune) bool { return c == ',' || c == '\n' }) {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

// template returns a text that may ask for secrets.
func (v *values) template(keys ...string) Text {
	key, s, _ := v.raw(keys...)
	return v.templateOf(key, s)
}

// templateOf reads the text of a key that may ask for secrets.
func (v *values) templateOf(key, s string) Text {
	t, err := parseText(s)
	if err != nil {
		v.fault(key, "%v", err)
		return Text{}
	}
	for _, name := range t.Secrets() {
		if !slices.Contains(v.config.Secrets, name) {
			v.fault(key, "secret %.80q is not among those of the link or the capability: add it to its secrets", name)
		}
	}
	return t
}

// err returns what is wrong in all, with the keys that nobody asked for.
func (v *values) err() error {
	known := slices.Sorted(maps.Keys(v.asked))
	for _, key := range slices.Sorted(maps.Keys(v.config.Values)) {
		if v.asked[key] {
			continue
		}
		v.fault(key, "unknown key%s", nearest.Hint(key, known))
	}
	if len(v.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(v.faults, func(a, b Fault) int { return strings.Compare(a.Key, b.Key) })
	return &Error{v.kind, v.faults}
}
