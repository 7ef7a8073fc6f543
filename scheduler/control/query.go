package control

import (
	"errors"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// The queries change nothing. The leader answers them, from a state that has every
// command that was answered before.

// ListApps asks for all applications: the result is an AppList.
type ListApps struct{}

// GetApp asks for a version of an application: the result is an AppVersion.
type GetApp struct {
	App lattice.AppName `json:"app"`
	// Version is the name of a version. If empty, the one that is deployed, or the
	// newest if none is.
	Version string `json:"version,omitempty"`
}

// AppStatusOf asks how an application is doing: the result is an AppStatus.
type AppStatusOf struct {
	App lattice.AppName `json:"app"`
}

// ExplainApp asks why an application runs where it runs: the result is an
// AppExplanation.
type ExplainApp struct {
	App lattice.AppName `json:"app"`
	// Component is its name in the manifest. If empty, all.
	Component string `json:"component,omitempty"`
}

// AppHistoryOf asks what became of an application's versions: the result is an
// AppHistory.
type AppHistoryOf struct {
	App lattice.AppName `json:"app"`
}

// Name implements Command.
func (*ListApps) Name() string { return "app.list" }

// Name implements Command.
func (*GetApp) Name() string { return "app.get" }

// Name implements Command.
func (*AppStatusOf) Name() string { return "app.status" }

// Name implements Command.
func (*ExplainApp) Name() string { return "app.explain" }

// Name implements Command.
func (*AppHistoryOf) Name() string { return "app.history" }

// Check implements Command.
func (*ListApps) Check() error { return nil }

// Check implements Command.
func (c *GetApp) Check() error { return errors.Join(checkApp(c.App), checkVersion(c.Version)) }

// Check implements Command.
func (c *AppStatusOf) Check() error { return checkApp(c.App) }

// Check implements Command.
func (c *ExplainApp) Check() error { return checkApp(c.App) }

// Check implements Command.
func (c *AppHistoryOf) Check() error { return checkApp(c.App) }

// AppResult says what a command did to an application.
type AppResult struct {
	Result
	App lattice.AppName `json:"app"`
	// Version is the version that the command was about, and Number its number.
	Version string `json:"version,omitempty"`
	Number  uint64 `json:"number,omitempty"`
	// Created says that the application is new, NewVersion that the version is.
	Created    bool `json:"created,omitempty"`
	NewVersion bool `json:"new_version,omitempty"`
	Versions   int  `json:"versions"`
	// Deployed is the version that ought to run from now on, empty if none.
	Deployed string `json:"deployed,omitempty"`
}

// AppPhase is how an application, or a part of it, is doing.
type AppPhase string

// The phases, from the best to the worst.
const (
	// AppReady: all of it runs and can be called.
	AppReady AppPhase = "ready"
	// AppProgressing: it is on its way.
	AppProgressing AppPhase = "progressing"
	// AppCanary: a part of the calls go to the new version.
	AppCanary AppPhase = "canary"
	// AppDegraded: it can be called, and less of it runs than should.
	AppDegraded AppPhase = "degraded"
	// AppWaiting: something is missing that only others can provide: a host that fits, a
	// link's target, a configuration.
	AppWaiting AppPhase = "waiting"
	// AppFailed: it does not run, and will not by itself.
	AppFailed AppPhase = "failed"
	// AppUndeployed: it is not meant to run.
	AppUndeployed AppPhase = "undeployed"
)

// AppSummary is an application in a list.
type AppSummary struct {
	App     lattice.AppName `json:"app"`
	Version string          `json:"version"`
	// Newest is the name of the version that was stored last.
	Newest      string   `json:"newest"`
	Versions    int      `json:"versions"`
	Deployed    string   `json:"deployed,omitempty"`
	Description string   `json:"description,omitempty"`
	Phase       AppPhase `json:"phase"`
	Reason      string   `json:"reason,omitempty"`
	// Before is the version that RollbackApp deploys, empty if there is none.
	Before string `json:"before,omitempty"`
	// Ready counts components that are ready, of Components.
	Ready      int       `json:"ready"`
	Components int       `json:"components"`
	Changed    time.Time `json:"changed"`
}

// AppList is the answer to ListApps.
type AppList struct {
	Apps []AppSummary `json:"apps"`
}

// AppVersion is the answer to GetApp.
type AppVersion struct {
	App      lattice.AppName   `json:"app"`
	Version  string            `json:"version"`
	Number   uint64            `json:"number"`
	Deployed bool              `json:"deployed"`
	At       time.Time         `json:"at"`
	By       string            `json:"by,omitempty"`
	Manifest string            `json:"manifest"`
	Digests  map[string]string `json:"digests,omitempty"`
	// Versions are all that are kept, oldest first.
	Versions []VersionSummary `json:"versions"`
}

// VersionSummary is a version in a list.
type VersionSummary struct {
	Version  string    `json:"version"`
	Number   uint64    `json:"number"`
	Deployed bool      `json:"deployed"`
	At       time.Time `json:"at"`
	By       string    `json:"by,omitempty"`
}

// AppStatus is the answer to AppStatusOf.
type AppStatus struct {
	AppSummary
	Parts []PartStatus `json:"parts"`
}

// PartStatus is how a component, a provider, a link or a configuration of an
// application is doing.
type PartStatus struct {
	// Kind is "component", "provider", "link" or "config".
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	ID     string   `json:"id,omitempty"`
	Phase  AppPhase `json:"phase"`
	Reason string   `json:"reason,omitempty"`

	// What follows is of components.

	Ref      string `json:"ref,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
	// Wanted is how many instances there ought to be, Placed how many have a host, and
	// Ready how many of those can be called with the revision that is wanted; Old with
	// one before.
	Wanted int        `json:"wanted,omitempty"`
	Placed int        `json:"placed,omitempty"`
	Ready  int        `json:"ready,omitempty"`
	Old    int        `json:"old,omitempty"`
	Hosts  []PartHost `json:"hosts,omitempty"`
	URLs   []string   `json:"urls,omitempty"`
}

// PartHost is a component on a host.
type PartHost struct {
	Host      lattice.HostID `json:"host"`
	Name      string         `json:"name,omitempty"`
	Revision  uint64         `json:"revision"`
	Instances int            `json:"instances"`
	// Share is that of the component's rules for which the host was chosen.
	Share   string                 `json:"share,omitempty"`
	State   lattice.ComponentState `json:"state,omitempty"`
	Reason  string                 `json:"reason,omitempty"`
	Why     string                 `json:"why,omitempty"`
	Since   time.Time              `json:"since,omitzero"`
	Leaving string                 `json:"leaving,omitempty"`
	// Faults are the links to capabilities that do not work there.
	Faults []lattice.LinkFault `json:"faults,omitempty"`
}

// AppExplanation is the answer to ExplainApp.
type AppExplanation struct {
	App        lattice.AppName        `json:"app"`
	Components []ComponentExplanation `json:"components"`
}

// ComponentExplanation says why a component runs where it runs.
type ComponentExplanation struct {
	Name string              `json:"name"`
	ID   lattice.ComponentID `json:"id"`
	// Rules say in words what the hosts must meet.
	Rules []string   `json:"rules"`
	Hosts []PartHost `json:"hosts"`
	// Missing is how many instances have no host, and Passed why not the others.
	Missing int             `json:"missing,omitempty"`
	Passed  []PassedHosts   `json:"passed,omitempty"`
	Links   []LinkedExplain `json:"links,omitempty"`
}

// PassedHosts are hosts that were not chosen, for one reason.
type PassedHosts struct {
	Why   string           `json:"why"`
	Count int              `json:"count"`
	Hosts []lattice.HostID `json:"hosts"`
}

// LinkedExplain says what a link leads to.
type LinkedExplain struct {
	Link   string `json:"link"`
	Target string `json:"target"`
	// Source is the capability that calls the component, if that is what the link is for.
	Source lattice.ComponentID `json:"source,omitempty"`
	Phase  AppPhase            `json:"phase"`
	Reason string              `json:"reason,omitempty"`
}

// Time is a time that the state has, in milliseconds since 1970. Zero is none.
func Time(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// AppHistory is the answer to AppHistoryOf, oldest first.
type AppHistory struct {
	App         lattice.AppName `json:"app"`
	Deployments []Deployed      `json:"deployments"`
}

// Deployed is a version that was deployed, and what became of it.
type Deployed struct {
	Version string    `json:"version"`
	Number  uint64    `json:"number"`
	What    string    `json:"what"`
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`
	Outcome string    `json:"outcome"`
	Ended   time.Time `json:"ended,omitzero"`
	Reason  string    `json:"reason,omitempty"`
}
