package cli

import (
	"strings"

	"github.com/wattle-dev/wattle/host/component"
)

// GetEnvironment implements environment.get-environment.
func (s *State) GetEnvironment(*component.Call) ([]component.Tuple2[string, string], error) {
	env := make([]component.Tuple2[string, string], len(s.opts.Env))
	for i, e := range s.opts.Env {
		env[i].V0, env[i].V1, _ = strings.Cut(e, "=")
	}
	return env, nil
}

// GetArguments implements environment.get-arguments.
func (s *State) GetArguments(*component.Call) ([]string, error) { return s.opts.Args, nil }

// InitialCWD implements environment.initial-cwd.
func (s *State) InitialCWD(*component.Call) (component.Option[string], error) {
	return component.Option[string]{Some: s.opts.Dir != "", Value: s.opts.Dir}, nil
}
