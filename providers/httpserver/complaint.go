package httpserver

import (
	"errors"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

const (
	// complainEvery is the shortest time between two warnings that a component is
	// nowhere: each of its requests is one too many, and there may be thousands.
	complainEvery = 5 * time.Second
	// maxComplaints bounds the components that are remembered.
	maxComplaints = 1024
)

// complaints count requests to components that no host answers for.
type complaints struct {
	mu   sync.Mutex
	last map[lattice.ComponentID]complaint
}

type complaint struct {
	at    time.Time // when it was said
	since int64     // requests since
}

// nowhere reports whether an error is that no host answers for a component, and not
// that of one request.
func nowhere(err error) bool {
	return lattice.Undelivered(err) && (errors.Is(err, lattice.ErrUnavailable) || errors.Is(err, lattice.ErrNotFound))
}

// due reports whether to say that a component is nowhere, and for how many requests
// that is.
func (c *complaints) due(id lattice.ComponentID) (calls int64, say bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.last[id]
	if known && now.Sub(last.at) < complainEvery {
		last.since++
		c.last[id] = last
		return 0, false
	}
	if c.last == nil || len(c.last) >= maxComplaints {
		c.last = map[lattice.ComponentID]complaint{}
	}
	c.last[id] = complaint{at: now}
	return last.since + 1, true
}
