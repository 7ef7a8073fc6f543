package lattice

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Stamp orders what the scheduler writes: by the term of its leader, then by the
// index of the decision.
type Stamp struct {
	Term  uint64 `json:"term"`
	Index uint64 `json:"index"`
}

// Compare returns -1, 0 or 1.
func (s Stamp) Compare(t Stamp) int {
	return cmp.Or(cmp.Compare(s.Term, t.Term), cmp.Compare(s.Index, t.Index))
}

// HostState is what a host does, or ought to do.
type HostState string

// The states of hosts.
const (
	// HostReady takes placements and calls.
	HostReady HostState = "ready"
	// HostCordoned takes no placements. What runs goes on.
	HostCordoned HostState = "cordoned"
	// HostDraining has left the lattice's routes and finishes the calls under way.
	HostDraining HostState = "draining"
	// HostDrained runs nothing. The daemon is there and can be made ready again.
	HostDrained HostState = "drained"
	// HostStopped has ended in good order.
	HostStopped HostState = "stopped"
)

// Desired is what a host ought to run. It is the whole of it: what is not here is
// stopped.
type Desired struct {
	Lattice Name   `json:"lattice"`
	Host    HostID `json:"host"`
	Stamp   Stamp  `json:"stamp"`
	// State is HostReady, HostCordoned or HostDrained; HostStopped ends the daemon.
	State HostState `json:"state"`
	// Labels are those that operators gave; they go over the host's own, except
	// for what is detected.
	Labels     map[string]string `json:"labels,omitempty"`
	Components []ComponentSpec   `json:"components,omitempty"`
	// ImagePolicy says which binaries may be run, as package lattice/oci reads it. If
	// empty, all.
	ImagePolicy string `json:"image_policy,omitempty"`
}

// ImagePolicy is the configuration that is the image policy of the lattice, as the value
// of the key PolicyKey.
const (
	ImagePolicy ConfigName = "wattle-image-policy"
	PolicyKey   string     = "policy"
)

// ComponentSpec is a component as it ought to run on a host.
type ComponentSpec struct {
	ID ComponentID `json:"id"`
	// Ref is where the component comes from, byte for byte as it was given.
	Ref string `json:"ref"`
	// Digest is "sha256:" and 64 hexadecimal digits: nothing else is run.
	Digest string `json:"digest"`
	// Revision counts the changes of the component.
	Revision uint64 `json:"revision"`
	// MaxInstances is how many calls run at once on the host. It is positive.
	MaxInstances int    `json:"max_instances"`
	Limits       Limits `json:"limits,omitzero"`
	// Config are the values that the component is given: of the configurations
	// named in ConfigNames, later ones over earlier ones.
	Config      map[string]string `json:"config,omitempty"`
	ConfigNames []ConfigName      `json:"config_names,omitempty"`
	// Links are those that have the component as source, and a component as target.
	Links []Link `json:"links,omitempty"`
	// Capabilities are what it is linked to of the host's own.
	Capabilities []Capability `json:"capabilities,omitempty"`
	// Secrets are those that it may ask for, by the names that it has for them.
	Secrets map[string]SecretRef `json:"secrets,omitempty"`
	// Routes are the HTTP requests that it is given.
	Routes []Route `json:"routes,omitempty"`
	// Preinit has instances start from the state after initialization.
	Preinit bool `json:"preinit,omitempty"`
	// Probe asks the component whether it can be called. If nil, it can once it is
	// loaded.
	Probe *Probe `json:"probe,omitempty"`
	// LeaseMillis has the host stop the component when nobody has taken its reports for
	// so long, until somebody does again. If zero, a host that is cut off goes on.
	LeaseMillis int64 `json:"lease_ms,omitempty"`
	// MCP says that it is an MCP server. If nil, it is none.
	MCP         *MCP              `json:"mcp,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Limits bound a component's instances. Zero is the host's default.
type Limits struct {
	// MemoryBytes bounds an instance's memories.
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
	// TimeoutMillis bounds a call.
	TimeoutMillis int64 `json:"timeout_ms,omitempty"`
	// Queue is how many calls wait for an instance.
	Queue int `json:"queue,omitempty"`
	// TableElements bounds the elements of an instance's tables.
	TableElements uint64 `json:"table_elements,omitempty"`
	// RequestBytes and ResponseBytes bound the bodies that an instance is sent and
	// sends, those of HTTP requests that it makes as well.
	RequestBytes  int64 `json:"request_bytes,omitempty"`
	ResponseBytes int64 `json:"response_bytes,omitempty"`
	// HostCalls is how often an instance may call the host.
	HostCalls int64 `json:"host_calls,omitempty"`
	// LogBytesPerSecond bounds what all instances of a component on a host write.
	LogBytesPerSecond int64 `json:"log_bytes_per_second,omitempty"`
	// Connections is how many requests all instances of a component on a host have under
	// way to the outside.
	Connections int `json:"connections,omitempty"`
	// ClockResolutionMicros is how finely an instance can tell times apart, in
	// microseconds.
	ClockResolutionMicros int64 `json:"clock_resolution_us,omitempty"`
}

// Capability is a link of a component to a provider that its host has itself.
type Capability struct {
	// Kind is one of those of package lattice/capability.
	Kind       string   `json:"kind"`
	Name       LinkName `json:"name"`
	Namespace  string   `json:"wit_namespace"`
	Package    string   `json:"wit_package"`
	Interfaces []string `json:"interfaces"`
	// Config are its values: those of the provider, and over them those of the link.
	Config map[string]string `json:"config,omitempty"`
	// Secrets are those that the values may ask for, by the names that they have there.
	Secrets map[string]SecretRef `json:"secrets,omitempty"`
}

// SecretRef names a version of a secret, which counts from 1. Its value is asked for by
// the host.
type SecretRef struct {
	Name    SecretName `json:"name"`
	Version uint64     `json:"version"`
}

// Link lets a component reach interfaces of a target. Source, Package, namespace
// and Name identify it.
type Link struct {
	Source ComponentID `json:"source_id"`
	// Target is a component or a provider, or the address of a capability; see
	// ParseTarget.
	Target     string   `json:"target"`
	Name       LinkName `json:"name"`
	Namespace  string   `json:"wit_namespace"`
	Package    string   `json:"wit_package"`
	Interfaces []string `json:"interfaces"`
	// SourceConfig and TargetConfig name configurations.
	SourceConfig []ConfigName `json:"source_config,omitempty"`
	TargetConfig []ConfigName `json:"target_config,omitempty"`
	// Secrets are those that the values of configurations may ask for, by the names that
	// they have there. A version of zero is the newest one. Links to components have none.
	Secrets map[string]SecretRef `json:"secrets,omitempty"`
}

// Equal reports whether two links are the same. A list that is empty is the same
// as none.
func (l *Link) Equal(m *Link) bool {
	return l.Source == m.Source && l.Namespace == m.Namespace && l.Package == m.Package && l.Name == m.Name &&
		l.Target == m.Target && slices.Equal(l.Interfaces, m.Interfaces) &&
		slices.Equal(l.SourceConfig, m.SourceConfig) && slices.Equal(l.TargetConfig, m.TargetConfig) &&
		maps.Equal(l.Secrets, m.Secrets)
}

// Route is a set of HTTP requests: those for a host name, or any if it is empty,
// whose path begins with Path at a boundary of segments. The longest path of the
// exact host goes first.
type Route struct {
	Host string `json:"host,omitempty"`
	Path string `json:"path"`
}

// Assignment says which hosts may be called for a component.
type Assignment struct {
	Component ComponentID `json:"component"`
	Stamp     Stamp       `json:"stamp"`
	// Variants are what runs, older ones first: one as a rule, and more while a rollout
	// is under way. There may be none.
	Variants []Variant `json:"variants"`
	Routes   []Route   `json:"routes,omitempty"`
	// MCP says that it is an MCP server. If nil, it is none.
	MCP *MCP `json:"mcp,omitempty"`
}

// Variant is a revision of a component and the hosts that were told to run it. No
// host is in two variants of an assignment.
type Variant struct {
	Ref      string `json:"ref"`
	Digest   string `json:"digest"`
	Revision uint64 `json:"revision"`
	// Weight is the variant's share of the calls relative to those of the others, as
	// in a canary. If all are zero, calls go to hosts by their instances, whatever
	// variant they have.
	Weight int `json:"weight,omitempty"`
	// Hosts has how many instances each host was told to run.
	Hosts map[HostID]int `json:"hosts"`
}

// Latest returns the variant that goes on: the last one, nil if there is none.
func (a *Assignment) Latest() *Variant {
	if len(a.Variants) == 0 {
		return nil
	}
	return &a.Variants[len(a.Variants)-1]
}

// VariantOf returns the variant that a host was told to run, nil if none.
func (a *Assignment) VariantOf(h HostID) *Variant {
	for i := range a.Variants {
		if _, ok := a.Variants[i].Hosts[h]; ok {
			return &a.Variants[i]
		}
	}
	return nil
}

// Hosts returns the hosts of all variants, in order.
func (a *Assignment) Hosts() []HostID {
	var all []HostID
	for _, v := range a.Variants {
		all = slices.AppendSeq(all, maps.Keys(v.Hosts))
	}
	slices.Sort(all)
	return all
}

// Weighted reports whether the calls are shared out by the weights of variants.
func (a *Assignment) Weighted() bool {
	return slices.ContainsFunc(a.Variants, func(v Variant) bool { return v.Weight != 0 })
}

// Ready is a host's word that it takes calls for a component.
type Ready struct {
	Component ComponentID `json:"component"`
	Host      HostID      `json:"host"`
	Digest    string      `json:"digest"`
	Since     time.Time   `json:"since"`
	Exports   []string    `json:"exports,omitempty"`
}

// HostReport is what a host says of itself, with every heartbeat.
type HostReport struct {
	ID      HostID            `json:"id"`
	Name    string            `json:"name"`
	Lattice Name              `json:"lattice"`
	Group   GroupName         `json:"group"`
	Version string            `json:"version"`
	Labels  map[string]string `json:"labels,omitempty"`
	State   HostState         `json:"state"`
	Started time.Time         `json:"started"`
	// Time is when the report was made, by the host's clock.
	Time time.Time `json:"time"`
	// Sequence counts the reports since Started, so that one that comes late is known. If
	// zero, they are not counted.
	Sequence uint64 `json:"sequence,omitempty"`
	// Every is the time in milliseconds until the next report at the latest.
	Every      int64             `json:"every_ms"`
	Capacity   Capacity          `json:"capacity"`
	Load       Load              `json:"load"`
	Applied    Stamp             `json:"applied"`
	Components []ComponentStatus `json:"components,omitempty"`
	Providers  []ProviderStatus  `json:"providers,omitempty"`
}

// Capacity is what a host has.
type Capacity struct {
	CPUs        float64 `json:"cpus"`
	MemoryBytes uint64  `json:"memory_bytes"`
}

// Load is what a host uses, as measured.
type Load struct {
	// CPU is how many processors the daemon used since the last report.
	CPU float64 `json:"cpu"`
	// MachineCPU is the same of all processes.
	MachineCPU float64 `json:"machine_cpu"`
	// MemoryBytes is the daemon's resident memory, AvailableBytes what the machine
	// or control group has left.
	MemoryBytes    uint64 `json:"memory_bytes"`
	AvailableBytes uint64 `json:"available_bytes"`
	// Running and Waiting are calls.
	Running int64 `json:"running"`
	Waiting int64 `json:"waiting"`
}

// ComponentState is how far a component on a host is.
type ComponentState string

// The states of components.
const (
	// ComponentStarting is loaded, or has not had a good probe yet.
	ComponentStarting ComponentState = "starting"
	// ComponentRunning takes calls.
	ComponentRunning ComponentState = "running"
	// ComponentUnhealthy ran, and its probes are bad: it is not offered to callers
	// until one is good.
	ComponentUnhealthy ComponentState = "unhealthy"
	// ComponentStopping finishes its calls.
	ComponentStopping ComponentState = "stopping"
	// ComponentFailed could not be started. It is tried again if there is any use.
	ComponentFailed ComponentState = "failed"
)

// ComponentStatus is a component on a host. While a new revision is on its way beside
// one that serves, it is about the one that serves, and Next about the new one.
type ComponentStatus struct {
	ID           ComponentID    `json:"id"`
	Ref          string         `json:"ref"`
	Digest       string         `json:"digest"`
	Revision     uint64         `json:"revision"`
	State        ComponentState `json:"state"`
	Reason       string         `json:"reason,omitempty"`
	Since        time.Time      `json:"since"`
	MaxInstances int            `json:"max_instances"`
	// Running and Waiting are calls now; the others count since the start.
	Running  int64 `json:"running"`
	Waiting  int64 `json:"waiting"`
	Calls    int64 `json:"calls"`
	Failures int64 `json:"failures"`
	// Next is the revision that is to take the place of this one, and did not yet.
	Next        *NextStatus       `json:"next,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	// Faults are the links to capabilities that failed when they were last used.
	Faults []LinkFault `json:"faults,omitempty"`
}

// LinkFault is a link of a component to a capability that failed when it was last used:
// what is behind it is away, or does not let the component in. It says nothing of why a
// single call failed.
type LinkFault struct {
	Link LinkName `json:"link"`
	// Capability is the kind of what is behind it.
	Capability string `json:"capability"`
	// Reason is for people, and has no secrets.
	Reason string `json:"reason"`
	// Since is when it first failed since it worked, if it ever did.
	Since time.Time `json:"since"`
}

// NextStatus is a revision of a component that does not serve yet.
type NextStatus struct {
	Revision uint64 `json:"revision"`
	Digest   string `json:"digest"`
	// State is ComponentStarting or ComponentFailed.
	State  ComponentState `json:"state"`
	Reason string         `json:"reason,omitempty"`
}

// ProviderStatus is a provider on a host.
type ProviderStatus struct {
	ID         ProviderID `json:"id"`
	Name       string     `json:"name"`
	Interfaces []string   `json:"interfaces"`
	Address    string     `json:"address,omitempty"`
	State      string     `json:"state"`
}

// Config is a named configuration: flat, and without secrets.
type Config map[string]string
