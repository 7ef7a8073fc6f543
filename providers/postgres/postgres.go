// Package postgres is the contract of a PostgreSQL database as one component has it:
// what the host's implementation of wasmcloud:postgres asks, and a backend answers.
//
// # Values
//
// Values are texts in both directions, as PostgreSQL writes and reads them, with the
// settings of [Settings]: the database itself knows best which type a parameter has and
// what stands for it there. The types of parameters are those that the database infers.
//
// # Sessions
//
// Every question has a session of its own, as far as it can tell: what one leaves behind
// (settings, temporary tables, locks, a transaction that has not ended) no other sees.
//
// # Bounds
//
// Answers are bounded in rows and bytes; what exceeds that is lattice.ErrExhausted, and
// the question is cancelled at the server. So it is when its context ends.
//
// # Errors
//
// What the database says of a question is an [*Error]. Everything else is of one of the
// kinds of package lattice, with a text that names neither a host nor a user.
package postgres

import (
	"context"
	"strings"
)

// Settings are what sessions begin with.
var Settings = map[string]string{
	"DateStyle":          "ISO, YMD",
	"IntervalStyle":      "iso_8601",
	"TimeZone":           "UTC",
	"bytea_output":       "hex",
	"client_encoding":    "UTF8",
	"extra_float_digits": "3",
	"lc_monetary":        "C",
}

// Database answers questions. Its methods may be called at the same time.
type Database interface {
	// Query asks one statement and calls f with each row of its result. Neither what f
	// is given nor what is in it is f's after it returns. An error of f ends the
	// question and is returned.
	Query(ctx context.Context, sql string, params []Param, f func(columns []Column, row [][]byte) error) error
	// Exec asks one statement and returns how many rows it has affected.
	Exec(ctx context.Context, sql string, params []Param) (uint64, error)
	// Batch asks any number of statements, without parameters.
	Batch(ctx context.Context, sql string) error
	// Check has the database judge a statement without asking it.
	Check(ctx context.Context, sql string) error
	// Close ends all sessions. Questions under way fail.
	Close() error
}

// Param is the value of a parameter.
type Param struct {
	Null bool
	Text string
}

// Column is a column of a result.
type Column struct {
	Name string
	// Type is the object identifier of its type.
	Type uint32
	// Extension is the name of the type if it is one of an extension that is known, as
	// hstore.
	Extension string
}

// Hstore is a Column.Extension.
const Hstore = "hstore"

// Error is what the database says is wrong with a question.
type Error struct {
	// Code is the SQLSTATE, five characters.
	Code            string
	Message, Detail string
}

func (e *Error) Error() string {
	s := e.Message
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s + " (SQLSTATE " + e.Code + ")"
}

// Class returns the class of the code, its first two characters.
func (e *Error) Class() string { return e.Code[:min(2, len(e.Code))] }

// Parameters reports whether the parameters are at fault, and not the statement.
func (e *Error) Parameters() bool {
	const (
		protocolViolation     = "08P01" // there are too many, or too few
		indeterminateDatatype = "42P18" // what one is cannot be inferred
	)
	return e.Code == protocolViolation || e.Code == indeterminateDatatype || e.Class() == "22"
}

// Statement reports whether the statement is at fault.
func (e *Error) Statement() bool { return !e.Parameters() && strings.HasPrefix(e.Code, "42") }
