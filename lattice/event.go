package lattice

import (
	"encoding/json"
	"time"
)

// Event is something that happened, in the form of CloudEvents 1.0, "JSON Event
// Format".
type Event struct {
	SpecVersion string `json:"specversion"` // "1.0"
	ID          string `json:"id"`
	// Source is who says so: a host's ID, or "scheduler".
	Source string `json:"source"`
	// Type is EventPrefix and one of the kinds.
	Type string `json:"type"`
	// Subject is what it happened to: a component, a link, a configuration.
	Subject         string          `json:"subject,omitempty"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype,omitempty"` // "application/json"
	Data            json.RawMessage `json:"data,omitempty"`
}

// EventPrefix begins the type of every event.
const EventPrefix = "dev.wattle."

// The kinds of events. Those of hosts have the host's report, or the component's
// status, as data; those of the scheduler what was changed.
const (
	EventHostStarted      = "host.started"
	EventHostStopped      = "host.stopped"
	EventHostState        = "host.state" // ready, cordoned, draining, drained
	EventHostLabels       = "host.labels"
	EventComponentStarted = "component.started"
	EventComponentFailed  = "component.failed"
	EventComponentStopped = "component.stopped"
	EventComponentScaled  = "component.scaled"
	// A component is unhealthy when its probes are bad, and healthy again when one is
	// good.
	EventComponentUnhealthy = "component.unhealthy"
	EventComponentHealthy   = "component.healthy"
	// A component is unlisted when it is not known what it offers as an MCP server.
	EventComponentUnlisted = "component.unlisted"
	EventLinkPut           = "link.put"
	EventLinkDeleted       = "link.deleted"
	EventConfigPut         = "config.put"
	EventConfigDeleted     = "config.deleted"
	EventSecretPut         = "secret.put"
	EventSecretDeleted     = "secret.deleted"
	EventAppPut            = "app.put"
	EventAppDeployed       = "app.deployed"
	EventAppReady          = "app.ready"
	EventAppRolledBack     = "app.rolled-back"
	EventAppUndeployed     = "app.undeployed"
	EventAppDeleted        = "app.deleted"
)
