package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// watchAgain is the time until a watch that has failed is begun anew.
const watchAgain = time.Second

func (d *Daemon) desiredFile() string { return filepath.Join(d.opts.DataDir, "desired.json") }

// restore starts from the document of the last run.
func (d *Daemon) restore(ctx context.Context) {
	signed, err := readFile(d.desiredFile(), wire.MaxSigned)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err == nil:
		err = d.take(ctx, signed, false)
	}
	if err != nil {
		d.log.WarnContext(ctx, "desired document of the last run not used: waiting for the scheduler's", "error", err)
		return
	}
	d.services.directory.Seed(d.assigned())
}

// assigned returns what the host knows of assignments by its own desired document.
func (d *Daemon) assigned() []*lattice.Assignment {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*lattice.Assignment
	for i := range d.desired.Components {
		c := &d.desired.Components[i]
		all = append(all, &lattice.Assignment{
			Component: c.ID, Stamp: d.desired.Stamp, Routes: c.Routes, Variants: []lattice.Variant{{
				Ref: c.Ref, Digest: c.Digest, Revision: c.Revision, Hosts: map[lattice.HostID]int{d.opts.ID: c.MaxInstances},
			}},
		})
	}
	return all
}

// watch follows the host's desired document until ctx ends.
func (d *Daemon) watch(ctx context.Context) {
	bucket, key := d.buckets.Desired(), string(d.opts.ID)
	said := false
	for {
		err := d.follow(ctx, bucket, key, func() { said = false })
		if ctx.Err() != nil {
			return
		}
		if !said {
			d.log.WarnContext(ctx, "desired document cannot be followed: what runs goes on; the scheduler makes the bucket when it starts",
				"bucket", bucket, "key", key, "error", err)
		}
		said = true
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchAgain):
		}
	}
}

func (d *Daemon) follow(ctx context.Context, bucket, key string, begun func()) error {
	b, err := d.l.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	err = b.Watch(ctx, key, func(e lattice.Entry) error {
		switch {
		case e.Synced:
			begun()
			d.ready.again() // who lost one bucket may have lost all
			d.changed()
		case e.Key != key:
		case e.Deleted:
			d.log.WarnContext(ctx, "desired document deleted: what runs goes on", "bucket", bucket, "key", key)
		default:
			if err := d.take(ctx, e.Value, true); err != nil {
				d.log.WarnContext(ctx, "document ignored", "bucket", bucket, "key", key, "error", err)
			}
		}
		return nil
	})
	if err == nil && ctx.Err() == nil {
		err = errors.New("the watch ended")
	}
	return err
}

// take checks a desired document and has what it says be done. keep says that it is
// new, and has to be stored. The error says why it is ignored.
func (d *Daemon) take(ctx context.Context, signed []byte, keep bool) (err error) {
	value, err := d.opts.Verifier.Scheduler(d.buckets.Desired(), string(d.opts.ID), signed)
	if err != nil {
		return err
	}
	next, err := wire.DecodeDesired(value, d.opts.Lattice, d.opts.ID)
	if err != nil {
		return err
	}
	d.mu.Lock()
	last := d.desired
	d.mu.Unlock()
	if last != nil {
		switch order := next.Stamp.Compare(last.Stamp); {
		case order < 0:
			return fmt.Errorf("%w: its stamp %d.%d is older than %d.%d, which was taken before; if the lattice's state was lost on purpose, stop the host and remove %q",
				lattice.ErrConflict, next.Stamp.Term, next.Stamp.Index, last.Stamp.Term, last.Stamp.Index, d.desiredFile())
		case order == 0 && reflect.DeepEqual(next, last):
			return nil
		case order == 0:
			return fmt.Errorf("%w: it has the stamp %d.%d of another document", lattice.ErrConflict, next.Stamp.Term, next.Stamp.Index)
		}
	}
	ctx, end := d.opts.Telemetry.Apply(ctx, next)
	defer func() { end(err) }()
	if keep {
		if err := replace(d.desiredFile(), signed); err != nil {
			d.log.WarnContext(ctx, "desired document not stored: it is used, and a restart without NATS would go back to the one before; make room, or have the data directory be writable",
				"error", err)
		}
	}
	d.log.InfoContext(ctx, "desired document taken", "term", next.Stamp.Term, "index", next.Stamp.Index, "state", next.State, "components", len(next.Components))
	d.apply(next, keep)
	return nil
}
