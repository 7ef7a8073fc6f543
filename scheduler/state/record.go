package state

import "github.com/wattle-dev/wattle/lattice"

// Change sets a record of the state, or deletes it.
type Change struct {
	Key Key `json:"key"`
	Record
}

// Key names a record: the kind, a dot, and the name.
type Key string

// Record is what the state has under a key: of the kind that the key says, or nothing
// if it is deleted.
type Record struct {
	App        *App        `json:"app,omitempty"`
	Manifest   *Manifest   `json:"manifest,omitempty"`
	Component  *Component  `json:"component,omitempty"`
	Placements *Placements `json:"placements,omitempty"`
	Provider   *Provider   `json:"provider,omitempty"`
	Link       *Link       `json:"link,omitempty"`
	Config     *Config     `json:"config,omitempty"`
	Secret     *Secret     `json:"secret,omitempty"`
	Host       *Host       `json:"host,omitempty"`
	Ref        *Ref        `json:"ref,omitempty"`
	Meta       *Meta       `json:"meta,omitempty"`
}

// Entry is an entry of the log: a decision. It holds wholly or not at all.
type Entry struct {
	// Base is the State.Seq that it was decided on: on any other state it has no
	// effect.
	Base uint64 `json:"base"`
	// At is when, in milliseconds since 1970 by the leader's clock, and By who asked
	// for it, for people.
	At      int64    `json:"at"`
	By      string   `json:"by,omitempty"`
	Changes []Change `json:"changes"`
}

// App is an application: its versions and which of them is deployed.
type App struct {
	Name lattice.AppName `json:"name"`
	// Versions are those that there are, oldest first.
	Versions []Version `json:"versions,omitempty"`
	// Last is the number of the newest version that there ever was.
	Last uint64 `json:"last"`
	// Deployed is the number of the version that ought to run, zero if none.
	Deployed uint64 `json:"deployed,omitempty"`
	// Good is the number of the last version that was ready in every part.
	Good uint64 `json:"good,omitempty"`
	// History is what became of deployments, oldest first.
	History []Deployment `json:"history,omitempty"`
}

// Version is a version of an application.
type Version struct {
	Number uint64 `json:"number"`
	// Name is the annotation "version" of the manifest, or was made up.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Digest is that of the manifest, in hexadecimal digits.
	Digest string `json:"digest"`
	At     int64  `json:"at"`
	By     string `json:"by,omitempty"`
}

// Outcome is what became of a deployment.
type Outcome string

// The outcomes.
const (
	OutcomeUnderWay   Outcome = "under way"
	OutcomeReady      Outcome = "ready"
	OutcomeFailed     Outcome = "failed"
	OutcomeRolledBack Outcome = "rolled back"
	OutcomeReplaced   Outcome = "replaced"
	OutcomeUndeployed Outcome = "undeployed"
)

// Deployment is a version of an application that was deployed, and what became of it.
type Deployment struct {
	Number uint64 `json:"number"`
	Name   string `json:"name"`
	// What says what it was: "deploy", "rollback", "automatic rollback", "scale".
	What    string  `json:"what"`
	At      int64   `json:"at"`
	By      string  `json:"by,omitempty"`
	Outcome Outcome `json:"outcome"`
	Ended   int64   `json:"ended,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// Manifest is the manifest of a version, as it was submitted.
type Manifest struct {
	App    lattice.AppName `json:"app"`
	Number uint64          `json:"number"`
	Text   string          `json:"text"`
	// Digests are those of the binaries, by the image that the manifest names.
	Digests map[string]string `json:"digests,omitempty"`
}

// Component is a component that ought to run.
type Component struct {
	ID lattice.ComponentID `json:"id"`
	// App is the application that it is part of, and Name its name there. A component
	// that was started by a command has none.
	App  lattice.AppName `json:"app,omitempty"`
	Name string          `json:"name,omitempty"`
	// Revisions are those that a host may have, in the order of their numbers: Target
	// and, while hosts change over, the ones before.
	Revisions []Revision `json:"revisions"`
	// Target is the revision that all hosts ought to have in the end.
	Target uint64 `json:"target"`
	// Promoted says that the canary of Target has been judged good.
	Promoted bool `json:"promoted,omitempty"`
	// Failed says why Target is not rolled out any further, if it is not.
	Failed  string          `json:"failed,omitempty"`
	Rules   lattice.Rules   `json:"rules"`
	Rollout lattice.Rollout `json:"rollout,omitzero"`
	// Pins are hosts that were named: they stay, whatever becomes of the host.
	Pins []Pin `json:"pins,omitempty"`
	// Annotations are those on hosts that are not pinned.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Dropped is the version of the application that has the component no more, zero if
	// it has: the component goes when that version is ready.
	Dropped uint64 `json:"dropped,omitempty"`
}

// Pin has a component on a host.
type Pin struct {
	Host        lattice.HostID    `json:"host"`
	Instances   int               `json:"instances"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Revision is what a component is. It never changes.
type Revision struct {
	Number  uint64           `json:"number"`
	Ref     string           `json:"ref"`
	Digest  string           `json:"digest"`
	Limits  lattice.Limits   `json:"limits,omitzero"`
	Configs []RevisionConfig `json:"configs,omitempty"`
	// Links are those that come with the revision. Links of the state are added.
	Links   []lattice.Link  `json:"links,omitempty"`
	Routes  []lattice.Route `json:"routes,omitempty"`
	Preinit bool            `json:"preinit,omitempty"`
	Probe   *lattice.Probe  `json:"probe,omitempty"`
	// MCP says that it is an MCP server. If nil, it is none.
	MCP *lattice.MCP `json:"mcp,omitempty"`
	// Secrets are those that the component may ask for, by its names for them. A version
	// of zero is the newest one.
	Secrets map[string]lattice.SecretRef `json:"secrets,omitempty"`
}

// RevisionConfig is a configuration that a revision is given.
type RevisionConfig struct {
	Name lattice.ConfigName `json:"name"`
	// Values are those that come with the revision. If nil, those of the state's
	// configuration of the name are taken.
	Values lattice.Config `json:"values,omitzero"`
}

// Placements are where a component runs, and why there.
type Placements struct {
	Component lattice.ComponentID `json:"component"`
	// Hosts are in the order in which they were chosen.
	Hosts []Placement `json:"hosts,omitempty"`
	// Missing is how many instances (in lattice.ModeHosts, hosts) have found no place.
	Missing int `json:"missing,omitempty"`
	// Passed are the hosts that were not chosen when it was last looked, by reason.
	Passed []Passed `json:"passed,omitempty"`
}

// Placement is a component on a host.
type Placement struct {
	Host        lattice.HostID    `json:"host"`
	Revision    uint64            `json:"revision"`
	Instances   int               `json:"instances"`
	Spread      string            `json:"spread,omitempty"`
	Pinned      bool              `json:"pinned,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// Why says why this host was chosen, and At when.
	Why string `json:"why"`
	At  int64  `json:"at"`
	// Leaving says why it goes away as soon as others can do without it, if it does.
	Leaving string `json:"leaving,omitempty"`
}

// Passed are hosts that were not chosen, for one reason.
type Passed struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
	// Hosts are the first few.
	Hosts []lattice.HostID `json:"hosts,omitempty"`
}

// Provider is a capability that an application names.
type Provider struct {
	ID   lattice.ComponentID `json:"id"`
	App  lattice.AppName     `json:"app"`
	Name string              `json:"name"`
	// Image is what the manifest names, and Kind the capability of Wattle that stands
	// for it, empty if there is none.
	Image   string               `json:"image"`
	Kind    string               `json:"kind,omitempty"`
	Configs []lattice.ConfigName `json:"configs,omitempty"`
	// Secrets are those that its configurations may ask for, as in Revision.
	Secrets map[string]lattice.SecretRef `json:"secrets,omitempty"`
}

// Link is a link that is not part of a revision.
type Link struct {
	lattice.Link
	App lattice.AppName `json:"app,omitempty"`
}

// Config is a configuration with its name.
type Config struct {
	Name   lattice.ConfigName `json:"name"`
	Values lattice.Config     `json:"values,omitempty"`
	App    lattice.AppName    `json:"app,omitempty"`
}

// Secret is a secret. What it is only schedulers can read, and they do not need to for
// anything but to hand it on.
type Secret struct {
	Name lattice.SecretName `json:"name"`
	// Versions are those that are kept, oldest first.
	Versions []SecretVersion `json:"versions"`
}

// SecretVersion is a version of a secret.
type SecretVersion struct {
	// Number counts from 1.
	Number uint64 `json:"number"`
	// Sealed is the value, sealed for the schedulers of the lattice.
	Sealed []byte `json:"sealed"`
	At     int64  `json:"at"`
	By     string `json:"by,omitempty"`
}

// Host is what operators have asked of a host.
type Host struct {
	ID     lattice.HostID    `json:"id"`
	State  lattice.HostState `json:"state"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Ref is where a binary came from.
type Ref struct {
	Ref    string `json:"ref"`
	Digest string `json:"digest"`
	// Seq is that of the entry which wrote it last.
	Seq uint64 `json:"seq"`
}

// Meta is what the state is about.
type Meta struct {
	Lattice lattice.Name `json:"lattice"`
	// Cluster tells this log from all others. It is random, and the log's first entry
	// has it.
	Cluster string `json:"cluster,omitempty"`
	// Restored tells the log from what it was before a snapshot was restored, empty if
	// none ever was. It is random as well.
	Restored string `json:"restored,omitempty"`
	// TermOffset is added to raft's terms in stamps, so that a log that was begun anew
	// goes on from what hosts have been told.
	TermOffset uint64 `json:"term_offset,omitempty"`
}
