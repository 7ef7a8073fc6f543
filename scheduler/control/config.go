package control

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
)

// PutConfig makes a configuration, or replaces it. Components that name it get the
// new values.
type PutConfig struct {
	Config lattice.ConfigName `json:"config"`
	Values lattice.Config     `json:"values"`
}

// Name implements Command.
func (*PutConfig) Name() string { return "config.put" }

// Check implements Command.
func (c *PutConfig) Check() error {
	return errors.Join(checkConfigName(c.Config), checkValues(c.Values))
}

// DeleteConfig removes a configuration that nothing names. It is no error if there
// is none.
type DeleteConfig struct {
	Config lattice.ConfigName `json:"config"`
}

// Name implements Command.
func (*DeleteConfig) Name() string { return "config.delete" }

// Check implements Command.
func (c *DeleteConfig) Check() error { return checkConfigName(c.Config) }
