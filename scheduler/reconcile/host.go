package reconcile

import (
	"maps"
	"math"
	"strings"

	"github.com/wattle-dev/wattle/hostgroup/machine"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/place"
)

// host is what was heard of a host in this term.
type host struct {
	id lattice.HostID
	// report is the last one, nil if there was none yet.
	report *lattice.HostReport
	status map[lattice.ComponentID]*lattice.ComponentStatus
	// seen is when it was heard of last, or when it was first known that it ought to be.
	seen int64
	lost bool
	// document is the stamp of the host's document, which tells what the state with the
	// stamp asks has it told.
	document, asks lattice.Stamp
}

// applied reports whether a host has applied what it was to be told since the state with a
// stamp.
func (h *host) applied(since lattice.Stamp) bool {
	applied := h.report.Applied
	return applied.Compare(since) >= 0 || h.asks.Compare(since) >= 0 && applied.Compare(h.document) >= 0
}

// Told says that what lies there for a host, with the stamp document, is what it is to be
// told as of the state with the stamp asks: it is not told so again.
func (r *Reconciler) Told(id lattice.HostID, document, asks lattice.Stamp) {
	h := r.hosts[id]
	if h == nil || h.asks.Compare(asks) >= 0 && h.document == document {
		return
	}
	before := *h
	h.document, h.asks = document, asks
	if h.report == nil {
		return
	}
	for _, c := range r.cluster.On(id) {
		if m := r.known[c]; m != nil {
			if p := m.pending[id]; before.applied(p.given) != h.applied(p.given) || before.applied(p.stamp) != h.applied(p.stamp) {
				r.touch(c)
			}
		}
	}
}

// called returns what people call a host by.
func (r *Reconciler) called(id lattice.HostID) string {
	if h := r.hosts[id]; h != nil && h.report != nil {
		return id.Called(h.report.Name)
	}
	return id.Short()
}

// Beat says that the leader's own beat has come back to it through the lattice. If it was
// away, so were hosts: that time counts against nothing that they were to do.
func (r *Reconciler) Beat(now int64) {
	if !r.hears || now-r.beat > r.opts.Beat {
		r.heard = now
		if r.hears {
			for _, m := range r.known {
				m.postpone(r.beat, now)
			}
		}
	}
	r.hears, r.beat = true, now
}

// Observe takes in what a host says of itself. The report is not changed afterwards.
func (r *Reconciler) Observe(now int64, report *lattice.HostReport) {
	r.now = now
	h := r.hosts[report.ID]
	if h == nil {
		h = &host{id: report.ID}
		r.hosts[report.ID] = h
	}
	before, was := h.report, h.status
	h.report, h.seen = report, now
	r.silent = min(r.silent, now+r.opts.Lease)
	h.status = make(map[lattice.ComponentID]*lattice.ComponentStatus, len(report.Components))
	for i := range report.Components {
		h.status[report.Components[i].ID] = &report.Components[i]
	}
	news := before == nil || h.lost || before.State != report.State || before.Applied != report.Applied
	h.lost = false
	if r.describe(h) || news {
		r.touchOn(h.id)
		return
	}
	for _, id := range r.cluster.On(h.id) {
		if differs(was[id], h.status[id]) {
			r.touch(id)
		}
	}
}

// Quiet returns the hosts of which nothing was heard for half of the lease, and which do
// not count as lost.
func (r *Reconciler) Quiet(now int64) []lattice.HostID {
	var quiet []lattice.HostID
	for id, h := range r.hosts {
		if !h.lost && now-max(h.seen, r.heard) >= r.opts.Lease/2 {
			quiet = append(quiet, id)
		}
	}
	return quiet
}

// Present says that a host of which nothing is heard was there when it was asked. One that
// is lost already stays so until it reports.
func (r *Reconciler) Present(now int64, id lattice.HostID) {
	if h := r.hosts[id]; h != nil && !h.lost {
		h.seen = max(h.seen, now)
	}
}

// differs reports whether two reports of a component on a host mean something else.
func differs(a, b *lattice.ComponentStatus) bool {
	if a == nil || b == nil {
		return a != b
	}
	return a.Revision != b.Revision || a.Digest != b.Digest || a.State != b.State || nextDiffers(a, b)
}

// Gone says that a host's key is gone: nobody has heard of it for longer than a lease, or
// it was removed.
func (r *Reconciler) Gone(now int64, id lattice.HostID) {
	r.now = now
	h := r.hosts[id]
	if h == nil {
		return
	}
	delete(r.hosts, id)
	delete(r.joined, id)
	r.cluster.RemoveHost(id)
	// What is placed on it is on a host of which nothing is known. Who was lost still is.
	r.expect(id)
	if again := r.hosts[id]; again != nil {
		again.lost = h.lost
	}
	r.touchOn(id)
}

// expect waits for a host on which something is placed, and of which nothing was heard.
func (r *Reconciler) expect(id lattice.HostID) {
	if r.hosts[id] == nil && len(r.cluster.On(id)) > 0 {
		r.hosts[id] = &host{id: id, seen: r.now}
		r.silent = min(r.silent, r.now+r.opts.Lease)
	}
}

// wished takes in that operators want something of a host.
func (r *Reconciler) wished(id lattice.HostID) {
	if h := r.hosts[id]; h != nil && h.report != nil {
		r.describe(h)
	}
	r.touchOn(id)
}

// touchOn has all components of a host be looked at.
func (r *Reconciler) touchOn(id lattice.HostID) {
	for _, c := range r.cluster.On(id) {
		r.touch(c)
	}
}

// judges reports whether hosts may be lost: while the leader hears.
func (r *Reconciler) judges() bool { return r.hears && r.now-r.beat <= r.opts.Beat }

// judge finds the hosts that are lost. It looks at them when the first one may be, and
// not each time that one reports.
func (r *Reconciler) judge() {
	if !r.judges() || r.now < max(r.silent, r.heard+r.opts.Lease) {
		return
	}
	r.silent = math.MaxInt64
	for id, h := range r.hosts {
		if h.report == nil && len(r.cluster.On(id)) == 0 {
			delete(r.hosts, id) // nobody waits for it any more
			continue
		}
		if h.lost {
			continue
		}
		if r.now-max(h.seen, r.heard) < r.opts.Lease {
			r.silent = min(r.silent, h.seen+r.opts.Lease)
			continue
		}
		h.lost = true
		if h.report != nil {
			r.describe(h)
		}
		r.touchOn(h.id)
	}
}

// describe tells the cluster of a host, and reports whether something has changed that
// matters to what is placed there.
func (r *Reconciler) describe(h *host) bool {
	before, known := r.cluster.Host(h.id)
	after := place.Host{
		ID:        h.id,
		Name:      h.report.Name,
		Group:     h.report.Group,
		Labels:    r.labels(h),
		Isolation: h.report.Labels[machine.LabelIsolation],
		Closed:    r.closed(h),
		Capacity: lattice.Resources{
			CPUMillis:   millis(h.report.Capacity.CPUs),
			MemoryBytes: h.report.Capacity.MemoryBytes,
		},
		FreeBytes: h.report.Load.AvailableBytes,
		OwnBytes:  h.report.Load.MemoryBytes,
	}
	r.cluster.SetHost(after)
	moved := !known || before.Group != after.Group || before.Isolation != after.Isolation || !maps.Equal(before.Labels, after.Labels)
	if after.Closed == "" && (moved || before.Closed != "" || before.Capacity != after.Capacity) {
		r.joined[h.id] = true
		r.touchAll(r.missing)
		r.touchAll(r.eager)
	}
	if after.Closed != "" {
		delete(r.joined, h.id)
	}
	return moved || before.Closed != after.Closed
}

// labels are those of a host, with those over them that operators gave it, which it may
// not have heard of yet.
func (r *Reconciler) labels(h *host) map[string]string {
	given := r.s.Host(h.id)
	if given == nil || len(given.Labels) == 0 {
		return h.report.Labels
	}
	labels := maps.Clone(h.report.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	for key, value := range given.Labels {
		if !machine.Detected(key) && !strings.HasPrefix(key, "hostcore.") {
			labels[key] = value
		}
	}
	return labels
}

// millis returns processors in thousandths.
func millis(cpus float64) int64 {
	if math.IsNaN(cpus) || cpus <= 0 {
		return 0
	}
	return int64(min(cpus, 1<<20) * 1000)
}

// closed says why a host takes no further components, or nothing if it does.
func (r *Reconciler) closed(h *host) string {
	wish := r.s.Wish(h.id)
	switch {
	case h.report.State == lattice.HostStopped:
		return "it has ended"
	case h.lost:
		return "it does not report"
	case wish != lattice.HostReady:
		return "it is to be " + string(wish)
	case h.report.State != lattice.HostReady:
		return "it is " + string(h.report.State)
	}
	return ""
}

// going says why what is placed on a host has to go, and whether the host is past waiting
// for. It returns nothing if it may stay.
func (r *Reconciler) going(id lattice.HostID) (why string, past bool) {
	h := r.hosts[id]
	switch wish := r.s.Wish(id); {
	case h == nil:
		return "nothing was ever heard of its host", true
	case h.lost:
		return "its host does not report", true
	case h.report != nil && h.report.State == lattice.HostStopped:
		return "its host has ended", true
	case wish == lattice.HostDrained || wish == lattice.HostStopped:
		return "its host is to be " + string(wish), false
	case h.report != nil && h.report.State == lattice.HostDraining:
		return "its host is draining", false
	}
	return "", false
}

// elsewhere reports whether there is a host that may take what has to go from another
// one, or may when it is heard of again. Without one there is nothing to wait for.
func (r *Reconciler) elsewhere() bool {
	for id, h := range r.hosts {
		going, past := r.going(id)
		if h.lost || h.report == nil || going == "" && !past && r.closed(h) == "" {
			return true
		}
	}
	return false
}

// unheard reports whether nothing was heard of a host yet that may still be there.
func (r *Reconciler) unheard(id lattice.HostID) bool {
	h := r.hosts[id]
	return h != nil && h.report == nil && !h.lost
}
