package lattice

import "strings"

// Mode is how a component is spread over hosts.
type Mode string

// The modes.
const (
	// ModeSpread divides Rules.Instances among the shares of Rules.Spread, and
	// within each evenly among hosts.
	ModeSpread Mode = "spread"
	// ModeDaemon has Rules.Instances on each host that meets one of Rules.Spread.
	ModeDaemon Mode = "daemon"
	// ModeHosts has Rules.Instances on each of Rules.Hosts hosts.
	ModeHosts Mode = "hosts"
	// ModeNone has the component on no host but those of its pins.
	ModeNone Mode = "none"
)

// Rules say on which hosts a component runs, and how many calls it takes there at
// once.
type Rules struct {
	Mode Mode `json:"mode"`
	// Instances is how many calls run at once: on all hosts together in ModeSpread, on
	// each host otherwise.
	Instances int `json:"instances,omitempty"`
	// Hosts is on how many hosts: exactly so many in ModeHosts, at most so many in
	// ModeSpread, where zero is any number.
	Hosts int `json:"hosts,omitempty"`
	// Spread are the shares. None is one share of all hosts.
	Spread []Spread `json:"spread,omitempty"`
	// Group and Labels are what every host must have.
	Group  GroupName         `json:"group,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Isolation are the classes of isolation of which the host must be, any if empty.
	Isolation []string `json:"isolation,omitempty"`
	// Resources are set aside on each host.
	Resources Resources `json:"resources,omitzero"`
	// With are components that must run on the same host, Near those that had better,
	// Apart those that must not, and Away those that had better not.
	With  []ComponentID `json:"with,omitempty"`
	Near  []ComponentID `json:"near,omitempty"`
	Apart []ComponentID `json:"apart,omitempty"`
	Away  []ComponentID `json:"away,omitempty"`
	// Priority lets the component take the place of others with a lower one, if no
	// host has room. It is zero for most.
	Priority int `json:"priority,omitempty"`
	// LeaseMillis has a host that is cut off stop the component after so long, instead
	// of going on: for what must not run more often than it ought to, even if nobody
	// can call it there. Zero is to go on.
	LeaseMillis int64 `json:"lease_ms,omitempty"`
}

// Spread is a share of a component's instances.
type Spread struct {
	Name string `json:"name"`
	// Requirements are labels that the hosts must have.
	Requirements map[string]string `json:"requirements,omitempty"`
	// Weight is the share relative to those of the others.
	Weight int `json:"weight"`
}

// Resources are what a component is expected to use on a host.
type Resources struct {
	// CPUMillis are thousandths of a processor.
	CPUMillis   int64  `json:"cpu_millis,omitempty"`
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
}

// Probe asks a component on its host whether it can be called: before it takes calls
// for the first time, and from then on again and again. One of HTTPPath and Function is given.
type Probe struct {
	// HTTPPath is requested with GET by wasi:http/incoming-handler. A status from 200
	// to 399 is good.
	HTTPPath string `json:"http_path,omitempty"`
	// Function is called without arguments: "ns:pkg/iface@1.0.0.func", or "func" of the
	// world. A result that is an error, or false, or a trap, is bad.
	Function string `json:"function,omitempty"`
	// IntervalMillis is the time between two probes, TimeoutMillis that of one. Zero
	// is the host's default.
	IntervalMillis int64 `json:"interval_ms,omitempty"`
	TimeoutMillis  int64 `json:"timeout_ms,omitempty"`
	// Failures is how many bad ones in a row take the component out of service. Zero
	// is the host's default.
	Failures int `json:"failures,omitempty"`
}

// Split returns the interface, which is empty for a function of the world, and the
// name of Function.
func (p *Probe) Split() (iface, function string) {
	if i := strings.LastIndexByte(p.Function, '.'); i >= 0 {
		return p.Function[:i], p.Function[i+1:]
	}
	return "", p.Function
}

// Rollout says how a new revision of a component takes the place of the last.
type Rollout struct {
	// MaxUnavailable is on how many hosts at once the new revision may be on its way;
	// with Percent, how many of a hundred hosts, and at least one. Zero is one.
	MaxUnavailable int  `json:"max_unavailable,omitempty"`
	Percent        bool `json:"percent,omitempty"`
	// DeadlineMillis is how long a host may take to have the new revision ready. Zero
	// is the scheduler's default.
	DeadlineMillis int64 `json:"deadline_ms,omitempty"`
	// NoRollback has a rollout that fails stop where it is, instead of going back.
	NoRollback bool `json:"no_rollback,omitempty"`
	// Canary has a part of the calls go to the new revision first.
	Canary *Canary `json:"canary,omitempty"`
}

// Canary is a first part of a rollout.
type Canary struct {
	// Weight is how many of a hundred calls go to the new revision.
	Weight int `json:"weight"`
	// HoldMillis is how long, once it is ready. Zero is until somebody promotes it.
	HoldMillis int64 `json:"hold_ms,omitempty"`
	// MaxFailures is how many of a hundred calls of the new revision may fail in the
	// guest; more of them have it rolled back. Zero is none that are looked at.
	MaxFailures int `json:"max_failures,omitempty"`
}
