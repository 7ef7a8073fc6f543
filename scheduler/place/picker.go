package place

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tidwall/btree"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// maxComponents is how many components a host has.
const maxComponents = wire.MaxComponents

// picker chooses hosts for one component, in the order in which they are to be chosen.
type picker struct {
	c    *Cluster
	own  *component // may be nil
	req  *Request
	want lattice.Resources
	not  map[lattice.HostID]string
	// with are the hosts that have all components of Rules.With, nil if there are none
	// of those; apart and away have the component that is to be avoided on a host.
	with        map[lattice.HostID]bool
	apart, away map[lattice.HostID]lattice.ComponentID
	// used are the hosts that were chosen.
	used map[lattice.HostID]bool
	// short has the hosts without room that were looked at, barred those that were
	// passed for what else is on them or was said of them.
	short  shortage
	barred passedBy
	seen   map[lattice.HostID]bool
	// told are the classes of which it is in short that none of their hosts has room.
	told map[*class]bool
	// cursors are room for those of pick.
	cursors []cursor
}

// verdict is what a host is for a component.
type verdict int

const (
	fits verdict = iota
	// taken: it was chosen before.
	taken
	// refused: for what the rules or the request say of it.
	refused
	// noRoom: it has not the resources.
	noRoom
)

func newPicker(c *Cluster, req *Request, cursors []cursor) picker {
	p := picker{c: c, cursors: cursors, own: c.components[req.Component], req: req, want: req.Rules.Resources, used: map[lattice.HostID]bool{}}
	if len(req.Not) > 0 {
		p.not = make(map[lattice.HostID]string, len(req.Not))
		for _, n := range req.Not {
			p.not[n.Host] = n.Why
		}
	}
	p.with = c.together(req.Component, req.Rules.With)
	avoid := func(m *map[lattice.HostID]lattice.ComponentID, ids []lattice.ComponentID) {
		for _, id := range ids {
			for _, at := range c.Placed(id) {
				if *m == nil {
					*m = map[lattice.HostID]lattice.ComponentID{}
				}
				if have, ok := (*m)[at.Host]; id != req.Component && (!ok || id < have) {
					(*m)[at.Host] = id
				}
			}
		}
	}
	avoid(&p.apart, req.Rules.Apart)
	if others := c.repelled[req.Component]; len(others) > 0 {
		ids := make([]lattice.ComponentID, 0, len(others))
		for id := range others {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		avoid(&p.apart, ids)
	}
	avoid(&p.away, req.Rules.Away)
	return p
}

// together returns the hosts that have all of the components that must be with one, nil if
// there are none of those. Two that name each other do not wait for each other: the first
// one goes where it likes.
func (c *Cluster) together(self lattice.ComponentID, with []lattice.ComponentID) map[lattice.HostID]bool {
	var all map[lattice.HostID]bool
	for _, id := range with {
		other := c.components[id]
		if id == self || other != nil && !other.stays() && slices.Contains(other.rules.With, self) {
			continue
		}
		here := map[lattice.HostID]bool{}
		for _, at := range c.Placed(id) {
			if !at.Leaving && (all == nil || all[at.Host]) {
				here[at.Host] = true
			}
		}
		all = here
	}
	return all
}

// stays reports whether a component is placed somewhere to stay.
func (c *component) stays() bool {
	return slices.ContainsFunc(c.placed, func(at Placed) bool { return !at.Leaving })
}

// judge says what an open host of a class that matches is for the component.
func (p *picker) judge(h *host) verdict {
	switch {
	case p.used[h.ID]:
		return taken
	case p.not != nil && p.not[h.ID] != "", p.apart != nil && p.apart[h.ID] != "", p.with != nil && !p.with[h.ID]:
		p.bar(h)
		return refused
	case h.components[p.req.Component] != nil:
		return fits // what it needs is set aside there already
	case len(h.components) < maxComponents && (p.want == lattice.Resources{} || !lack(h, p.want)):
		return fits
	}
	if p.see(h) {
		p.short.note(h, p.want)
	}
	return noRoom
}

// lack reports whether a host has not the resources.
func lack(h *host, want lattice.Resources) bool {
	room := h.room()
	return want.MemoryBytes > room.MemoryBytes || want.CPUMillis > room.CPUMillis
}

// note counts a host that lacks what is wanted.
func (s *shortage) note(h *host, want lattice.Resources) {
	room := h.room()
	b := s.of(h, want)
	b.add(h.ID)
	switch b {
	case &s.memory:
		s.memoryMost = max(s.memoryMost, room.MemoryBytes)
	case &s.cpu:
		s.cpuMost = max(s.cpuMost, room.CPUMillis)
	}
}

// of returns those who lack the same as a host.
func (s *shortage) of(h *host, want lattice.Resources) *bag {
	switch room := h.room(); {
	case len(h.components) >= maxComponents:
		return &s.limit
	case want.MemoryBytes > 0 && h.Capacity.MemoryBytes == 0, want.CPUMillis > 0 && h.Capacity.CPUMillis == 0:
		return &s.unknown
	case want.MemoryBytes > room.MemoryBytes:
		return &s.memory
	}
	return &s.cpu
}

// see reports whether a host is looked at for the first time.
func (p *picker) see(h *host) bool {
	if p.seen[h.ID] {
		return false
	}
	if p.seen == nil {
		p.seen = map[lattice.HostID]bool{}
	}
	p.seen[h.ID] = true
	return true
}

// bar counts a host that was passed for what is on it or was said of it.
func (p *picker) bar(h *host) {
	if p.see(h) {
		p.barred.add(p.whyBarred(h.ID), h)
	}
}

// whyBarred says why a host is passed for what is on it or was said of it, or nothing.
func (p *picker) whyBarred(id lattice.HostID) string {
	if why := p.not[id]; why != "" {
		return why
	}
	if other := p.apart[id]; other != "" {
		return fmt.Sprintf("component %q is on it, from which it must be apart", other)
	}
	if p.with != nil && !p.with[id] {
		return p.c.withNames(p.req) + ", with which it must be, is not on it"
	}
	return ""
}

// withNames lists the components with which one must be.
func (c *Cluster) withNames(req *Request) string {
	names := make([]string, 0, len(req.Rules.With))
	for _, id := range req.Rules.With {
		names = append(names, string(id))
	}
	if len(names) == 1 {
		return fmt.Sprintf("component %q", names[0])
	}
	return "components " + oneOf(names)
}

// pick chooses up to n hosts of a selector, best first. The bool says whether the hosts
// were looked at until none was left.
func (p *picker) pick(sel *selector, n int) []*host {
	var chosen []*host
	take := func(h *host) {
		p.used[h.ID] = true
		chosen = append(chosen, h)
	}
	if n <= 0 {
		return nil
	}
	if p.with != nil {
		// So few that they are looked at one by one.
		for _, h := range p.among(sel, p.with) {
			if len(chosen) < n && p.judge(h) == fits {
				take(h)
			}
		}
		return chosen
	}
	if near := p.near(sel); near != nil {
		for _, h := range near {
			if len(chosen) < n && p.judge(h) == fits {
				take(h)
			}
		}
	}
	var last []*host // those that had better not
	cursors := p.cursors[:0]
	for _, k := range sel.classes {
		cursors = append(cursors, cursor{class: k})
	}
	p.cursors = cursors
	for len(chosen) < n {
		best := -1
		for i := range cursors {
			if p.advance(&cursors[i]) && (best < 0 || lighter(cursors[i].head, cursors[best].head)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		h := cursors[best].head
		cursors[best].head = nil
		if p.away != nil && p.away[h.ID] != "" {
			last = append(last, h)
			continue
		}
		take(h)
	}
	for _, h := range last {
		if len(chosen) < n {
			take(h)
		}
	}
	return chosen
}

// cursor goes through the open hosts of a class by load.
type cursor struct {
	class *class
	iter  btree.IterG[*host]
	begun bool
	done  bool
	// head is the next host that fits.
	head *host
	// other says that a host was passed for another reason than room.
	other bool
	// short has those without room, nil if there are none.
	short *shortage
}

// advance has a cursor's head be the next host that fits, and reports whether there is one.
func (p *picker) advance(c *cursor) bool {
	if c.head != nil {
		return true
	}
	if c.done {
		return false
	}
	if !c.begun {
		c.begun = true
		if f := c.class.full; f != nil && f.want.CPUMillis <= p.want.CPUMillis && f.want.MemoryBytes <= p.want.MemoryBytes {
			if !p.special(c.class) {
				c.done = true
				if !p.told[c.class] {
					if p.told == nil {
						p.told = map[*class]bool{}
					}
					p.told[c.class] = true
					p.short.join(&f.tally)
				}
				return false
			}
		}
		c.iter = c.class.open.Iter()
		if !c.iter.First() {
			c.done = true
			return false
		}
	} else if !c.iter.Next() {
		p.exhausted(c)
		return false
	}
	for {
		h := c.iter.Item()
		switch p.judge(h) {
		case fits:
			c.head = h
			c.other = true
			return true
		case noRoom:
			if c.short == nil {
				c.short = &shortage{}
			}
			c.short.note(h, p.want)
		case taken, refused:
			c.other = true
		}
		if !c.iter.Next() {
			p.exhausted(c)
			return false
		}
	}
}

// exhausted notes that a class has no room for what is wanted, if that is why no host of
// it was chosen.
func (p *picker) exhausted(c *cursor) {
	c.done = true
	if !c.other && c.short != nil {
		c.class.full = &full{want: p.want, tally: *c.short}
	}
}

// special reports whether a host of a class is to this component not what it is to others:
// it has it already, or is not to have it.
func (p *picker) special(k *class) bool {
	in := func(id lattice.HostID) bool {
		h := p.c.hosts[id]
		return h != nil && h.class == k
	}
	if p.own != nil && slices.ContainsFunc(p.own.placed, func(at Placed) bool { return in(at.Host) }) {
		return true
	}
	for id := range p.not {
		if in(id) {
			return true
		}
	}
	for id := range p.apart {
		if in(id) {
			return true
		}
	}
	return false
}

// near returns the open hosts with components that the component had better be near, by
// load.
func (p *picker) near(sel *selector) []*host {
	if len(p.req.Rules.Near) == 0 {
		return nil
	}
	ids := map[lattice.HostID]bool{}
	for _, id := range p.req.Rules.Near {
		for _, at := range p.c.Placed(id) {
			if id != p.req.Component && !at.Leaving {
				ids[at.Host] = true
			}
		}
	}
	near := p.among(sel, ids)
	return slices.DeleteFunc(near, func(h *host) bool { return p.away != nil && p.away[h.ID] != "" })
}

// among returns the open hosts of a selector that are in a set, by load.
func (p *picker) among(sel *selector, ids map[lattice.HostID]bool) []*host {
	var some []*host
	for id := range ids {
		if h := p.c.hosts[id]; h != nil && h.known && h.Closed == "" && sel.has(h.class) {
			some = append(some, h)
		}
	}
	slices.SortFunc(some, func(a, b *host) int {
		return cmp.Or(cmp.Compare(a.load, b.load), cmp.Compare(a.ID, b.ID))
	})
	return some
}

// has reports whether the hosts of a class meet the selector.
func (s *selector) has(k *class) bool {
	if k == nil {
		return false
	}
	_, ok := slices.BinarySearchFunc(s.classes, k.key, func(k *class, key string) int { return cmp.Compare(k.key, key) })
	return ok
}

// stays reports whether a host on which the component runs may keep it.
func (p *picker) stays(sel *selector, at *Placed) bool {
	if p.used[at.Host] {
		return false
	}
	if at.Unheard {
		return true
	}
	h := p.c.hosts[at.Host]
	return h != nil && h.known && sel.has(h.class) && p.whyBarred(at.Host) == ""
}
