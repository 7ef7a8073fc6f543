// Package postgres implements wasmcloud:postgres@0.1.1-draft, and 0.1.0-draft, which is
// less of the same: questions to a PostgreSQL database that the component is linked to.
//
// # Parameters
//
// A parameter is given to the database as text, and the database says of what type it is:
// which case of pg-value a guest chooses matters for how the value is written, and not
// for which types of columns it can be compared with. A value that the database cannot
// read as the type that it wants is invalid-params.
//
// # Results
//
// Values have the case of their type; the aliases (integer, double, decimal and so on)
// are for parameters alone. Of the types that no case is for, among them ranges but that
// of days, enums, composite types and interval, the text of the database is given, as
// text. The case interval is a range of days: its fields are that. The case varbit has
// the number of bits as its limit. An array that has several dimensions, or NULL, has no
// case, and is an error that says so.
//
// # Prepared statements
//
// A token stands for a statement that the database has judged. It belongs to the
// instance that prepared it, and ends with it.
package postgres

import (
	"errors"

	"github.com/wattle-dev/wattle/host/component"
)

// Host is what an instance's state (component.Call.State) implements to offer
// wasmcloud:postgres.
type Host interface{ Postgres() *State }

// Define offers all of wasmcloud:postgres to l.
func Define(l *component.Linker) error {
	err := errors.Join(
		DefineTypes(l),
		DefineQuery(l, func(c *component.Call) Query { return state(c) }),
		DefinePrepared(l, func(c *component.Call) Prepared { return state(c) }),
	)
	if err != nil {
		return err
	}
	for _, name := range []string{"types", "query", "prepared"} {
		name = "wasmcloud:postgres/" + name
		err = errors.Join(err, l.Alias(name+"@0.1.1-draft", name+"@0.1.0-draft"))
	}
	return err
}

func state(c *component.Call) *State {
	h, ok := c.State().(Host)
	if !ok {
		c.Fail(errors.New("instance has no state for wasmcloud:postgres"))
	}
	return h.Postgres()
}
