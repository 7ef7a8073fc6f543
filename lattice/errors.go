package lattice

import (
	"context"
	"errors"
	"fmt"
)

// The kinds of error between hosts. They are the wire's codes as well.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("exists already")
	ErrConflict    = errors.New("changed meanwhile")
	ErrInvalid     = errors.New("invalid")
	ErrDenied      = errors.New("denied")
	ErrExhausted   = errors.New("limit reached")
	ErrUnavailable = errors.New("unavailable")
	ErrTrapped     = errors.New("the guest trapped")
	ErrInternal    = errors.New("internal error")
)

// Code is the kind of an error as the wire has it.
type Code string

// The codes. Deadline and Canceled are the errors of package context.
const (
	CodeNotFound    Code = "not-found"
	CodeExists      Code = "exists"
	CodeConflict    Code = "conflict"
	CodeInvalid     Code = "invalid"
	CodeDenied      Code = "denied"
	CodeExhausted   Code = "exhausted"
	CodeUnavailable Code = "unavailable"
	CodeTrapped     Code = "trapped"
	CodeInternal    Code = "internal"
	CodeDeadline    Code = "deadline"
	CodeCanceled    Code = "canceled"
)

// codes has every code with its sentinel, in the order in which an error that is
// several of them is taken.
var codes = []struct {
	code Code
	err  error
}{
	{CodeDeadline, context.DeadlineExceeded},
	{CodeCanceled, context.Canceled},
	{CodeTrapped, ErrTrapped},
	{CodeDenied, ErrDenied},
	{CodeNotFound, ErrNotFound},
	{CodeExists, ErrExists},
	{CodeConflict, ErrConflict},
	{CodeInvalid, ErrInvalid},
	{CodeExhausted, ErrExhausted},
	{CodeUnavailable, ErrUnavailable},
	{CodeInternal, ErrInternal},
}

// Codes returns all codes.
func Codes() []Code {
	all := make([]Code, len(codes))
	for i, c := range codes {
		all[i] = c.code
	}
	return all
}

// CodeOf returns the code of an error, CodeInternal if it is of no kind.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return CodeInternal
}

// Sentinel returns the error that a code stands for, ErrInternal for one that is
// none.
func (c Code) Sentinel() error {
	for _, have := range codes {
		if have.code == c {
			return have.err
		}
	}
	return ErrInternal
}

// Error is an error of a call, as both sides of the wire have it.
type Error struct {
	Code    Code
	Message string
	// Host is where it arose, empty if that is not known.
	Host HostID
	// Undelivered says that the target did not begin with the call, for certain:
	// it may be tried elsewhere.
	Undelivered bool
}

// Error implements error.
func (e *Error) Error() string {
	if e.Host == "" {
		return e.Message
	}
	return fmt.Sprintf("host %s: %s", e.Host.Short(), e.Message)
}

// Unwrap returns the sentinel of the code.
func (e *Error) Unwrap() error { return e.Code.Sentinel() }

// Undelivered reports whether err says that a call was not begun.
func Undelivered(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Undelivered
}
