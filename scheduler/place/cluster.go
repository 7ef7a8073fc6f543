package place

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wattle-dev/wattle/lattice"
)

// Host is a host as a place for components.
type Host struct {
	ID        lattice.HostID
	Name      string
	Group     lattice.GroupName
	Labels    map[string]string
	Isolation string
	// Closed says why it takes no further components, as a sentence about it: "it is
	// cordoned". It is empty if it takes them.
	Closed string
	// Capacity is what the host has, zero what is not known.
	Capacity lattice.Resources
	// FreeBytes is the memory that the host has left, and OwnBytes what its daemon uses,
	// both as measured. Zero for both is not measured.
	FreeBytes, OwnBytes uint64
}

// Placed is a component on a host.
type Placed struct {
	Host      lattice.HostID
	Instances int
	Spread    string
	// Pinned says that it is there because the host was named: it is no victim.
	Pinned bool
	// Leaving says that it is on its way elsewhere: others that must be with it follow.
	Leaving bool
	// Unheard says, in a request, that nothing is known of the host yet: it is kept as if
	// it met the rules.
	Unheard bool
}

// Cluster is what is known of hosts, and what is placed on them. It is for one
// goroutine.
type Cluster struct {
	hosts      map[lattice.HostID]*host
	components map[lattice.ComponentID]*component
	// repelled has the components that want to be apart from one.
	repelled map[lattice.ComponentID]map[lattice.ComponentID]bool
	// priorities counts placements that are not pinned, by priority.
	priorities map[int]int
	classes    classes
	// scratch is what Place works with: one for all of them, as they are many.
	scratch spreading
}

// host is a Host and what is on it.
type host struct {
	Host
	// known is false if components are placed on it that nobody has described.
	known bool
	class *class
	// components are those that are placed on it, reserved what they have set aside.
	components map[lattice.ComponentID]*component
	reserved   lattice.Resources
	// load is the key by which the class has it, if it is open.
	load int
}

// component is what the cluster knows of a component.
type component struct {
	id     lattice.ComponentID
	rules  *lattice.Rules
	placed []Placed
}

// on returns the placement on a host, or nil.
func (c *component) on(id lattice.HostID) *Placed {
	if c == nil {
		return nil
	}
	for i := range c.placed {
		if c.placed[i].Host == id {
			return &c.placed[i]
		}
	}
	return nil
}

// New returns a cluster without hosts.
func New() *Cluster {
	return &Cluster{
		hosts:      map[lattice.HostID]*host{},
		components: map[lattice.ComponentID]*component{},
		repelled:   map[lattice.ComponentID]map[lattice.ComponentID]bool{},
		priorities: map[int]int{},
		classes:    newClasses(),
	}
}

// SetHost adds a host, or changes it. Labels are not changed by the caller afterwards.
func (c *Cluster) SetHost(h Host) {
	x := c.host(h.ID)
	same := x.known && x.Group == h.Group && x.Isolation == h.Isolation && maps.Equal(x.Labels, h.Labels)
	if same && x.Closed == h.Closed && x.Capacity == h.Capacity {
		// Only what was measured: that is no part of the order.
		freed := h.FreeBytes > x.FreeBytes || h.OwnBytes > x.OwnBytes || h.FreeBytes+h.OwnBytes == 0
		x.Host = h
		if freed {
			x.class.freed()
		}
		return
	}
	c.classes.remove(x)
	x.Host, x.known = h, true
	c.classes.add(x)
}

// RemoveHost forgets a host. What is placed on it stays so.
func (c *Cluster) RemoveHost(id lattice.HostID) {
	x := c.hosts[id]
	if x == nil || !x.known {
		return
	}
	c.classes.remove(x)
	x.Host, x.known = Host{ID: id}, false
	c.tidy(x)
}

// host returns a host, which may be unknown.
func (c *Cluster) host(id lattice.HostID) *host {
	x := c.hosts[id]
	if x == nil {
		x = &host{Host: Host{ID: id}, components: map[lattice.ComponentID]*component{}}
		c.hosts[id] = x
	}
	return x
}

// tidy forgets a host of which there is nothing to know.
func (c *Cluster) tidy(x *host) {
	if !x.known && len(x.components) == 0 {
		delete(c.hosts, x.ID)
	}
}

// Host returns a host that was set.
func (c *Cluster) Host(id lattice.HostID) (Host, bool) {
	if x := c.hosts[id]; x != nil && x.known {
		return x.Host, true
	}
	return Host{}, false
}

// On returns the components that are placed on a host, by ID.
func (c *Cluster) On(id lattice.HostID) []lattice.ComponentID {
	x := c.hosts[id]
	if x == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(x.components))
}

// Load returns the load of a host, as the package comment says.
func (c *Cluster) Load(id lattice.HostID) int {
	if x := c.hosts[id]; x != nil {
		return x.weigh()
	}
	return 0
}

// Placed returns where a component is placed. The caller does not change it.
func (c *Cluster) Placed(id lattice.ComponentID) []Placed {
	if x := c.components[id]; x != nil {
		return x.placed
	}
	return nil
}

// SetPlaced says what a component's rules are and where it is placed. Neither is changed
// by the caller afterwards. Without rules the component is forgotten.
func (c *Cluster) SetPlaced(id lattice.ComponentID, rules *lattice.Rules, placed []Placed) {
	x := c.components[id]
	switch {
	case x == nil && rules == nil:
		return
	case x == nil:
		x = &component{id: id}
		c.components[id] = x
	case rules != nil && x.rules == rules && slices.Equal(x.placed, placed):
		return
	default:
		c.displace(x)
	}
	if rules == nil {
		delete(c.components, id)
		return
	}
	x.rules, x.placed = rules, placed
	for _, other := range rules.Apart {
		if c.repelled[other] == nil {
			c.repelled[other] = map[lattice.ComponentID]bool{}
		}
		c.repelled[other][id] = true
	}
	for i := range placed {
		if !placed[i].Pinned {
			c.priorities[rules.Priority]++
		}
		h := c.host(placed[i].Host)
		if h.components[id] != nil {
			continue
		}
		h.components[id] = x
		h.reserved = plus(h.reserved, rules.Resources)
		c.classes.moved(h, false)
	}
}

// displace takes a component from all its hosts.
func (c *Cluster) displace(x *component) {
	for _, other := range x.rules.Apart {
		delete(c.repelled[other], x.id)
		if len(c.repelled[other]) == 0 {
			delete(c.repelled, other)
		}
	}
	for i := range x.placed {
		if !x.placed[i].Pinned {
			if c.priorities[x.rules.Priority]--; c.priorities[x.rules.Priority] == 0 {
				delete(c.priorities, x.rules.Priority)
			}
		}
		h := c.host(x.placed[i].Host)
		if h.components[x.id] == nil {
			continue
		}
		delete(h.components, x.id)
		h.reserved = minus(h.reserved, x.rules.Resources)
		c.classes.moved(h, true)
		c.tidy(h)
	}
	x.placed = nil
}

// Weight returns by how much a component with some rules adds to the load of a host.
func (c *Cluster) Weight(id lattice.HostID, r *lattice.Rules) int {
	x := c.hosts[id]
	if x == nil {
		return 1
	}
	alone := host{Host: x.Host, reserved: r.Resources}
	return alone.weigh() + 1
}

// Takes reports whether a host would take a component with some rules, as far as other
// components do not matter.
func (c *Cluster) Takes(id lattice.HostID, r *lattice.Rules) bool {
	x := c.hosts[id]
	if x == nil || !x.known || x.Closed != "" || len(x.components) >= maxComponents || lack(x, r.Resources) {
		return false
	}
	return c.classes.selector(r, sharesOf(r)).has(x.class)
}

// Busiest returns up to n open hosts with the highest load, highest first.
func (c *Cluster) Busiest(n int) []lattice.HostID {
	var some []*host
	for _, k := range c.classes.order {
		left := n
		k.open.Reverse(func(h *host) bool {
			some = append(some, h)
			left--
			return left > 0
		})
	}
	slices.SortFunc(some, func(a, b *host) int {
		return cmp.Or(cmp.Compare(b.load, a.load), cmp.Compare(a.ID, b.ID))
	})
	ids := make([]lattice.HostID, 0, n)
	for _, h := range some[:min(len(some), n)] {
		ids = append(ids, h.ID)
	}
	return ids
}

// weigh returns the load of a host.
func (h *host) weigh() int {
	share := func(part, whole uint64) int {
		if whole == 0 {
			return 0
		}
		return int(min(float64(part)/float64(whole), 1000) * 1000)
	}
	return max(
		share(uint64(max(h.reserved.CPUMillis, 0)), uint64(max(h.Capacity.CPUMillis, 0))),
		share(h.reserved.MemoryBytes, h.Capacity.MemoryBytes),
	) + len(h.components)
}

// room returns what a host has left for components.
func (h *host) room() lattice.Resources {
	cpu := h.Capacity.CPUMillis / 100 * 95
	if h.Capacity.CPUMillis < 100 {
		cpu = h.Capacity.CPUMillis * 95 / 100
	}
	memory := h.Capacity.MemoryBytes - h.Capacity.MemoryBytes/20
	measured := h.FreeBytes != 0 || h.OwnBytes != 0
	if measured {
		if usable := h.FreeBytes + h.OwnBytes; usable >= h.FreeBytes { // it has not wrapped around
			memory = min(memory, usable)
		}
	}
	room := lattice.Resources{CPUMillis: max(cpu-h.reserved.CPUMillis, 0)}
	if memory > h.reserved.MemoryBytes {
		room.MemoryBytes = memory - h.reserved.MemoryBytes
	}
	if measured {
		room.MemoryBytes = min(room.MemoryBytes, h.FreeBytes)
	}
	return room
}

func plus(a, b lattice.Resources) lattice.Resources {
	return lattice.Resources{CPUMillis: a.CPUMillis + b.CPUMillis, MemoryBytes: a.MemoryBytes + b.MemoryBytes}
}

func minus(a, b lattice.Resources) lattice.Resources {
	return lattice.Resources{CPUMillis: a.CPUMillis - b.CPUMillis, MemoryBytes: a.MemoryBytes - b.MemoryBytes}
}
