package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/wattle-dev/wattle/lattice"
)

// MaxCommand bounds the JSON of a command, in bytes.
const MaxCommand = 384 << 10

// Command is a request to the scheduler. The types of this package are all there
// are.
type Command interface {
	// Name is the name of the command, which ends its subject.
	Name() string
	// Check returns what is wrong with the command in itself, all of it, of kind
	// ErrInvalid.
	Check() error
}

// kinds makes an empty command of each kind.
var kinds = []func() Command{
	func() Command { return &StartComponent{} },
	func() Command { return &ScaleComponent{} },
	func() Command { return &UpdateComponent{} },
	func() Command { return &StopComponent{} },
	func() Command { return &PutLink{} },
	func() Command { return &DeleteLink{} },
	func() Command { return &PutConfig{} },
	func() Command { return &DeleteConfig{} },
	func() Command { return &SetHostState{} },
	func() Command { return &PutLabel{} },
	func() Command { return &DeleteLabel{} },
}

// Names returns the names of all commands.
func Names() []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind().Name()
	}
	return names
}

// Decode returns the command of a name from its JSON, checked. The error is of kind
// ErrInvalid, or ErrNotFound for a name that there is not.
func Decode(name string, data []byte) (Command, error) {
	for _, kind := range kinds {
		cmd := kind()
		if cmd.Name() != name {
			continue
		}
		if err := decode(data, cmd); err != nil {
			return nil, fmt.Errorf("command %s: %w", name, err)
		}
		if err := cmd.Check(); err != nil {
			return nil, fmt.Errorf("command %s: %w", name, err)
		}
		return cmd, nil
	}
	return nil, fmt.Errorf("command %.80q: %w", name, lattice.ErrNotFound)
}

// Encode returns the JSON of a command, after it has checked it.
func Encode(cmd Command) ([]byte, error) {
	if err := cmd.Check(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // it would make a value six times as long
	if err := enc.Encode(cmd); err != nil {
		return nil, fmt.Errorf("%w: %w", lattice.ErrInvalid, err)
	}
	data := bytes.TrimRight(b.Bytes(), "\n")
	if len(data) > MaxCommand {
		return nil, tooLong(len(data), MaxCommand)
	}
	return data, nil
}

// decode takes one JSON value of known fields from data, and nothing behind it.
func decode(data []byte, v any) error {
	if len(data) > MaxCommand {
		return tooLong(len(data), MaxCommand)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("%w: not UTF-8", lattice.ErrInvalid)
	}
	// null would leave everything at zero.
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return fmt.Errorf("%w: not a JSON object", lattice.ErrInvalid)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %s", lattice.ErrInvalid, jsonFault(err, dec.InputOffset()))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more follows the JSON object at byte %d", lattice.ErrInvalid, dec.InputOffset())
	}
	return checkNames(data)
}

// jsonFault says what is wrong with JSON, and where.
func jsonFault(err error, at int64) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("byte %d: %s", e.Offset, e.Error())
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("byte %d: %.80q cannot be of kind %s", e.Offset, e.Field, e.Value)
	}
	return fmt.Sprintf("before byte %d: %s", at, err)
}

func tooLong(n, limit int) error {
	return fmt.Errorf("%w: %d bytes, and %d is the most", lattice.ErrInvalid, n, limit)
}
