package config

import (
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/host/component"
)

// Options say what a guest is given. The zero value is no configuration.
type Options struct {
	// Values are the texts by their keys. Nobody may change the map: instances share
	// it.
	Values map[string]string
}

// State is what an instance has of wasi:config.
type State struct{ values map[string]string }

// NewState returns the state of an instance.
func NewState(opts Options) *State { return &State{opts.Values} }

// Get implements store.get.
func (s *State) Get(_ *component.Call, key string) (component.Option[string], error) {
	value, ok := s.values[key]
	return component.Option[string]{Some: ok, Value: value}, nil
}

// GetAll implements store.get-all: in the order of the keys.
func (s *State) GetAll(*component.Call) ([]component.Tuple2[string, string], error) {
	all := make([]component.Tuple2[string, string], 0, len(s.values))
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		all = append(all, component.Tuple2[string, string]{V0: key, V1: s.values[key]})
	}
	return all, nil
}
