package daemon

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/host"
	"github.com/wattle-dev/wattle/lattice"
)

// Env returns the environment variables of a component.
func (d *Daemon) Env(spec *lattice.ComponentSpec) []string { return d.base(spec, nil).CLI.Env }

// Binaries returns the digests of the binaries that are kept for components.
func (d *Daemon) Binaries() []string {
	d.binaries.mu.Lock()
	defer d.binaries.mu.Unlock()
	return slices.Sorted(maps.Keys(d.binaries.all))
}

// Line has a guest have written a line.
func (d *Daemon) Line(l host.Line) { d.logs.line(l) }

// Tail returns what is kept of a component's output.
func (d *Daemon) Tail(id lattice.ComponentID) []LogLine { return d.logs.lease(id, 0, 1<<30) }

// Pause is pause.
func Pause(attempt int, err error) time.Duration { return pause(attempt, err) }

// ErrFetch is an error of an artifact that cannot be had.
var ErrFetch error = &fetchError{digest: "x", err: lattice.ErrNotFound}

// Artifacts are artifacts.
type Artifacts struct{ a artifacts }

// NewArtifacts returns artifacts that come from a store.
func NewArtifacts(dir string, limit int64, files bool, open func(context.Context) (lattice.Objects, error), wanted ...string) *Artifacts {
	a := &Artifacts{artifacts{dir: dir, limit: limit, files: files, open: open, log: slog.New(slog.DiscardHandler)}}
	keep := map[string]bool{}
	for _, w := range wanted {
		keep[w] = true
	}
	a.a.keep(keep)
	return a
}

// Get is artifacts.get.
func (a *Artifacts) Get(ctx context.Context, digest, ref string) ([]byte, error) {
	return a.a.get(ctx, digest, ref)
}

// LookAtCatalogue has the daemon look whether the catalogue has what it should.
func (d *Daemon) LookAtCatalogue() { d.shelf.again() }
