package directory

import (
	"cmp"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// Choice is two hosts that were chosen at random for a call, of which the caller
// takes one. They may be the same.
type Choice struct {
	First, Second Candidate
	// Hosts are all hosts that can be called, for when neither can.
	Hosts []lattice.HostID
}

// Candidate is a host of a Choice. How busy it is goes by its instances: they are
// relative to those of the other one.
type Candidate struct {
	Host      lattice.HostID
	Instances int
}

// Choose chooses two of the hosts that can be called for a component, by the bits of
// x, which is random. A host is chosen as often as it has instances, and if the
// component's variants have weights, both are of a variant that is chosen as often
// as its weight says.
func (s *Snapshot) Choose(c lattice.ComponentID, x uint64) Choice {
	e := s.components[c]
	if e == nil || len(e.hosts) == 0 {
		return Choice{}
	}
	of := &e.pool
	if len(e.shares) > 0 {
		end := e.shares[len(e.shares)-1].end
		of = &e.shares[above(x>>40%end, len(e.shares), func(i int) uint64 { return e.shares[i].end })].pool
	}
	n := uint64(len(of.hosts))
	choice := Choice{Hosts: e.hosts}
	if of.ends == nil {
		i, j := x%n, x>>32%n
		if i == j {
			j = (j + 1) % n
		}
		choice.First, choice.Second = Candidate{of.hosts[i], 1}, Candidate{of.hosts[j], 1}
		return choice
	}
	end := of.ends[n-1]
	choice.First, choice.Second = of.draw(x%end), of.draw(x>>32%end)
	return choice
}

// Weighted reports whether the calls of a component are shared out by the weights of
// its variants, so that the host that is nearest is not to be taken because it is.
func (s *Snapshot) Weighted(c lattice.ComponentID) bool {
	if !s.weighted {
		return false
	}
	e := s.components[c]
	return e != nil && len(e.shares) > 0
}

// pool are hosts of which one is chosen.
type pool struct {
	hosts []lattice.HostID
	// ends has for each host how many instances it and those before it have; nil if
	// all hosts have as many.
	ends []uint64
}

// share is the hosts of a variant that has a weight.
type share struct {
	pool
	end uint64 // the sum of the weights up to this one
}

// draw returns the host of the instance with a number.
func (p *pool) draw(instance uint64) Candidate {
	i := above(instance, len(p.ends), func(i int) uint64 { return p.ends[i] })
	before := uint64(0)
	if i > 0 {
		before = p.ends[i-1]
	}
	return Candidate{p.hosts[i], int(p.ends[i] - before)} //nolint:gosec // it was an int
}

// above returns the first of n ends that is above x, which is below the last.
func above(x uint64, n int, end func(int) uint64) int {
	low, high := 0, n-1
	for low < high {
		if mid := (low + high) / 2; end(mid) > x {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// member is a host that is ready.
type member struct {
	host      lattice.HostID
	instances int
	variant   int // which it has, -1 if none of the assignment
	ready     *lattice.Ready
}

// members returns the hosts of an assignment that are ready, in order. A host has
// the variant whose digest it has, whichever it was told to run by now.
func members(a *lattice.Assignment, ready map[lattice.HostID]*lattice.Ready) []member {
	var all []member
	for i := range a.Variants {
		for h, instances := range a.Variants[i].Hosts {
			r := ready[h]
			if r == nil {
				continue
			}
			variant := i
			if r.Digest != a.Variants[i].Digest {
				variant = slices.IndexFunc(a.Variants, func(v lattice.Variant) bool { return v.Digest == r.Digest })
			}
			all = append(all, member{h, instances, variant, r})
		}
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(a.host, b.host) })
	return all
}

// poolOf returns the pool of some hosts.
func poolOf(all []member) pool {
	p := pool{hosts: make([]lattice.HostID, len(all))}
	even := true
	for i, m := range all {
		p.hosts[i] = m.host
		even = even && m.instances == all[0].instances
	}
	if even {
		return p
	}
	end := uint64(0)
	for _, m := range all {
		end += uint64(max(m.instances, 1)) //nolint:gosec // it is positive
		p.ends = append(p.ends, end)
	}
	return p
}

// sharesOf returns the shares of variants with weights that have hosts, nil if there
// are no weights.
func sharesOf(a *lattice.Assignment, all []member) []share {
	if !a.Weighted() {
		return nil
	}
	var shares []share
	end := uint64(0)
	for i, v := range a.Variants {
		of := slices.DeleteFunc(slices.Clone(all), func(m member) bool { return m.variant != i })
		if v.Weight <= 0 || len(of) == 0 {
			continue
		}
		end += uint64(v.Weight) //nolint:gosec // it is positive
		shares = append(shares, share{poolOf(of), end})
	}
	return shares
}
