package control

import (
	"errors"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// MaxManifest bounds the text of a manifest, in bytes.
const MaxManifest = wire.MaxManifest

// PutApp stores a manifest as a new version of its application. One that is the same as
// the newest version changes nothing.
type PutApp struct {
	// Manifest is the text, YAML or JSON.
	Manifest string `json:"manifest"`
	// Digests are those of the binaries that are in the lattice's object store, by the
	// image that the manifest names. Images that are missing are looked up among those
	// that were started before.
	Digests map[string]string `json:"digests,omitempty"`
	// Deploy has the version be deployed at once.
	Deploy bool `json:"deploy,omitempty"`
	// By is who says so, for the history.
	By string `json:"by,omitempty"`
}

// DeployApp has a version of an application run.
type DeployApp struct {
	App lattice.AppName `json:"app"`
	// Version is the name of a version. If empty, the newest.
	Version string `json:"version,omitempty"`
	By      string `json:"by,omitempty"`
}

// RollbackApp deploys the version that was last ready before the one that is deployed,
// or another one.
type RollbackApp struct {
	App     lattice.AppName `json:"app"`
	Version string          `json:"version,omitempty"`
	By      string          `json:"by,omitempty"`
}

// PromoteApp ends the canary of an application's rollout: the new version goes
// everywhere.
type PromoteApp struct {
	App lattice.AppName `json:"app"`
	By  string          `json:"by,omitempty"`
}

// ScaleApp changes how much of a component runs, as a new version of the application.
type ScaleApp struct {
	App lattice.AppName `json:"app"`
	// Component is its name in the manifest. If empty, the only one there is.
	Component string `json:"component,omitempty"`
	// Instances is as in lattice.Rules.
	Instances int    `json:"instances"`
	By        string `json:"by,omitempty"`
}

// UndeployApp stops an application. Its versions stay.
type UndeployApp struct {
	App lattice.AppName `json:"app"`
	By  string          `json:"by,omitempty"`
}

// DeleteApp removes a version of an application, or with an empty version all of it:
// what of it runs is undeployed.
type DeleteApp struct {
	App     lattice.AppName `json:"app"`
	Version string          `json:"version,omitempty"`
	By      string          `json:"by,omitempty"`
}

// Name implements Command.
func (*PutApp) Name() string { return "app.put" }

// Name implements Command.
func (*DeployApp) Name() string { return "app.deploy" }

// Name implements Command.
func (*RollbackApp) Name() string { return "app.rollback" }

// Name implements Command.
func (*PromoteApp) Name() string { return "app.promote" }

// Name implements Command.
func (*ScaleApp) Name() string { return "app.scale" }

// Name implements Command.
func (*UndeployApp) Name() string { return "app.undeploy" }

// Name implements Command.
func (*DeleteApp) Name() string { return "app.delete" }

// Check implements Command.
func (c *PutApp) Check() error {
	var size error
	if n := len(c.Manifest); n == 0 || n > MaxManifest {
		size = invalid("manifest: it has %d bytes, want 1 to %d", n, MaxManifest)
	}
	errs := []error{size, checkBy(c.By)}
	for ref, digest := range c.Digests {
		errs = append(errs, checkRef(ref), checkDigest(digest))
	}
	return errors.Join(errs...)
}

// Check implements Command.
func (c *DeployApp) Check() error {
	return errors.Join(checkApp(c.App), checkVersion(c.Version), checkBy(c.By))
}

// Check implements Command.
func (c *RollbackApp) Check() error {
	return errors.Join(checkApp(c.App), checkVersion(c.Version), checkBy(c.By))
}

// Check implements Command.
func (c *PromoteApp) Check() error { return errors.Join(checkApp(c.App), checkBy(c.By)) }

// Check implements Command.
func (c *ScaleApp) Check() error {
	var instances error
	if c.Instances < 1 || c.Instances > wire.MaxInstances {
		instances = invalid("instances: %d is not from 1 to %d; to end an application, undeploy it", c.Instances, wire.MaxInstances)
	}
	return errors.Join(checkApp(c.App), instances, checkBy(c.By))
}

// Check implements Command.
func (c *UndeployApp) Check() error { return errors.Join(checkApp(c.App), checkBy(c.By)) }

// Check implements Command.
func (c *DeleteApp) Check() error {
	return errors.Join(checkApp(c.App), checkVersion(c.Version), checkBy(c.By))
}

func checkApp(name lattice.AppName) error {
	_, err := lattice.ParseAppName(string(name))
	return err
}

func checkVersion(v string) error {
	if len(v) > wire.MaxText || !wire.Printable(v) {
		return invalid("version %.80q: want at most %d bytes that can be printed", v, wire.MaxText)
	}
	return nil
}

func checkBy(by string) error {
	if len(by) > wire.MaxText || !wire.Printable(by) {
		return invalid("by %.80q: want at most %d bytes that can be printed", by, wire.MaxText)
	}
	return nil
}
