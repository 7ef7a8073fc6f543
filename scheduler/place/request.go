package place

import "github.com/wattle-dev/wattle/lattice"

// Request asks where a component ought to run.
type Request struct {
	Component lattice.ComponentID
	Rules     *lattice.Rules
	// Keep are the hosts that have the component already and may go on having it, the
	// best first: if there are too many, the last ones go. One that no longer meets the
	// rules is not kept.
	Keep []Placed
	// Not are hosts that are not chosen, whatever else is true of them.
	Not []Not
	// Stay has no further hosts chosen for a share that keeps one, if those can take all
	// of its instances.
	Stay bool
}

// Not is a host that is not to be chosen.
type Not struct {
	Host lattice.HostID
	// Why is a sentence about the host.
	Why string
}

// Result says where a component ought to run.
type Result struct {
	// Hosts are in the order of the shares, those that are kept first.
	Hosts []Choice
	// Missing is how many instances, in lattice.ModeHosts hosts, found no place.
	Missing int
	// Passed are the hosts that were not chosen, by reason.
	Passed []Passed
	// Left are those of Request.Keep that are not kept, in their order.
	Left []Not
	// Victims have to go before Hosts have room.
	Victims []Victim
}

// Choice is a host that was chosen.
type Choice struct {
	Host      lattice.HostID
	Instances int
	Spread    string
	// Kept says that the component is there already.
	Kept bool
	// Why is a sentence about the host. It is empty if Kept.
	Why string
}

// Passed are hosts that were not chosen, for one reason.
type Passed struct {
	Why   string
	Count int
	// Hosts are the first few.
	Hosts []lattice.HostID
}

// Victim is a placement that makes room.
type Victim struct {
	Component lattice.ComponentID
	Host      lattice.HostID
	// For is the component that takes its place, Priority its priority.
	For      lattice.ComponentID
	Priority int
}

const (
	// maxPassed bounds the reasons of a Result, maxNamed the hosts of a reason.
	maxPassed = 8
	maxNamed  = 3
)
