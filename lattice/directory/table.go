package directory

import (
	"maps"
	"slices"
	"strings"

	"github.com/wattle-dev/wattle/lattice"
)

// Table is what is known of components and hosts. It is a value that is built up
// by its methods, for one goroutine; Snapshot is what others read.
type Table struct {
	assigned map[lattice.ComponentID]*lattice.Assignment
	ready    map[lattice.ComponentID]map[lattice.HostID]*lattice.Ready
	// stamps has the newest stamp seen of each component, of those that were
	// deleted as well.
	stamps map[lattice.ComponentID]lattice.Stamp
	// last is the snapshot of before the changes to components in dirty.
	last  *Snapshot
	dirty map[lattice.ComponentID]bool
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{
		assigned: map[lattice.ComponentID]*lattice.Assignment{},
		ready:    map[lattice.ComponentID]map[lattice.HostID]*lattice.Ready{},
		stamps:   map[lattice.ComponentID]lattice.Stamp{},
		last:     &Snapshot{},
		dirty:    map[lattice.ComponentID]bool{},
	}
}

// Assign takes a verified assignment and reports whether it is not older than what
// was seen.
func (t *Table) Assign(a *lattice.Assignment) bool {
	order := a.Stamp.Compare(t.stamps[a.Component])
	if order < 0 {
		return false
	}
	if have := t.assigned[a.Component]; have != nil && order == 0 {
		return true
	}
	t.stamps[a.Component], t.assigned[a.Component], t.dirty[a.Component] = a.Stamp, a, true
	return true
}

// Unassign forgets an assignment. An older one is not taken afterwards either.
func (t *Table) Unassign(c lattice.ComponentID) {
	if t.assigned[c] != nil {
		delete(t.assigned, c)
		t.dirty[c] = true
	}
}

// SetReady takes the verified word of a host.
func (t *Table) SetReady(r *lattice.Ready) {
	of := t.ready[r.Component]
	if of == nil {
		of = map[lattice.HostID]*lattice.Ready{}
		t.ready[r.Component] = of
	}
	have := of[r.Host]
	of[r.Host] = r
	if have == nil || have.Digest != r.Digest || !slices.Equal(have.Exports, r.Exports) {
		t.dirty[r.Component] = true
	}
}

// UnsetReady forgets the word of a host.
func (t *Table) UnsetReady(h lattice.HostID, c lattice.ComponentID) {
	of := t.ready[c]
	if of[h] == nil {
		return
	}
	if delete(of, h); len(of) == 0 {
		delete(t.ready, c)
	}
	t.dirty[c] = true
}

// Components returns the components that are assigned, in order.
func (t *Table) Components() []lattice.ComponentID {
	return slices.Sorted(maps.Keys(t.assigned))
}

// Snapshot returns what readers see. It is the last one if nothing has changed.
func (t *Table) Snapshot() *Snapshot {
	if len(t.dirty) == 0 {
		return t.last
	}
	next := &Snapshot{components: maps.Clone(t.last.components)}
	if next.components == nil {
		next.components = map[lattice.ComponentID]*entry{}
	}
	for c := range t.dirty {
		if e := t.entry(c); e != nil {
			next.components[c] = e
		} else {
			delete(next.components, c)
		}
	}
	next.ids = slices.Sorted(maps.Keys(next.components))
	next.routes = routesOf(next)
	for _, e := range next.components {
		next.weighted = next.weighted || len(e.shares) > 0
	}
	t.last = next
	clear(t.dirty)
	return next
}

// entry returns what is known of a component, nil if it is not assigned.
func (t *Table) entry(c lattice.ComponentID) *entry {
	a := t.assigned[c]
	if a == nil {
		return nil
	}
	e := &entry{assignment: a, routes: a.Routes}
	for _, v := range a.Variants {
		e.assigned += len(v.Hosts)
	}
	all := members(a, t.ready[c])
	if of := slices.DeleteFunc(slices.Clone(all), func(m member) bool { return m.variant < 0 }); len(of) > 0 {
		all = of
		e.shares = sharesOf(a, all)
	}
	e.pool = poolOf(all)
	for _, m := range all {
		e.exports = append(e.exports, m.ready.Exports...)
	}
	slices.Sort(e.exports)
	e.exports = slices.Clip(slices.Compact(e.exports))
	return e
}

// Snapshot answers questions about one state of a table. Nothing of it changes,
// and callers do not change what they are given.
type Snapshot struct {
	components map[lattice.ComponentID]*entry
	ids        []lattice.ComponentID
	routes     map[string][]target // by host name, longest path first
	weighted   bool                // some component has shares
}

type entry struct {
	assignment *lattice.Assignment
	assigned   int
	pool       // all hosts that can be called, in order
	shares     []share
	exports    []string
	routes     []lattice.Route
}

type target struct {
	path      string
	component lattice.ComponentID
}

// Hosts returns the hosts that can be called for a component, in order.
func (s *Snapshot) Hosts(c lattice.ComponentID) []lattice.HostID {
	if e := s.components[c]; e != nil {
		return e.hosts
	}
	return nil
}

// Assigned returns how many hosts a component is assigned to, and whether there is
// such a component.
func (s *Snapshot) Assigned(c lattice.ComponentID) (hosts int, known bool) {
	if e := s.components[c]; e != nil {
		return e.assigned, true
	}
	return 0, false
}

// Exports returns the interfaces that a component exports, as its hosts say.
func (s *Snapshot) Exports(c lattice.ComponentID) []string {
	if e := s.components[c]; e != nil {
		return e.exports
	}
	return nil
}

// Components returns all components, in order.
func (s *Snapshot) Components() []lattice.ComponentID { return s.ids }

// Route returns the component that answers requests for a path on a host, which
// is in lower case and without port. Routes of exactly that host go before those
// of any, and then the longest path.
func (s *Snapshot) Route(host, path string) (lattice.ComponentID, bool) {
	for {
		for _, t := range s.routes[host] {
			if under(path, t.path) {
				return t.component, true
			}
		}
		if host == "" {
			return "", false
		}
		host = ""
	}
}

// RoutedHost reports whether a route names the host.
func (s *Snapshot) RoutedHost(host string) bool { return host != "" && len(s.routes[host]) > 0 }

// under reports whether path begins with prefix at a boundary of segments.
func under(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// routesOf returns the routes of all components. Of two that are the same, the
// component that is first in order has it.
func routesOf(s *Snapshot) map[string][]target {
	routes := map[string][]target{}
	for _, c := range s.ids {
		for _, r := range s.components[c].routes {
			host := strings.ToLower(r.Host)
			routes[host] = append(routes[host], target{path: r.Path, component: c})
		}
	}
	for _, targets := range routes {
		slices.SortStableFunc(targets, func(a, b target) int {
			return len(strings.TrimSuffix(b.path, "/")) - len(strings.TrimSuffix(a.path, "/"))
		})
	}
	return routes
}
