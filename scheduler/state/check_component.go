package state

import (
	"errors"
	"fmt"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

func checkComponent(c *Component) error {
	errs := []error{
		checkComponentID(c.ID),
		checkAppName(c.App, true),
		checkLine("name", c.Name, wire.MaxText),
		checkLen("revisions", len(c.Revisions), 1, MaxRevisions),
		checkText("failed", c.Failed, wire.MaxReason),
		checkRules(&c.Rules),
		checkRollout(&c.Rollout),
		checkPins(c.Pins),
		checkAnnotations(c.Annotations),
	}
	for i := range c.Revisions {
		r := &c.Revisions[i]
		if err := checkRevision(r, c.ID); err != nil {
			errs = append(errs, fmt.Errorf("revision %d: %w", r.Number, err))
		}
		if i > 0 && r.Number <= c.Revisions[i-1].Number {
			errs = append(errs, invalid("revision %d comes after revision %d", r.Number, c.Revisions[i-1].Number))
		}
	}
	if c.TargetRevision() == nil {
		errs = append(errs, invalid("target: there is no revision %d", c.Target))
	}
	return errors.Join(errs...)
}

func checkRevision(r *Revision, id lattice.ComponentID) error {
	errs := []error{
		checkNumber("number", r.Number, 1, maxRevision),
		checkRef(r.Ref),
		wire.CheckDigest(r.Digest),
		wire.CheckLimits(&r.Limits),
		checkRevisionConfigs(r.Configs),
		checkLen("links", len(r.Links), 0, wire.MaxLinks),
		wire.CheckRoutes(r.Routes),
		checkProbe(r.Probe),
		checkMCP(r.MCP),
		wire.CheckSecrets(r.Secrets),
	}
	seen := map[string]bool{}
	for i := range r.Links {
		l := &r.Links[i]
		name := wire.LinkKey(l)
		switch err := checkLink(l); {
		case err != nil:
			errs = append(errs, fmt.Errorf("link %d: %w", i, err))
		case l.Source != id:
			errs = append(errs, invalid("link %d: its source is %.80q", i, l.Source))
		case seen[name]:
			errs = append(errs, invalid("link %q is there twice", name))
		}
		seen[name] = true
	}
	return errors.Join(errs...)
}

func checkRevisionConfigs(configs []RevisionConfig) error {
	names := make([]lattice.ConfigName, len(configs))
	var errs []error
	for i := range configs {
		names[i] = configs[i].Name
		if err := checkValues(configs[i].Values); err != nil {
			errs = append(errs, fmt.Errorf("config %.80q: %w", configs[i].Name, err))
		}
	}
	return errors.Join(append(errs, checkConfigNames("configs", names))...)
}

func checkProbe(p *lattice.Probe) error {
	if p == nil {
		return nil
	}
	return wire.CheckProbe(p)
}

func checkMCP(m *lattice.MCP) error {
	if m == nil {
		return nil
	}
	return wire.CheckMCP(m)
}

func checkPins(pins []Pin) error {
	errs := []error{checkLen("pins", len(pins), 0, wire.MaxHosts)}
	seen := make(map[lattice.HostID]bool, len(pins))
	for i := range pins {
		p := &pins[i]
		errs = append(
			errs,
			checkHostID(p.Host),
			checkInt("pin: instances", int64(p.Instances), 1, wire.MaxInstances),
			checkAnnotations(p.Annotations),
		)
		if seen[p.Host] {
			errs = append(errs, invalid("pin: host %s is there twice", p.Host))
		}
		seen[p.Host] = true
	}
	return errors.Join(errs...)
}

func checkRules(r *lattice.Rules) error {
	errs := []error{
		checkInt("rules: instances", int64(r.Instances), 0, MaxTotal),
		checkInt("rules: hosts", int64(r.Hosts), 0, wire.MaxHosts),
		checkLen("rules: spread", len(r.Spread), 0, MaxShares),
		checkLabels("rules: labels", r.Labels),
		checkLen("rules: isolation", len(r.Isolation), 0, MaxShares),
		checkInt("rules: cpu_millis", r.Resources.CPUMillis, 0, MaxCPUMillis),
		checkNumber("rules: memory_bytes", r.Resources.MemoryBytes, 0, wire.MaxMemoryBytes),
		checkInt("rules: priority", int64(r.Priority), -MaxPriority, MaxPriority),
		checkInt("rules: lease_ms", r.LeaseMillis, 0, wire.MaxMillis),
	}
	switch r.Mode {
	case lattice.ModeSpread, lattice.ModeDaemon, lattice.ModeHosts, lattice.ModeNone:
	default:
		errs = append(errs, invalid("rules: mode %.40q: it is spread, daemon, hosts or none", r.Mode))
	}
	if r.Group != "" {
		_, err := lattice.ParseGroupName(string(r.Group))
		errs = append(errs, err)
	}
	for i := range r.Spread {
		share := &r.Spread[i]
		errs = append(
			errs,
			checkLine("rules: spread: name", share.Name, wire.MaxText),
			checkLabels("rules: spread: requirements", share.Requirements),
			checkInt("rules: spread: weight", int64(share.Weight), 0, 1<<20),
		)
	}
	for _, class := range r.Isolation {
		errs = append(errs, checkName("rules: isolation", class))
	}
	for _, ids := range [][]lattice.ComponentID{r.With, r.Near, r.Apart, r.Away} {
		errs = append(errs, checkLen("rules: components", len(ids), 0, MaxShares))
		for _, id := range ids {
			errs = append(errs, checkComponentID(id))
		}
	}
	return errors.Join(errs...)
}

func checkRollout(r *lattice.Rollout) error {
	errs := []error{
		checkInt("rollout: max_unavailable", int64(r.MaxUnavailable), 0, wire.MaxHosts),
		checkInt("rollout: deadline_ms", r.DeadlineMillis, 0, wire.MaxMillis),
	}
	if c := r.Canary; c != nil {
		errs = append(
			errs,
			checkInt("rollout: canary: weight", int64(c.Weight), 1, 100),
			checkInt("rollout: canary: hold_ms", c.HoldMillis, 0, wire.MaxMillis),
			checkInt("rollout: canary: max_failures", int64(c.MaxFailures), 0, 100),
		)
	}
	return errors.Join(errs...)
}
