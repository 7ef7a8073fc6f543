package control

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// SetHostState says what a host ought to do: HostReady, HostCordoned, HostDrained,
// or HostStopped, which ends its daemon once.
type SetHostState struct {
	Host  lattice.HostID    `json:"host"`
	State lattice.HostState `json:"state"`
}

// Name implements Command.
func (*SetHostState) Name() string { return "host.state" }

// Check implements Command.
func (c *SetHostState) Check() error {
	var state error
	switch c.State {
	case lattice.HostReady, lattice.HostCordoned, lattice.HostDrained, lattice.HostStopped:
	default:
		state = invalid("state %.40q: it is ready, cordoned, drained or stopped", c.State)
	}
	return errors.Join(checkHost(c.Host, false), state)
}

// PutLabel gives a host a label, over one of its own.
type PutLabel struct {
	Host  lattice.HostID `json:"host"`
	Key   string         `json:"key"`
	Value string         `json:"value"`
}

// Name implements Command.
func (*PutLabel) Name() string { return "label.put" }

// Check implements Command.
func (c *PutLabel) Check() error {
	return errors.Join(checkHost(c.Host, false), wire.CheckLabelKey(c.Key), wire.CheckLabelValue(c.Value))
}

// DeleteLabel removes a label that PutLabel gave. It is no error if there is none.
type DeleteLabel struct {
	Host lattice.HostID `json:"host"`
	Key  string         `json:"key"`
}

// Name implements Command.
func (*DeleteLabel) Name() string { return "label.delete" }

// Check implements Command.
func (c *DeleteLabel) Check() error {
	return errors.Join(checkHost(c.Host, false), wire.CheckLabelKey(c.Key))
}
