package wasmcloud

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/wattle-dev/wattle/lattice"
)

// The subjects and types of events, which are not configured.
const (
	eventSubject = "wasmbus.evt."
	eventType    = "com.wasmcloud.lattice."
)

// emit publishes an event, if this edge is the one that does.
func (e *Edge) emit(ctx context.Context, source lattice.HostID, name string, data any) {
	if !e.leads.Load() {
		return
	}
	e.publish(ctx, source, name, data)
}

// publish publishes an event.
func (e *Edge) publish(ctx context.Context, source lattice.HostID, name string, data any) {
	text, err := json.Marshal(data)
	if err == nil {
		text, err = json.Marshal(event{
			SpecVersion: "1.0", ID: e.opts.NewID(), Source: string(source), Type: eventType + name,
			Time: time.Now().UTC(), DataContentType: "application/json", Data: text,
		})
	}
	if err == nil {
		err = e.lattice.Publish(&lattice.Message{Subject: eventSubject + string(e.name) + "." + name, Data: text})
	}
	if err != nil {
		e.log.WarnContext(ctx, "event is lost", "error", err)
	}
}

// heartbeats says that hosts are there.
func (e *Edge) heartbeats(ctx context.Context, now time.Time) {
	for _, h := range e.aliveHosts(now) {
		e.emit(ctx, h.report.ID, "host_heartbeat", inventoryOf(h.report))
	}
}

// compare tells what has changed with a host.
func (e *Edge) compare(ctx context.Context, old, now *hostView) {
	r := now.report
	ended := r.State == lattice.HostStopped
	began := !ended && (old == nil || old.report.State == lattice.HostStopped || !old.report.Started.Equal(r.Started))
	labels := labelsOf(r)
	var before []lattice.ComponentStatus
	switch {
	case began:
		e.emit(ctx, r.ID, "host_started", hostStarted{FriendlyName: r.Name, Labels: labels, Version: r.Version})
	case old == nil:
		return
	default:
		before = old.report.Components
		if was := labelsOf(old.report); !ended && !maps.Equal(was, labels) {
			e.emit(ctx, r.ID, "labels_changed", labelsChanged{string(r.ID), labels})
		}
	}
	e.compareComponents(ctx, r, before)
	if ended && old.report.State != lattice.HostStopped {
		e.emit(ctx, r.ID, "host_stopped", hostStopped{labels})
	}
}

// compareComponents tells what has changed with the components of a host.
func (e *Edge) compareComponents(ctx context.Context, r *lattice.HostReport, before []lattice.ComponentStatus) {
	was := map[lattice.ComponentID]*lattice.ComponentStatus{}
	for i := range before {
		was[before[i].ID] = &before[i]
	}
	for i := range r.Components {
		c := &r.Components[i]
		old := was[c.ID]
		delete(was, c.ID)
		same := old != nil && old.State == c.State && old.Ref == c.Ref && old.Digest == c.Digest && old.Revision == c.Revision &&
			old.MaxInstances == c.MaxInstances && maps.Equal(old.Annotations, c.Annotations)
		switch {
		case same:
		case c.State == lattice.ComponentRunning:
			e.emit(ctx, r.ID, "component_scaled", scaledOf(r.ID, c))
		case c.State == lattice.ComponentFailed:
			s := scaledOf(r.ID, c)
			s.Error = c.Reason
			if s.Error == "" {
				s.Error = "the component failed"
			}
			e.emit(ctx, r.ID, "component_scale_failed", s)
		}
	}
	for i := range before {
		if c := was[before[i].ID]; c != nil {
			s := scaledOf(r.ID, c)
			s.MaxInstances = 0
			e.emit(ctx, r.ID, "component_scaled", s)
		}
	}
}

func scaledOf(h lattice.HostID, c *lattice.ComponentStatus) scaled {
	return scaled{
		HostID: string(h), ComponentID: string(c.ID), ImageRef: c.Ref,
		MaxInstances: c.MaxInstances, Annotations: filled(c.Annotations),
	}
}
