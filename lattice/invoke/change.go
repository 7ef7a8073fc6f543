package invoke

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// changeFor is how long a call that all hosts have refused waits for the directory
// to name another: a host that is drained refuses calls a moment before the one
// that takes its place is known.
const changeFor = time.Second

// changing is a Directory that tells when it changes.
type changing interface {
	// Changed returns a channel that is closed at the next change.
	Changed() <-chan struct{}
}

// changes waits for the directory to name a host that a call was not offered, if
// all that it was offered were not available. It reports whether there is one.
func (r *Router) changes(ctx context.Context, c lattice.ComponentID, t *tries) bool {
	d, ok := r.directory.(changing)
	refused := func(err error) bool { return errors.Is(err, lattice.ErrUnavailable) }
	if !ok || len(t.errors) == 0 || len(t.hosts) >= maxTries || slices.ContainsFunc(t.errors, func(err error) bool { return !refused(err) }) {
		return false
	}
	timer := time.NewTimer(changeFor)
	defer timer.Stop()
	for {
		change := d.Changed() // before the look, so that none is missed
		for _, h := range r.directory.Hosts(c) {
			if h != r.host && !slices.Contains(t.hosts, h) {
				return true
			}
		}
		select {
		case <-change:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
