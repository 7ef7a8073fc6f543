package typed

import (
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// Options configure an endpoint. The zero value is usable.
type Options struct {
	// ID is that of the component.
	ID lattice.ComponentID
	// StateKey is the secret with which the state is sealed that a component wants back from
	// a client. A host opens what another one has sealed if both have the same. If
	// empty, a random one.
	StateKey []byte
	// Now tells the time. If nil, time.Now.
	Now func() time.Time
}
