package wadm

import (
	"context"

	"github.com/wattle-dev/wattle/lattice"
)

// Handle returns the answer to a request.
func (e *Edge) Handle(ctx context.Context, m *lattice.Message) any { return e.handle(ctx, m) }
