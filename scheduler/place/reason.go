package place

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/wattle-dev/wattle/lattice"
)

// passedBy gathers hosts by reason, in the order in which the reasons came up.
type passedBy struct {
	all []Passed
	// at is where each reason is, once there are many.
	at map[string]int
}

// manyReasons is from how many reasons on they are not looked for one by one.
const manyReasons = 16

// add counts hosts for a reason.
func (p *passedBy) add(why string, hosts ...*host) {
	ids := make([]lattice.HostID, min(len(hosts), maxNamed))
	for i := range ids {
		ids[i] = hosts[i].ID
	}
	p.count(why, len(hosts), ids...)
}

// count counts n hosts for a reason, the first of which are named: they are in order, and
// nobody changes them afterwards.
func (p *passedBy) count(why string, n int, hosts ...lattice.HostID) {
	if n <= 0 {
		return
	}
	i := p.index(why)
	if i < 0 {
		if len(p.all) >= manyReasons {
			p.remember(why)
		}
		one := Passed{Why: why, Count: n}
		if len(hosts) > 0 {
			// Most reasons come once: they are copied when others come to them.
			one.Hosts = slices.Clip(hosts)
		}
		p.all = append(p.all, one)
		return
	}
	one := &p.all[i]
	one.Count += n
	for _, id := range hosts {
		one.Hosts = named(one.Hosts, id)
	}
}

// index returns where a reason is, or a negative number.
func (p *passedBy) index(why string) int {
	if p.at == nil {
		return slices.IndexFunc(p.all, func(one Passed) bool { return one.Why == why })
	}
	if i, ok := p.at[why]; ok {
		return i
	}
	return -1
}

// remember has a reason that comes next be found among many.
func (p *passedBy) remember(why string) {
	if p.at == nil {
		p.at = make(map[string]int, 2*len(p.all))
		for i := range p.all {
			p.at[p.all[i].Why] = i
		}
	}
	p.at[why] = len(p.all)
}

// named adds a host to those that are named: the first few by ID.
func named(ids []lattice.HostID, id lattice.HostID) []lattice.HostID {
	i, found := slices.BinarySearch(ids, id)
	if found || i == maxNamed {
		return ids
	}
	ids = slices.Insert(ids, i, id)
	return ids[:min(len(ids), maxNamed)]
}

// list returns the reasons, those first that most hosts have, and the rest as one.
func (p *passedBy) list() []Passed {
	all := p.all
	slices.SortStableFunc(all, func(a, b Passed) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
	})
	if len(all) <= maxPassed {
		return all
	}
	rest := Passed{Why: "for other reasons", Hosts: all[maxPassed-1].Hosts}
	for _, one := range all[maxPassed-1:] {
		rest.Count += one.Count
	}
	return append(all[:maxPassed-1:maxPassed-1], rest)
}

// shortage are hosts without room for a request, and the most that one of them has.
type shortage struct {
	cpu, memory, limit bag
	cpuMost            int64
	memoryMost         uint64
	unknown            bag
}

// bag are hosts: how many, and the first few by ID.
type bag struct {
	count int
	hosts []lattice.HostID
}

func (b *bag) add(id lattice.HostID) {
	b.count++
	b.hosts = named(b.hosts, id)
}

// drop takes a host out again.
func (b *bag) drop(id lattice.HostID) {
	b.count--
	b.hosts = slices.DeleteFunc(slices.Clone(b.hosts), func(have lattice.HostID) bool { return have == id })
}

func (b *bag) join(c bag) {
	b.count += c.count
	for _, id := range c.hosts {
		b.hosts = named(b.hosts, id)
	}
}

// join adds the hosts of another shortage.
func (s *shortage) join(t *shortage) {
	s.cpu.join(t.cpu)
	s.memory.join(t.memory)
	s.limit.join(t.limit)
	s.unknown.join(t.unknown)
	s.cpuMost, s.memoryMost = max(s.cpuMost, t.cpuMost), max(s.memoryMost, t.memoryMost)
}

// total is how many hosts are short of something.
func (s *shortage) total() int {
	return s.cpu.count + s.memory.count + s.limit.count + s.unknown.count
}

// tell adds the reasons to those of a result.
func (s *shortage) tell(p *passedBy, want lattice.Resources) {
	if s.total() == 0 {
		return
	}
	most := func(b bag) string {
		if b.count == 1 {
			return "it has "
		}
		return "it has at most "
	}
	tell := func(b bag, why func() string) {
		if b.count > 0 {
			p.count(why(), b.count, b.hosts...)
		}
	}
	tell(s.memory, func() string {
		return most(s.memory) + bytes(s.memoryMost) + " of memory free, " + bytes(want.MemoryBytes) + " are asked for"
	})
	tell(s.cpu, func() string {
		return most(s.cpu) + cpus(s.cpuMost) + " free, " + cpus(want.CPUMillis) + " are asked for"
	})
	tell(s.limit, func() string { return fmt.Sprintf("it has %d components, the limit", maxComponents) })
	tell(s.unknown, func() string { return "how much it has is not known, and the rules set something aside" })
}

// bytes says an amount of memory.
func bytes(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20 || n == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// cpus says an amount of processors.
func cpus(millis int64) string {
	if millis%1000 == 0 {
		return plural(int(millis/1000), "processor", "processors")
	}
	return fmt.Sprintf("%.2f processors", float64(millis)/1000)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
