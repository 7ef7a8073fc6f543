package cli

import "github.com/wattle-dev/wattle/host/component"

// TerminalInput is the resource terminal-input. WASI 0.2 has no operations on
// it: having one says that the stream is a terminal.
type TerminalInput struct{ _ byte }

// TerminalOutput is the resource terminal-output, see TerminalInput.
type TerminalOutput struct{ _ byte }

// Reopen implements component.Reopener.
func (t *TerminalInput) Reopen(any) (any, bool) { return t, true }

// Reopen implements component.Reopener.
func (t *TerminalOutput) Reopen(any) (any, bool) { return t, true }

// GetTerminalStdin implements terminal-stdin.get-terminal-stdin.
func (s *State) GetTerminalStdin(*component.Call) (component.Option[*TerminalInput], error) {
	return terminal[TerminalInput](s.opts.Terminals.Stdin), nil
}

// GetTerminalStdout implements terminal-stdout.get-terminal-stdout.
func (s *State) GetTerminalStdout(*component.Call) (component.Option[*TerminalOutput], error) {
	return terminal[TerminalOutput](s.opts.Terminals.Stdout), nil
}

// GetTerminalStderr implements terminal-stderr.get-terminal-stderr.
func (s *State) GetTerminalStderr(*component.Call) (component.Option[*TerminalOutput], error) {
	return terminal[TerminalOutput](s.opts.Terminals.Stderr), nil
}

func terminal[T any](is bool) component.Option[*T] {
	if !is {
		return component.Option[*T]{}
	}
	return component.Some(new(T))
}
