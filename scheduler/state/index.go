package state

import (
	"iter"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// index has what would otherwise be looked for in all records. It follows from them,
// and is in no snapshot.
type index struct {
	// placed has the components of a host, and whether they are pinned there.
	placed relation[bool]
	// parts has the keys of what is part of an application.
	parts relation[struct{}]
	// configs has the keys of what names a configuration.
	configs relation[struct{}]
	// secrets has the keys of what names a secret.
	secrets relation[struct{}]
	// targets has the keys of what has a link to something.
	targets relation[struct{}]
	// routes has the components of a route.
	routes relation[struct{}]
	// servers has the components of a name, and of an alias, of an MCP server.
	servers relation[struct{}]
}

func (x *index) fork() index {
	return index{x.placed.fork(), x.parts.fork(), x.configs.fork(), x.secrets.fork(), x.targets.fork(), x.routes.fork(), x.servers.fork()}
}

// update has the index follow the change of a record.
func (x *index) update(k Key, before, after Record) {
	x.placed.update(placedOf(k, before.Placements), placedOf(k, after.Placements))
	x.parts.update(partsOf(k, &before), partsOf(k, &after))
	x.configs.update(configsOf(k, &before), configsOf(k, &after))
	x.secrets.update(secretsOf(k, &before), secretsOf(k, &after))
	x.targets.update(targetsOf(k, &before), targetsOf(k, &after))
	x.routes.update(routesOf(k, before.Component), routesOf(k, after.Component))
	x.servers.update(serversOf(k, before.Component), serversOf(k, after.Component))
}

func placedOf(k Key, p *Placements) []pair[bool] {
	if p == nil {
		return nil
	}
	pairs := make([]pair[bool], len(p.Hosts))
	for i := range p.Hosts {
		pairs[i] = pair[bool]{string(p.Hosts[i].Host), k.Name(), p.Hosts[i].Pinned}
	}
	return pairs
}

func partsOf(k Key, r *Record) []pair[struct{}] {
	app := lattice.AppName("")
	switch {
	case r.Component != nil:
		app = r.Component.App
	case r.Provider != nil:
		app = r.Provider.App
	case r.Link != nil:
		app = r.Link.App
	case r.Config != nil:
		app = r.Config.App
	}
	if app == "" {
		return nil
	}
	return []pair[struct{}]{{of: string(app), to: string(k)}}
}

func configsOf(k Key, r *Record) []pair[struct{}] {
	var pairs []pair[struct{}]
	add := func(names ...lattice.ConfigName) {
		for _, name := range names {
			p := pair[struct{}]{of: string(name), to: string(k)}
			if !slices.Contains(pairs, p) {
				pairs = append(pairs, p)
			}
		}
	}
	links := func(links ...lattice.Link) {
		for i := range links {
			add(links[i].SourceConfig...)
			add(links[i].TargetConfig...)
		}
	}
	switch {
	case r.Component != nil:
		for i := range r.Component.Revisions {
			for _, c := range r.Component.Revisions[i].Configs {
				if c.Values == nil {
					add(c.Name)
				}
			}
			links(r.Component.Revisions[i].Links...)
		}
	case r.Provider != nil:
		add(r.Provider.Configs...)
	case r.Link != nil:
		links(r.Link.Link)
	}
	return pairs
}

func secretsOf(k Key, r *Record) []pair[struct{}] {
	var all []map[string]lattice.SecretRef
	switch {
	case r.Component != nil:
		for i := range r.Component.Revisions {
			all = append(all, r.Component.Revisions[i].Secrets)
			for j := range r.Component.Revisions[i].Links {
				all = append(all, r.Component.Revisions[i].Links[j].Secrets)
			}
		}
	case r.Provider != nil:
		all = append(all, r.Provider.Secrets)
	case r.Link != nil:
		all = append(all, r.Link.Secrets)
	}
	var names []string
	for _, secrets := range all {
		for _, ref := range secrets {
			names = append(names, string(ref.Name))
		}
	}
	return pairsTo(k, names)
}

func targetsOf(k Key, r *Record) []pair[struct{}] {
	var names []string
	switch {
	case r.Component != nil:
		for i := range r.Component.Revisions {
			for j := range r.Component.Revisions[i].Links {
				names = append(names, r.Component.Revisions[i].Links[j].Target)
			}
		}
	case r.Link != nil:
		names = append(names, r.Link.Target)
	}
	return pairsTo(k, names)
}

// pairsTo pairs each of some names with a key, once.
func pairsTo(k Key, names []string) []pair[struct{}] {
	slices.Sort(names)
	var pairs []pair[struct{}]
	for _, name := range slices.Compact(names) {
		pairs = append(pairs, pair[struct{}]{of: name, to: string(k)})
	}
	return pairs
}

func routesOf(k Key, c *Component) []pair[struct{}] {
	if c == nil {
		return nil
	}
	var pairs []pair[struct{}]
	for i := range c.Revisions {
		for _, route := range c.Revisions[i].Routes {
			p := pair[struct{}]{of: route.Host + route.Path, to: k.Name()}
			if !slices.Contains(pairs, p) {
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// The beginnings of what servers are found by.
const (
	byServerName  = "name "
	byServerAlias = "alias "
)

func serversOf(k Key, c *Component) []pair[struct{}] {
	if c == nil {
		return nil
	}
	var pairs []pair[struct{}]
	for i := range c.Revisions {
		m := c.Revisions[i].MCP
		if m == nil {
			continue
		}
		for _, by := range []string{byServerName + string(m.Name), byServerAlias + m.Alias} {
			p := pair[struct{}]{of: by, to: k.Name()}
			if !slices.Contains(pairs, p) {
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// relation has pairs of names, each with a value.
type relation[V comparable] struct {
	t table[V]
}

// pair is one of a relation.
type pair[V comparable] struct {
	of, to string
	value  V
}

// between parts the names of a pair. It is in no name.
const between = "\x00"

func (r *relation[V]) fork() relation[V] { return relation[V]{r.t.fork()} }

// update replaces pairs. Those at the beginning and the end that are the same cost
// nothing, so that a list of thousands changes quickly.
func (r *relation[V]) update(before, after []pair[V]) {
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	for i := range before {
		r.t.m.Delete(before[i].of + between + before[i].to)
	}
	for i := range after {
		r.t.m.Set(after[i].of+between+after[i].to, after[i].value)
	}
}

// of returns what a name is paired with, in order.
func (r *relation[V]) of(name string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		prefix := name + between
		for key, v := range r.t.under(prefix) {
			if !yield(key[len(prefix):], v) {
				return
			}
		}
	}
}

// keys returns the keys that a name is paired with, in order.
func (r *relation[V]) keys(name string) iter.Seq[Key] {
	return func(yield func(Key) bool) {
		for k := range r.of(name) {
			if !yield(Key(k)) {
				return
			}
		}
	}
}

// heads returns every name that is paired with something, in order.
func (r *relation[V]) heads() iter.Seq[string] {
	return func(yield func(string) bool) {
		from := ""
		for {
			head := ""
			r.t.m.Ascend(from, func(key string, _ V) bool {
				head, _, _ = strings.Cut(key, between)
				return false
			})
			if head == "" || !yield(head) {
				return
			}
			// The character after the one between.
			from = head + "\x01"
		}
	}
}
