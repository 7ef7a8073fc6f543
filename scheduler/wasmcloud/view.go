package wasmcloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wattle-dev/wattle/hostgroup"
	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// hostView is a host by its last report that verified.
type hostView struct {
	report   *lattice.HostReport
	revision uint64
	// at is when the report came.
	at time.Time
}

// alive reports whether a host is to be answered for.
func (h *hostView) alive(now time.Time) bool {
	m := hostgroup.Member{Report: h.report, Silent: now.Sub(h.at).Milliseconds()}
	return h.report.State != lattice.HostStopped && !m.Unreachable()
}

// aliveHosts returns the hosts that are there, by their IDs.
func (e *Edge) aliveHosts(now time.Time) []*hostView {
	var alive []*hostView
	for _, id := range slices.Sorted(maps.Keys(e.hosts)) {
		if h := e.hosts[id]; h.alive(now) {
			alive = append(alive, h)
		}
	}
	return alive
}

// observe takes in a change. live says that all that there was is known.
func (e *Edge) observe(ctx context.Context, c changed, live bool) {
	if c.entry.Synced {
		e.unwatched--
		return
	}
	var err error
	switch c.bucket {
	case e.buckets.Hosts():
		err = e.observeHost(ctx, c.entry, live)
	case e.buckets.Components():
		err = e.observeComponent(c.entry)
	case e.buckets.Links():
		err = e.observeLink(ctx, c.entry, live)
	case e.buckets.Config():
		err = e.observeConfig(ctx, c.entry, live)
	}
	if err != nil {
		e.log.WarnContext(ctx, "document is ignored", "bucket", c.bucket, "key", c.entry.Key, "error", err)
	}
}

func (e *Edge) observeHost(ctx context.Context, entry lattice.Entry, live bool) error {
	id, err := lattice.ParseHostID(entry.Key)
	if err != nil {
		return err
	}
	old := e.hosts[id]
	if entry.Deleted {
		delete(e.hosts, id)
		return nil
	}
	if old != nil && old.revision == entry.Revision {
		return nil
	}
	value, err := e.verifier.Host(id, e.buckets.Hosts(), entry.Key, entry.Value)
	if err != nil {
		return err
	}
	report, err := wire.DecodeHostReport(value, e.name, id)
	if err != nil {
		return err
	}
	h := &hostView{report: report, revision: entry.Revision, at: time.Now()}
	if !live && entry.Time.Before(h.at) {
		h.at = entry.Time
	}
	e.hosts[id] = h
	if live {
		e.compare(ctx, old, h)
	}
	return nil
}

func (e *Edge) observeComponent(entry lattice.Entry) error {
	id := lattice.ComponentID(entry.Key)
	e.stale = true
	if entry.Deleted {
		delete(e.components, id)
		return nil
	}
	value, err := e.verifier.Scheduler(e.buckets.Components(), entry.Key, entry.Value)
	if err != nil {
		return err
	}
	a, err := wire.DecodeAssignment(value, id)
	if err != nil {
		return err
	}
	if old := e.components[id]; old != nil && old.Stamp.Compare(a.Stamp) > 0 {
		return fmt.Errorf("%w: it is older than one that was there before", lattice.ErrConflict)
	}
	e.components[id] = a
	return nil
}

func (e *Edge) observeLink(ctx context.Context, entry lattice.Entry, live bool) error {
	old := e.links[entry.Key]
	if entry.Deleted {
		delete(e.links, entry.Key)
		if old != nil && live {
			e.emit(ctx, e.anyHost(), "linkdef_deleted", unlinkShape{string(old.Source), string(old.Name), old.Namespace, old.Package})
		}
		e.stale = true
		return nil
	}
	value, err := e.verifier.Scheduler(e.buckets.Links(), entry.Key, entry.Value)
	if err != nil {
		return err
	}
	l, err := wire.DecodeLink(value, entry.Key)
	if err != nil {
		return err
	}
	e.links[entry.Key] = l
	e.stale = true
	if live && (old == nil || !old.Equal(l)) {
		e.emit(ctx, e.anyHost(), "linkdef_set", shapeOf(l))
	}
	return nil
}

func (e *Edge) observeConfig(ctx context.Context, entry lattice.Entry, live bool) error {
	name := lattice.ConfigName(entry.Key)
	old, had := e.configs[name]
	if entry.Deleted {
		delete(e.configs, name)
		if had && live {
			e.emit(ctx, e.anyHost(), "config_deleted", configChanged{string(name)})
		}
		e.stale = true
		return nil
	}
	value, err := e.verifier.Scheduler(e.buckets.Config(), entry.Key, entry.Value)
	if err != nil {
		return err
	}
	c, err := wire.DecodeConfig(value)
	if err != nil {
		return err
	}
	e.configs[name] = c
	e.stale = true
	if live && (!had || !maps.Equal(old, c)) {
		e.emit(ctx, e.anyHost(), "config_set", configChanged{string(name)})
	}
	return nil
}

// anyHost is the host that is the source of events of the whole lattice: one of
// them has to be.
func (e *Edge) anyHost() lattice.HostID {
	if alive := e.aliveHosts(time.Now()); len(alive) > 0 {
		return alive[0].report.ID
	}
	return ""
}

// hostShapeOf and inventoryOf are a host as wasmCloud says it.
func hostShapeOf(r *lattice.HostReport) hostShape {
	seconds, human := uptime(r)
	return hostShape{
		ID: string(r.ID), FriendlyName: r.Name, Labels: labelsOf(r), Lattice: string(r.Lattice),
		UptimeSeconds: seconds, UptimeHuman: human, Version: r.Version,
	}
}

func inventoryOf(r *lattice.HostReport) inventoryShape {
	seconds, human := uptime(r)
	inv := inventoryShape{
		HostID: string(r.ID), FriendlyName: r.Name, Labels: labelsOf(r), Version: r.Version,
		UptimeHuman: human, UptimeSeconds: seconds,
		Components: make([]componentShape, 0, len(r.Components)), Providers: make([]providerShape, 0, len(r.Providers)),
	}
	for _, c := range r.Components {
		if c.State == lattice.ComponentFailed || c.State == lattice.ComponentStopping {
			continue
		}
		inv.Components = append(inv.Components, componentShape{
			ID: string(c.ID), ImageRef: c.Ref, Name: string(c.ID), Annotations: c.Annotations,
			Revision: c.Revision, MaxInstances: c.MaxInstances,
		})
	}
	for _, p := range r.Providers {
		inv.Providers = append(inv.Providers, providerShape{ID: string(p.ID), ImageRef: builtin + string(p.ID), Name: p.Name})
	}
	return inv
}

// builtin begins the refs of providers that are part of hosts.
const builtin = "wattle+builtin://"

// uptime is what the host's own clock says.
func uptime(r *lattice.HostReport) (seconds uint64, human string) {
	up := max(r.Time.Sub(r.Started), 0).Truncate(time.Second)
	return uint64(up / time.Second), up.String()
}

// The labels that wasmCloud's hosts detect, of which the values are Rust's.
const (
	coreLabels = "hostcore."
	coreArch   = coreLabels + "arch"
	coreOS     = coreLabels + "os"
	coreFamily = coreLabels + "osfamily"
)

var rustNames = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "x86", "darwin": "macos"}

// labelsOf are the labels of a host, and those that wasmCloud adds.
func labelsOf(r *lattice.HostReport) map[string]string {
	labels := maps.Clone(r.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	rust := func(key, value string) {
		if value == "" {
			return
		}
		if name, ok := rustNames[value]; ok {
			value = name
		}
		labels[key] = value
	}
	rust(coreArch, labels["arch"])
	rust(coreOS, labels["os"])
	switch labels["os"] {
	case "":
	case "windows":
		labels[coreFamily] = "windows"
	default:
		labels[coreFamily] = "unix"
	}
	return labels
}
