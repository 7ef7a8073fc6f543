package wave

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of a text.
const (
	// MaxText bounds a text, in bytes.
	MaxText = 16 << 20
	// MaxValues bounds the values in a text, counted with those inside them and
	// those left out. The bytes of a list<u8> do not count.
	MaxValues = 1 << 20
)

// ErrNoText is the fault of a type, or value, that WAVE has no form for.
var ErrNoText = errors.New("has no text form")

// Error is a fault in a text.
type Error struct {
	// Line and Column count from one, columns in characters.
	Line, Column int
	// Msg says what is wrong, and what to do where that is known.
	Msg string
	// err is ErrNoText if that is why.
	err error
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Unwrap returns the kind of the fault, if it is one that has a name.
func (e *Error) Unwrap() error { return e.err }

// in says where in the value the fault is.
func (e *Error) in(format string, args ...any) *Error {
	e.Msg = fmt.Sprintf(format, args...) + ": " + e.Msg
	return e
}

// fault returns an Error at an offset of the text.
func fault(text string, offset int, format string, args ...any) *Error {
	before := text[:min(offset, len(text))]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return &Error{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(line) + 1,
		Msg:    fmt.Sprintf(format, args...),
	}
}

// clip bounds what an error message repeats.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	for i := range s {
		if i > most {
			return s[:i] + "…"
		}
	}
	return s
}
