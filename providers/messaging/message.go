package messaging

import (
	"fmt"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Message is a message of components.
type Message struct {
	// Subject is where it goes, or came from: a subject of components, or an inbox.
	Subject string
	// Reply is where an answer to it goes: the same, or empty.
	Reply string
	// ContentType says what Body is, empty if nobody has said it.
	ContentType string
	// Metadata is what else is said about it, each key once.
	Metadata []Field
	Body     []byte
}

// Field is a part of the metadata.
type Field struct{ Key, Value string }

// Bounds of what goes along with a body.
const (
	MaxFields     = 64
	MaxFieldBytes = 16 << 10 // of all keys and values, and of the content type
	maxKey        = 128
)

// CheckFields judges what goes along with a body: it becomes the header of a message,
// which has other fields besides.
func (m *Message) CheckFields() error {
	size := len(m.ContentType)
	if !isValue(m.ContentType) {
		return fmt.Errorf("content type %.80q: %w: it has a control character", m.ContentType, lattice.ErrInvalid)
	}
	keys := map[string]bool{}
	for _, f := range m.Metadata {
		lower := strings.ToLower(f.Key)
		size += len(f.Key) + len(f.Value)
		switch {
		case !isKey(f.Key):
			return fmt.Errorf("metadata %.80q: %w: a key is 1 to %d letters, digits and !#$%%&'*+-.^_`|~", f.Key, lattice.ErrInvalid, maxKey)
		case Reserved(f.Key):
			return fmt.Errorf("metadata %.80q: %w: the name is reserved", f.Key, lattice.ErrInvalid)
		case keys[lower]:
			return fmt.Errorf("metadata %.80q: %w: it is there twice", f.Key, lattice.ErrInvalid)
		case !isValue(f.Value):
			return fmt.Errorf("metadata %.80q: %w: its value has a control character", f.Key, lattice.ErrInvalid)
		}
		keys[lower] = true
	}
	if size > MaxFieldBytes || len(m.Metadata) > MaxFields {
		return fmt.Errorf("metadata: %w: %d entries of %d bytes are more than %d or %d bytes", lattice.ErrExhausted, len(m.Metadata), size, MaxFields, MaxFieldBytes)
	}
	return nil
}

// Reserved reports whether a field of a header is no metadata: it means something to
// NATS, to tracing or to Wattle.
func Reserved(key string) bool {
	switch lower := strings.ToLower(key); {
	case strings.HasPrefix(lower, "nats-"), strings.HasPrefix(lower, "wattle-"):
		return true
	case lower == "status", lower == "description", lower == "content-type", lower == "traceparent", lower == "tracestate", lower == "baggage":
		return true
	}
	return false
}

// isKey reports whether a key is a token in the sense of RFC 9110, section 5.6.2.
func isKey(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= maxKey
}

// isValue reports whether a value has no control character and no space around it,
// which headers do not keep.
func isValue(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 && strings.TrimSpace(s) == s
}
