package manifest

import (
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// wattleSuffix ends the types of Wattle's own traits.
const wattleSuffix = ".wattle.dev"

// customTraits are Wattle's own traits: the one key that each has, and what reads the
// value of it.
var customTraits = map[string]struct {
	key  string
	read func(b *builder, v *value, path string, c *Component)
}{
	"placement" + wattleSuffix: {"rules", (*builder).placement},
	"resources" + wattleSuffix: {"request", (*builder).resources},
	"limits" + wattleSuffix:    {"limits", (*builder).limits},
	"rollout" + wattleSuffix:   {"rollout", (*builder).rollout},
	"routes" + wattleSuffix:    {"routes", (*builder).routeList},
	"probe" + wattleSuffix:     {"probe", (*builder).probe},
	"preinit" + wattleSuffix:   {"preinit", (*builder).preinit},
	"mcp" + wattleSuffix:       {"server", (*builder).mcp},
}

// custom reads Wattle's own traits of a component.
func (b *builder) custom(c *oamComponent, to *Component) {
	seen := map[string]*oamTrait{}
	for _, t := range c.traits() {
		if !strings.HasSuffix(t.Type, wattleSuffix) {
			continue
		}
		custom, ok := customTraits[t.Type]
		if !ok {
			b.errorf(t.at, join(t.path, "type"), b.near(t.Type, slices.Sorted(maps.Keys(customTraits))), "unknown trait %.80q", t.Type)
			continue
		}
		if first, again := seen[t.Type]; again {
			b.errorf(t.at, t.path, "make them one", "%q is there twice, first in line %d", t.Type, first.at.line)
			continue
		}
		seen[t.Type] = t
		if to.SharedFrom != nil {
			b.errorf(t.at, t.path, "give it to the component in the application "+string(to.SharedFrom.App), "%q is not for a component of another application", t.Type)
			continue
		}
		path := join(t.path, "properties")
		o, ok := b.object(t.Custom, path, refuse, custom.key)
		if !ok {
			continue
		}
		if v, path, ok := o.want(custom.key, ""); ok {
			custom.read(b, v, path, to)
		}
	}
}

// given calls read if a key is there and not null.
func (o object) given(key string, read func(v *value, path string)) {
	if v := o.at.get(key); v != nil && v.kind != kindNull {
		read(v, join(o.path, key))
	}
}

// within reads a whole number within bounds.
func (d *decoder) within(v *value, path string, least, most int) int {
	if v.kind != kindInteger {
		d.errorf(v, path, "", "%s, want a whole number", v.what())
		return 0
	}
	n := int64(min(v.integer, 1<<62)) //nolint:gosec // bounded
	if v.negative {
		n = -n
	}
	if v.big || n < int64(least) || n > int64(most) {
		d.errorf(v, path, "", "%.40s is not from %d to %d", v.text, least, most)
		return 0
	}
	return int(n)
}

func (d *decoder) boolean(v *value, path string) bool {
	if v.kind != kindBool {
		d.errorf(v, path, "write true or false", "%s, want a boolean", v.what())
	}
	return v.kind == kindBool && strings.EqualFold(v.text, "true")
}

const maxPriority = 1000

func (b *builder) placement(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "hosts", "group", "labels", "isolation", "with", "near", "apart", "away", "priority", "disconnected")
	if !ok {
		return
	}
	r := &c.Rules
	o.given("hosts", func(v *value, path string) {
		if r.Hosts = b.within(v, path, 1, wire.MaxHosts); r.Mode == lattice.ModeDaemon {
			b.errorf(v, path, "use a spreadscaler", "a daemonscaler takes all hosts that fit, and cannot be told how many")
		}
	})
	o.given("group", func(v *value, path string) {
		name, ok := b.textOf(v, path, false)
		if !ok {
			return
		}
		group, err := lattice.ParseGroupName(name)
		if err != nil {
			b.errorf(v, path, "", "%v", err)
		}
		r.Group = group
	})
	o.given("labels", func(v *value, path string) {
		if labels, ok := b.texts(v, path, false); ok {
			b.labels(v, path, labels)
			r.Labels = labels
		}
	})
	o.given("isolation", func(v *value, path string) { r.Isolation = b.terms(v, path) })
	o.given("with", func(v *value, path string) { r.With = b.components(v, path, c) })
	o.given("near", func(v *value, path string) { r.Near = b.components(v, path, c) })
	o.given("apart", func(v *value, path string) { r.Apart = b.components(v, path, c) })
	o.given("away", func(v *value, path string) { r.Away = b.components(v, path, c) })
	o.given("priority", func(v *value, path string) { r.Priority = b.within(v, path, -maxPriority, maxPriority) })
	o.given("disconnected", func(v *value, path string) { r.LeaseMillis = b.millis(v, path, 1000) })
}

// terms reads a list of different words, which are bounded as labels are.
func (b *builder) terms(v *value, path string) []string {
	var list []string
	b.eachOf(v, path, func(v *value, path string) bool {
		s, ok := b.textOf(v, path, false)
		if !ok {
			return false
		}
		switch {
		case s == "" || wire.CheckLabelValue(s) != nil:
			b.errorf(v, path, "", "%.80q: want up to %d bytes that can be printed", s, wire.MaxLabelValue)
		case slices.Contains(list, s):
			b.errorf(v, path, "delete one of them", "%.80q is there twice", s)
		case len(list) == wire.MaxLabels:
			b.errorf(v, path, "", "more than %d", wire.MaxLabels)
			return false
		}
		list = append(list, s)
		return true
	})
	return list
}

// components reads a list of names of components of the manifest.
func (b *builder) components(v *value, path string, c *Component) []lattice.ComponentID {
	var list []lattice.ComponentID
	for i, name := range b.terms(v, path) {
		part, ok := b.parts[name]
		switch {
		case !ok:
			b.errorf(v, index(path, i), b.near(name, b.names), "the manifest has no component %.80q", name)
			continue
		case part.Type != typeComponent:
			b.errorf(v, index(path, i), "", "%.80q is a capability, want a component", name)
			continue
		case name == c.Name:
			b.errorf(v, index(path, i), "delete it", "%.80q is the component itself", name)
			continue
		}
		list = append(list, b.ids[name])
	}
	return list
}

func (b *builder) resources(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "cpu", "memory")
	if !ok {
		return
	}
	o.given("cpu", func(v *value, path string) { c.Rules.Resources.CPUMillis = b.cpu(v, path) })
	o.given("memory", func(v *value, path string) { c.Rules.Resources.MemoryBytes = b.memory(v, path) })
}

func (b *builder) limits(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "memory", "timeout", "queue", "tables", "request", "response", "hostCalls", "logRate", "connections", "clockResolution")
	if !ok {
		return
	}
	l := &c.Limits
	o.given("memory", func(v *value, path string) { l.MemoryBytes = b.memory(v, path) })
	o.given("timeout", func(v *value, path string) { l.TimeoutMillis = b.millis(v, path, 1) })
	o.given("queue", func(v *value, path string) { l.Queue = b.within(v, path, 0, wire.MaxQueue) })
	o.given("tables", func(v *value, path string) {
		l.TableElements = uint64(b.within(v, path, 1, wire.MaxTableElements)) //nolint:gosec // positive
	})
	o.given("request", func(v *value, path string) { l.RequestBytes = b.bytes(v, path, wire.MaxBodyBytes) })
	o.given("response", func(v *value, path string) { l.ResponseBytes = b.bytes(v, path, wire.MaxBodyBytes) })
	o.given("hostCalls", func(v *value, path string) { l.HostCalls = int64(b.within(v, path, 1, wire.MaxHostCalls)) })
	o.given("logRate", func(v *value, path string) { l.LogBytesPerSecond = b.bytes(v, path, wire.MaxLogRate) })
	o.given("connections", func(v *value, path string) { l.Connections = b.within(v, path, 1, wire.MaxConnections) })
	o.given("clockResolution", func(v *value, path string) { l.ClockResolutionMicros = b.micros(v, path, wire.MaxClockResolution) })
}

func (b *builder) rollout(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "maxUnavailable", "deadline", "rollback", "canary")
	if !ok {
		return
	}
	r := &c.Rollout
	o.given("maxUnavailable", func(v *value, path string) {
		digits, percent := strings.CutSuffix(v.text, "%")
		if v.kind != kindText || !percent || !allDigits(digits, 10) || len(digits) > 3 {
			if v.kind == kindText {
				b.errorf(v, path, `write a number of hosts, or a part of them: "25%"`, "%s, want a number or a part of a hundred", v.what())
				return
			}
			r.MaxUnavailable = b.within(v, path, 1, wire.MaxHosts)
			return
		}
		n := &value{kind: kindInteger, line: v.line, column: v.column, text: v.text}
		for _, c := range digits {
			n.integer = n.integer*10 + uint64(c-'0')
		}
		r.Percent, r.MaxUnavailable = true, b.within(n, path, 1, 100)
	})
	o.given("deadline", func(v *value, path string) { r.DeadlineMillis = b.millis(v, path, 1000) })
	o.given("rollback", func(v *value, path string) { r.NoRollback = !b.boolean(v, path) })
	o.given("canary", func(v *value, path string) {
		o, ok := b.object(v, path, refuse, "weight", "hold", "maxFailures")
		if !ok {
			return
		}
		r.Canary = &lattice.Canary{}
		if v, path, ok := o.want("weight", "say how many of a hundred calls: weight: 10"); ok {
			r.Canary.Weight = b.within(v, path, 1, 99)
		}
		o.given("hold", func(v *value, path string) { r.Canary.HoldMillis = b.millis(v, path, 1) })
		o.given("maxFailures", func(v *value, path string) { r.Canary.MaxFailures = b.within(v, path, 1, 100) })
	})
}

func (b *builder) routeList(v *value, path string, c *Component) {
	b.eachOf(v, path, func(v *value, path string) bool {
		o, ok := b.object(v, path, refuse, "host", "path")
		if !ok {
			return false
		}
		route := lattice.Route{}
		o.given("host", func(v *value, path string) { route.Host, _ = b.textOf(v, path, false) })
		o.given("path", func(v *value, path string) { route.Path, _ = b.textOf(v, path, false) })
		normal, err := wire.NormalRoute(route)
		switch {
		case err != nil:
			b.errorf(v, path, "", "%v", err)
		case slices.Contains(c.Routes, normal):
			b.errorf(v, path, "delete one of them", "route %.80q is there twice", normal.Host+normal.Path)
		case len(c.Routes) == wire.MaxRoutes:
			b.errorf(v, path, "", "more than %d routes", wire.MaxRoutes)
			return false
		}
		c.Routes = append(c.Routes, normal)
		return true
	})
}

const (
	maxFailures   = 1000
	minProbeEvery = 100 // milliseconds
)

func (b *builder) probe(v *value, path string, c *Component) {
	o, ok := b.object(v, path, refuse, "http", "function", "interval", "timeout", "failures")
	if !ok {
		return
	}
	p := &lattice.Probe{}
	o.given("http", func(v *value, path string) {
		s, ok := b.textOf(v, path, false)
		if ok && (!strings.HasPrefix(s, "/") || len(s) > wire.MaxRoutePath || !wire.Printable(s) || strings.ContainsAny(s, " #")) {
			b.errorf(v, path, "write a path: /healthz", "%.80q: want a path that begins with / and has up to %d bytes", s, wire.MaxRoutePath)
		}
		p.HTTPPath = s
	})
	o.given("function", func(v *value, path string) {
		s, ok := b.textOf(v, path, false)
		if ok && !functionName(s) {
			b.errorf(v, path, "write ns:pkg/iface@1.0.0.func, or the name of a function of the world", "%.80q names no function", s)
		}
		p.Function = s
	})
	if (p.HTTPPath == "") == (p.Function == "") {
		b.errorf(v, path, "give one of them, as in http: /healthz", "want http or function, and not both")
	}
	o.given("interval", func(v *value, path string) { p.IntervalMillis = b.millis(v, path, minProbeEvery) })
	o.given("timeout", func(v *value, path string) { p.TimeoutMillis = b.millis(v, path, 1) })
	o.given("failures", func(v *value, path string) { p.Failures = b.within(v, path, 1, maxFailures) })
	c.Probe = p
}

func (b *builder) preinit(v *value, path string, c *Component) { c.Preinit = b.boolean(v, path) }
