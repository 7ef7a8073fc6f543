package capability

import (
	"log/slog"
	"net/netip"

	"github.com/wattle-dev/wattle/lattice"
)

// Env is what a host opens the capabilities of a component with.
type Env struct {
	// Lattice is the connection to the lattice called Name.
	Lattice lattice.Lattice
	Name    lattice.Name
	// Component is whom everything is granted to. Exports are the interfaces that it
	// exports, with versions.
	Component lattice.ComponentID
	Exports   []string
	// Volumes are the directories that the host's operator shares, by name.
	Volumes map[string]Volume
	// Layers fetches images. If nil, there are none.
	Layers Layers
	// Self are addresses of the host itself that no component may reach, whatever it
	// is linked to.
	Self []netip.AddrPort
	// Requests bounds the requests that all instances of the component have under way
	// to the outside. Zero is the capability's own bound.
	Requests int
	// MaxSent and MaxReceived bound the bodies of such a request and of its response.
	// Zero is the capability's own bound.
	MaxSent, MaxReceived int64
	// Changed, if it is set, is called now and then when [Grant.Faults] has changed, in any
	// goroutine.
	Changed func()
	// Logger is told what goes wrong with a capability that is open. It knows the
	// component.
	Logger *slog.Logger
}

// Volume is a directory of the host that components may be given.
type Volume struct {
	Dir string
	// ReadOnly has nobody change anything in it.
	ReadOnly bool
}
