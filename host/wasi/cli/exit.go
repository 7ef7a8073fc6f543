package cli

import "github.com/wattle-dev/wattle/host/component"

// exit implements Exit.
type exit struct{}

// Exit implements exit.exit.
func (exit) Exit(_ *component.Call, status component.Result[struct{}, struct{}]) error {
	if status.Failed {
		return &component.ExitError{Code: 1}
	}
	return &component.ExitError{}
}

// ExitWithCode implements exit.exit-with-code.
func (exit) ExitWithCode(_ *component.Call, code uint8) error {
	return &component.ExitError{Code: int(code)}
}
