package syntax

import (
	"cmp"
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
	// Source is the line, without its end.
	Source string
}

// Excerpt returns the line with a caret under the place, as two lines. Of a long
// line, it has what is near the place; of one that was too long to keep, nothing.
func (e *Error) Excerpt() string {
	const before, after = 60, 40
	line := []rune(e.Source)
	if len(line) == 0 && e.Column > 1 {
		return ""
	}
	at := min(e.Column-1, len(line))
	from, to := max(0, at-before), min(len(line), at+after)
	pad := []rune(strings.Repeat(" ", at-from))
	for i, r := range line[from:at] {
		if r == '\t' {
			pad[i] = r // as wide as above
		}
	}
	return string(line[from:to]) + "\n" + string(pad) + "^"
}

// Errors are all the faults that were found in WIT texts, in the order of their
// places.
type Errors []*Error

// Error returns the faults, each in a line of its own.
func (l Errors) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (l Errors) Unwrap() []error {
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errs
}

// Error returns the fault with its place: "file:line:column: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// errorf returns an Error at a place.
func (p pos) errorf(format string, args ...any) *Error {
	text := p.file.Text[:min(p.offset, len(p.file.Text))]
	line := text[strings.LastIndexByte(text, '\n')+1:]
	rest, _, _ := strings.Cut(p.file.Text[len(text):], "\n")
	return &Error{
		File:   p.file.Name,
		Line:   strings.Count(text, "\n") + 1,
		Column: utf8.RuneCountInString(line) + 1,
		Msg:    fmt.Sprintf(format, args...),
		Source: sourceLine(line, rest),
	}
}

// maxSource bounds the line that an error keeps, in bytes.
const maxSource = 1 << 10

// sourceLine returns a line of two parts, or nothing if it is long.
func sourceLine(before, after string) string {
	if len(before)+len(after) > maxSource {
		return ""
	}
	return before + strings.TrimSuffix(after, "\r")
}

// errorList gathers errors.
type errorList Errors

// add adds an error, unless the list is full.
func (l *errorList) add(err *Error) {
	if len(*l) < MaxErrors {
		*l = append(*l, err)
	}
}

// err returns the errors as one, or nil.
func (l errorList) err() error {
	if len(l) == 0 {
		return nil
	}
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return Errors(l)
}
