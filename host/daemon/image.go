package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	grants "github.com/wattle-dev/wattle/host/capability"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/oci"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// policy returns the text of the lattice's image policy as it is now.
func (d *Daemon) policy() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.desired == nil {
		return ""
	}
	return d.desired.ImagePolicy
}

// allowed says whether an image policy lets the binary of a component be run: nil, or why
// not. Whoever stored the binary is not believed: what counts is what the binary's
// provenance proves.
func (d *Daemon) allowed(ctx context.Context, spec *lattice.ComponentSpec, policy string) error {
	p, err := oci.ParsePolicy(policy)
	if err != nil {
		return fmt.Errorf("%w: nothing is run until it is mended: wattle image-policy put FILE", err)
	}
	if len(p.Rules) == 0 {
		return nil
	}
	provenance, err := d.artifacts.provenance(ctx, spec.Digest)
	if err != nil {
		return fmt.Errorf("provenance of %s: %w", spec.Digest, err)
	}
	return p.Allows(spec.Digest, provenance)
}

// judge holds what runs against an image policy that is new. What that refuses takes no
// calls any more.
func (r *runner) judge(want *lattice.ComponentSpec, run *running) {
	policy := r.d.policy()
	if err := r.d.allowed(context.Background(), want, policy); err != nil {
		r.revoke(run)
		r.fail(want, err)
		return
	}
	run.policy = policy // it is the runner's own
}

// provenance returns where an artifact comes from, nil if it is from no registry.
func (a *artifacts) provenance(ctx context.Context, digest string) (*oci.Provenance, error) {
	name, err := wire.ProvenanceName(digest)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(a.dir, name)
	data, err := a.fetchProvenance(ctx, name)
	switch {
	case errors.Is(err, lattice.ErrNotFound):
		return nil, nil //nolint:nilnil // documented
	case err != nil:
		// What was there last is proof enough: it proves itself.
		kept, fileErr := readFile(file, oci.MaxProvenance)
		if fileErr != nil {
			return nil, err
		}
		data = kept
	default:
		a.keepProvenance(file, data)
	}
	return oci.DecodeProvenance(data)
}

func (a *artifacts) fetchProvenance(ctx context.Context, name string) (_ []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	objects, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := objects.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return readBounded(r, oci.MaxProvenance)
}

// keepProvenance keeps a provenance beside its artifact, if there is a place for it.
func (a *artifacts) keepProvenance(file string, data []byte) {
	err := os.MkdirAll(a.dir, 0o700)
	if err == nil {
		err = replace(file, data)
	}
	if err != nil {
		a.log.Warn("provenance not stored: it has to be fetched again after a restart; make room, or have the data directory be writable", "file", file, "error", err)
	}
}

// layers returns what fetches images of files for components, nil if nothing does.
func (d *Daemon) layers() grants.Layers {
	if d.opts.Layers == nil {
		return nil
	}
	return func(ctx context.Context, image string) ([]io.ReadCloser, error) {
		ref, err := oci.ParseReference(image)
		if err != nil {
			return nil, err
		}
		policy, err := oci.ParsePolicy(d.policy())
		if err != nil {
			return nil, err
		}
		return d.opts.Layers(ctx, ref, policy, filepath.Join(d.opts.DataDir, "images"))
	}
}
