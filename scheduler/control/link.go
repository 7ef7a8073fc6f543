package control

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// PutLink makes a link, or changes the one of the same source, namespace, package
// and name.
type PutLink struct {
	Link lattice.Link `json:"link"`
}

// Name implements Command.
func (*PutLink) Name() string { return "link.put" }

// Check implements Command.
func (c *PutLink) Check() error {
	return errors.Join(
		checkComponent(c.Link.Source),
		checkTarget(c.Link.Target),
		checkLinkName(c.Link.Name),
		wire.CheckWIT("wit_namespace", c.Link.Namespace),
		wire.CheckWIT("wit_package", c.Link.Package),
		checkInterfaces(c.Link.Interfaces),
		checkConfigNames("source_config", c.Link.SourceConfig),
		checkConfigNames("target_config", c.Link.TargetConfig),
		wire.CheckSecrets(c.Link.Secrets),
	)
}

// DeleteLink removes a link. It is no error if there is none.
type DeleteLink struct {
	Source    lattice.ComponentID `json:"source_id"`
	LinkName  lattice.LinkName    `json:"name"`
	Namespace string              `json:"wit_namespace"`
	Package   string              `json:"wit_package"`
}

// Name implements Command.
func (*DeleteLink) Name() string { return "link.delete" }

// Check implements Command.
func (c *DeleteLink) Check() error {
	return errors.Join(
		checkComponent(c.Source),
		checkLinkName(c.LinkName),
		wire.CheckWIT("wit_namespace", c.Namespace),
		wire.CheckWIT("wit_package", c.Package),
	)
}
