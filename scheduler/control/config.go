package control

import (
	"errors"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// PutConfig makes a configuration, or changes it. Components that name it get the
// new values. The answer is a ConfigResult.
type PutConfig struct {
	Config lattice.ConfigName `json:"config"`
	Values lattice.Config     `json:"values"`
	// Keep has the values stay that the configuration has of other keys. Without it
	// the configuration is replaced.
	Keep bool `json:"keep,omitempty"`
	// Drop are keys whose values go all the same. It is no error if there are none.
	Drop []string `json:"drop,omitempty"`
}

// Name implements Command.
func (*PutConfig) Name() string { return "config.put" }

// Check implements Command.
func (c *PutConfig) Check() error {
	var drop []error
	if len(c.Drop) > 0 && !c.Keep {
		drop = append(drop, invalid("drop: without keep all other values go"))
	}
	if len(c.Drop) > wire.MaxConfigValues {
		drop = append(drop, invalid("drop: %d keys, the limit is %d", len(c.Drop), wire.MaxConfigValues))
	}
	for i, key := range c.Drop {
		switch _, put := c.Values[key]; {
		case put:
			drop = append(drop, invalid("drop: %.80q is there with a value", key))
		case slices.Contains(c.Drop[:i], key):
			drop = append(drop, invalid("drop: %.80q is there twice", key))
		}
	}
	return errors.Join(checkConfigName(c.Config), checkValues(c.Values), errors.Join(drop...))
}

// ConfigResult says what a PutConfig did.
type ConfigResult struct {
	Result
	// Kept are the keys that stay besides those of the command, and Dropped those that
	// went, in order.
	Kept    []string `json:"kept,omitempty"`
	Dropped []string `json:"dropped,omitempty"`
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
