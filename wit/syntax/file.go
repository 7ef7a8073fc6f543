package syntax

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits on input. Text beyond them is refused.
const (
	// MaxFiles bounds the files of one call to Parse.
	MaxFiles = 1000
	// MaxSize bounds the size of all of them together, in bytes.
	MaxSize = 16 << 20
	// MaxErrors bounds the errors that are reported.
	MaxErrors = 50
)

// File is a file of WIT text.
type File struct {
	// Name is what errors call the file.
	Name string
	// Text is its contents.
	Text string
}

// pos is a place in a file.
type pos struct {
	file   *File
	offset int
}

// Error is a fault in a WIT text.
type Error struct {
	// File is the name of the file; Line and Column count from one, columns in
	// characters.
	File         string
	Line, Column int
	// Msg says what is wrong, and what to do where that is known.
	Msg string
}

// Error returns the fault with its place: "file:line:column: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// errorf returns an Error at a place.
func (p pos) errorf(format string, args ...any) *Error {
	text := p.file.Text[:min(p.offset, len(p.file.Text))]
	line := text[strings.LastIndexByte(text, '\n')+1:]
	return &Error{
		File:   p.file.Name,
		Line:   strings.Count(text, "\n") + 1,
		Column: utf8.RuneCountInString(line) + 1,
		Msg:    fmt.Sprintf(format, args...),
	}
}

// errorList gathers errors.
type errorList []*Error

// add adds an error, unless the list is full.
func (l *errorList) add(err *Error) {
	if len(*l) < MaxErrors {
		*l = append(*l, err)
	}
}

// err returns the errors as one, in the order of their places, or nil.
func (l errorList) err() error {
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errors.Join(errs...)
}
