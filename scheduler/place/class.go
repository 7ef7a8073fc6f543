package place

import (
	"cmp"
	"slices"

	"github.com/tidwall/btree"

	"github.com/wattle-dev/wattle/lattice"
)

// coreLabels begin the names that wasmCloud has for labels which hosts detect.
const coreLabels = "hostcore."

// class are hosts that no rule can tell apart.
type class struct {
	key       string
	group     lattice.GroupName
	isolation string
	// labels are those that some rule has asked for.
	labels map[string]string
	// members are all hosts, by ID.
	members []*host
	// open are those that take components, by load and ID.
	open *btree.BTreeG[*host]
	// closed are the others by reason, in order.
	closed []closed
	// full is a request that found no room on any host, nothing if it is not known
	// that one did.
	full *full
}

// closed are hosts that take no components for one reason.
type closed struct {
	why   string
	hosts []*host // by ID
}

// full is a request that found no room in a class.
type full struct {
	want  lattice.Resources
	tally shortage
}

// freed says that there may be more room than there was.
func (k *class) freed() {
	if k != nil {
		k.full = nil
	}
}

// classes are the classes of a cluster.
type classes struct {
	byKey map[string]*class
	// order has them by key.
	order []*class
	// keys are the labels that make classes: some rule has asked for them, and some
	// host has them. asked are all that were asked for.
	keys  []string
	asked map[string]bool
	// version counts the changes of classes and their members.
	version   uint64
	selectors map[string]*selector
	// text is room for the key of a selector.
	text []byte
}

func newClasses() classes {
	return classes{byKey: map[string]*class{}, asked: map[string]bool{}, selectors: map[string]*selector{}}
}

func byID(h *host, id lattice.HostID) int { return cmp.Compare(h.ID, id) }

func lighter(a, b *host) bool {
	if a.load != b.load {
		return a.load < b.load
	}
	return a.ID < b.ID
}

// add puts a known host into its class.
func (cs *classes) add(h *host) {
	fresh := false
	for key := range h.Labels {
		if cs.asked[key] && !slices.Contains(cs.keys, key) {
			cs.keys = append(cs.keys, key)
			fresh = true
		}
	}
	if fresh {
		slices.Sort(cs.keys)
		cs.sort()
	}
	cs.insert(h)
}

// insert puts a host into its class as the keys are now.
func (cs *classes) insert(h *host) {
	key := cs.keyOf(h)
	k := cs.byKey[key]
	if k == nil {
		k = &class{key: key, group: h.Group, isolation: h.Isolation, labels: map[string]string{}}
		for _, label := range cs.keys {
			if value, ok := h.Labels[label]; ok {
				k.labels[label] = value
			}
		}
		k.open = btree.NewBTreeGOptions(lighter, btree.Options{NoLocks: true})
		cs.byKey[key] = k
		at, _ := slices.BinarySearchFunc(cs.order, key, func(k *class, key string) int { return cmp.Compare(k.key, key) })
		cs.order = slices.Insert(cs.order, at, k)
	}
	cs.version++
	h.class = k
	at, _ := slices.BinarySearchFunc(k.members, h.ID, byID)
	k.members = slices.Insert(k.members, at, h)
	if h.Closed == "" {
		h.load = h.weigh()
		k.open.Set(h)
		k.freed()
		return
	}
	i, found := slices.BinarySearchFunc(k.closed, h.Closed, func(c closed, why string) int { return cmp.Compare(c.why, why) })
	if !found {
		k.closed = slices.Insert(k.closed, i, closed{why: h.Closed})
	}
	at, _ = slices.BinarySearchFunc(k.closed[i].hosts, h.ID, byID)
	k.closed[i].hosts = slices.Insert(k.closed[i].hosts, at, h)
}

// remove takes a host out of its class, if it is in one.
func (cs *classes) remove(h *host) {
	k := h.class
	if k == nil {
		return
	}
	cs.version++
	h.class = nil
	k.freed()
	at, _ := slices.BinarySearchFunc(k.members, h.ID, byID)
	k.members = slices.Delete(k.members, at, at+1)
	if h.Closed == "" {
		k.open.Delete(h)
	} else if i, found := slices.BinarySearchFunc(k.closed, h.Closed, func(c closed, why string) int { return cmp.Compare(c.why, why) }); found {
		at, _ := slices.BinarySearchFunc(k.closed[i].hosts, h.ID, byID)
		k.closed[i].hosts = slices.Delete(k.closed[i].hosts, at, at+1)
		if len(k.closed[i].hosts) == 0 {
			k.closed = slices.Delete(k.closed, i, i+1)
		}
	}
	if len(k.members) == 0 {
		delete(cs.byKey, k.key)
		at, _ := slices.BinarySearchFunc(cs.order, k.key, func(k *class, key string) int { return cmp.Compare(k.key, key) })
		cs.order = slices.Delete(cs.order, at, at+1)
	}
}

// moved keeps the order when what is placed on a host has changed.
func (cs *classes) moved(h *host, freed bool) {
	if h.class == nil {
		return
	}
	if freed {
		h.class.freed()
	}
	if h.Closed != "" {
		return
	}
	if load := h.weigh(); load != h.load {
		h.class.open.Delete(h)
		h.load = load
		h.class.open.Set(h)
	}
}

// ask has labels make classes. It is called before rules are matched against them.
func (cs *classes) ask(labels []string) {
	fresh := false
	for _, label := range labels {
		if cs.asked[label] {
			continue
		}
		cs.asked[label] = true
		for _, k := range cs.order {
			if slices.ContainsFunc(k.members, func(h *host) bool { _, ok := h.Labels[label]; return ok }) {
				cs.keys = append(cs.keys, label)
				fresh = true
				break
			}
		}
	}
	if fresh {
		slices.Sort(cs.keys)
		cs.sort()
	}
}

// sort puts all hosts into classes anew.
func (cs *classes) sort() {
	var all []*host
	for _, k := range cs.order {
		all = append(all, k.members...)
	}
	cs.byKey, cs.order = map[string]*class{}, nil
	cs.version++
	for _, h := range all {
		cs.insert(h)
	}
}

// keyOf returns what tells the class of a host from others, whatever is in the parts.
func (cs *classes) keyOf(h *host) string {
	b := appendText(nil, string(h.Group))
	b = appendText(b, h.Isolation)
	for _, label := range cs.keys {
		if value, ok := h.Labels[label]; ok {
			b = appendText(b, value)
			continue
		}
		b = append(b, '-')
	}
	return string(b)
}

// sortedKeys returns the keys of labels in order.
func sortedKeys(labels map[string]string) []string {
	if len(labels) == 0 {
		return nil
	}
	keys := make([]string, 0, len(labels))
	for key := range labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
