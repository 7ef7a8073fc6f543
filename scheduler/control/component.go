package control

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// StartComponent has a component run. One that runs already is changed to be as
// the command says; its hosts are kept as far as they fit.
type StartComponent struct {
	ID lattice.ComponentID `json:"id"`
	// Ref is where the binary came from, kept byte for byte.
	Ref string `json:"ref"`
	// Digest is "sha256:" and 64 hexadecimal digits; the binary is in the lattice's
	// object store. If empty, Ref is a digest itself or one that was started or
	// updated to before, and its digest then is taken.
	Digest string `json:"digest,omitempty"`
	// Revision is given to the component. If zero, the one after the last.
	Revision uint64 `json:"revision,omitempty"`
	// Hosts is on how many hosts it runs. If zero, as many as before, and one at
	// first.
	Hosts int `json:"hosts,omitempty"`
	// Where says which hosts may be chosen.
	Where Where `json:"where,omitzero"`
	// MaxInstances is how many calls run at once on a host. If zero,
	// DefaultMaxInstances.
	MaxInstances int                  `json:"max_instances,omitempty"`
	Limits       lattice.Limits       `json:"limits,omitzero"`
	Config       []lattice.ConfigName `json:"config,omitempty"`
	Routes       []lattice.Route      `json:"routes,omitempty"`
	// Secrets are those that it may ask for, by its names for them. A version of zero
	// is the newest one.
	Secrets map[string]lattice.SecretRef `json:"secrets,omitempty"`
	Preinit bool                         `json:"preinit,omitempty"`
	// MCP says that it is an MCP server. If nil, it is none.
	MCP         *lattice.MCP      `json:"mcp,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// AllowUpdate lets the command replace another binary of the component, which
	// otherwise is refused with ErrExists.
	AllowUpdate bool `json:"allow_update,omitempty"`
	// Add makes the host that Where names one more of the hosts that the component
	// has, instead of the only one. MaxInstances and Annotations are then those on
	// that host; limits, routes, secrets, preinit and MCP stay where the command has none.
	Add bool `json:"add,omitempty"`
}

// DefaultMaxInstances is how many calls of a component run at once on a host.
const DefaultMaxInstances = 16

// Where are the conditions that a host must meet. All that are given must hold.
type Where struct {
	Host   lattice.HostID    `json:"host,omitempty"`
	Group  lattice.GroupName `json:"group,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Name implements Command.
func (*StartComponent) Name() string { return "component.start" }

// Check implements Command.
func (c *StartComponent) Check() error {
	var add error
	if c.Add && (c.Where.Host == "" || c.Hosts != 0) {
		add = invalid("add: the host to add is named, and hosts is not given")
	}
	return errors.Join(
		add,
		checkComponent(c.ID),
		checkRef(c.Ref),
		checkDigest(c.Digest),
		checkCount("hosts", c.Hosts, wire.MaxHosts),
		checkWhere(&c.Where, c.Hosts),
		checkCount("max_instances", c.MaxInstances, wire.MaxInstances),
		wire.CheckLimits(&c.Limits),
		checkConfigNames("config", c.Config),
		wire.CheckRoutes(c.Routes),
		wire.CheckSecrets(c.Secrets),
		checkMCP(c.MCP),
		checkAnnotations(c.Annotations),
	)
}

func checkMCP(m *lattice.MCP) error {
	if m == nil {
		return nil
	}
	return wire.CheckMCP(m)
}

// ScaleComponent changes on how many hosts a component runs, or how many calls run
// at once.
type ScaleComponent struct {
	ID lattice.ComponentID `json:"id"`
	// Hosts is the new number of hosts. If zero, the number stays. Hosts are taken
	// away that were added last; those added meet what the component was started
	// with.
	Hosts int `json:"hosts,omitempty"`
	// MaxInstances is the new number of calls at once on a host. If zero, it stays.
	MaxInstances int `json:"max_instances,omitempty"`
	// Host has MaxInstances change on one host only, where the component must run;
	// Hosts is zero then.
	Host lattice.HostID `json:"host,omitempty"`
}

// Name implements Command.
func (*ScaleComponent) Name() string { return "component.scale" }

// Check implements Command.
func (c *ScaleComponent) Check() error {
	var none error
	switch {
	case c.Hosts == 0 && c.MaxInstances == 0:
		none = invalid("neither hosts nor max_instances is given; to end a component, stop it")
	case c.Hosts != 0 && c.Host != "":
		none = invalid("hosts and host are given: one of them is the most")
	}
	return errors.Join(
		checkComponent(c.ID),
		none,
		checkCount("hosts", c.Hosts, wire.MaxHosts),
		checkCount("max_instances", c.MaxInstances, wire.MaxInstances),
		checkHost(c.Host, true),
	)
}

// UpdateComponent replaces the binary of a component that runs, on all hosts.
type UpdateComponent struct {
	ID lattice.ComponentID `json:"id"`
	// Ref, Digest and Revision are as in StartComponent.
	Ref      string `json:"ref"`
	Digest   string `json:"digest,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
	// Annotations are set over those that there are.
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Name implements Command.
func (*UpdateComponent) Name() string { return "component.update" }

// Check implements Command.
func (c *UpdateComponent) Check() error {
	return errors.Join(
		checkComponent(c.ID),
		checkRef(c.Ref),
		checkDigest(c.Digest),
		checkAnnotations(c.Annotations),
	)
}

// StopComponent ends a component, and forgets it when no host is left for it.
type StopComponent struct {
	ID lattice.ComponentID `json:"id"`
	// Host is the only one on which it ends. If empty, all.
	Host lattice.HostID `json:"host,omitempty"`
}

// Name implements Command.
func (*StopComponent) Name() string { return "component.stop" }

// Check implements Command.
func (c *StopComponent) Check() error {
	return errors.Join(checkComponent(c.ID), checkHost(c.Host, true))
}
