package daemon

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

const (
	// reportGap is the shortest time between two reports.
	reportGap = 200 * time.Millisecond
	// putTime bounds how long a document is put into a bucket.
	putTime = 2 * time.Second
)

// reportAll puts reports until ctx ends: on changes, and with each heartbeat.
func (d *Daemon) reportAll(ctx context.Context) {
	beat := time.NewTicker(d.opts.Heartbeat)
	defer beat.Stop()
	failing := false
	for {
		d.measure()
		d.notice()
		err := d.putReport(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !failing {
			d.log.WarnContext(ctx, "report not put: the lattice does not hear of this host; what runs goes on", "bucket", d.buckets.Hosts(), "error", err)
		}
		if err == nil && failing {
			d.log.InfoContext(ctx, "reports are put again")
			d.ready.again() // what was put before may be gone
			d.shelf.again()
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-time.After(reportGap):
		}
		select {
		case <-ctx.Done():
			return
		case <-d.report:
		case <-beat.C:
		}
	}
}

// notice publishes events of changes of the host.
func (d *Daemon) notice() {
	r := d.Report()
	d.logs.forget(d.has)
	d.mu.Lock()
	last := d.lastSeen
	d.lastSeen = observed{r.State, r.Labels}
	d.mu.Unlock()
	if last.labels == nil {
		return // there was none before
	}
	if last.state != r.State {
		d.event(lattice.EventHostState, "", r)
	}
	if !maps.Equal(last.labels, r.Labels) {
		d.event(lattice.EventHostLabels, "", r)
	}
}

// measure samples the load.
func (d *Daemon) measure() {
	l := d.meter.Sample(time.Now())
	d.measured.Store(&lattice.Load{CPU: l.CPU, MachineCPU: l.MachineCPU, MemoryBytes: l.MemoryBytes, AvailableBytes: l.AvailableBytes})
}

// Report returns what the host says of itself.
func (d *Daemon) Report() *lattice.HostReport {
	r := &lattice.HostReport{
		ID: d.opts.ID, Name: d.opts.Name, Lattice: d.opts.Lattice, Group: d.opts.Group, Version: d.opts.Version,
		Started: d.started.UTC(), Time: time.Now().UTC(), Sequence: d.reports.Add(1), Every: d.opts.Heartbeat.Milliseconds(),
		Capacity:  lattice.Capacity{CPUs: d.opts.Machine.CPUs, MemoryBytes: d.opts.Machine.MemoryBytes},
		Providers: append(slices.Clone(d.opts.Providers), builtinStatus()),
	}
	if l := d.measured.Load(); l != nil {
		r.Load = *l
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r.State = d.state()
	var given map[string]string
	if d.desired != nil {
		r.Applied, given = d.desired.Stamp, d.desired.Labels
	}
	r.Labels = d.labels(given)
	for _, one := range d.sorted() {
		s := one.status()
		r.Components = append(r.Components, s)
		r.Load.Running += s.Running
		r.Load.Waiting += s.Waiting
	}
	return r
}

// builtinStatus is how the host reports what it serves to components.
var builtinStatus = sync.OnceValue(func() lattice.ProviderStatus {
	linker, _ := builtin() // it cannot fail: see the tests of WASI
	return lattice.ProviderStatus{ID: "wasi", Name: "WASI", Interfaces: linker.Interfaces(), State: "running"}
})

// status returns how a component is. It is called with the daemon's lock.
func (r *runner) status() lattice.ComponentStatus {
	s := lattice.ComponentStatus{ID: r.id, State: r.state, Reason: r.reason, Since: r.since.UTC()}
	if s.State == lattice.ComponentRunning && !r.d.ready.told(r.id) {
		s.State, s.Reason = lattice.ComponentStarting, "it runs, and callers do not find it yet"
	}
	spec := r.last
	if r.current != nil {
		spec = r.serves // what runs, and not what ought to
		if w := r.want; w != nil && w != spec {
			s.Next = &lattice.NextStatus{Revision: w.Revision, Digest: w.Digest, State: lattice.ComponentStarting}
			if n := r.next; n.spec != nil && alike(n.spec, w) {
				s.Next.State, s.Next.Reason = n.state, n.reason
			}
		}
	}
	s.Ref, s.Digest, s.Revision = spec.Ref, spec.Digest, spec.Revision
	s.MaxInstances, s.Annotations = spec.MaxInstances, spec.Annotations
	s.Calls, s.Failures = r.calls.Load(), r.failed
	all := r.old
	if r.current != nil {
		all = append(slices.Clip(all), r.current)
	}
	if r.current != nil && r.current.granted != nil {
		s.Faults = r.current.granted.grant.Faults()
	}
	for _, run := range all {
		s.Failures += run.failures()
		s.Running += run.target.Metrics().Running.Load()
		s.Waiting += run.target.Metrics().Waiting.Load()
	}
	return s
}

// shortReason is what is left of reasons in a report that is too long.
const shortReason = 120

// putReport puts a report under the host's key.
func (d *Daemon) putReport(ctx context.Context) error {
	r := d.Report()
	value, err := wire.EncodeHostReport(r)
	if err != nil { // it is too long
		for i := range r.Components {
			c := &r.Components[i]
			c.Reason, c.Ref, c.Annotations = clip(c.Reason, shortReason), clip(c.Ref, shortReason), nil
			if c.Next != nil {
				c.Next.Reason = clip(c.Next.Reason, shortReason)
			}
			for j := range c.Faults {
				c.Faults[j].Reason = clip(c.Faults[j].Reason, shortReason)
			}
		}
		if value, err = wire.EncodeHostReport(r); err != nil {
			return err
		}
	}
	if err := d.put(ctx, d.buckets.Hosts(), string(d.opts.ID), value); err != nil {
		return err
	}
	now := time.Now()
	d.beat.Store(&now)
	return nil
}

// beatAge is how long ago the last report was taken, or the daemon started.
func (d *Daemon) beatAge() time.Duration {
	if last := d.beat.Load(); last != nil {
		return time.Since(*last)
	}
	return time.Since(d.started)
}

// put signs a document and puts it into a bucket.
func (d *Daemon) put(ctx context.Context, bucket, key string, value []byte) error {
	signed, err := d.opts.Signer.Sign(bucket, key, value)
	if err != nil {
		return err
	}
	return d.putSigned(ctx, bucket, key, signed)
}

// putSigned puts a signed document into a bucket.
func (d *Daemon) putSigned(ctx context.Context, bucket, key string, signed []byte) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	return d.with(ctx, bucket, func(b lattice.Bucket) error {
		_, err := b.Put(ctx, key, signed)
		return err
	})
}

// with calls f with a bucket, which is opened anew after an error: another may have
// its name by now.
func (d *Daemon) with(ctx context.Context, name string, f func(lattice.Bucket) error) error {
	have, _ := d.opened.Load(name)
	b, ok := have.(lattice.Bucket)
	if !ok {
		var err error
		if b, err = d.l.Bucket(ctx, name); err != nil {
			return err
		}
		d.opened.Store(name, b)
	}
	err := f(b)
	if err != nil {
		d.opened.Delete(name)
	}
	return err
}

// eachExceeded calls f with how often components exceeded their limits.
func (d *Daemon) eachExceeded(f func(id lattice.ComponentID, limit string, n int64)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.sorted() {
		counts := maps.Clone(r.exceeded)
		all := r.old
		if r.current != nil {
			all = append(slices.Clip(all), r.current)
		}
		for _, run := range all {
			counts = add(counts, run.target.Metrics().Exceeded.Counts())
		}
		for _, limit := range slices.Sorted(maps.Keys(counts)) {
			f(r.id, limit, counts[limit])
		}
	}
}

// add adds counts to others, which it changes or makes.
func add(to, counts map[string]int64) map[string]int64 {
	if to == nil && len(counts) > 0 {
		to = map[string]int64{}
	}
	for name, n := range counts {
		to[name] += n
	}
	return to
}
