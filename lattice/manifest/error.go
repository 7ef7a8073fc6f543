package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/internal/nearest"
	"github.com/wattle-dev/wattle/lattice"
)

// maxErrors bounds how many errors are told.
const maxErrors = 100

// FieldError is something wrong in a manifest, or worth a warning.
type FieldError struct {
	// File is the name of the file, as it was given. It may be empty.
	File string
	// Line and Column count from 1, the latter in characters. Zero is not known.
	Line, Column int
	// Path leads to the value: "spec.components[0].properties.image".
	Path string
	// Msg says what is wrong.
	Msg string
	// Fix says what to do about it, if that is known.
	Fix string
}

// Error returns "file:line:column: path: message; fix", without what is not known.
func (e *FieldError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, "%d:", e.Column)
		}
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Msg)
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

// Unwrap returns lattice.ErrInvalid.
func (e *FieldError) Unwrap() error { return lattice.ErrInvalid }

// Errors are all errors of a manifest, in the order of the text.
type Errors struct { //nolint:errname // it is several FieldErrors
	List []*FieldError
	// More is how many there are besides.
	More int
}

// Error returns one line for each error.
func (e *Errors) Error() string {
	lines := make([]string, 0, len(e.List)+1)
	for _, one := range e.List {
		lines = append(lines, one.Error())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more errors", e.More))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (e *Errors) Unwrap() []error {
	errs := make([]error, len(e.List))
	for i, one := range e.List {
		errs[i] = one
	}
	return errs
}

// report collects what is wrong.
type report struct {
	file     string
	errs     []*FieldError
	warnings []*FieldError
	more     int
	// hints is how many names were looked for.
	hints int
}

// Bounds of what is looked for: names that are meant may be many, and to compare them
// takes time.
const (
	maxHints = 50
	maxNames = 1000
)

// near asks whether the name that is nearest was meant, if one is near.
func (r *report) near(name string, names []string) string {
	if r.hints++; r.hints > maxHints {
		return ""
	}
	near, ok := nearest.Of(name, names[:min(len(names), maxNames)])
	if !ok {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", near)
}

func (r *report) at(v *value, path, fix, format string, args []any) *FieldError {
	return &FieldError{File: r.file, Line: v.line, Column: v.column, Path: path, Msg: fmt.Sprintf(format, args...), Fix: fix}
}

// errorf reports an error at a value.
func (r *report) errorf(v *value, path, fix, format string, args ...any) {
	if len(r.errs) >= maxErrors {
		r.more++
		return
	}
	r.errs = append(r.errs, r.at(v, path, fix, format, args))
}

// warnf reports a warning at a value.
func (r *report) warnf(v *value, path, fix, format string, args ...any) {
	if len(r.warnings) < maxErrors {
		r.warnings = append(r.warnings, r.at(v, path, fix, format, args))
	}
}

// err returns the errors, or nil.
func (r *report) err() error {
	if len(r.errs) == 0 {
		return nil
	}
	return &Errors{List: sorted(r.errs), More: r.more}
}

func sorted(list []*FieldError) []*FieldError {
	slices.SortStableFunc(list, func(a, b *FieldError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return list
}
