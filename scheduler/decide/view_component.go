package decide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/scheduler/control"
	"github.com/wattle-dev/wattle/scheduler/state"
)

// statusOn is what a host that is heard of says of a component, or nil.
func (v *viewer) statusOn(host lattice.HostID, id lattice.ComponentID) *lattice.ComponentStatus {
	h := v.Hosts(host)
	if h == nil || h.Silent != "" {
		return nil
	}
	for i := range h.Report.Components {
		if h.Report.Components[i].ID == id {
			return &h.Report.Components[i]
		}
	}
	return nil
}

// tally counts how the placements of a component are doing, in instances.
type tally struct {
	placed, ready, old, coming int
	// failed and bad count hosts: on which it could not be started, and on which it is
	// not well.
	failed, bad int
	// hosts are those that the component is not to leave.
	hosts  int
	reason string
	// leaves says that one which it is to leave still serves it.
	leaves bool
	// previous says that a host has a revision before the one that is wanted.
	previous bool
}

// host tells of a placement, and counts it.
func (v *viewer) host(c *state.Component, p *state.Placement, n *tally) control.PartHost {
	at := control.PartHost{
		Host: p.Host, Name: nameOf(&v.In, p.Host), Revision: p.Revision, Instances: p.Instances, Share: p.Spread,
		Why: p.Why, Leaving: p.Leaving, State: lattice.ComponentStarting,
	}
	h, s := v.Hosts(p.Host), v.statusOn(p.Host, c.ID)
	serving := s != nil && s.State == lattice.ComponentRunning
	// What it is given from now on is part of no revision.
	behind := serving && s.Revision == p.Revision && (s.Next != nil && s.Next.Revision == p.Revision || h.Behind != nil && h.Behind(c.ID))
	switch {
	case h == nil:
		at.State, at.Reason = "", "nothing was heard of it yet"
	case h.Silent != "":
		at.State, at.Reason = "", "it is silent: "+h.Silent
	case s == nil:
		at.Reason = "not begun yet"
	default:
		at.State, at.Reason, at.Since = s.State, s.Reason, s.Since
		at.Faults = s.Faults
		if s.Next != nil && s.Next.Revision == p.Revision {
			at.State, at.Reason = s.Next.State, s.Next.Reason
		} else if behind {
			at.State, at.Reason = lattice.ComponentStarting, "it goes on with the links, configurations and secrets that it had"
		} else if s.Revision != p.Revision && !serving {
			at.State = lattice.ComponentStarting
		}
	}
	n.previous = n.previous || p.Revision != c.Target
	if p.Leaving != "" {
		// How what replaces it is doing matters.
		n.leaves = n.leaves || serving
		return at
	}
	n.placed += p.Instances
	n.hosts++
	switch {
	case serving && !behind && s.Revision == p.Revision && p.Revision == c.Target:
		n.ready += p.Instances
	case serving:
		n.old += p.Instances
		n.coming++
	default:
		n.coming++
	}
	switch at.State {
	case lattice.ComponentFailed:
		n.failed++
	case lattice.ComponentUnhealthy:
		n.bad++
	case lattice.ComponentStarting, lattice.ComponentRunning, lattice.ComponentStopping:
	}
	if at.Reason != "" && (n.reason == "" || at.State == lattice.ComponentFailed) {
		n.reason = fmt.Sprintf("host %s: %s", cmp.Or(at.Name, p.Host.Short()), at.Reason)
	}
	return at
}

// component is how a component is doing.
func (v *viewer) component(c *state.Component) control.PartStatus {
	r := c.TargetRevision()
	part := control.PartStatus{Kind: "component", Name: c.Name, ID: string(c.ID), Ref: r.Ref, Revision: r.Number}
	placed := v.s.Placements(c.ID)
	if placed == nil {
		placed = &state.Placements{Component: c.ID}
	}
	var n tally
	for i := range placed.Hosts {
		part.Hosts = append(part.Hosts, v.host(c, &placed.Hosts[i], &n))
	}
	part.Placed, part.Ready, part.Old = n.placed, n.ready, n.old
	part.Wanted = wantedOf(c, n.placed, placed.Missing)
	for _, route := range r.Routes {
		if route.Host != "" {
			part.URLs = append(part.URLs, "http://"+route.Host+route.Path)
		}
	}
	part.Phase, part.Reason = v.phase(c, placed, &n)
	return part
}

// wantedOf is how many instances there ought to be.
func wantedOf(c *state.Component, placed, missing int) int {
	pinned := 0
	for i := range c.Pins {
		pinned += c.Pins[i].Instances
	}
	switch c.Rules.Mode {
	case lattice.ModeSpread:
		return c.Rules.Instances + pinned
	case lattice.ModeHosts:
		return c.Rules.Instances*c.Rules.Hosts + pinned
	case lattice.ModeDaemon:
		return placed + missing
	case lattice.ModeNone:
	}
	return pinned
}

func (v *viewer) phase(c *state.Component, placed *state.Placements, n *tally) (control.AppPhase, string) {
	serves := n.ready+n.old > 0 || n.leaves
	missing := ""
	if placed.Missing > 0 {
		missing = fmt.Sprintf("%s no host%s", count(placed.Missing, "instance has found", "instances have found"), why(c, placed))
	}
	switch {
	case c.Dropped != 0:
		return control.AppReady, "the version that is deployed does not have it: it goes when that is ready"
	case c.Failed != "":
		return control.AppFailed, c.Failed
	case v.configMissing(c) != "":
		return control.AppWaiting, v.configMissing(c)
	case v.secretMissing(c) != nil:
		return control.AppWaiting, v.secretMissing(c).Error()
	case n.hosts == 0 && !serves && missing != "":
		return control.AppWaiting, missing
	case len(placed.Hosts) == 0 && c.Rules.Mode == lattice.ModeDaemon:
		return control.AppWaiting, "no host fits" + why(c, placed)
	case len(placed.Hosts) == 0 && c.Rules.Mode == lattice.ModeNone:
		return control.AppReady, "it has no scaler, so nothing of it is started"
	case len(placed.Hosts) == 0:
		return control.AppProgressing, "its hosts are not chosen yet"
	case n.failed > 0 && !serves:
		return control.AppFailed, n.reason
	case c.Rollout.Canary != nil && !c.Promoted && n.previous && serves && n.hosts < 2:
		return control.AppCanary, fmt.Sprintf("revision %d waits: a canary takes two hosts, and %d has the component; `wattle app promote %s` goes on without one", c.Target, n.hosts, c.App)
	case c.Rollout.Canary != nil && !c.Promoted && n.previous && serves && n.ready == 0 && n.failed+n.bad == 0:
		return control.AppProgressing, cmp.Or(n.reason, "the canary is not ready yet")
	case c.Rollout.Canary != nil && !c.Promoted && n.previous && serves:
		return control.AppCanary, fmt.Sprintf("%d of a hundred calls go to revision %d: `wattle app promote %s` ends it", c.Rollout.Canary.Weight, c.Target, c.App)
	case n.failed+n.bad > 0:
		return control.AppDegraded, n.reason
	case n.coming > 0:
		return control.AppProgressing, n.reason
	case missing != "":
		return control.AppDegraded, missing
	}
	return control.AppReady, ""
}

func (v *viewer) configMissing(c *state.Component) string {
	for _, config := range c.TargetRevision().Configs {
		if config.Values == nil && v.s.Config(config.Name) == nil {
			return configMissing(config.Name)
		}
	}
	return ""
}

// secretMissing reports the secrets of a component that are not there: they were deleted
// since it was deployed.
func (v *viewer) secretMissing(c *state.Component) error {
	_, missing := v.s.Resolve(c.TargetRevision().Secrets)
	return secretsMissing(v.s, missing)
}

// bare says which shares of a component have no host, though they ought to have an instance.
func bare(c *state.Component, placed *state.Placements) []string {
	shares := c.Rules.Spread
	total := 0
	for i := range shares {
		total += shares[i].Weight
	}
	var texts []string
	for i := range shares {
		s := &shares[i]
		has := slices.ContainsFunc(placed.Hosts, func(at state.Placement) bool { return at.Spread == s.Name })
		if len(shares) > 1 && !has && s.Weight > 0 && c.Rules.Instances >= (total+s.Weight-1)/s.Weight {
			texts = append(texts, fmt.Sprintf("none does for share %q, which wants %s", s.Name, cmp.Or(labelsText(s.Requirements), "any host")))
		}
	}
	return texts
}

// why says why the other hosts were not chosen.
func why(c *state.Component, placed *state.Placements) string {
	texts := bare(c, placed)
	switch {
	case len(placed.Passed)+len(texts) > 0:
	case len(placed.Hosts) > 0:
		return ": no other has reported that takes placements; `wattle get hosts` lists those that are"
	default:
		return ": none has reported that takes placements; `wattle get hosts` lists those that are"
	}
	for i, p := range placed.Passed {
		if i == maxReasons {
			texts = append(texts, "and others")
			break
		}
		texts = append(texts, fmt.Sprintf("%s: %s", count(p.Count, "host", "hosts"), p.Why))
	}
	return ": " + strings.Join(texts, "; ")
}
