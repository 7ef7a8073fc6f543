package wire

import "github.com/wattle-dev/wattle/lattice"

// Names remembers what open frames call and on whose behalf: the same over and over
// again. The zero value remembers nothing yet. It is for one goroutine.
type Names struct{ known map[string]names }

// names are the names in an open frame.
type names struct {
	target    lattice.ComponentID
	iface, fn string
	callers   []lattice.Caller
}

// Bounds of what is remembered: a caller can have any names be.
const (
	maxNames    = 512
	maxNamesLen = 1 << 10
)

// names reads the names of an open frame. known may be nil.
func (c *cursor) names(known *Names) names {
	begin := c.b
	target, iface, fn := c.section(MaxText), c.section(MaxFuncName), c.section(MaxFuncName)
	count := c.number(lattice.MaxCallers)
	callers := c.b
	for range count {
		c.section(MaxCallerName)
	}
	if c.err != nil {
		return names{}
	}
	key := begin[:len(begin)-len(c.b)]
	if known != nil {
		if n, ok := known.known[string(key)]; ok {
			return n
		}
	}
	n := names{iface: string(iface), fn: string(fn)}
	if n.target, c.err = lattice.ParseComponentID(string(target)); c.err != nil {
		return names{}
	}
	if count > 0 {
		n.callers = make([]lattice.Caller, count)
		again := cursor{kind: c.kind, b: callers}
		for i := range n.callers {
			n.callers[i] = lattice.Caller(again.section(MaxCallerName))
		}
	}
	if known != nil && len(key) <= maxNamesLen {
		if known.known == nil || len(known.known) >= maxNames {
			known.known = map[string]names{}
		}
		known.known[string(key)] = n
	}
	return n
}
