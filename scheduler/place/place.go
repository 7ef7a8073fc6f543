package place

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/wattle-dev/wattle/lattice"
	"github.com/wattle-dev/wattle/lattice/wire"
)

// Place says where a component ought to run. It changes nothing that can be seen.
func (c *Cluster) Place(req *Request) *Result {
	r := req.Rules
	result := &Result{}
	shares := sharesOf(r)
	all := c.classes.selector(r, shares)
	sels := []*selector{all}
	if len(shares) > 1 {
		sels = make([]*selector, len(shares))
		for i := range shares { // they ask for no further labels
			sels[i] = c.classes.selector(r, shares[i:i+1])
		}
	}
	s := &c.scratch
	*s = spreading{picker: newPicker(c, req, s.cursors), shares: shares, sels: sels, all: all, result: result}
	switch r.Mode {
	case lattice.ModeSpread:
		s.spread()
	case lattice.ModeHosts:
		s.hosts()
	case lattice.ModeDaemon:
		s.daemon()
	case lattice.ModeNone:
		for _, at := range req.Keep {
			result.Left = append(result.Left, Not{at.Host, "it is to run only on hosts that are named"})
		}
		return result
	}
	s.bound()
	if result.Missing > 0 && r.Priority > 0 && r.Mode != lattice.ModeDaemon {
		s.preempt()
	}
	result.Left = s.left()
	result.Passed = s.passed()
	return result
}

// left says of those that could be kept and are not why.
func (s *spreading) left() []Not {
	var left []Not
	for i := range s.req.Keep {
		at := &s.req.Keep[i]
		if slices.ContainsFunc(s.result.Hosts, func(c Choice) bool { return c.Host == at.Host }) {
			continue
		}
		why := "fewer hosts are needed"
		switch h := s.c.hosts[at.Host]; {
		case at.Unheard:
		case h == nil || !h.known:
			why = "nothing is known of it"
		case !s.all.has(h.class):
			why = h.class.refuses(s.req.Rules, s.shares)
		default:
			why = cmp.Or(s.whyBarred(at.Host), why)
		}
		left = append(left, Not{at.Host, why})
	}
	return left
}

// spreading is a placement under way.
type spreading struct {
	picker
	shares []lattice.Spread
	sels   []*selector // of each share
	all    *selector   // of any
	result *Result
	// lacking are the hosts that each share has not found.
	lacking []int
	// instances returns how many instances the k-th of n hosts of a share has.
	instances func(share, n, k int) int
}

// kept takes the hosts that a share keeps, at most n: those first that were chosen for it.
func (s *spreading) kept(share, n int) []Placed {
	var kept []Placed
	for _, exact := range []bool{true, false} {
		for _, at := range s.req.Keep {
			if len(kept) >= n {
				return kept
			}
			if exact != (at.Spread == s.shares[share].Name) || !exact && s.belongs(&at) {
				continue
			}
			if s.stays(s.sels[share], &at) {
				s.used[at.Host] = true
				kept = append(kept, at)
			}
		}
	}
	return kept
}

// belongs reports whether a host still is of the share for which it was chosen, to which
// it is left then.
func (s *spreading) belongs(at *Placed) bool {
	for i := range s.shares {
		if s.shares[i].Name == at.Spread && (at.Unheard || s.c.hosts[at.Host] != nil && s.sels[i].has(s.c.hosts[at.Host].class)) {
			return true
		}
	}
	return false
}

// settle keeps and chooses hosts for each share, at most want of them, and hands out the
// instances. It returns how many hosts were not found, by share.
func (s *spreading) settle(want []int) {
	s.lacking = make([]int, len(want))
	kept := make([][]Placed, len(want))
	for i, n := range want {
		kept[i] = s.kept(i, n)
	}
	for i, n := range want {
		if s.req.Stay && s.req.Rules.Mode == lattice.ModeSpread && len(kept[i]) > 0 {
			n = len(kept[i])
		}
		fresh := s.pick(s.sels[i], n-len(kept[i]))
		total := len(kept[i]) + len(fresh)
		s.lacking[i] = n - total
		// Those that have more keep the odd ones.
		order := make([]int, len(kept[i]))
		for k := range order {
			order[k] = k
		}
		slices.SortStableFunc(order, func(a, b int) int { return kept[i][b].Instances - kept[i][a].Instances })
		rank := make([]int, len(order))
		for k, at := range order {
			rank[at] = k
		}
		for k, at := range kept[i] {
			s.choose(Choice{Host: at.Host, Instances: s.instances(i, total, rank[k]), Spread: s.shares[i].Name, Kept: true})
		}
		for k, h := range fresh {
			s.choose(Choice{Host: h.ID, Instances: s.instances(i, total, len(kept[i])+k), Spread: s.shares[i].Name, Why: s.why(h, i)})
		}
	}
}

func (s *spreading) choose(c Choice) { s.result.Hosts = append(s.result.Hosts, c) }

// open is how many hosts of a share could take components.
func (s *spreading) open(share int) int {
	n := 0
	for _, k := range s.sels[share].classes {
		n += k.open.Len()
	}
	return n
}

// spread divides the instances among the shares and their hosts.
func (s *spreading) spread() {
	r := s.req.Rules
	parts := divide(r.Instances, s.shares)
	want := slices.Clone(parts)
	if r.Hosts > 0 {
		limits := divide(r.Hosts, s.shares)
		for i := range want {
			want[i] = min(want[i], max(limits[i], 1))
		}
	}
	for i := range want {
		// No more than there are: the others are not missing, as those that there are
		// take all instances.
		want[i] = min(want[i], s.open(i)+len(s.req.Keep), wire.MaxHosts)
	}
	s.instances = func(share, n, k int) int { return even(parts[share], n, k) }
	s.settle(want)
	for i := range parts {
		if parts[i] == 0 {
			continue
		}
		if want[i] > s.lacking[i] {
			s.lacking[i] = 0
			continue
		}
		s.lacking[i] = 1
		if !s.lend(i, parts[i]) {
			s.result.Missing += parts[i]
			continue
		}
		s.lacking[i] = 0
	}
}

// lend has a share that found no host of its own use one of another share, the one with
// the fewest instances.
func (s *spreading) lend(share, instances int) bool {
	best := -1
	for i := range s.result.Hosts {
		h := s.c.hosts[s.result.Hosts[i].Host]
		if h != nil && s.sels[share].has(h.class) && (best < 0 || s.result.Hosts[i].Instances < s.result.Hosts[best].Instances) {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	s.result.Hosts[best].Instances += instances
	return true
}

// bound has no host take more instances than one may.
func (s *spreading) bound() {
	for i := range s.result.Hosts {
		if over := s.result.Hosts[i].Instances - wire.MaxInstances; over > 0 {
			s.result.Hosts[i].Instances = wire.MaxInstances
			s.result.Missing += over
		}
	}
}

// hosts has the instances on each of a number of hosts.
func (s *spreading) hosts() {
	s.instances = func(int, int, int) int { return s.req.Rules.Instances }
	s.settle(divide(min(s.req.Rules.Hosts, wire.MaxHosts), s.shares))
	for _, n := range s.lacking {
		s.result.Missing += n
	}
}

// daemon has the instances on each host that meets the rules.
func (s *spreading) daemon() {
	s.instances = func(int, int, int) int { return s.req.Rules.Instances }
	want := make([]int, len(s.shares))
	for i := range want {
		want[i] = min(s.open(i)+len(s.req.Keep), wire.MaxHosts)
	}
	s.settle(want)
	s.lacking = nil
	s.result.Missing = s.short.total() * s.req.Rules.Instances
	if len(s.result.Hosts) == 0 {
		s.result.Missing = max(s.result.Missing, s.req.Rules.Instances)
	}
}

// why says why a host was chosen.
func (s *spreading) why(h *host, share int) string {
	r := s.req.Rules
	fit := s.open(share)
	switch {
	case s.with != nil:
		return "it has " + s.c.withNames(s.req) + ", with which it must be"
	case r.Mode == lattice.ModeDaemon:
		return "it is one of all hosts that meet the rules"
	case len(r.Near) > 0 && slices.ContainsFunc(r.Near, func(id lattice.ComponentID) bool { return h.components[id] != nil }):
		for _, id := range r.Near {
			if h.components[id] != nil {
				return fmt.Sprintf("it has component %q, near which it had better be", id)
			}
		}
	case s.away[h.ID] != "":
		return fmt.Sprintf("no host without component %q, from which it had better be away, fits", s.away[h.ID])
	case fit == 1:
		return "it is the only host that fits"
	}
	return "with " + plural(len(h.components), "component", "components") + " it is among the least loaded of " + strconv.Itoa(fit) + " hosts that meet the rules"
}

// passed says why the hosts that were not chosen were not.
func (s *spreading) passed() []Passed {
	p, chosen := &s.barred, s.used
	// Whether they were come by or not. The order of the maps is lost: reasons are sorted.
	for id := range s.not {
		s.barOpen(id)
	}
	for id := range s.apart {
		if !chosen[id] {
			s.barOpen(id)
		}
	}
	if s.with != nil {
		// Only those were looked at that have what must be with it.
		lone := s.c.withNames(s.req) + ", with which it must be, is not on it"
		if len(s.with) == 0 {
			lone = s.c.withNames(s.req) + ", with which it must be, is placed nowhere"
		}
		for _, k := range s.all.classes {
			apart := func(h *host) bool { return !s.with[h.ID] && !chosen[h.ID] && !s.seen[h.ID] }
			p.count(lone, k.open.Len()-s.openIn(k, s.with, chosen, s.seen), s.first(k, apart)...)
		}
	}
	if left := s.leftOver(chosen); left > 0 {
		some := make([]lattice.HostID, 0, maxNamed+1) // one more for a moment
		for _, k := range s.all.classes {
			for _, id := range s.first(k, func(h *host) bool { return !chosen[h.ID] && !s.seen[h.ID] && !s.told[k] }) {
				some = named(some, id)
			}
		}
		p.count("it fits, and those chosen are loaded no more", left, some...)
	}
	for _, k := range s.all.classes {
		for i := range k.closed {
			hosts := k.closed[i].hosts
			n := len(hosts)
			for _, h := range hosts {
				if chosen[h.ID] {
					n--
				}
			}
			p.count(k.closed[i].why, n, s.firstOf(hosts, chosen)...)
		}
	}
	s.short.tell(p, s.want)
	for _, one := range s.all.refused.all {
		p.count(one.Why, one.Count, one.Hosts...)
	}
	return p.list()
}

// barOpen counts a host that was passed for what is on it, if it would do otherwise.
func (s *spreading) barOpen(id lattice.HostID) {
	if h := s.c.hosts[id]; h != nil && h.known && h.Closed == "" && s.all.has(h.class) {
		s.bar(h)
	}
}

// leftOver is how many open hosts that meet the rules were neither chosen nor passed for
// a reason.
func (s *spreading) leftOver(chosen map[lattice.HostID]bool) int {
	n := -s.short.total()
	for _, k := range s.all.classes {
		n += k.open.Len()
	}
	for i := range s.barred.all {
		n -= s.barred.all[i].Count
	}
	for id := range chosen {
		if h := s.c.hosts[id]; h != nil && h.known && h.Closed == "" {
			n--
		}
	}
	return n
}

// openIn is how many open hosts of a class are in one of some sets.
func (s *spreading) openIn(k *class, sets ...map[lattice.HostID]bool) int {
	n := 0
	for i, set := range sets {
		for id := range set {
			h := s.c.hosts[id]
			if h == nil || h.class != k || h.Closed != "" || slices.ContainsFunc(sets[:i], func(before map[lattice.HostID]bool) bool { return before[id] }) {
				continue
			}
			n++
		}
	}
	return n
}

// maxLooked bounds how many hosts are looked at to name a few.
const maxLooked = 64

// first returns the first few open hosts of a class, by ID, for which ok holds.
func (s *spreading) first(k *class, ok func(*host) bool) []lattice.HostID {
	ids := make([]lattice.HostID, 0, maxNamed)
	for _, h := range k.members[:min(len(k.members), maxLooked)] {
		if len(ids) == maxNamed {
			break
		}
		if h.Closed == "" && ok(h) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// firstOf returns the first few of some hosts that were not chosen.
func (s *spreading) firstOf(hosts []*host, chosen map[lattice.HostID]bool) []lattice.HostID {
	var ids []lattice.HostID
	for _, h := range hosts {
		if len(ids) == maxNamed {
			break
		}
		if !chosen[h.ID] {
			ids = append(ids, h.ID)
		}
	}
	return ids
}
