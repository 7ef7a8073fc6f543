package logging

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
)

// Bounds of what is logged at once, in bytes. What is longer is cut, and ends with an
// ellipsis.
const (
	MaxContext = 256
	MaxMessage = 8 << 10
)

// Options say where entries go. With the zero value they go nowhere.
type Options struct {
	// Log takes an entry, by the goroutine of the instance. It may drop it. There is one
	// for each line of a message.
	Log func(level Level, context, message string)
}

// State is what an instance has of wasi:logging.
type State struct{ opts Options }

// NewState returns the state of an instance.
func NewState(opts Options) *State { return &State{opts} }

// Log implements logging.log.
func (s *State) Log(_ *component.Call, level Level, context, message string) error {
	if s.opts.Log == nil {
		return nil
	}
	context = printable(cut(context, MaxContext))
	for line := range strings.SplitSeq(strings.TrimSuffix(cut(message, MaxMessage), "\n"), "\n") {
		s.opts.Log(level, context, printable(strings.TrimSuffix(line, "\r")))
	}
	return nil
}

// cut returns a text within a bound.
func cut(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	end := most - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// printable returns a text with nothing in it that does more than be read.
func printable(text string) string {
	if strings.IndexFunc(text, unprintable) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return ' '
		case unprintable(r):
			return utf8.RuneError
		}
		return r
	}, text)
}

// unprintable reports whether a rune does something to who reads it but being read, or
// is what a byte that is no UTF-8 is taken for.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
