package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Bounds of records. All others are those of documents in package lattice/wire.
const (
	// MaxVersions is how many versions an application keeps, MaxHistory how many
	// deployments.
	MaxVersions = 256
	MaxHistory  = 256
	// MaxRevisions is how many revisions of a component hosts may have at a time.
	MaxRevisions = 16
	// MaxSecretVersions is how many versions of a secret are kept.
	MaxSecretVersions = 16
	// MaxShares is how many shares a component is spread over, or others it names in
	// one of its rules.
	MaxShares = 128
	// MaxTotal is how many instances a component has on all hosts together.
	MaxTotal = wire.MaxInstances * wire.MaxHosts
	// MaxPriority bounds priorities, on both sides of zero.
	MaxPriority = 1 << 20
	// MaxPassed is how many reasons Placements has, and how many hosts for each.
	MaxPassed = 64
	// MaxCPUMillis bounds what a component may ask of processors.
	MaxCPUMillis = 1 << 20

	maxBy       = wire.MaxText
	maxRevision = 1 << 53
)

// check reports what is wrong with a record whatever the others are.
func (r *Record) check() error {
	switch {
	case r.App != nil:
		return checkApp(r.App)
	case r.Manifest != nil:
		return checkManifest(r.Manifest)
	case r.Component != nil:
		return checkComponent(r.Component)
	case r.Placements != nil:
		return checkPlacements(r.Placements)
	case r.Provider != nil:
		return checkProvider(r.Provider)
	case r.Link != nil:
		return errors.Join(checkAppName(r.Link.App, true), checkLink(&r.Link.Link))
	case r.Config != nil:
		_, err := lattice.ParseConfigName(string(r.Config.Name))
		return errors.Join(err, checkAppName(r.Config.App, true), checkValues(r.Config.Values))
	case r.Secret != nil:
		return checkSecret(r.Secret)
	case r.Host != nil:
		return checkHost(r.Host)
	case r.Ref != nil:
		return errors.Join(checkRef(r.Ref.Ref), wire.CheckDigest(r.Ref.Digest))
	default:
		_, err := lattice.ParseName(string(r.Meta.Lattice))
		return errors.Join(err, checkLine("cluster", r.Meta.Cluster, wire.MaxText), checkLine("restored", r.Meta.Restored, wire.MaxText),
			checkNumber("term_offset", r.Meta.TermOffset, 0, MaxTermOffset))
	}
}

func checkApp(a *App) error {
	errs := []error{
		checkAppName(a.Name, false),
		checkLen("versions", len(a.Versions), 1, MaxVersions),
		checkLen("history", len(a.History), 0, MaxHistory),
		checkNumber("last", a.Last, 1, maxRevision),
	}
	for i := range a.Versions {
		v := &a.Versions[i]
		errs = append(
			errs,
			checkNumber("version", v.Number, 1, a.Last),
			checkName("version", v.Name),
			checkText("description", v.Description, wire.MaxReason),
			checkLine("digest", v.Digest, wire.MaxText),
			checkLine("by", v.By, maxBy),
		)
		if i > 0 && v.Number <= a.Versions[i-1].Number {
			errs = append(errs, invalid("version %d comes after version %d", v.Number, a.Versions[i-1].Number))
		}
	}
	for _, n := range []uint64{a.Deployed, a.Good} {
		if n != 0 && a.Version(n) == nil {
			errs = append(errs, invalid("there is no version %d", n))
		}
	}
	for i := range a.History {
		d := &a.History[i]
		errs = append(
			errs,
			checkNumber("deployment of version", d.Number, 0, a.Last),
			checkLine("deployment: name", d.Name, wire.MaxText),
			checkLine("deployment: what", d.What, wire.MaxText),
			checkLine("deployment: by", d.By, maxBy),
			checkLine("deployment: outcome", string(d.Outcome), wire.MaxText),
			checkText("deployment: reason", d.Reason, wire.MaxReason),
		)
	}
	return errors.Join(errs...)
}

func checkManifest(m *Manifest) error {
	errs := []error{
		checkAppName(m.App, false),
		checkNumber("number", m.Number, 1, maxRevision),
		checkLen("text", len(m.Text), 1, wire.MaxManifest),
		checkLen("digests", len(m.Digests), 0, wire.MaxComponents),
	}
	for _, image := range slices.Sorted(maps.Keys(m.Digests)) {
		errs = append(errs, checkRef(image), wire.CheckDigest(m.Digests[image]))
	}
	return errors.Join(errs...)
}

func checkPlacements(p *Placements) error {
	// There are more of these than of anything else: what is in order leaves no trace.
	var errs []error
	add := func(all ...error) {
		for _, err := range all {
			if err != nil {
				errs = append(errs, err)
			}
		}
	}
	add(
		checkComponentID(p.Component),
		checkLen("hosts", len(p.Hosts), 0, wire.MaxHosts),
		checkInt("missing", int64(p.Missing), 0, MaxTotal),
		checkLen("passed", len(p.Passed), 0, MaxPassed),
	)
	var seen map[lattice.HostID]bool
	if len(p.Hosts) > 1 {
		seen = make(map[lattice.HostID]bool, len(p.Hosts))
	}
	for i := range p.Hosts {
		h := &p.Hosts[i]
		if seen[h.Host] {
			add(invalid("host %s is there twice", h.Host))
		}
		if seen != nil {
			seen[h.Host] = true
		}
		if err := h.check(); err != nil {
			add(fmt.Errorf("host %.80s: %w", h.Host, err))
		}
	}
	for i := range p.Passed {
		why := &p.Passed[i]
		add(
			checkText("passed: why", why.Why, wire.MaxReason),
			checkInt("passed: count", int64(why.Count), 0, 1<<31),
			checkLen("passed: hosts", len(why.Hosts), 0, MaxPassed),
		)
		for _, h := range why.Hosts {
			add(checkHostID(h))
		}
	}
	return errors.Join(errs...)
}

func (p *Placement) check() error {
	return errors.Join(
		checkHostID(p.Host),
		checkNumber("revision", p.Revision, 1, maxRevision),
		checkInt("instances", int64(p.Instances), 1, wire.MaxInstances),
		checkLine("spread", p.Spread, wire.MaxText),
		checkAnnotations(p.Annotations),
		checkText("why", p.Why, wire.MaxReason),
		checkText("leaving", p.Leaving, wire.MaxReason),
	)
}

func checkProvider(p *Provider) error {
	return errors.Join(
		checkComponentID(p.ID),
		checkAppName(p.App, true),
		checkLine("name", p.Name, wire.MaxText),
		checkLine("image", p.Image, wire.MaxRef),
		checkLine("kind", p.Kind, wire.MaxText),
		checkConfigNames("configs", p.Configs),
		wire.CheckSecrets(p.Secrets),
	)
}

func checkSecret(s *Secret) error {
	_, err := lattice.ParseSecretName(string(s.Name))
	errs := []error{err, checkLen("versions", len(s.Versions), 1, MaxSecretVersions)}
	for i := range s.Versions {
		v := &s.Versions[i]
		errs = append(
			errs,
			checkNumber("version", v.Number, 1, wire.MaxSecretVersion),
			checkLen("bytes sealed", len(v.Sealed), 1, wire.MaxSealed),
			checkLine("by", v.By, maxBy),
		)
		if i > 0 && v.Number <= s.Versions[i-1].Number {
			errs = append(errs, invalid("version %d comes after version %d", v.Number, s.Versions[i-1].Number))
		}
	}
	return errors.Join(errs...)
}

func checkHost(h *Host) error {
	var state error
	switch h.State {
	case lattice.HostReady, lattice.HostCordoned, lattice.HostDrained, lattice.HostStopped:
	default:
		state = invalid("state %.40q: it is ready, cordoned, drained or stopped", h.State)
	}
	return errors.Join(checkHostID(h.ID), state, checkLabels("labels", h.Labels))
}

func checkLink(l *lattice.Link) error {
	errs := []error{
		checkComponentID(l.Source),
		checkTarget(l.Target),
		wire.CheckWIT("namespace", l.Namespace),
		wire.CheckWIT("package", l.Package),
		checkLen("interfaces", len(l.Interfaces), 1, wire.MaxInterfaces),
		checkConfigNames("source_config", l.SourceConfig),
		checkConfigNames("target_config", l.TargetConfig),
		wire.CheckSecrets(l.Secrets),
	}
	if _, err := lattice.ParseLinkName(string(l.Name)); err != nil || l.Name == "" {
		errs = append(errs, invalid("link name %.80q: %q is the usual one", l.Name, lattice.DefaultLink))
	}
	for _, name := range l.Interfaces {
		errs = append(errs, wire.CheckWIT("interface", name))
	}
	return errors.Join(errs...)
}

func checkAppName(name lattice.AppName, optional bool) error {
	if name == "" && optional {
		return nil
	}
	_, err := lattice.ParseAppName(string(name))
	return err
}

func checkComponentID(id lattice.ComponentID) error {
	_, err := lattice.ParseComponentID(string(id))
	return err
}

func checkTarget(target string) error {
	_, err := lattice.ParseTarget(target)
	return err
}

func checkHostID(id lattice.HostID) error {
	_, err := lattice.ParseHostID(string(id))
	return err
}

func checkRef(ref string) error {
	if ref == "" {
		return invalid("ref: it is empty")
	}
	return checkLine("ref", ref, wire.MaxRef)
}

func checkName(what, name string) error {
	if name == "" {
		return invalid("%s: it has no name", what)
	}
	return checkLine(what, name, wire.MaxText)
}

// checkLine checks a text of one line, which may be empty.
func checkLine(what, s string, most int) error {
	if len(s) > most || !wire.Printable(s) {
		return invalid("%s %.80q: want up to %d bytes that can be printed", what, s, most)
	}
	return nil
}

// checkText checks a text of any number of lines, which may be empty.
func checkText(what, s string, most int) error {
	if len(s) > most || !wire.PrintableText(s) {
		return invalid("%s %.80q: want up to %d bytes of text", what, s, most)
	}
	return nil
}

func checkNumber(what string, n, least, most uint64) error {
	if n < least || n > most {
		return invalid("%s %d: want %d to %d", what, n, least, most)
	}
	return nil
}

func checkInt(what string, n, least, most int64) error {
	if n < least || n > most {
		return invalid("%s %d: want %d to %d", what, n, least, most)
	}
	return nil
}

func checkLen(what string, n, least, most int) error {
	if n < least || n > most {
		return invalid("%s: %d of it, want %d to %d", what, n, least, most)
	}
	return nil
}

func checkConfigNames(what string, names []lattice.ConfigName) error {
	if len(names) > wire.MaxConfigNames {
		return invalid("%s: %d configurations, the limit is %d", what, len(names), wire.MaxConfigNames)
	}
	var errs []error
	for i, name := range names {
		if _, err := lattice.ParseConfigName(string(name)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
		if slices.Contains(names[:i], name) {
			errs = append(errs, invalid("%s: %.80q is there twice", what, name))
		}
	}
	return errors.Join(errs...)
}

func checkLabels(what string, labels map[string]string) error {
	if len(labels) > wire.MaxLabels {
		return invalid("%s: %d of them, the limit is %d", what, len(labels), wire.MaxLabels)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		errs = append(errs, wire.CheckLabelKey(key), wire.CheckLabelValue(labels[key]))
	}
	return errors.Join(errs...)
}

func checkAnnotations(texts map[string]string) error {
	if len(texts) > wire.MaxLabels {
		return invalid("%d annotations, the limit is %d", len(texts), wire.MaxLabels)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		errs = append(errs, wire.CheckLabelKey(key), checkLine("annotation "+key, texts[key], wire.MaxAnnotation))
	}
	return errors.Join(errs...)
}

func checkValues(values lattice.Config) error {
	if len(values) > wire.MaxConfigValues {
		return invalid("%d values, the limit is %d", len(values), wire.MaxConfigValues)
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == "" || len(key) > wire.MaxConfigKey || !wire.Printable(key) {
			errs = append(errs, invalid("key %.80q: want 1 to %d bytes that can be printed", key, wire.MaxConfigKey))
		}
		if err := checkText("", values[key], wire.MaxConfigValue); err != nil {
			errs = append(errs, invalid("value of %.80q: want up to %d bytes of text", key, wire.MaxConfigValue))
		}
	}
	return errors.Join(errs...)
}
