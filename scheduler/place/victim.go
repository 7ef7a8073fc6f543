package place

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// preempt finds hosts for the shares that lack some, where placements of lower priority
// make room.
func (s *spreading) preempt() {
	if !s.c.outranks(s.req.Rules.Priority) {
		return
	}
	r := s.req.Rules
	parts := divide(r.Instances, s.shares)
	for i, lacking := range s.lacking {
		for range lacking {
			h, victims := s.oust(s.sels[i])
			if h == nil {
				break
			}
			s.used[h.ID] = true
			s.short.of(h, s.want).drop(h.ID) // it has room after all
			for _, v := range victims {
				s.result.Victims = append(s.result.Victims, Victim{v.id, h.ID, s.req.Component, r.Priority})
			}
			n := r.Instances
			if r.Mode == lattice.ModeSpread {
				n = parts[i]
			}
			s.choose(Choice{
				Host: h.ID, Instances: n, Spread: s.shares[i].Name,
				Why: fmt.Sprintf("%s of lower priority made room", plural(len(victims), "component", "components")),
			})
			if r.Mode == lattice.ModeSpread {
				s.result.Missing -= n
				break
			}
			s.result.Missing--
		}
	}
}

// outranks reports whether anything that is placed has a lower priority.
func (c *Cluster) outranks(priority int) bool {
	for have := range c.priorities {
		if have < priority {
			return true
		}
	}
	return false
}

// oust returns the host of a selector on which the fewest placements have to go, and those
// placements. Among equals it is the one on which the highest of their priorities is the
// lowest, then the least loaded.
func (s *spreading) oust(sel *selector) (best *host, victims []*component) {
	highest := func(of []*component) int {
		top := 0
		for i, v := range of {
			if i == 0 || v.rules.Priority > top {
				top = v.rules.Priority
			}
		}
		return top
	}
	for _, k := range sel.classes {
		k.open.Scan(func(h *host) bool {
			if s.used[h.ID] || s.whyBarred(h.ID) != "" {
				return true
			}
			some := s.victimsOn(h)
			if len(some) == 0 {
				return true
			}
			if best == nil || cmp.Or(
				cmp.Compare(len(some), len(victims)), cmp.Compare(highest(some), highest(victims)),
				cmp.Compare(h.load, best.load), cmp.Compare(h.ID, best.ID),
			) < 0 {
				best, victims = h, some
			}
			return true
		})
	}
	return best, victims
}

// victimsOn returns the fewest placements of lower priority that have to go from a host,
// none if that is not enough or no room is missing.
func (s *spreading) victimsOn(h *host) []*component {
	full := len(h.components) >= maxComponents
	if !full && !lack(h, s.want) {
		return nil
	}
	var lower []*component
	for _, x := range h.components {
		if at := x.on(h.ID); x.rules.Priority < s.req.Rules.Priority && !at.Pinned && x.id != s.req.Component {
			lower = append(lower, x)
		}
	}
	if len(lower) == 0 {
		return nil
	}
	// The one that frees the most of what is short goes first; of several that free as
	// much, the one of the lowest priority.
	short := s.want
	room := h.room()
	if short.CPUMillis <= room.CPUMillis {
		short.CPUMillis = 0
	}
	if short.MemoryBytes <= room.MemoryBytes {
		short.MemoryBytes = 0
	}
	frees := func(x *component) float64 {
		f := 0.0
		if short.CPUMillis > 0 {
			f += min(float64(x.rules.Resources.CPUMillis)/float64(short.CPUMillis), 1)
		}
		if short.MemoryBytes > 0 {
			f += min(float64(x.rules.Resources.MemoryBytes)/float64(short.MemoryBytes), 1)
		}
		return f
	}
	slices.SortFunc(lower, func(a, b *component) int {
		return cmp.Or(cmp.Compare(frees(b), frees(a)), cmp.Compare(a.rules.Priority, b.rules.Priority), cmp.Compare(a.id, b.id))
	})
	n := 0
	for n < len(lower) && !s.enough(h, lower[:n]) {
		n++
	}
	if !s.enough(h, lower[:n]) {
		return nil
	}
	// With two resources some of them may not be needed.
	victims := slices.Clone(lower[:n])
	for i := 0; i < len(victims) && len(victims) > 1; {
		if less := slices.Delete(slices.Clone(victims), i, i+1); s.enough(h, less) {
			victims = less
			continue
		}
		i++
	}
	return victims
}

// enough reports whether a host has room without some of its components.
func (s *spreading) enough(h *host, gone []*component) bool {
	less := *h
	less.FreeBytes, less.OwnBytes = h.FreeBytes, h.OwnBytes
	for _, x := range gone {
		less.reserved = minus(less.reserved, x.rules.Resources)
		// What they have set aside is what they leave free.
		back := min(x.rules.Resources.MemoryBytes, less.OwnBytes)
		less.FreeBytes, less.OwnBytes = less.FreeBytes+back, less.OwnBytes-back
	}
	return len(h.components)-len(gone) < maxComponents && !lack(&less, s.want)
}
