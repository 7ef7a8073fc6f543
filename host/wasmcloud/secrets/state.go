package secrets

import (
	"unicode/utf8"

	"github.com/wattle-dev/wattle/host/component"
)

// Options say what a guest is given. The zero value is no secret.
type Options struct {
	// Values are the secrets by the names that the component has for them. Nobody may
	// change the map: instances share it.
	Values map[string]Value
}

// State is what an instance has of wasmcloud:secrets.
type State struct{ values map[string]Value }

// NewState returns the state of an instance.
func NewState(opts Options) *State { return &State{opts.Values} }

// Secret is the resource store.secret: what reveal takes.
type Secret struct{ value Value }

// Get implements store.get.
func (s *State) Get(_ *component.Call, key string) (*Secret, error) {
	value, ok := s.values[key]
	if !ok {
		return nil, &SecretsError{Tag: SecretsErrorNotFound}
	}
	return &Secret{value}, nil
}

// Reveal implements reveal.reveal. A value is a string if it is UTF-8.
func (s *State) Reveal(_ *component.Call, secret *Secret) (SecretValue, error) {
	text := secret.value.reveal()
	if !utf8.ValidString(text) {
		return SecretValue{Tag: SecretValueBytes, Bytes: []byte(text)}, nil
	}
	return SecretValue{Tag: SecretValueStringCase, StringCase: text}, nil
}
