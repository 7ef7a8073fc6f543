package capability

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Text is a text that asks for secrets: it stands for one that only the host knows.
// Without any it is what it says.
type Text struct {
	parts []part
}

// part is a text as it is, or the name of a secret.
type part struct {
	literal, secret string
}

// secretMark begins what asks for a secret, up to a closing brace.
const secretMark = "${secret:"

func parseText(s string) (Text, error) {
	var t Text
	for s != "" {
		before, rest, found := strings.Cut(s, secretMark)
		if before != "" {
			t.parts = append(t.parts, part{literal: before})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" {
			return Text{}, fmt.Errorf("%w: %s is not followed by a name and }", lattice.ErrInvalid, secretMark)
		}
		t.parts = append(t.parts, part{secret: name})
		s = after
	}
	return t, nil
}

// Empty reports whether there is no text.
func (t Text) Empty() bool { return len(t.parts) == 0 }

// Secrets returns the names of the secrets, each once, in order.
func (t Text) Secrets() []string {
	var names []string
	for _, p := range t.parts {
		if p.secret != "" && !slices.Contains(names, p.secret) {
			names = append(names, p.secret)
		}
	}
	return names
}

// Literal returns the text with an asterisk for each secret: what the text is checked
// by, and shown as, where secrets are not known.
func (t Text) Literal() string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.secret != "" {
			b.WriteByte('*')
		}
		b.WriteString(p.literal)
	}
	return b.String()
}

// Reveal returns the text with the values of its secrets, which lookup knows. What it
// returns is a secret itself if there is any in it.
func (t Text) Reveal(lookup func(name string) (string, bool)) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.secret == "" {
			b.WriteString(p.literal)
			continue
		}
		value, ok := lookup(p.secret)
		if !ok {
			return "", fmt.Errorf("secret %.80q: %w", p.secret, lattice.ErrNotFound)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}
