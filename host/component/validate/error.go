package validate

import "fmt"

// Error says why a component is not valid.
type Error struct {
	// Code is the rule that is broken. It is stable.
	Code Code
	// Offset is the offset in the file of the definition at fault.
	Offset int
	// Msg is for people. It is not stable.
	Msg string
}

func (e *Error) Error() string {
	return fmt.Sprintf("offset %#x: %s (%s)", e.Offset, e.Msg, e.Code)
}
