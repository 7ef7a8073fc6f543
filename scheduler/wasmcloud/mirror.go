package wasmcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Times of the lease.
const (
	renewEvery = 5 * time.Second
	leaseFor   = 15 * time.Second
)

// The keys of LATTICEDATA_L.
const (
	leaseKey        = "WATTLE_EDGE"
	componentPrefix = "COMPONENT_"
)

// lease is the value of leaseKey: who writes the mirror, and what was written, so
// that it can be removed.
type lease struct {
	Holder     string   `json:"holder"`
	Components []string `json:"components"`
	Configs    []string `json:"configs"`
}

// content is what the mirror should have, by keys.
type content struct {
	components map[string][]byte
	configs    map[string][]byte
}

// mirror writes LATTICEDATA_L and CONFIGDATA_L. It belongs to the worker.
type mirror struct {
	edge    *Edge
	log     *slog.Logger
	data    lattice.Bucket
	configs lattice.Bucket

	holder string
	have   lease
	// revision is that of the lease when it was seen last, and since when it has
	// been.
	revision uint64
	since    time.Time
}

func newMirror(ctx context.Context, e *Edge) (*mirror, error) {
	m := &mirror{edge: e, log: e.log, holder: e.opts.NewID(), since: time.Now()}
	for name, to := range map[string]*lattice.Bucket{
		"LATTICEDATA_" + string(e.name): &m.data,
		"CONFIGDATA_" + string(e.name):  &m.configs,
	} {
		bucket, err := e.lattice.Bucket(ctx, name)
		if errors.Is(err, lattice.ErrNotFound) {
			bucket, err = e.lattice.CreateBucket(ctx, lattice.BucketConfig{Name: name, Description: "mirror for wasmCloud's tools"})
		}
		if err != nil {
			return nil, fmt.Errorf("create bucket %q: %w", name, err)
		}
		*to = bucket
	}
	return m, nil
}

// renew takes the lease, keeps it, or finds that another edge has it.
func (m *mirror) renew(ctx context.Context) {
	e, err := m.data.Get(ctx, leaseKey)
	switch {
	case errors.Is(err, lattice.ErrNotFound):
		m.hold(ctx, 0)
		return
	case err != nil:
		m.lose(ctx, err)
		return
	}
	var l lease
	if err := decode(e.Value, &l); err != nil {
		l = lease{}
	}
	if l.Holder != m.holder {
		m.edge.leads.Store(false)
		if e.Revision != m.revision {
			m.revision, m.since = e.Revision, time.Now()
		}
		if l.Holder != "" && time.Since(m.since) < leaseFor {
			return
		}
		m.have = l
	}
	m.hold(ctx, e.Revision)
}

// hold writes the lease in place of the revision that was seen.
func (m *mirror) hold(ctx context.Context, revision uint64) {
	m.have.Holder = m.holder
	value, err := json.Marshal(m.have)
	if err != nil {
		m.lose(ctx, err)
		return
	}
	n, err := swap(ctx, m.data, leaseKey, value, revision)
	if err != nil {
		m.lose(ctx, err)
		return
	}
	m.revision, m.since = n, time.Now()
	if !m.edge.leads.Swap(true) {
		m.log.InfoContext(ctx, "events and mirror for wasmCloud's tools are written from here", "lattice", string(m.edge.name))
		m.edge.post(ctx, func() {
			m.edge.stale = true
			m.edge.heartbeats(ctx, time.Now())
		})
	}
}

func (m *mirror) lose(ctx context.Context, err error) {
	if m.edge.leads.Swap(false) {
		m.log.WarnContext(ctx, "lease is lost", "key", leaseKey, "error", err)
	}
}

// swap puts a value in place of the one with a revision, or where there is none if
// it is zero.
func swap(ctx context.Context, b lattice.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if revision == 0 {
		return b.Create(ctx, key, value)
	}
	return b.Update(ctx, key, value, revision)
}

// wanted is what the mirror should have now.
func (e *Edge) wanted() content {
	c := content{components: map[string][]byte{}, configs: map[string][]byte{}}
	data := map[lattice.ComponentID]*componentMirror{}
	of := func(id lattice.ComponentID) *componentMirror {
		if data[id] == nil {
			data[id] = &componentMirror{Links: []linkShape{}}
		}
		return data[id]
	}
	for id, a := range e.components {
		at := of(id)
		if v := a.Latest(); v != nil {
			at.URL = v.Ref
		}
	}
	for _, key := range sorted(e.links) {
		at := of(e.links[key].Source)
		at.Links = append(at.Links, shapeOf(e.links[key]))
	}
	put := func(to map[string][]byte, key string, v any) {
		text, err := json.Marshal(v)
		if err != nil || len(text) > wire.MaxDocument {
			e.log.Warn("mirror is without a key that is too long", "key", key, "error", err)
			return
		}
		to[key] = text
	}
	for id, v := range data {
		put(c.components, componentPrefix+string(id), v)
	}
	for name, values := range e.configs {
		put(c.configs, string(name), filled(values))
	}
	return c
}

// write returns the work that makes the mirror be as wanted. First the lease says
// what is about to be there: so nothing stays that nobody knows of.
func (m *mirror) write(want content) func(context.Context) {
	return func(ctx context.Context) {
		if !m.edge.leads.Load() {
			return
		}
		before := m.have
		m.have.Components = union(before.Components, want.components)
		m.have.Configs = union(before.Configs, want.configs)
		if !slices.Equal(before.Components, m.have.Components) || !slices.Equal(before.Configs, m.have.Configs) {
			m.hold(ctx, m.revision)
			if !m.edge.leads.Load() {
				return
			}
		}
		err := errors.Join(
			m.level(ctx, m.data, m.have.Components, want.components),
			m.level(ctx, m.configs, m.have.Configs, want.configs),
		)
		if err != nil {
			m.log.WarnContext(ctx, "mirror is not written yet", "error", err)
			m.edge.post(ctx, func() { m.edge.unwritten = true })
			return
		}
		m.have.Components, m.have.Configs = sorted(want.components), sorted(want.configs)
	}
}

// level makes the keys of a bucket that are the mirror's be as wanted.
func (m *mirror) level(ctx context.Context, b lattice.Bucket, keys []string, want map[string][]byte) error {
	var errs []error
	for _, key := range keys {
		value, ok := want[key]
		if !ok {
			errs = append(errs, b.Delete(ctx, key))
			continue
		}
		e, err := b.Get(ctx, key)
		if errors.Is(err, lattice.ErrNotFound) {
			e, err = lattice.Entry{}, nil
		}
		if err == nil && !bytes.Equal(e.Value, value) {
			_, err = swap(ctx, b, key, value, e.Revision)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func union(old []string, now map[string][]byte) []string {
	all := maps.Clone(now)
	if all == nil {
		all = map[string][]byte{}
	}
	for _, key := range old {
		all[key] = nil
	}
	return sorted(all)
}

func sorted[V any](m map[string]V) []string {
	keys := slices.AppendSeq(make([]string, 0, len(m)), maps.Keys(m))
	slices.Sort(keys)
	return keys
}
